"""A challenge on restricted data: its grant, chosen, read again at each act, lost."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from challenges.entries.actions import deposits
from challenges.entries.actions.deposits import Accepted
from challenges.entries.enums import EntryStatus
from challenges.evaluation.actions import interventions
from challenges.models import Challenge, ChallengeDraft, Job, Phase, Team
from challenges.organising import queries as organising
from challenges.organising.actions import challenges
from challenges.organising.actions import texts as texts_of
from challenges.organising.enums import BuildState, ChallengeStatus
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from datasets.access.actions import grants
from datasets.access.enums import ForbiddenUse
from datasets.access.models import Grant
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.audit.reading import events
from portal.audit.record import reference
from portal.lib import clock
from portal.lib.refusals import Closed, Conflict, NotAllowed
from tests.challenges.pages.scenes import plain, with_contract
from tests.challenges.refusals import refuses
from tests.challenges.world import owner_of
from tests.factories.access import World, lend
from tests.factories.accounts import MembershipFactory, UserFactory, bearer
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
)
from tests.factories.letters import delivered

USES = [str(each.label) for each in ForbiddenUse]
pytestmark = pytest.mark.django_db


@pytest.fixture
def by(client: Client) -> User:
    person: User = UserFactory()
    client.force_login(person)
    return person


def at(route: str) -> str:
    return reverse(f"challenges:{route}", args=["estimer-un-niveau"])


def test_a_live_grant_of_the_organisation_makes_a_challenge_restricted(
    client: Client, by: User
) -> None:
    texts = {"title": "T", "summary": "S", "body_md": "B", "terms": "R"}
    texts |= {"licence_name": "L", "licence_status": "verified"}
    challenge = ChallengeFactory(owner=by, slug="estimer-un-niveau")

    def choose(grant: Grant | None) -> Any:
        key = {"grant": grant.public_id} if grant else {}
        return client.post(at("write_texts"), texts | key)

    own = World(organisation=challenge.organiser)
    grant, other = own.active(organises_challenge=True), own.active()
    foreign = World().active(organises_challenge=True)
    assert choose(grant).status_code == 302  # an organiser, not of the organisation
    challenge.refresh_from_db()
    assert (challenge.grant, challenge.summary) == (None, "S")  # what was typed is kept
    assert client.get(at("write_texts")).context["form"]["grant"].field.disabled
    with pytest.raises(NotAllowed):
        texts_of.choose_grant(challenge=challenge, grant=grant, by=by)
    MembershipFactory(user=by, organisation=challenge.organiser)
    for unfit in (other, foreign, own.granted(organises_challenge=True)):
        assert choose(unfit).status_code == 422
    assert choose(grant).status_code == 302
    challenge.refresh_from_db()
    assert (challenge.grant, challenge.restricted) == (grant, True)
    told = events([reference(challenge)], families=["challenge"])
    chosen = [each.facts for each in told if each.action == "challenge.grant_chosen"]
    assert chosen == [{"request": grant.number}]
    assert choose(None).status_code == 302
    challenge.refresh_from_db()
    assert (challenge.grant, challenge.restricted) == (None, False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Challenge.objects.update(grant=grant)


def test_a_public_challenge_says_its_grant_and_keeps_one(client: Client, by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    own = World(organisation=challenge.organiser)
    MembershipFactory(user=by, organisation=challenge.organiser)
    texts = {"title": "T", "summary": "S", "body_md": "B", "terms": "R"}
    grant = own.active(organises_challenge=True)
    chosen = texts | {"grant": grant.public_id}
    assert client.post(at("write_texts"), chosen).status_code == 302
    refused = client.post(at("write_texts"), texts)
    assert refused.status_code == 409
    assert "restent à accès restreint" in refused.context["form"].errors["grant"][0]
    grants.revoke(grant=grant, text="Fini.", by=own.approver)
    assert client.post(at("write_texts"), chosen).status_code == 302  # it stays chosen
    page = plain(Client().get(at("presentation")).text)
    assert f"Finalité : Piloter l’offre de formation. Demande {grant.number}" in page
    read = Client().get(f"/api/v1/challenges/{challenge.slug}").json()
    access = {"number": grant.number, "purpose": "Piloter l’offre de formation"}
    assert (read["restricted"], read["access"]) == (True, access | {"forbidden_uses": USES})


def test_a_public_challenge_takes_no_grant_of_other_data(client: Client, by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    own = World(organisation=challenge.organiser)
    MembershipFactory(user=by, organisation=challenge.organiser)
    first, second = own.datasets
    former = own.active(first, organises_challenge=True)
    Challenge.objects.update(grant=former, restricted=True)
    revoke(former)
    texts = {"title": "T", "summary": "S", "body_md": "B", "terms": "R"}
    other = own.active(second, organises_challenge=True)
    refused = client.post(at("write_texts"), texts | {"grant": other.public_id})
    assert refused.status_code == 409
    assert "ne prête pas toutes" in refused.context["form"].errors["grant"][0]
    assert Challenge.objects.get().grant == former
    more = own.active(first, second, organises_challenge=True)
    chosen = texts | {"grant": more.public_id}
    assert client.post(at("write_texts"), chosen).status_code == 302
    assert Challenge.objects.get().grant == more


def test_a_bench_goes_on_under_another_grant(client: Client, by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    own = World(organisation=challenge.organiser)
    MembershipFactory(user=by, organisation=challenge.organiser)
    former = own.active(organises_challenge=True)
    Challenge.objects.update(
        grant=former, restricted=True, status=ChallengeStatus.REVEALED, title="Avant"
    )
    challenge.phases.update(benchmark_after_close=True)
    revoke(former)
    assert interventions.pause_without_grant() == 1
    other = own.active(organises_challenge=True)
    page = client.get(at("write_texts"))
    assert "ses textes ne changent plus" in page.text
    assert list(page.context["form"].fields) == ["grant"]
    sent = {"title": "Après", "grant": other.public_id}
    assert client.post(at("write_texts"), sent).status_code == 302
    interventions.resume(phase=challenge.phases.get(), by=by)
    challenge.refresh_from_db()
    assert (challenge.grant, challenge.title) == (other, "Avant")
    Challenge.objects.update(status=ChallengeStatus.ARCHIVED)
    with refuses(Conflict, "challenge_over"):
        texts_of.choose_grant(
            challenge=challenge, grant=own.active(organises_challenge=True), by=by
        )


def test_restricted_data_are_published_under_a_live_grant_alone() -> None:
    challenge = ChallengeFactory()
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    challenges.submit(challenge=challenge, by=owner_of(challenge))
    moderator = UserFactory(region="moderator")
    world_of_access = World(organisation=challenge.organiser)
    grant = world_of_access.active(organises_challenge=True)
    Challenge.objects.update(restricted=True)

    def lacking() -> list[str]:
        return [each.key for each in organising.missing(Challenge.objects.get())]

    def publish() -> None:
        challenges.publish(challenge=Challenge.objects.get(), by=moderator)

    assert lacking() == ["grant"]  # an import that says so
    Challenge.objects.update(grant=grant)
    assert lacking() == ["build"]  # its public files were not compared with what is lent
    with refuses(Conflict, "not_compared"):
        publish()
    ChallengeDraft.objects.create(challenge=challenge, number=1, state=BuildState.DONE)
    assert lacking() == []
    grants.suspend(grant=grant, text="À relire.", by=world_of_access.hands[0])
    assert lacking() == ["grant"]
    with refuses(Conflict, "grant_not_active"):
        publish()
    grants.resume(grant=grant, text="Relu.", by=world_of_access.approver)
    publish()
    assert Challenge.objects.get().status == ChallengeStatus.PUBLISHED


def test_who_takes_part_signs_the_forbidden_uses(client: Client, by: User) -> None:
    challenge = ChallengeFactory(opened=True, slug="estimer-un-niveau")
    grant = lend(challenge)
    rules = {"terms": 1, "accepted": "on"}
    sent = {"name": "Mistral", **rules}
    shown = client.get(at("team")).text
    assert "Réidentifier, croiser avec des données hors de la demande" in shown
    assert client.post(at("team"), sent).status_code == 422
    assert not challenge.registrations.exists()
    signed = {"signed": "on", "uses": grant.number}
    assert client.post(at("team"), sent | signed).status_code == 302
    mine = challenge.registrations.get()
    assert (mine.user, mine.grant) == (by, grant)
    assert mine.uses_signed_at is not None
    assert events([reference(challenge)], families=["uses"])[0].facts == {"request": grant.number}
    team, phase = challenge.teams.get(), challenge.phases.get()
    other = World(organisation=challenge.organiser).active(organises_challenge=True)
    Challenge.objects.update(grant=other)
    with refuses(NotAllowed, "uses_required"):
        enter(phase, team, by)
    assert client.post(at("rules"), rules).status_code == 422
    stale = client.post(at("rules"), rules | signed)  # read before the organiser chose the other
    assert (stale.status_code, "usages interdits ont changé" in stale.text) == (422, True)
    shown = {each: stale.context["form"][each].value() for each in ("terms", "uses", "signed")}
    assert shown == {"terms": "1", "uses": other.number, "signed": False}
    assert client.post(at("rules"), rules | shown | {"signed": "on"}).status_code == 302
    assert challenge.registrations.get().grant == other
    assert enter(phase, team, by).created


def test_uses_are_signed_by_program_with_the_number_that_was_read(client: Client) -> None:
    challenge = ChallengeFactory(opened=True, slug="estimer-un-niveau")
    grant, person = lend(challenge), UserFactory()

    def accept(**read: Any) -> Any:
        address = f"/api/v1/challenges/{challenge.slug}/terms/acceptance"
        sent, headers = {"number": 1, **read}, bearer(person, TokenScope.TEAM)
        return client.post(address, sent, content_type="application/json", headers=headers)

    for wrong in ({}, {"access": "R2-2020-0001"}):
        answer = accept(**wrong)
        assert (answer.status_code, answer.json()["code"]) == (409, "uses_changed")
    assert accept(access=grant.number).status_code == 200
    assert challenge.registrations.get().grant == grant


def test_entries_wait_for_an_active_grant_read_at_their_instant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    challenge = ChallengeFactory(opened=True)
    grant = lend(challenge)
    phase, team = challenge.phases.get(), TeamFactory(challenge=challenge)
    by, approver = captain_of(team), UserFactory(region="approver")
    grants.suspend(grant=grant, text="À relire.", by=UserFactory(region="officer"))
    assert not phase.takes_entries(clock.now())
    with refuses(Closed, "grant_not_active"):
        enter(phase, team, by)
    grants.resume(grant=grant, text="Relu.", by=approver)
    assert enter(phase, team, by).created
    grant.refresh_from_db()
    end = grant.ends_at or clock.now()
    monkeypatch.setattr(clock, "now", lambda: end - timedelta(seconds=1))
    assert enter(phase, team, by).created
    monkeypatch.setattr(clock, "now", lambda: end)  # no duty has run
    with refuses(Closed, "grant_not_active"):
        enter(phase, team, by)


def enter(phase: Phase, team: Team, by: User) -> Accepted:
    """Send a file that no other is."""
    return deposits.enter(
        phase=phase,
        team=team,
        content=uuid4().bytes,
        original_name="a.csv",
        idempotency_key=uuid4().hex,
        by=by,
    )


def test_a_grant_that_ends_pauses_what_it_lends_to_until_a_person_resumes(client: Client) -> None:
    apart = ChallengeFactory(opened=True)
    challenge = ChallengeFactory(opened=True, slug="estimer-un-niveau")
    grant, owner = lend(challenge), owner_of(challenge)
    entry = EntryFactory(enrolment__team__challenge=challenge, status=EntryStatus.QUEUED)
    jobs.put(kind=JobKind.SCORE, subject_id=entry.pk, phase_id=challenge.phases.get().pk)
    assert interventions.pause_without_grant() == 0
    assert Job.objects.due(clock.now()).exists()
    revoke(grant)
    assert not Job.objects.due(clock.now()).exists()  # before any duty
    assert interventions.pause_without_grant() == 1
    assert interventions.pause_without_grant() == 0
    phase = challenge.phases.get()
    assert (phase.paused_at is not None, phase.paused_by) == (True, None)
    assert phase.pause_reason == challenge.notices.get().text
    assert not apart.phases.get().paused_at
    delivered()
    letters = [each for each in mail.outbox if "en pause" in each.subject]
    assert [each.to for each in letters] == [[owner.email]]
    client.force_login(owner)
    page = plain(client.get(at("pipeline")).text)
    assert "par le portail" in page
    assert "ce qui attend reste sans score" in page
    with refuses(Conflict, "grant_not_active"):
        interventions.resume(phase=phase, by=owner)
    lend(challenge)
    assert challenge.phases.get().paused_at  # a person resumes
    interventions.resume(phase=phase, by=owner)
    assert Job.objects.due(clock.now()).exists()
    assert interventions.pause_without_grant() == 0


def test_nothing_is_received_until_a_person_resumes(client: Client) -> None:
    challenge = ChallengeFactory(opened=True, slug="estimer-un-niveau")
    grant, phase = lend(challenge), challenge.phases.get()
    team = TeamFactory(challenge=challenge)
    by, approver = captain_of(team), UserFactory(region="approver")
    client.force_login(by)
    sentence = "Vous pouvez soumettre"
    Phase.objects.update(paused_at=clock.now(), paused_by=approver, pause_reason="Panne.")
    assert sentence in client.get(at("entries")).text
    grants.suspend(grant=grant, text="À relire.", by=UserFactory(region="officer"))
    assert sentence not in client.get(at("entries")).text
    Phase.objects.update(paused_at=None, paused_by=None, pause_reason="")
    assert interventions.pause_without_grant() == 1
    grants.resume(grant=grant, text="Relu.", by=approver)
    phase = challenge.phases.get()
    assert not phase.takes_entries(clock.now())
    with refuses(Closed, "grant_not_active"):
        enter(phase, team, by)
    page = client.get(at("entries")).text
    assert sentence not in page
    assert "la phase attend une habilitation en cours" in page
    Challenge.objects.update(status=ChallengeStatus.ARCHIVED)
    page = client.get(at("entries")).text
    assert "attend une habilitation" not in page
    assert "les soumissions qui attendaient restent sans score" in page
    Challenge.objects.update(status=ChallengeStatus.PUBLISHED)
    interventions.resume(phase=phase, by=owner_of(challenge))
    assert enter(challenge.phases.get(), team, by).created


def test_a_pause_has_its_cause_and_only_a_pause_has_an_author() -> None:
    phase = ChallengeFactory(opened=True).phases.get()
    for wrong in ({"paused_at": clock.now()}, {"paused_by": UserFactory()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Phase.objects.filter(pk=phase.pk).update(**wrong)


def revoke(grant: Grant) -> None:
    grants.revoke(grant=grant, text="Fini.", by=UserFactory(region="approver"))


def test_a_destruction_is_attested_once_its_challenges_are_archived(client: Client) -> None:
    own = World()
    grant = own.active(organises_challenge=True)
    challenge = ChallengeFactory(opened=True, organiser=own.organisation, title="Tensions")
    Challenge.objects.update(grant=grant, restricted=True)
    revoke(grant)
    client.force_login(own.by)
    attest = reverse("datasets:attest", args=[grant.public_id])
    refused = client.post(attest, {"text": "Disques effacés."})
    assert refused.status_code == 409
    assert "Le challenge « Tensions » garde des fichiers scellés" in plain(refused.text)
    Challenge.objects.filter(pk=challenge.pk).update(status=ChallengeStatus.ARCHIVED)
    page = client.post(attest, {"text": "Disques effacés."}, follow=True)
    assert "Le portail garde, scellés" in plain(page.text)

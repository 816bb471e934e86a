"""The life of a challenge: what the visa needs, dates, close, archive; the cockpit, its journal."""

import json
import re
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import override

from challenges import urls
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Enrolment,
    Notice,
    Phase,
    PhaseTask,
    Rescoring,
    Reveal,
    ScorerVersion,
)
from challenges.organising import queries as organising
from challenges.organising.actions import challenges, texts
from challenges.organising.enums import ChallengeStatus, NoticeKind, PhaseMoment
from challenges.organising.views.layout import SECTIONS
from challenges.pages import queries as page_queries
from challenges.pages.queries import JOURNAL_APART, JOURNAL_FAMILIES
from challenges.pages.views.journal import ACTS
from challenges.results import actions as results
from challenges.results import rules as results_rules
from challenges.results.queries.reports import obstacles
from challenges.teams.actions import teams
from challenges.worker import drain
from datasets.access.actions import grants
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.audit.reading import events as events_of
from portal.audit.record import record, reference
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges import world
from tests.challenges.pages.scenes import Costs, clocked, listed, plain, url_of, with_contract
from tests.challenges.refusals import refuses
from tests.challenges.world import owner_of
from tests.factories import accounts
from tests.factories.access import lend
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    region_person,
    rescoring_of,
    reveal_of,
)
from tests.factories.disqualifications import asked
from tests.factories.letters import delivered
from tests.ledger import events as acts
from tests.routes.declared import routes

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def in_review(**given: object) -> Challenge:
    challenge = ChallengeFactory(**given)
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    return challenges.submit(challenge=challenge, by=owner_of(challenge))


def status() -> str:
    return str(Challenge.objects.get().status)


def test_a_licence_to_confirm_asks_for_a_confirmation() -> None:
    challenge = in_review(licence={"name": "Licence Ouverte", "status": "to_confirm"})
    moderator = UserFactory(region="moderator")
    with refuses(Invalid, "licence_to_confirm"):
        challenges.publish(challenge=challenge, by=moderator)
    challenges.publish(challenge=challenge, confirm_licence=True, by=moderator)
    assert status() == ChallengeStatus.PUBLISHED
    event = AuditEvent.objects.get(action="challenge.published")
    assert json.loads(event.body.body)["facts"] == {"licence_confirmed": True}


@pytest.mark.parametrize("named_by_the_open_one", [True, False])
def test_two_challenges_that_tell_on_each_other_are_not_open_together(
    named_by_the_open_one: bool,
) -> None:
    opened = ChallengeFactory(opened=True, incompatible_with=["b"] * named_by_the_open_one)
    challenge = in_review(slug="b", incompatible_with=[opened.slug] * (not named_by_the_open_one))
    with pytest.raises(Conflict) as refusal:
        challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))
    assert refusal.value.facts["other"] == opened.slug
    opened.phases.update(closes_at=clock.now())
    challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))


def test_the_visa_is_for_the_version_that_was_read() -> None:
    challenge = in_review()
    read = Challenge.objects.get()
    later = clock.now() + timedelta(days=3)
    by = owner_of(challenge)
    challenges.set_dates(phase=challenge.phases.get(), opens_at=later, closes_at=None, by=by)
    moderator = UserFactory(region="moderator")
    before = acts()
    for decide in (challenges.publish, partial(challenges.send_back, reason="Titre")):
        with refuses(Conflict, "changed") as refusal:
            decide(challenge=read, by=moderator)
        assert refusal.value.facts == {"version": 3, "current": ChallengeStatus.IN_REVIEW}
    assert (status(), acts()) == (ChallengeStatus.IN_REVIEW, before)
    challenges.publish(challenge=Challenge.objects.get(), by=moderator)
    assert status() == ChallengeStatus.PUBLISHED
    assert Phase.objects.get().opens_at == later  # a date that was set is kept


@pytest.mark.parametrize("stage", ["closed", "revealed"])
def test_an_owner_archives_what_is_revealed_and_the_region_the_rest(stage: str) -> None:
    challenge = ChallengeFactory(closed=True)
    by = UserFactory(region="moderator")
    refused = [UserFactory(), owner_of(challenge)]
    if stage == "revealed":
        reveal_of(challenge.phases.get(), proposed_by=owner_of(challenge))
        Challenge.objects.update(status=ChallengeStatus.REVEALED)
        by = refused.pop()
    else:  # who runs it is not apart, whatever their role at the Region
        refused.append(UserFactory(region="moderator"))
        challenge.organisers.create(user=refused[-1], role="jury")
    for each in refused:
        with pytest.raises(NotAllowed):
            challenges.archive(challenge=challenge, reason="x", by=each)
    with pytest.raises(Invalid):
        challenges.archive(challenge=challenge, reason=" ", by=by)
    challenges.archive(challenge=challenge, reason="édition finie", by=by)
    found = Challenge.objects.get()
    assert (found.status, found.is_revealed) == (ChallengeStatus.ARCHIVED, stage == "revealed")
    assert Notice.objects.get().text == "Challenge archivé : édition finie"
    (event,) = events_of([reference(challenge)], families=["challenge"])
    told = {"reason": "édition finie", "results_published": stage == "revealed"}
    assert (event.action, event.facts) == ("challenge.archived", told)
    with pytest.raises(Conflict):
        challenges.archive(challenge=challenge, reason="encore", by=UserFactory(region="moderator"))


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ("opened", "challenge_status"),
        ("entered", "entries_unfinished"),
        ("entered, grant suspended", "entries_unfinished"),
        ("entered, grant revoked", ""),
        ("in its grace", "phase_in_grace"),
        ("reveal confirmed", "reveal_waiting"),
        ("reveal proposed", ""),
    ],
)
def test_nothing_is_archived_while_it_goes_on(stage: str, code: str) -> None:
    challenge = ChallengeFactory(opened=stage == "opened", closed=stage != "opened")
    phase, now = challenge.phases.get(), clock.now()
    if stage.startswith("entered"):
        EntryFactory(enrolment__team__challenge=challenge)
        if stage.endswith("suspended"):
            by = UserFactory(region="officer")
            grants.suspend(grant=lend(challenge), text="À relire.", by=by)
        elif stage.endswith("revoked"):
            by = UserFactory(region="approver")
            grants.revoke(grant=lend(challenge), text="Fini.", by=by)
    elif stage == "in its grace":
        Phase.objects.update(closes_at=now - timedelta(minutes=5))
    elif stage.startswith("reveal"):
        confirmed = {"decided_by": UserFactory(), "decided_at": now} if code else {}
        by = owner_of(challenge)
        Reveal.objects.create(phase=phase, proposed_by=by, proposed_at=now, **confirmed)
    with refuses(Conflict, code) if code else nullcontext():
        challenges.archive(challenge=challenge, reason="fini", by=UserFactory(region="moderator"))
    assert (status() == ChallengeStatus.ARCHIVED) is (code == "")


@pytest.mark.parametrize("act", ["propose", "confirm"])
def test_what_is_archived_meanwhile_is_not_published(
    act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, now = ChallengeFactory(closed=True), clock.now()
    phase, by = challenge.phases.get(), owner_of(challenge)
    if act == "confirm":
        Reveal.objects.create(phase=phase, proposed_by=by, proposed_at=now)
        by = UserFactory(region="moderator")
    rule = getattr(results_rules, f"may_{act}_reveal")

    def crossed(*given: Any) -> bool:
        allowed: bool = rule(*given)
        Challenge.objects.update(status=ChallengeStatus.ARCHIVED)
        return allowed

    monkeypatch.setattr(results_rules, rule.__name__, crossed)
    with refuses(Conflict, "challenge_archived"):
        getattr(results, f"{act}_reveal")(phase=phase, by=by)
    assert not Reveal.objects.filter(decided_at__isnull=False).exists()
    assert Reveal.objects.exists() is (act == "confirm")


def test_an_open_phase_without_an_announced_close_is_closed() -> None:
    challenge = ChallengeFactory(opened=True)
    phase = challenge.phases.get()
    for _ in range(2):
        challenges.close(phase=phase, by=owner_of(challenge))
    assert Phase.objects.get().moment() == PhaseMoment.CLOSED
    assert status() == ChallengeStatus.CLOSED
    assert Notice.objects.get().kind == NoticeKind.DATES
    assert acts() == ["phase.closed", "challenge.closed"]
    assert Outbox.objects.filter(topic="mail.phase_dates").count() == 1


def test_closing_by_hand_ends_the_grace() -> None:
    challenge = ChallengeFactory(opened=True)
    Phase.objects.update(closes_at=clock.now())
    phase = challenge.phases.get()
    by = owner_of(challenge)
    assert phase.is_in_grace(clock.now())
    for _ in range(2):
        challenges.close(phase=phase, by=by)
    fresh = Phase.objects.get()
    assert (fresh.closed_by_hand, fresh.closes_at) == (True, phase.closes_at)
    assert acts() == ["phase.grace_ended", "challenge.closed"]
    assert Notice.objects.get().kind == NoticeKind.DATES


def test_a_phase_that_opens_again_has_its_grace_again() -> None:
    challenge = ChallengeFactory(opened=True)
    PhaseFactory(challenge=challenge, index=1)  # undated: the challenge is not over
    phase = challenge.phases.get(index=0)
    by = owner_of(challenge)
    phase = challenges.close(phase=phase, by=by)
    assert phase.closed_by_hand
    later = clock.now() + timedelta(days=1)
    challenges.set_dates(phase=phase, opens_at=phase.opens_at, closes_at=later, by=by)
    assert not Phase.objects.get(index=0).closed_by_hand


def test_an_announced_close_is_not_brought_forward() -> None:
    challenge = ChallengeFactory(opened=True)
    later = clock.now() + timedelta(days=1)
    Phase.objects.update(closes_at=later)
    with pytest.raises(Conflict) as refusal:
        challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    assert refusal.value.facts["closes_at"] == later
    Phase.objects.update(opens_at=None, closes_at=None)  # it never opened
    with pytest.raises(Conflict):
        challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))


def test_dates_move_freely_before_the_first_entry() -> None:
    challenge = ChallengeFactory(opened=True)
    phase = challenge.phases.get()
    by = owner_of(challenge)
    opens, midnight = (datetime(2126, 12, day, 23, tzinfo=UTC) for day in (1, 20))
    challenges.set_dates(phase=phase, opens_at=opens, closes_at=opens + timedelta(days=1), by=by)
    for _again in range(2):  # the same dates change nothing
        challenges.set_dates(phase=phase, opens_at=opens, closes_at=midnight, by=by)
        assert acts() == ["phase.dated"] * 2
    assert challenge.notices.count() == 2
    assert Phase.objects.get().closes_at == midnight - timedelta(seconds=1)  # 20 December
    for opens_at, closes_at, code in (
        (opens, opens, "dates_order"),
        (NOON, midnight, "open_passed"),
        (None, NOON, "close_passed"),
    ):
        with refuses(Invalid, code):
            challenges.set_dates(phase=phase, opens_at=opens_at, closes_at=closes_at, by=by)


def test_a_notice_is_written_in_the_language_of_its_challenge() -> None:
    french, english = ChallengeFactory(opened=True), ChallengeFactory(opened=True, language="en")
    with override("en"):
        for challenge in (french, english):
            challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    told = [challenge.notices.first().text for challenge in (french, english)]
    assert told[0].endswith(" est close.")
    assert told[1].endswith(" is closed.")


def test_after_the_first_entry_an_announced_close_only_moves_later() -> None:
    entry = EntryFactory()
    phase = entry.enrolment.phase
    by = owner_of(phase.challenge)
    opens, closes = phase.opens_at, clock.now() + timedelta(days=1)
    challenges.set_dates(phase=phase, opens_at=opens, closes_at=closes, by=by)
    later = closes + timedelta(days=1)
    challenges.set_dates(phase=phase, opens_at=opens, closes_at=later, by=by)
    for opens_at, closes_at in ((opens, closes), (opens, None), (NOON, later)):
        with pytest.raises(Conflict):
            challenges.set_dates(phase=phase, opens_at=opens_at, closes_at=closes_at, by=by)
    assert Phase.objects.get().closes_at == later


def test_with_entries_a_phase_opens_again_during_its_grace_alone() -> None:
    phase = EntryFactory().enrolment.phase
    by, later = owner_of(phase.challenge), clock.now() + timedelta(days=1)
    PhaseFactory(challenge=phase.challenge, index=1)  # undated: the challenge is not over
    for minutes in (16, 5):
        closed = clock.now() - timedelta(minutes=minutes)
        Phase.objects.filter(pk=phase.pk).update(closes_at=closed)
        phase.refresh_from_db()
        if minutes == 16:
            with refuses(Conflict, "phase_over"):
                challenges.set_dates(phase=phase, opens_at=phase.opens_at, closes_at=later, by=by)
    challenges.set_dates(phase=phase, opens_at=phase.opens_at, closes_at=later, by=by)
    assert Phase.objects.get(pk=phase.pk).closes_at == later


@pytest.mark.parametrize("why", ["closed", "reveal proposed"])
def test_the_dates_of_a_closed_challenge_stay(why: str) -> None:
    challenge = ChallengeFactory(opened=True)
    assert challenges.close_those_over() == 0
    Phase.objects.update(closes_at=clock.now())
    phase, by = challenge.phases.get(), owner_of(challenge)
    if why == "closed":
        assert challenges.close_those_over() == 1
        assert status() == ChallengeStatus.CLOSED
    else:
        Reveal.objects.create(phase=phase, proposed_by=by, proposed_at=clock.now())
    for closes in (None, clock.now() + timedelta(days=1)):
        with pytest.raises(Conflict):
            challenges.set_dates(phase=phase, opens_at=phase.opens_at, closes_at=closes, by=by)
    assert Phase.objects.get().closes_at == phase.closes_at


def test_a_close_already_passed_is_not_published() -> None:
    challenge = in_review()
    Phase.objects.update(closes_at=NOON - timedelta(days=900))
    with refuses(Conflict, "close_passed"):
        challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))
    assert status() == ChallengeStatus.IN_REVIEW


@pytest.fixture
def owner(client: Client) -> User:
    """Sign the organiser in."""
    made: User = UserFactory(display_name="Dominique")
    client.force_login(made)
    prove(client)
    return made


def signed_in(person: User) -> Client:
    """Return a browser in which a person signed in a moment ago."""
    browser = accounts.signed_in(person)
    prove(browser)
    return browser


def prove(browser: Client) -> None:
    """Note that the person proved who they are just now."""
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()


def read_in(page: Any) -> dict[str, str]:
    """Return the version of the challenge that a page shows, as its forms send it back."""
    found = set(re.findall(r'name="version" value="(\d+)"', page.text))
    assert len(found) == 1
    return {"version": found.pop()}


def test_organiser_asks_then_a_moderator_publishes(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    assert "Il manque" in client.get(url_of(challenge, "organiser")).text
    with_contract(challenge)
    client.post(url_of(challenge, "organiser_submit"))
    assert status() == ChallengeStatus.IN_REVIEW
    assert [row.topic for row in Outbox.objects.all()] == ["mail.challenge_submitted"]
    assert client.post(url_of(challenge, "organiser_publish")).status_code == 403
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    page = moderator.get(url_of(challenge, "organiser"))
    assert "Publier le challenge" in page.text
    assert "Rien ne vous attend" not in page.text
    moderator.post(url_of(challenge, "organiser_publish"), read_in(page))
    assert status() == ChallengeStatus.PUBLISHED
    phase = Phase.objects.get()
    assert (phase.moment(), phase.closes_at) == (PhaseMoment.OPEN, None)
    assert acts() == ["challenge.submitted", "access.denied", "challenge.published"]
    with pytest.raises(Conflict):
        challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))


def test_moderator_asks_for_corrections(client: Client, owner: User) -> None:
    challenge = in_review(owner=owner)
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    read = read_in(moderator.get(url_of(challenge, "organiser")))
    refused = moderator.post(url_of(challenge, "organiser_send_back"), read | {"reason": ""})
    assert refused.status_code == 422
    assert "Dites ce qui est à corriger." in refused.text
    moderator.post(url_of(challenge, "organiser_send_back"), read | {"reason": "Les <dates>."})
    assert Challenge.objects.get().status == ChallengeStatus.DRAFT
    assert "Les &lt;dates&gt;." in client.get(url_of(challenge, "organiser")).text
    delivered()
    (letter,) = [one for one in mail.outbox if "Corrections" in one.subject]
    assert letter.to == [owner.email]
    assert "Les <dates>." in letter.body
    assert f"/espace/challenges/{challenge.slug}/" in letter.body
    client.post(url_of(challenge, "organiser_submit"))
    assert Challenge.objects.get().corrections == ""


@pytest.mark.parametrize("name", ["organiser_publish", "organiser_send_back"])
def test_a_decision_on_a_page_that_has_aged_is_refused(owner: User, name: str) -> None:
    challenge = in_review(owner=owner)
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    stale = read_in(moderator.get(url_of(challenge, "organiser"))) | {"reason": "Les dates."}
    blind = moderator.post(url_of(challenge, name), {"reason": "Les dates."})
    assert (blind.status_code, "Rechargez la page" in blind.text) == (422, True)
    challenge.refresh_from_db()
    challenges.send_back(challenge=challenge, reason="Le titre.", by=region_person())
    Challenge.objects.update(title="Autre titre")
    challenges.submit(challenge=challenge, by=owner)
    refused = moderator.post(url_of(challenge, name), stale)
    assert refused.status_code == 409
    assert re.search(r"Code\W+changed\.", refused.text)
    assert "à l’état «\u00a0En relecture\u00a0»" in refused.text
    assert "Autre titre" in refused.text
    assert ("Les dates.</textarea>" in refused.text) is (name == "organiser_send_back")
    assert Challenge.objects.get().status == ChallengeStatus.IN_REVIEW
    again = read_in(refused) | {"reason": "Les dates."}
    assert moderator.post(url_of(challenge, name), again).status_code == 302


def test_reveal_takes_two_people_who_prove_who_they_are(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, closed=True)
    listed(challenge, "Alpha", 0.3, rank=1)
    proposal = url_of(challenge, "reveal_propose", 0)
    confirmation = url_of(challenge, "reveal_confirm", 0)
    for place in (proposal, confirmation):
        unproven = accounts.signed_in(owner).post(place, {"sure": "on"})
        assert (unproven.status_code, "identite" in unproven["Location"]) == (302, True)
    assert client.post(proposal).status_code == 422
    assert Reveal.objects.count() == 0
    client.post(proposal, {"sure": "on"})
    assert client.post(confirmation, {"sure": "on"}).status_code == 403
    assert "Une autre personne" in client.get(url_of(challenge, "organiser")).text
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    assert "Confirmer la publication" in moderator.get(url_of(challenge, "organiser")).text
    moderator.post(confirmation, {"sure": "on"})
    found = Reveal.objects.get()
    assert (found.proposed_by, found.decided_at is not None) == (owner, True)
    assert "le calcul est en cours" in client.get(url_of(challenge, "organiser")).text


def test_what_must_end_before_the_results_is_told_before_the_click(
    client: Client, owner: User
) -> None:
    challenge = ChallengeFactory(owner=owner, closed=True)
    with_contract(challenge)
    phase = challenge.phases.get()
    offered = "Proposer la publication des résultats"
    assert offered in client.get(url_of(challenge, "organiser")).text
    rescoring_of(phase, owner)
    other = Enrolment.objects.create(phase=phase, team=TeamFactory(challenge=challenge))
    asked(team=other.team)
    EntryFactory(enrolment=other)
    text = client.get(url_of(challenge, "organiser")).text
    assert offered not in text
    assert "1 disqualification demandée attend la décision de la Région" in plain(text)
    told = re.search(r"Avant de publier les résultats.*?</ul>", text, re.S)
    assert told
    leads = [url_of(challenge, "rescorings"), url_of(challenge, "disqualification_proposals")]
    assert re.findall(r'href="([^"]+)"', told[0]) == [*leads, url_of(challenge, "pipeline")]
    codes = [each.code for each in obstacles(phase, timezone.now())]
    assert codes == ["rescoring_open", "disqualification_open", "entries_unfinished"]
    sent = client.post(url_of(challenge, "reveal_propose", 0), {"sure": "on"})
    assert (sent.status_code, Reveal.objects.count()) == (409, 0)


def test_list_and_cockpit_cost_the_same_for_one_and_three(
    client: Client, owner: User, count: int, costs: Costs
) -> None:
    challenge, *_others = ChallengeFactory.create_batch(count, owner=owner, opened=True)
    with costs(clocked(10)):
        client.get(reverse("challenges:organiser_list"))
    for n in range(count):
        listed(challenge, f"Équipe {n}", 0.3, rank=1)
    with costs(clocked(21)):
        client.get(url_of(challenge, "organiser"))


PARTICIPATION = {"registration": "open", "team_min": "1", "team_max": "10"}


def test_dates_are_paris_hours(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    body = PARTICIPATION | {"opens_at_0": "2126-07-01T09:00", "closes_at_0": "2126-12-17T23:59"}
    client.post(url_of(challenge, "write_dates"), body)
    phase = challenge.phases.get()
    assert phase.opens_at.isoformat() == "2126-07-01T07:00:00+00:00"
    assert phase.closes_at.isoformat() == "2126-12-17T22:59:59+00:00"


def test_untouched_opening_keeps_its_seconds(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    listed(challenge, "Alpha", 0.3, rank=1)
    phase = challenge.phases.get()
    shown = timezone.localtime(phase.opens_at).strftime("%Y-%m-%dT%H:%M")
    body = PARTICIPATION | {"opens_at_0": shown, "closes_at_0": "2126-12-17T17:00"}
    # Read again before all teams are told: nothing is kept until then.
    proof = client.post(url_of(challenge, "write_dates"), body)
    assert proof.status_code == 200
    assert "ferme le 17 décembre 2126 à 17 h" in " ".join(proof.text.split())
    assert 'value="2126-12-17T17:00"' in proof.text
    notice = proof.text.partition("rien n’est encore publié")[2].partition('<form class="stack')[0]
    assert 'form="etape" name="publier"' in notice  # announced where it is read
    assert challenge.phases.get().closes_at is None
    assert not challenge.notices.filter(text__contains="2126").exists()
    read = {"publier": proof.context["proof"]}
    later = body | read | {"closes_at_0": "2127-12-17T17:00"}  # not what was read
    assert "2127" in client.post(url_of(challenge, "write_dates"), later).context["proof"]
    assert challenge.phases.get().closes_at is None
    told = client.post(url_of(challenge, "write_dates"), body | read, follow=True)
    assert "Enregistré et annoncé" in told.text
    again = challenge.phases.get()
    assert (again.opens_at, again.closes_at.year) == (phase.opens_at, 2126)
    sooner = body | {"closes_at_0": "2126-11-17T17:00"}
    refused = client.post(url_of(challenge, "write_dates"), sooner)
    assert refused.status_code == 409
    assert '<div id="id_closes_at_0_error">' in refused.text
    assert 'value="2126-11-17T17:00"' in refused.text


def test_a_close_needs_a_tick_told_beside_its_own_phase(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    PhaseFactory(challenge=challenge, index=1, opens_at=timezone.now())
    refused = client.post(url_of(challenge, "organiser_close", 0), {})
    assert refused.status_code == 422
    assert refused.text.count("Cochez la case pour confirmer la clôture.") == 2
    assert '<a href="#id_close_0_sure">' in refused.text
    assert '<div id="id_close_0_sure_error">' in refused.text
    Phase.objects.filter(index=1).delete()
    assert client.post(url_of(challenge, "organiser_close", 7), {"sure": "on"}).status_code == 404
    client.post(url_of(challenge, "organiser_close", 0), {"sure": "on"})
    assert Challenge.objects.get().status == ChallengeStatus.CLOSED


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-03-29T02:30", "n’existe pas"),
        ("2026-10-25T02:30", "existe deux fois"),
        ("demain", "Écrivez la date et l’heure"),
        ("0001-01-01T00:00", "Une année de 1990 à 2200"),
        ("9999-12-31T23:59", "Une année de 1990 à 2200"),
    ],
)
def test_impossible_hours_are_refused(
    client: Client, owner: User, value: str, sentence: str
) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    sent = client.post(url_of(challenge, "write_dates"), {"opens_at_0": value})
    assert sent.status_code == 422
    assert sentence in sent.text
    assert "<title>Erreur" in sent.text


def test_an_owner_archives_from_the_cockpit() -> None:
    challenge = ChallengeFactory(closed=True)
    owner = signed_in(challenge.organisers.get().user)
    page = url_of(challenge, "organiser_archive")
    assert "Ses résultats ne sont pas publiés" in owner.get(page).text
    assert owner.post(page, {"reason": "Fini.", "sure": "on"}).status_code == 403
    Challenge.objects.update(status=ChallengeStatus.REVEALED)
    unproven = accounts.signed_in(owner_of(challenge))
    assert unproven.post(page, {"reason": "Fini.", "sure": "on"}).status_code == 302
    assert Challenge.objects.get().status == ChallengeStatus.REVEALED
    assert page in owner.get(url_of(challenge, "announcements")).text
    assert "ne s’annule pas" in owner.get(page).text
    assert owner.post(page, {"reason": "Fini."}).status_code == 422
    assert owner.post(page, {"reason": "Fini.", "sure": "on"}).status_code == 302
    assert Challenge.objects.get().status == ChallengeStatus.ARCHIVED
    assert "Fini." in owner.get(url_of(challenge, "organiser")).text
    assert "Ce challenge est archivé" in owner.get(page).text
    assert not Client().get(url_of(challenge, "presentation")).text.count("Lire le bilan")


def test_moderator_suspends_and_resumes() -> None:
    challenge = ChallengeFactory(opened=True)
    with pytest.raises(NotAllowed):
        challenges.suspend(challenge=challenge, reason="x", by=owner_of(challenge))
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    assert moderator.post(url_of(challenge, "organiser_suspend"), {}).status_code == 422
    moderator.post(url_of(challenge, "organiser_suspend"), {"reason": "Une erreur."})
    assert Challenge.objects.get().status == ChallengeStatus.SUSPENDED
    assert Notice.objects.get().text == "Challenge suspendu : Une erreur."
    (event,) = events_of([reference(challenge)], families=["challenge"])
    assert (event.action, event.facts) == ("challenge.suspended", {"reason": "Une erreur."})
    page = Client().get(url_of(challenge, "presentation"))
    assert "Challenge suspendu" in page.text
    moderator.post(url_of(challenge, "organiser_resume"))
    assert Challenge.objects.get().status == ChallengeStatus.PUBLISHED


def states(challenge: Challenge) -> dict[str, str]:
    """Return the state of each point of the first phase and of the challenge."""
    return {
        each.key: each.state
        for each in organising.checklist(challenge)
        if each.phase is None or each.phase.index == 0
    }


def test_an_imported_challenge_is_ready_and_says_what_could_be_better(tmp_path: Path) -> None:
    challenge = world.imported(tmp_path)
    assert drain()
    assert states(challenge) == {
        "page": "ready",
        "terms": "ready",
        "licence": "ready",
        "opens": "ready",
        "closes": "advice",
        "scoring": "ready",
        "primary": "ready",
        "quota": "ready",
        "compiled": "ready",
        "fairness": "ready",
        "baseline": "ready",
        "attempts": "advice",
        "interval": "ready",
    }
    assert organising.private_units(challenge.phases.get()) == 84
    said = next(each for each in organising.checklist(challenge) if each.key == "interval")
    assert said.sentence.startswith("Avec 84 unités privées, deux équipes à moins de 0,048 ")
    assert organising.missing(challenge) == []


def test_what_is_missing_is_named_and_the_visa_is_not_asked(tmp_path: Path) -> None:
    by = world.owner()
    challenge = world.imported(tmp_path, by)
    challenge.has_prizes = True
    challenge.save()
    PhaseFactory(challenge=challenge, index=1, name="Finale")
    ChallengeDraft.objects.create(challenge=challenge, number=1, state="refused")
    with pytest.raises(Invalid) as refused:
        challenges.submit(challenge=challenge, by=by)
    assert list(refused.value.faults) == [
        "la dotation n’est pas décrite",
        "la règle d’attribution de la dotation manque",
        "le contrôle du brouillon a trouvé de quoi corriger",
        "« Finale » n’a pas de date d’ouverture",
        "la phase « Finale » n’a pas de notation",
    ]


def test_the_journal_tells_the_acts_of_the_organisers_and_none_of_the_teams(
    client: Client, owner: User
) -> None:
    challenge = ChallengeFactory(opened=True, owner=owner)
    other = ChallengeFactory(opened=True, owner=owner)
    texts.write_terms(challenge=challenge, text="Nouveau.", by=owner)
    texts.write_terms(challenge=other, text="Ailleurs.", by=owner)
    challenges.set_dates(
        phase=challenge.phases.get(),
        opens_at=challenge.phases.get().opens_at,
        closes_at=None,
        by=owner,
    )
    member = UserFactory(display_name="Camille")
    teams.accept_terms(challenge=challenge, by=member)
    teams.create(challenge=challenge, name="Secrète", by=member)
    text = client.get(url_of(challenge, "journal")).text
    assert "Règlement enregistré" in text
    assert "Dominique" in text
    for hidden in ("Camille", "Secrète", "challenge.joined", "team.created", member.person_key):
        assert hidden not in text
    found = client.get(url_of(challenge, "journal_json")).json()
    assert [event["action"] for event in found["events"]] == ["challenge.terms_written"]
    (told,) = found["events"]
    assert (told["actor"], told["name"]) == (owner.person_key, "Dominique")


def test_the_journal_tells_one_act_of_each_family(owner: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=owner)
    phase = challenge.phases.get()
    version = with_contract(challenge)
    former = phase.tasks.get()
    task = PhaseTask.objects.create(
        phase=phase, name="essai", scorer_version=version, holdout=former.holdout, current=False
    )
    now = clock.now()
    rescoring = Rescoring.objects.create(
        phase=phase, task=task, former=former, reason="x", proposed_by=owner, proposed_at=now
    )
    reveal = Reveal.objects.create(phase=phase, proposed_by=owner, proposed_at=now)
    baseline = EntryFactory(
        enrolment=EnrolmentFactory(team=TeamFactory(challenge=challenge, state="reference")),
    )
    of_a_team = EntryFactory(enrolment=EnrolmentFactory(team=TeamFactory(challenge=challenge)))
    of_family = {
        "phase": phase,
        "holdout": former.holdout,
        "reveal": reveal,
        "rescoring": rescoring,
        "baseline": baseline,
    }
    for family in page_queries.JOURNAL_FAMILIES:
        record(f"{family}.tested", by=owner, on=of_family.get(family, challenge))
    record("entry.tested", by=owner, on=baseline)
    record("entry.tested", by=owner, on=of_a_team)
    told = [each.action for each in reversed(page_queries.journal_acts(challenge))]
    assert told == [f"{family}.tested" for family in page_queries.JOURNAL_FAMILIES]


def test_the_journal_costs_the_same_for_one_and_three(
    client: Client, owner: User, count: int, costs: Costs
) -> None:
    challenge = ChallengeFactory(opened=True, owner=owner)
    for number in range(count):
        texts.write_terms(challenge=challenge, text=f"Règle {number}.", by=owner)
    with costs(21):
        assert client.get(url_of(challenge, "journal")).status_code == 200


# Pages of one thing, each listed by another page; files, listed by the page of exports.
LISTED = {
    "draft_state",
    "delete",
    "write_page",
    "write_phase",
    "write_phase_scoring",
    "write_board",
    "disqualification_proposal",
    "journal_json",
}
# The desk of the discussions stands under the page of the challenge.
LINK = re.compile(r'<a href="(/espace/challenges/[^"?#]+|/challenges/[^"?#]+/entraide/moderer/)"')


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge with a scoring."""
    made: Challenge = ChallengeFactory(opened=True, owner=UserFactory())
    with_contract(made)
    return made


def led_to(client: Client, address: str) -> set[str]:
    """Follow the entries of a page, and gather every page that they lead to."""
    entries = halls(client.get(address).text)
    found = set(entries)
    for each in entries:
        page = client.get(each)
        assert page.status_code == 200
        navs = re.findall(r'<nav class="(?:tabs|segment row)".*?</nav>', page.text, re.S)
        here = re.findall(rf'<a href="{each}"\s+aria-current="page"', "".join(navs))
        assert len(here) == each.startswith("/espace/")
        options = re.findall(r'<details class="facet">.*?</details>', page.text, re.S)
        found |= set(LINK.findall("".join(navs + options)))
    return found


def halls(text: str) -> list[str]:
    """Return the addresses of the entries of a page."""
    nav = re.search(r'<nav class="tabs".*?</nav>', text, re.S)
    assert nav
    return LINK.findall(nav[0])


def somebody(challenge: Challenge, name: str) -> User:
    """Return the organiser, a member of the jury, or a person of the Region."""
    if name in {"moderator", "administrator"}:
        return region_person(RegionRole(name))
    if name == "jury":
        return challenge.organisers.create(user=UserFactory(), role=name).user
    return challenge.organisers.get().user


@pytest.mark.parametrize("name", ["organiser", "jury", "moderator", "administrator"])
def test_every_page_is_behind_an_entry_and_none_is_refused(
    client: Client, challenge: Challenge, name: str
) -> None:
    client.force_login(somebody(challenge, name))
    home = url_of(challenge, "organiser")
    found = led_to(client, home)
    assert home in found
    assert {client.get(each).status_code for each in found} == {200}
    assert len(halls(client.get(home).text)) <= 7
    if name == "organiser":
        # Of code, of a program, of guests: none here.
        kept = {"code_runs", "program_reports", "guests"}
        named = {route for _label, pages in SECTIONS for route, _words in pages} - kept
        assert found == {url_of(challenge, each) for each in named}


def test_no_page_of_the_organisers_is_left_out() -> None:
    named = {route for _label, pages in SECTIONS for route, _words in pages}
    under = "espace/challenges/<slug:slug>/"
    declared = [each for each in routes() if each.pattern.startswith(under)]
    read = {each.pattern for each in declared if "GET" in each.methods}
    reached = {
        under + str(each.pattern) for each in urls.organiser_patterns if each.name in named | LISTED
    }
    assert read == reached


@pytest.mark.parametrize(
    ("status", "words", "route"),
    [
        (ChallengeStatus.PUBLISHED, "réévaluation", "rescorings"),
        (ChallengeStatus.IN_REVIEW, "Retirer la demande de visa", "organiser"),
    ],
)
def test_what_is_locked_leads_to_how_it_changes(
    client: Client, challenge: Challenge, status: ChallengeStatus, words: str, route: str
) -> None:
    if status == ChallengeStatus.IN_REVIEW:
        Challenge.objects.update(status=status, published_at=None)
    client.force_login(challenge.organisers.get().user)
    leads = url_of(challenge, route)
    for page in ("write_scoring", "write_files"):
        text = client.get(url_of(challenge, page)).text
        assert re.search(rf'<a\s+href="{leads}">[^<]*{words}', text)


def test_a_program_in_a_later_phase_brings_the_files_too(
    client: Client, challenge: Challenge
) -> None:
    Challenge.objects.update(status=ChallengeStatus.DRAFT, published_at=None)
    client.force_login(challenge.organisers.get().user)
    words = "Un programme note ce challenge"
    assert words not in client.get(url_of(challenge, "write_files")).text
    ours = PhaseTask.objects.get()
    programs = ScorerVersion.objects.create(
        scorer=ours.scorer_version.scorer,
        number=2,
        spec={},
        digest="1" * 64,
        programs=ours.holdout,
        program_sha256="2" * 64,
        created_at=timezone.now(),
    )
    later = PhaseFactory(challenge=challenge, index=1)
    PhaseTask.objects.create(
        phase=later, name="programme", scorer_version=programs, holdout=ours.holdout
    )
    assert words in client.get(url_of(challenge, "write_files")).text


ROOT = Path(__file__).resolve().parents[3]
NAMED = re.compile(rf'(?<!alias=)"((?:{"|".join(JOURNAL_FAMILIES)})\.[a-z_]+)"')
# The name of a file, and that of a point where tests cut the worker.
NO_ACTS = {"challenge.deleted", "challenge.yaml", "reveal.computed"}


def acts_of_the_code() -> set[str]:
    found = {"registration.accepted", "registration.refused"}
    for app in ("challenges", "datasets", "portal/discussions"):
        for path in (ROOT / app).rglob("*.py"):
            if path.name != "journal.py":
                found |= set(NAMED.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_act_has_its_sentence() -> None:
    known = set(ACTS)
    assert acts_of_the_code() - JOURNAL_APART - NO_ACTS - known == set()
    assert known - acts_of_the_code() == set()
    with translation.override("en"):
        assert {action for action, said in ACTS.items() if "." in str(said)} == set()


def test_a_date_that_moves_is_told_with_the_one_it_had(owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    phase = challenge.phases.get()
    first, then = (datetime(2126, 12, day, 22, 59, 59, tzinfo=UTC) for day in (17, 20))
    for closes in (first, then, None):
        phase = challenges.set_dates(
            phase=phase, opens_at=phase.opens_at, closes_at=closes, by=owner
        )
    name, day = phase.name, "décembre 2126 à 23 h 59"
    assert [each.text for each in challenge.notices.order_by("pk")] == [
        f"« {name} » ferme le 17 {day} (heure de Paris).",
        f"La clôture de « {name} » passe du 17 {day} au 20 {day} (heure de Paris).",
        f"« {name} » ne ferme plus le 20 {day} : aucune clôture n’est annoncée.",
    ]

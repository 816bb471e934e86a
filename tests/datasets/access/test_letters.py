"""Who is written to about a request and a grant, and what a letter never says."""

from datetime import timedelta

import pytest
from django.core import mail

from datasets.access import tasks
from datasets.access.actions import drafts, grants, review
from datasets.access.enums import RefusalReason
from datasets.access.models import AccessRequest, Extract, Grant
from portal.accounts import news
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Notification, User
from portal.lib import clock
from tests.factories.access import World, again
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.datasets import member
from tests.factories.letters import delivered, letters

pytestmark = pytest.mark.django_db
TITLE = "« Former où l’on recrute »"


@pytest.fixture
def world() -> World:
    return World()


def told() -> dict[str, set[str]]:
    """Deliver what is owed; {first words of a subject: the addresses that received it}."""
    found: dict[str, set[str]] = {}
    for address, subject in letters():
        found.setdefault(subject.removesuffix(f" : {TITLE}"), set()).add(address)
    return found


def addresses(*people: User) -> set[str]:
    return {each.email for each in people}


def test_each_hears_of_what_waits_for_them_and_those_tied_do_not(world: World) -> None:
    tied = UserFactory(region=RegionRole.OFFICER)
    judge = UserFactory(region=RegionRole.APPROVER)
    for each in (tied, judge):
        MembershipFactory(organisation=world.organisation, user=each)
    member(world.producers[0], Role.CONTRIBUTOR)  # writes drafts, answers for no dataset

    request = world.submitted()
    assert told() == {
        "Demande d’accès déposée": addresses(world.by),
        "Demande d’accès à examiner": addresses(world.officer),
    }
    review.admit(request=request, edits=request.edits, by=world.officer)
    assert told() == {
        "Demande d’accès recevable": addresses(world.by),
        "Avis attendu": addresses(*world.hands, world.dpo),
    }


def test_the_approvers_decide_and_the_named_sign(world: World) -> None:
    request = world.advised(persons=[world.by.email, world.reader.email, "sans-compte@exemple.fr"])
    assert told()["Demande d’accès à décider"] == addresses(world.approver)
    grant = review.approve(
        request=request, months=6, text="Admise.", edits=request.edits, by=world.approver
    )
    assert told() == {"Accès accordé": addresses(world.by, *world.hands)}
    said = {each.to[0]: each.body for each in mail.outbox if "Accès accordé" in each.subject}
    assert "quand vous signez" in said[world.by.email]
    assert all("quand qui l’a demandé signe" in said[each.email] for each in world.hands)
    grants.sign(grant=grant, by=world.by)
    assert told() == {"À signer": {world.reader.email, "sans-compte@exemple.fr"}}
    stranger = next(each for each in mail.outbox if each.to == ["sans-compte@exemple.fr"])
    assert "Créez d’abord un compte" in stranger.body
    assert f"/donnees/habilitations/{grant.public_id}/" in stranger.body


def test_a_refusal_and_changes_are_told_with_their_day(world: World) -> None:
    request = world.admitted()
    delivered()
    review.request_changes(
        request=request, text="Précisez.", fields=["service"], edits=request.edits, by=world.officer
    )
    assert told() == {"Corrections demandées": addresses(world.by)}
    lapses = clock.now() + timedelta(days=60)
    assert f"{clock.paris_day(lapses).year}" in mail.outbox[0].body

    lenders = World()
    other = lenders.advised(opposed=lenders.producers[0])
    delivered()
    review.refuse(
        request=other,
        reason=RefusalReason.EXCESSIVE,
        text="Trop de colonnes.",
        edits=other.edits,
        by=UserFactory(region=RegionRole.APPROVER),
    )
    assert told() == {"Accès refusé": addresses(other.requester, *lenders.hands)}
    refused = {each.to[0]: each.body for each in mail.outbox if "Accès refusé" in each.subject}
    reasoned = {to for to, text in refused.items() if "Données excessives" in text}
    assert reasoned == addresses(other.requester)
    assert "Trop de colonnes" not in "".join(refused.values())

    # It is examined again by another approver; where nobody may, administrators give the role.
    administrator = UserFactory(region=RegionRole.ADMINISTRATOR)
    User.objects.filter(pk=world.approver.pk).update(is_active=False)
    review.ask_review(request=again(other), by=other.requester)
    receipt = {"Réexamen demandé": addresses(other.requester)}
    assert told() == {"Demande d’accès à décider": addresses(lenders.approver)} | receipt
    User.objects.filter(pk=lenders.approver.pk).update(is_active=False)
    tasks.to_decide(request_id=other.pk)
    assert told() == {"Personne ne peut décider": addresses(administrator)}
    # Confirmed, it is examined no more.
    fresh = again(other)
    review.refuse(
        request=fresh,
        reason=RefusalReason.EXCESSIVE,
        text="Encore.",
        edits=fresh.edits,
        by=UserFactory(region=RegionRole.APPROVER),
    )
    assert "Accès refusé" in told()
    body = next(each.body for each in mail.outbox if other.requester.email in each.to)
    assert "confirme le refus" in body
    assert "qu’une autre personne réexamine" not in body


def test_a_grant_that_changes_is_told_to_who_reads_and_who_lends(world: World) -> None:
    grant = world.active()
    delivered()
    concerned = addresses(world.by, world.reader, *world.hands)
    grants.suspend(grant=grant, text="Un incident.", by=world.hands[0])
    assert told() == {"Accès suspendu": concerned | addresses(world.approver)}
    grants.resume(grant=grant, text="Réglé.", by=world.approver)
    assert told() == {"Accès rendu": concerned}
    grants.suspend(grant=grant, text="Encore.", by=world.dpo)
    assert told() == {"Accès suspendu": concerned | addresses(world.approver)}
    grants.revoke(grant=grant, text="Un usage interdit.", by=world.approver)
    assert told() == {"Accès révoqué": concerned}
    due = Grant.objects.get(pk=grant.pk).destruction_due_at
    assert due is not None
    assert str(clock.paris_day(due).year) in mail.outbox[0].body


def test_dates_call_for_letters_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    grant, start, day = world.active(months=12), clock.now(), timedelta(days=1)
    draft = drafts.start(datasets=[], organisation=world.organisation, by=world.by)
    delivered()
    seen = []
    colleague = member(world.organisation)
    for days in (24, 25, 190, 191, 340, 360, 366, 400, 401):
        if days == 400:  # who asked has left: a colleague answers
            User.objects.filter(pk=world.by.pk).update(is_active=False)
        monkeypatch.setattr(clock, "now", lambda days=days: start + days * day)
        drafts.tidy()
        grants.remind()
        seen += [(days, subject.split(" : ")[0], to) for to, subject in letters()]
    named = addresses(world.by, world.reader)
    assert {row[:2] for row in seen} == {
        (24, "Brouillon à reprendre"),
        (190, "Rendu attendu"),
        (340, "Fin d’accès proche"),
        (360, "Fin d’accès proche"),
        (366, "Données à détruire"),
        (400, "Données à détruire"),
    }
    assert {to for _days, subject, to in seen if subject == "Fin d’accès proche"} == named
    assert {to for days, _subject, to in seen if days == 400} == addresses(colleague)
    assert len(seen) == 8
    assert not AccessRequest.objects.filter(pk=draft.pk).exists()
    assert grant.request.requester == world.by


def test_a_late_answer_is_told_to_the_approvers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.submitted()
    delivered()
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=15))
    review.tell_late()
    assert told() == {"En retard": addresses(world.approver)}
    review.tell_late()
    assert told() == {}


def test_a_built_extract_is_told_to_the_named_who_signed(world: World) -> None:
    late = UserFactory()
    persons = [each.email for each in (world.by, world.reader, late)]
    grant = world.active(world.datasets[0], persons=persons)
    delivered()
    granted = grant.datasets.get()
    extract = Extract.objects.create(
        granted=granted,
        data_file=granted.dataset.releases.get().files.get(),
        built_at=clock.now(),
        sha256="0" * 64,
        clear_size=1,
    )
    tasks.extract_ready(extract_id=extract.pk)
    assert told() == {"Données prêtes": addresses(world.by, world.reader)}
    grants.revoke(grant=grant, text="Fini.", by=world.approver)
    delivered()
    tasks.extract_ready(extract_id=extract.pk)
    assert told() == {}


def test_what_was_taken_back_is_told_to_nobody(world: World) -> None:
    request = world.submitted()
    drafts.withdraw(request=request, by=world.by)
    assert told() == {}


def test_letters_name_the_project_and_say_nothing_of_it(world: World) -> None:
    canary = "CANARI " * 40
    hidden = ("summary", "service", "use_cases", "beneficiaries", "legal_basis", "security")
    request = world.advised(**dict.fromkeys(hidden, canary), returns=[("CANARI rendu", 6)])
    grant = review.approve(
        request=request, months=6, text="CANARI", edits=request.edits, by=world.approver
    )
    grants.sign(grant=grant, by=world.by)
    grants.suspend(grant=grant, text="CANARI", by=world.dpo)
    delivered()
    assert len(mail.outbox) > 5
    for letter in mail.outbox:
        assert "CANARI" not in letter.subject + letter.body
        assert TITLE in letter.subject
        assert "/donnees/" in letter.body
    facts = Notification.objects.values_list("facts", flat=True)
    assert {each["title"] for each in facts} == {again(request).title}


def test_the_choice_of_news_is_offered_to_those_concerned_alone(world: World) -> None:
    world.draft()
    stranger = UserFactory()

    def offered(user: User) -> bool:
        return "access" in [kind.name for kind in news.kinds(User.objects.get(pk=user.pk))]

    assert all(offered(each) for each in (world.by, world.officer, world.hands[0]))
    assert not offered(world.reader)
    assert not offered(stranger)

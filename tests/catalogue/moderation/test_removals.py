"""A published card is removed by two people who have no tie with it, and leaves its address."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from catalogue.actions import archives, removals
from catalogue.enums import RemovalReason
from catalogue.models import Contribution, Decision, Removal, Resource, Tombstone
from portal.accounts.actions import appointments
from portal.accounts.enums import RegionRole, Role
from portal.audit import outbox
from portal.audit.invariants import chain_breaches
from portal.lib.refusals import Conflict, NotAllowed
from tests.catalogue.ledger import cost, events, owed, rows
from tests.factories import contributions as make
from tests.factories.datasets import DatasetFactory

pytestmark = pytest.mark.django_db
WHY = "Un tiers a fait valoir ses droits."


@pytest.fixture
def card() -> Resource:
    return make.published(make.person("autrice"), title="Fiche contestée")


def proposed(card: Resource, **options: object) -> Removal:
    values = {"reason": RemovalReason.RIGHTS, "explanation": WHY, "by": make.moderator()} | options
    return removals.propose(resource=card, **values)


def test_a_removal_takes_two(card: Resource, client: Client) -> None:
    before, sent = events(), owed()
    removal = proposed(card)
    assert client.get(card.get_absolute_url()).status_code == 200
    other = make.region(RegionRole.ADMINISTRATOR)
    removals.confirm(removal=removal, by=other)
    gone = client.get(card.get_absolute_url())
    assert gone.status_code == 410
    assert "Fiche contestée" in gone.text
    kept = (Resource.objects.count(), Contribution.objects.count(), Decision.objects.count())
    assert kept == (0, 0, 0)
    stone = Tombstone.objects.get()
    assert (stone.public_id, stone.reason) == (card.public_id, "rights")
    assert events()[len(before) :] == [
        "removal.proposed",
        "resource.removed",
        "removal.confirmed",
    ]
    assert owed()[len(sent) :] == ["mail.removal_proposed", "mail.resource_removed"]
    assert list(chain_breaches()) == []
    removal.refresh_from_db()
    assert (removal.resource, removal.answer, removal.answered_by) == (None, "accepted", other)


def test_an_archived_card_is_removed_by_two_people(card: Resource, client: Client) -> None:
    archives.archive(resource=card, reason="Plus tenue à jour.", by=make.moderator())
    link = reverse("catalogue:remove", args=[card.slug])
    client.force_login(make.moderator())
    assert link in client.get(card.get_absolute_url()).text
    client.post(link, {"reason": "rights", "explanation": WHY, "keep_title": "on"})
    assert Resource.objects.count() == 1
    client.force_login(make.region(RegionRole.ADMINISTRATOR))
    client.post(link, {"answer": "accepted"})
    assert Resource.objects.count() == 0
    assert client.get(card.get_absolute_url()).status_code == 410


def test_a_proposer_who_lost_the_role_removes_nothing(card: Resource) -> None:
    proposer = make.moderator()
    removal = proposed(card, by=proposer)
    appointments._end(proposer, RegionRole.MODERATOR)
    before = rows()
    with pytest.raises(Conflict) as refusal:
        removals.confirm(removal=removal, by=make.moderator())
    assert refusal.value.code == "proposer_left"
    assert rows() == before


def test_a_title_may_go_too(card: Resource, client: Client) -> None:
    removal = proposed(card, keep_title=False)
    removals.confirm(removal=removal, by=make.moderator())
    assert "Fiche contestée" not in client.get(card.get_absolute_url()).text


def test_neither_alone_nor_with_a_tie_nor_without_the_role(card: Resource) -> None:
    assert card.author is not None
    author = make.region(RegionRole.MODERATOR)
    Resource.objects.filter(pk=card.pk).update(author=author)
    for by in (author, make.person(), make.region(RegionRole.OFFICER)):
        with pytest.raises(NotAllowed):
            proposed(card, by=by)
    first = make.moderator()
    removal = proposed(card, by=first)
    before = rows()
    for by in (first, author, make.person(), make.region(RegionRole.AUDITOR)):
        for answer in (removals.confirm, removals.refuse):
            with pytest.raises(NotAllowed):
                answer(removal=removal, by=by)
    with pytest.raises(NotAllowed):
        removals.withdraw(removal=removal, by=make.moderator())
    assert rows() == before


def test_a_member_of_the_organisation_that_holds_it_does_not_remove_it() -> None:
    holder = make.organisation()
    author = make.joined(make.person(), holder, Role.EDITOR)
    card = make.published(author, holder=holder)
    tied = make.joined(make.moderator(), holder, Role.CONTRIBUTOR)
    with pytest.raises(NotAllowed):
        proposed(card, by=tied)
    with pytest.raises(NotAllowed):
        removals.confirm(removal=proposed(card), by=tied)


@pytest.mark.parametrize("answer", ["refuse", "withdraw"])
def test_a_refused_or_withdrawn_removal_leaves_the_card(card: Resource, answer: str) -> None:
    first = make.moderator()
    removal = proposed(card, by=first)
    with pytest.raises(Conflict) as refusal:
        proposed(card)
    assert refusal.value.code == "already_proposed"
    by = first if answer == "withdraw" else make.moderator()
    getattr(removals, answer)(removal=removal, by=by)
    for act in (removals.confirm, removals.refuse):
        with pytest.raises(Conflict) as refusal:
            act(removal=removal, by=make.moderator())
        assert refusal.value.code == "already_answered"
    assert Resource.objects.public().get() == card
    assert proposed(card).answer == ""  # it may be proposed anew


def test_a_card_that_carries_data_is_archived_instead() -> None:
    card = DatasetFactory().resource
    with pytest.raises(Conflict) as refusal:
        proposed(card)
    assert refusal.value.code == "resource_in_use"
    assert not Removal.objects.exists()


def test_letters_ask_those_who_may_answer_and_tell_the_author(card: Resource) -> None:
    while outbox.relay():
        pass
    mail.outbox.clear()
    first, second = make.moderator(), make.region(RegionRole.ADMINISTRATOR)
    removal = proposed(card, by=first)
    while outbox.relay():
        pass
    told = {letter.to[0]: letter for letter in mail.outbox}
    assert first.email not in told
    assert WHY in told[second.email].body
    assert card.author is not None
    assert card.author.email not in told
    mail.outbox.clear()
    removals.confirm(removal=removal, by=second)
    while outbox.relay():
        pass
    assert [letter.to for letter in mail.outbox] == [[card.author.email]]
    assert WHY in mail.outbox[0].body


def test_the_page_proposes_and_answers(card: Resource) -> None:
    first, second, stranger = Client(), Client(), Client()
    first.force_login(make.moderator())
    second.force_login(make.moderator())
    stranger.force_login(make.person())
    path = reverse("catalogue:remove", args=[card.slug])
    assert path in first.get(card.get_absolute_url()).text
    assert path not in stranger.get(card.get_absolute_url()).text
    assert stranger.get(path).status_code == 403
    assert first.post(path, {"reason": "rights"}).status_code == 422
    body = {"reason": "rights", "explanation": WHY, "keep_title": "on"}
    assert first.post(path, body).status_code == 302
    assert "Retirer ma proposition" in first.get(path).text
    assert first.post(path, {"answer": "accepted"}).status_code == 403
    assert second.post(path, {"answer": "?"}).status_code == 302
    page = second.get(path).text
    assert ("Confirmer le retrait" in page, WHY in page) == (True, True)
    assert cost(second, path) == cost(first, path)
    assert second.post(path, {"answer": "accepted"}).status_code == 302
    assert second.get(path).status_code == 404
    assert second.get(card.get_absolute_url()).status_code == 410

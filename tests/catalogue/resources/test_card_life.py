"""A published card changes hands, asks to be reviewed, is over, is removed by two people."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from catalogue import invariants
from catalogue.contributions.actions import drafts
from catalogue.contributions.queries import proposals
from catalogue.models import (
    CardTransfer,
    Contribution,
    Decision,
    IndexedFacet,
    IndexedResource,
    Removal,
    Resource,
    Tombstone,
)
from catalogue.resources import words
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.actions import transfers
from catalogue.resources.enums import Deposit, RemovalReason
from catalogue.search import index
from portal.accounts.actions import appointments
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Organisation, User
from portal.audit.invariants import chain_breaches
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from portal.pages import home
from portal.pages.home import Census
from tests.factories import contributions as make
from tests.factories.accounts import OrganisationFactory, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.datasets import DatasetFactory
from tests.factories.letters import letters
from tests.ledger import cost, events, owed, refused, same_for_three

pytestmark = pytest.mark.django_db


# Hands: offered, claimed, or moved by two persons of the Region


class Sides:
    """Two organisations, an editor of each, and a card of the first."""

    def __init__(self) -> None:
        self.here, self.owner = side("Donneuse")
        self.there, self.receiver = side("Receveuse")
        self.card = self.published()

    def published(self) -> Resource:
        return make.published(self.owner, holder=self.here)

    def offer(self, card: Resource | None = None) -> CardTransfer:
        return transfers.offer(
            resource=card or self.card, target=self.there, message="À vous.", by=self.owner
        )

    @property
    def fresh(self) -> Resource:
        return Resource.objects.select_related("organisation").get(pk=self.card.pk)


def side(name: str) -> tuple[Organisation, User]:
    holder = make.organisation(name)
    return holder, make.joined(make.person(), holder, Role.EDITOR)


@pytest.fixture
def sides() -> Sides:
    return Sides()


def test_an_offer_is_accepted_by_its_receiver_and_history_stays(sides: Sides) -> None:
    asked, there = sides.offer(), sides.there
    for stranger in (sides.owner, make.person(), make.moderator()):
        with refused(NotAllowed):
            transfers.accept(transfer=asked, by=stranger)
    with refused(Conflict):
        sides.offer()
    letters()
    transfers.accept(transfer=asked, by=sides.receiver)
    card = sides.fresh
    assert card.organisation == there
    assert Decision.objects.filter(contribution__resource=card).count() == 1
    indexed = IndexedFacet.objects.get(resource=card.pk, facet="organisation")
    assert indexed.label == there.name
    with refused(NotAllowed):
        transfers.offer(resource=card, target=sides.here, by=sides.owner)
    with refused(Conflict):
        transfers.refuse(transfer=asked, by=sides.receiver)
    assert events("transfer.") == ["transfer.asked", "transfer.accepted"]
    receivers = [to for to, _subject in letters()]
    assert (sides.owner.email in receivers, sides.receiver.email in receivers) == (True, False)
    draft = drafts.propose(resource=card, by=sides.receiver)
    assert proposals.proposed_record(draft)["organisation"] == there.pk


def test_without_the_owner_two_persons_of_the_region_decide(sides: Sides) -> None:
    one, two = make.moderator(), make.moderator()
    with refused(Invalid):
        transfers.propose(resource=sides.card, target=sides.there, message=" ", by=one)
    asked = transfers.propose(resource=sides.card, target=sides.there, message="Fusion.", by=one)
    for other in (one, sides.owner, make.joined(make.moderator(), sides.there, Role.CONTRIBUTOR)):
        with refused(NotAllowed):
            transfers.accept(transfer=asked, by=other)
    assert sides.fresh.organisation == sides.here
    transfers.accept(transfer=asked, by=two)
    assert sides.fresh.organisation == sides.there


def test_a_referenced_card_is_claimed_by_its_organisation(sides: Sides) -> None:
    Resource.objects.update(
        organisation=None, deposit=Deposit.REFERENCED, producer_name="Receveuse", author=None
    )
    with refused(NotAllowed):
        transfers.claim(resource=sides.fresh, target=sides.there, by=make.person())
    asked = transfers.claim(resource=sides.fresh, target=sides.there, by=sides.receiver)
    one, two = make.moderator(), make.moderator()
    with refused(NotAllowed):
        transfers.accept(transfer=asked, by=one)
    transfers.approve(transfer=asked, by=one)
    with refused(NotAllowed):
        transfers.accept(transfer=asked, by=one)
    transfers.accept(transfer=asked, by=two)
    card = sides.fresh
    told = (card.organisation, card.deposit, card.producer_name)
    assert told == (sides.there, Deposit.OWNED, "")


def test_the_page_of_a_transfer_asks_and_answers(sides: Sides) -> None:
    page = f"{sides.card.get_absolute_url()}transmettre/"
    giver, taker = signed_in(sides.owner), signed_in(sides.receiver)
    assert signed_in(make.person()).post(page, {"target": "Receveuse"}).status_code == 403
    described = OrganisationFactory()
    sides.card.producers.set([described])
    way = reverse("organisation_join", args=[described.slug])
    assert way in signed_in(make.person()).get(page).text
    assert giver.post(page, {"target": "Inconnue"}).status_code == 422
    assert giver.post(page, {"target": "receveuse", "message": "Voilà."}).status_code == 302
    assert ["Accepter" in each.get(page).text for each in (giver, taker)] == [False, True]
    assert taker.post(page, {"act": "autre"}).status_code == 403
    assert taker.post(page, {"act": "refuse"}).status_code == 302
    assert CardTransfer.objects.get().answer == "refused"
    assert giver.post(page, {"target": "receveuse"}).status_code == 302
    assert giver.post(page, {"act": "withdraw"}).status_code == 302
    judge, desk = signed_in(make.moderator()), "/moderation/transferts/"
    same_for_three(lambda: sides.offer(sides.published()), lambda: cost(judge, desk))


# A year without review: the page says so, who answers for the card is asked once


BADGE = "À revoir</span>"


def due(card: Resource, days: float) -> Resource:
    """Have a card be due for so many days."""
    at = clock.now() - timedelta(days=days)
    Resource.objects.filter(pk=card.pk).update(next_review_at=at)
    return card


def test_the_page_says_it_from_the_day_on(client: Client) -> None:
    card = make.published()
    address = card.get_absolute_url()
    assert BADGE not in client.get(address).text
    due(card, 0)
    assert BADGE in client.get(address).text
    Resource.objects.update(archived_at=clock.now(), archive_reason="Close.")
    assert BADGE not in client.get(address).text


def test_the_owner_is_asked_once_unless_reviewed_meanwhile() -> None:
    authors = make.person(), make.person()
    first, second = (due(make.published(author), 2) for author in authors)
    letters()
    assert [card_changes.remind_reviews() for _ in range(2)] == [2, 2]
    assert owed().count("mail.card_to_review") == 2
    due(second, -300)
    told = [(to, subject) for to, subject in letters() if "à revoir" in subject.lower()]
    assert [to for to, _subject in told] == [authors[0].email]
    assert f"/ressources/{first.slug}/modifier/" in mail.outbox[0].body


def test_what_is_not_due_long_past_archived_or_hidden_is_left() -> None:
    author = make.person()
    for days, options in ((-1, {}), (40, {}), (2, {"archived_at": clock.now()})):
        due(ResourceFactory(published=True, author=author, **options), days)
    due(ResourceFactory(author=author), 2)
    assert (card_changes.remind_reviews(), owed()) == (0, [])


# News that are over: read at their address with the day, in no list, feed nor search


@pytest.mark.parametrize(
    ("kind", "told", "over"),
    [
        ("news", "2026-11-26", True),
        ("news", "2026-11-27", False),
        ("news", "2026-11", False),
        ("news", "2025", True),
        ("news", "", False),
        ("news", "bientôt", False),
        ("need", "2020-01-01", False),
    ],
)
def test_a_news_is_over_the_day_after_its_last(kind: str, told: str, over: bool) -> None:
    assert words.is_news_over(kind, {"expires_on": told}, date(2026, 11, 27)) is over


def set_clock(monkeypatch: pytest.MonkeyPatch, *at: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(*at, tzinfo=UTC))


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> Resource:
    # In Paris, the last second of the 26th, then the first of the 27th.
    set_clock(monkeypatch, 2026, 11, 26, 22, 59, 59)
    return ResourceFactory(
        published=True,
        kind="news",
        title="Une rencontre à Gap",
        details={"event_date": "2026-11-26", "expires_on": "2026-11-26"},
    )


def test_over_it_leaves_the_lists_once_and_stays_at_its_address(
    news: Resource, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert card_changes.expire_due() == 0
    assert [each.title for each in home.latest()] == [news.title]
    set_clock(monkeypatch, 2026, 11, 26, 23, 0, 0)
    assert [card_changes.expire_due() for _ in range(2)] == [1, 0]
    assert events() == ["resource.expired"]
    assert home.latest() == []
    assert Census().resources == {}
    for address in ("/ressources/?kind=news", "/ressources/?q=rencontre", "/flux/ressources.atom"):
        answer = client.get(address)
        assert (answer.status_code, news.title in answer.text) == (200, False)
    page = client.get(news.get_absolute_url())
    assert page.status_code == 200
    assert "Cette actualité a expiré le 26\xa0novembre\xa02026" in page.text
    # Neither a repair nor a rebuild brings it back, and nothing is said to be missing.
    assert index.repair() == index.rebuild() == 0
    assert IndexedResource.objects.count() == 0
    assert list(invariants.index_breaches()) == list(invariants.expiry_breaches()) == []


def test_a_later_date_brings_it_back(news: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, 2026, 12, 3, 9, 0)
    assert list(invariants.expiry_breaches()) == [news.slug]
    card_changes.expire_due()
    author = make.person()
    Resource.objects.update(author=author)
    card = make.changed(
        news,
        author,
        expires_on="2026-12-24",
        source_url="https://gap.example/",
        summary="Une rencontre.",
        description="Un texte.",
        scope="local",
    )
    assert (card.expired_at, IndexedResource.objects.count()) == (None, 1)


# Removed by two people who have no tie with it


WHY = "Un tiers a fait valoir ses droits."


@pytest.fixture
def author() -> User:
    return make.person()


@pytest.fixture
def card(author: User) -> Resource:
    return make.published(author, title="Fiche contestée")


def proposed(card: Resource, **options: object) -> Removal:
    values = {"reason": RemovalReason.RIGHTS, "explanation": WHY, "by": make.moderator()} | options
    return transfers.propose_removal(resource=card, **values)


def test_a_removal_takes_two(card: Resource, client: Client, author: User) -> None:
    first, other = make.moderator(), make.region(RegionRole.ADMINISTRATOR)
    letters()
    before = len(events())
    removal = proposed(card, by=first)
    asked = dict(letters())
    assert (other.email in asked, first.email in asked, author.email in asked) == (
        True,
        False,
        False,
    )
    assert all(WHY in letter.body for letter in mail.outbox)
    assert client.get(card.get_absolute_url()).status_code == 200
    transfers.confirm_removal(removal=removal, by=other)
    assert [to for to, _subject in letters()] == [author.email]
    assert WHY in mail.outbox[0].body
    gone = client.get(card.get_absolute_url())
    assert (gone.status_code, "Fiche contestée" in gone.text) == (410, True)
    for model in (Resource, Contribution, Decision):
        assert not model.objects.exists()
    stone = Tombstone.objects.get()
    assert (stone.public_id, stone.reason) == (card.public_id, "rights")
    acts = ["removal.proposed", "resource.removed", "removal.confirmed", "access.denied"]
    assert [act for act in events()[before:] if act in acts[:3]] == acts[:3]
    assert owed()[-2:] == ["mail.removal_proposed", "mail.resource_removed"]
    assert list(chain_breaches()) == []
    removal.refresh_from_db()
    assert (removal.resource, removal.answer, removal.decided_by) == (None, "accepted", other)


def test_a_proposer_who_lost_the_role_removes_nothing(card: Resource) -> None:
    proposer = make.moderator()
    removal = proposed(card, by=proposer)
    appointments._end(proposer, RegionRole.MODERATOR)
    with refused(Conflict, code="proposer_left"):
        transfers.confirm_removal(removal=removal, by=make.moderator())


def test_neither_alone_nor_with_a_tie_nor_without_the_role(card: Resource) -> None:
    author, holder = make.moderator(), make.organisation()
    tied = make.joined(make.moderator(), holder, Role.CONTRIBUTOR)
    Resource.objects.filter(pk=card.pk).update(author=author, organisation=holder)
    card.refresh_from_db()
    for by in (author, tied, make.person(), make.region(RegionRole.OFFICER)):
        with refused(NotAllowed):
            proposed(card, by=by)
    first = make.moderator()
    removal = proposed(card, by=first)
    for by in (first, author, tied, make.person(), make.region(RegionRole.AUDITOR)):
        for answer in (transfers.confirm_removal, transfers.refuse_removal):
            with refused(NotAllowed):
                answer(removal=removal, by=by)
    with refused(NotAllowed):
        transfers.withdraw_removal(removal=removal, by=make.moderator())


@pytest.mark.parametrize("answer", [transfers.refuse_removal, transfers.withdraw_removal])
def test_a_refused_or_withdrawn_removal_leaves_the_card(card: Resource, answer: object) -> None:
    first = make.moderator()
    removal = proposed(card, by=first)
    with refused(Conflict, code="already_proposed"):
        proposed(card)
    by = first if answer is transfers.withdraw_removal else make.moderator()
    answer(removal=removal, by=by)  # type: ignore[operator]  # one of two verbs
    for act in (transfers.confirm_removal, transfers.refuse_removal):
        with refused(Conflict, code="already_answered"):
            act(removal=removal, by=make.moderator())
    assert Resource.objects.public().get() == card
    assert proposed(card).answer == ""  # it may be proposed anew


def test_a_card_that_carries_data_is_archived_instead() -> None:
    card = DatasetFactory().resource
    with refused(Conflict, code="resource_in_use"):
        proposed(card)


@pytest.mark.parametrize("is_archived", [False, True])
def test_the_page_of_a_removal_proposes_and_answers(card: Resource, is_archived: bool) -> None:
    if is_archived:
        card_changes.archive(resource=card, reason="Plus tenue à jour.", by=make.moderator())
    first, second = signed_in(make.moderator()), signed_in(make.region(RegionRole.ADMINISTRATOR))
    stranger = signed_in(make.person())
    page, path = card.get_absolute_url(), reverse("catalogue:remove", args=[card.slug])
    assert [path in each.get(page).text for each in (first, stranger)] == [True, False]
    assert stranger.get(path).status_code == 403
    assert first.post(path, {"reason": "rights"}).status_code == 422
    body = {"reason": "rights", "explanation": WHY, "keep_title": "on"}
    assert first.post(path, body).status_code == 302
    assert "Retirer ma proposition" in first.get(path).text
    assert first.post(path, {"answer": "accepted"}).status_code == 403
    assert second.post(path, {"answer": "?"}).status_code == 302
    text = second.get(path).text
    assert ("Confirmer le retrait" in text, WHY in text) == (True, True)
    assert cost(second, path) == cost(first, path)
    assert second.post(path, {"answer": "accepted"}).status_code == 302
    assert second.get(path).status_code == 404
    assert second.get(page).status_code == 410

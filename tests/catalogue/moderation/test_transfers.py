"""A card changes hands: offered, claimed, or moved by two persons of the Region."""

import pytest
from django.core import mail
from django.test import Client

from catalogue.actions import contributions, transfers
from catalogue.enums import Deposit
from catalogue.models import CardTransfer, Decision, IndexedFacet, Resource
from catalogue.queries import proposals
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, User
from portal.audit import outbox
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.catalogue.ledger import cost, events
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db


def side(name: str) -> tuple[Organisation, User]:
    holder = make.organisation(name)
    return holder, make.joined(make.person(), holder, Role.EDITOR)


def again(card: Resource) -> Resource:
    return Resource.objects.select_related("organisation").get(pk=card.pk)


def test_an_offer_is_accepted_by_its_receiver_and_history_stays() -> None:
    (here, owner), (there, receiver) = side("Donneuse"), side("Receveuse")
    card = make.published(owner, holder=here)
    asked = transfers.offer(resource=card, target=there, message="Elle vous revient.", by=owner)
    for stranger in (owner, make.person(), make.moderator()):
        with pytest.raises(NotAllowed):
            transfers.accept(transfer=asked, by=stranger)
    with pytest.raises(Conflict):
        transfers.offer(resource=card, target=there, by=owner)
    transfers.accept(transfer=asked, by=receiver)
    assert again(card).organisation == there
    assert Decision.objects.filter(contribution__resource=card).count() == 1
    assert IndexedFacet.objects.filter(resource=card.pk, facet="organisation").get().label == (
        there.name
    )
    with pytest.raises(NotAllowed):
        transfers.offer(resource=card, target=here, by=owner)
    draft = contributions.propose(resource=again(card), by=receiver)
    assert proposals.proposed_record(draft)["organisation"] == there.pk
    with pytest.raises(Conflict):
        transfers.refuse(transfer=asked, by=receiver)
    assert [e for e in events() if e.startswith("transfer.")] == [
        "transfer.asked",
        "transfer.accepted",
    ]
    mail.outbox.clear()
    while outbox.relay():
        pass
    told = [m.to[0] for m in mail.outbox if "Donneuse" in m.body or "Receveuse" in m.body]
    assert receiver.email not in told
    assert owner.email in told


def test_without_the_owner_two_persons_of_the_region_decide() -> None:
    (here, owner), (there, _receiver) = side("Donneuse"), side("Receveuse")
    card = make.published(owner, holder=here)
    one, two = make.moderator("un"), make.moderator("deux")
    with pytest.raises(Invalid):
        transfers.propose(resource=card, target=there, message=" ", by=one)
    asked = transfers.propose(resource=card, target=there, message="Fusion.", by=one)
    for other in (one, owner, make.joined(make.moderator("m"), there, Role.CONTRIBUTOR)):
        with pytest.raises(NotAllowed):
            transfers.accept(transfer=asked, by=other)
    assert again(card).organisation == here
    transfers.accept(transfer=asked, by=two)
    assert again(card).organisation == there


def test_a_referenced_card_is_claimed_by_its_organisation() -> None:
    there, claimant = side("Receveuse")
    card = make.published()
    Resource.objects.filter(pk=card.pk).update(
        deposit=Deposit.REFERENCED, producer_name="Receveuse", author=None
    )
    stranger = make.person()
    with pytest.raises(NotAllowed):
        transfers.claim(resource=card, target=there, by=stranger)
    asked = transfers.claim(resource=card, target=there, by=claimant)
    one, two = make.moderator("un"), make.moderator("deux")
    with pytest.raises(NotAllowed):
        transfers.accept(transfer=asked, by=one)
    transfers.approve(transfer=asked, by=one)
    with pytest.raises(NotAllowed):
        transfers.accept(transfer=asked, by=one)
    transfers.accept(transfer=asked, by=two)
    card = again(card)
    assert (card.organisation, card.deposit, card.producer_name) == (there, Deposit.OWNED, "")


def test_the_page_asks_and_answers() -> None:
    (here, owner), (there, receiver) = side("Donneuse"), side("Receveuse")
    card = make.published(owner, holder=here)
    page = f"{card.get_absolute_url()}transmettre/"
    giver, taker, other = Client(), Client(), Client()
    giver.force_login(owner)
    taker.force_login(receiver)
    other.force_login(make.person())
    assert other.post(page, {"target": "Receveuse"}).status_code == 403
    assert giver.post(page, {"target": "Inconnue"}).status_code == 422
    assert giver.post(page, {"target": "receveuse", "message": "Voilà."}).status_code == 302
    assert "Accepter" not in giver.get(page).text
    assert "Accepter" in taker.get(page).text
    assert taker.post(page, {"act": "autre"}).status_code == 403
    assert taker.post(page, {"act": "refuse"}).status_code == 302
    assert CardTransfer.objects.get().answer == "refused"
    assert giver.post(page, {"target": "receveuse"}).status_code == 302
    assert giver.post(page, {"act": "withdraw"}).status_code == 302
    judge = signed_in(make.moderator())
    transfers.offer(resource=card, target=there, by=owner)
    one = cost(judge, "/moderation/transferts/")
    for _time in range(2):
        transfers.offer(resource=make.published(owner, holder=here), target=there, by=owner)
    assert cost(judge, "/moderation/transferts/") == one

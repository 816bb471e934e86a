"""Collections: ordered and commented by an organisation, public once published."""

import pytest
from django.test import Client

from catalogue.community.actions import collections
from catalogue.community.actions.collections import Place
from catalogue.models import Collection, Resource
from portal.accounts.models import Organisation, User
from portal.lib.refusals import Invalid, NotAllowed
from tests.catalogue.ledger import cost, events, same_for_three
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> User:
    made: User = MembershipFactory(
        organisation=OrganisationFactory(is_region=True), role="editor"
    ).user
    return made


def holder(by: User) -> Organisation:
    return Organisation.objects.get(memberships__user=by)


def made(by: User, *cards: Resource, title: str = "Recruter sans biais") -> Collection:
    found = collections.make(title=title, summary="Pour débuter.", organisation=holder(by), by=by)
    for card in cards:
        collections.add(collection=found, resource=card, by=by)
    return found


def test_a_collection_is_seen_once_published(client: Client, editor: User) -> None:
    card = ResourceFactory(published=True)
    found = made(editor)
    with pytest.raises(Invalid):
        collections.publish(collection=found, by=editor)
    assert [collections.add(collection=found, resource=card, by=editor) for _ in range(2)] == [
        True,
        False,
    ]
    page = found.get_absolute_url()
    assert client.get(page).status_code == 404
    collections.publish(collection=found, by=editor)
    assert card.title in client.get(page).text
    for address in ("/dossiers/", "/", f"/organisations/{holder(editor).slug}/"):
        assert "Recruter sans biais" in client.get(address).text
    with pytest.raises(Invalid):
        collections.arrange(collection=found, title="T", summary="", places=[], by=editor)
    collections.take_back(collection=found, by=editor)
    assert client.get(page).status_code == 404
    acts = ("made", "arranged", "published", "taken_back")
    assert events("collection.") == [f"collection.{act}" for act in acts]


def test_only_who_publishes_for_the_organisation_makes_one(editor: User) -> None:
    found = made(editor, ResourceFactory(published=True))
    mate = MembershipFactory(organisation=holder(editor), role="contributor").user
    for by in (UserFactory(), mate):
        for act in (collections.publish, collections.remove):
            with pytest.raises(NotAllowed):
                act(collection=found, by=by)
        with pytest.raises(NotAllowed):
            collections.make(title="T", summary="", organisation=holder(editor), by=by)


def test_order_and_words_are_kept(editor: User) -> None:
    first, second = ResourceFactory(published=True), ResourceFactory(published=True)
    found = made(editor, first)
    places = [Place(second, "D’abord."), Place(first, ""), Place(second, "Deux fois.")]
    collections.arrange(collection=found, title="T", summary="", places=places, by=editor)
    rows = found.items.values_list("resource", "position", "comment")
    assert list(rows) == [(second.pk, 1, "Deux fois."), (first.pk, 2, "")]
    with pytest.raises(Invalid):
        collections.add(collection=found, resource=ResourceFactory(), by=editor)


def test_a_card_offline_for_a_time_keeps_its_place(client: Client, editor: User) -> None:
    cards = [ResourceFactory(published=True) for _ in range(3)]
    found = made(editor, *cards)
    found.items.filter(resource=cards[1]).update(comment="Gardez.")
    Resource.objects.filter(pk=cards[1].pk).update(live=False)
    client.force_login(editor)
    answer = client.post(f"{found.get_absolute_url()}modifier/", {"title": "T"})
    assert answer.status_code == 302
    order = list(found.items.order_by("position").values_list("resource", "comment"))
    assert order == [(cards[0].pk, ""), (cards[1].pk, "Gardez."), (cards[2].pk, "")]
    out = {"title": "T", f"out-{found.items.get(resource=cards[0]).pk}": "1"}
    client.post(f"{found.get_absolute_url()}modifier/", out)
    assert set(found.items.values_list("resource", flat=True)) == {cards[1].pk, cards[2].pk}


def test_forms_make_arrange_and_delete(client: Client, editor: User) -> None:
    client.force_login(editor)
    one, two = ResourceFactory(published=True), ResourceFactory(published=True)
    values = {"title": "Créer", "organisation": str(holder(editor).pk)}
    assert client.post("/dossiers/creer/", {**values, "organisation": "x"}).status_code == 422
    assert (
        client.post("/dossiers/creer/", values)["Location"] == "/dossiers/dossier-creer/modifier/"
    )
    page, found = "/dossiers/dossier-creer/modifier/", Collection.objects.get()
    assert client.post(page, {"act": "publish"}).status_code == 422
    given = {"title": "Créer", "added": "https://exemple.fr/ressources/inconnue/"}
    assert client.post(page, given).status_code == 422
    for card in (one, two):
        client.post(page, {"title": "Créer", "added": card.get_absolute_url()})
    a, b = found.items.all()
    client.post(page, {"title": "Créer", f"place-{a.pk}": "9", f"comment-{b.pk}": "Lisez."})
    assert [(row.resource_id, row.comment) for row in found.items.all()] == [
        (two.pk, "Lisez."),
        (one.pk, ""),
    ]
    first = found.items.first()
    client.post(page, {"title": "Créer", f"out-{first.pk}": "1", f"place-{first.pk}": "x" * 5_000})
    assert [row.resource_id for row in found.items.all()] == [one.pk]
    card = two.get_absolute_url()
    assert client.post(f"{card}dossier/", {"collection": found.slug})["Location"] == card
    assert client.post(f"{card}dossier/", {"collection": "\x00"}).status_code == 422
    assert client.post(page, {"act": "publish"}).status_code == 302
    assert client.post(page, {"act": "remove"})["Location"] == "/dossiers/"
    assert Collection.objects.count() == 0


def test_pages_cost_the_same_for_one_and_three(client: Client, editor: User) -> None:
    found, titles = made(editor), iter("ABC")

    def more() -> None:
        collections.add(collection=found, resource=ResourceFactory(published=True), by=editor)
        other = made(editor, ResourceFactory(published=True), title=next(titles))
        for each in (found, other):
            collections.publish(collection=each, by=editor)

    pages = (found.get_absolute_url(), "/dossiers/")
    same_for_three(more, *(lambda page=page: cost(client, page) for page in pages))

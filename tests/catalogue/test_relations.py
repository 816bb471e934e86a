"""Links that a card declares: typed by address or title, reviewed, made when it goes online."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.actions import contributions
from catalogue.enums import LinkType
from catalogue.models import Contribution, Resource, ResourceLink
from catalogue.queries import published, relations
from portal.accounts.models import User
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory, ResourceLinkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    return make.person("autrice")


def changed(card: Resource, by: User, rows: list[dict[str, str]]) -> None:
    fresh = Resource.objects.get(pk=card.pk)
    draft = contributions.propose(resource=fresh, by=by)
    draft = make.edit(draft, by, relations=rows)
    make.put_online(draft, by)


def tied(card: Resource) -> list[tuple[str, str]]:
    rows = ResourceLink.objects.filter(source=card).order_by("pk")
    return list(rows.values_list("type", "target_title"))


def test_a_card_is_found_by_its_address_a_former_one_or_its_title() -> None:
    card = ResourceFactory(published=True, title="Le besoin", slug="le-besoin")
    hidden = ResourceFactory(title="Caché", slug="cache")
    for text in (
        "/ressources/le-besoin/",
        "https://x.example/en/ressources/le-besoin/?a=1",
        "le-besoin",
        "LE BESOIN",
    ):
        assert relations.find([text])[text].pk == card.pk
    assert relations.find(["/ressources/cache/"])["/ressources/cache/"] is None
    assert relations.find([hidden.title])[hidden.title] is None
    assert relations.find(["http://["])["http://["] is None
    ResourceFactory(published=True, title="Le besoin")
    assert relations.find(["Le besoin"])["Le besoin"] is None


def test_the_step_takes_an_address_and_refuses_what_is_not_public(
    author: User, client: Client
) -> None:
    other = ResourceFactory(published=True, title="Repérer les ruptures", slug="autre")
    hidden = ResourceFactory(title="Caché zz", slug="cache")
    draft = make.draft(author)
    address = reverse("catalogue:contribution_step", args=(draft.public_id, "classement"))
    client.force_login(author)
    page = client.get(address).text
    assert '<option value="derived_from">Dérive de</option>' in page
    assert f'<option value="{other.get_absolute_url()}">' in page
    asked = {"scope": "regional", "relations-0-type": "answers", "draft": "1"}
    refused = client.post(address, asked | {"relations-0-target": f"/ressources/{hidden.slug}/"})
    assert "Aucune fiche publiée" in refused.text
    assert (
        client.post(address, asked | {"relations-0-target": "/ressources/autre/"}).status_code
        == 302
    )
    kept = Contribution.objects.get(pk=draft.pk).content["details"]["relations"]
    assert kept == [{"type": "answers", "target": "autre"}]
    assert ResourceLink.objects.count() == 0


def test_links_follow_the_version_in_force_and_leave_the_others(
    author: User, client: Client
) -> None:
    card = make.published(author, title="Carte qui se lie")
    need = ResourceFactory(published=True, title="Le besoin", slug="le-besoin")
    data = ResourceFactory(published=True, title="Les données", slug="les-donnees")
    ResourceLinkFactory(source=card, target=data, type=LinkType.DOCUMENTS)
    first = [{"type": "answers", "target": "le-besoin"}, {"type": "uses", "target": "les-donnees"}]
    changed(card, author, first)
    assert tied(card) == [
        ("documents", "Les données"),
        ("answers", "Le besoin"),
        ("uses", "Les données"),
    ]
    assert "A pour réponse" in client.get(need.get_absolute_url()).text
    changed(card, author, first[1:])
    assert tied(card) == [("documents", "Les données"), ("uses", "Les données")]


def test_a_declared_card_that_is_hidden_since_is_named_nowhere(
    author: User, client: Client
) -> None:
    card = make.published(author, title="Carte qui se lie")
    ResourceFactory(published=True, title="Nom zzcache", slug="nom-zzcache")
    changed(card, author, [{"type": "answers", "target": "nom-zzcache"}])
    changed(card, author, [])
    changed(card, author, [{"type": "answers", "target": "nom-zzcache"}])
    Resource.objects.filter(slug="nom-zzcache").update(live=False)
    base = card.get_absolute_url()
    for address in (
        base,
        f"{base}versions/2/",
        f"{base}versions/comparer/?avant=1&apres=2",
        f"{base[:-1]}.json",
        "/ressources/?q=zzcache",
        f"/api/v1/resources/{card.public_id}",
    ):
        told = client.get(address)
        assert told.status_code == 200
        assert "nom-zzcache" not in told.text


def test_many_links_are_found_at_once() -> None:
    cards = [ResourceFactory(published=True, title=f"Fiche publiée {n}") for n in range(6)]

    def asked(count: int) -> int:
        texts = [text for each in cards[:count] for text in (each.slug, each.title.upper())]
        with CaptureQueriesContext(connection) as seen:
            found = relations.find([*texts, "Nulle part"])
        assert [card and card.title for card in found.values()][-3:-1] == [
            cards[count - 1].title
        ] * 2
        return len(seen)

    assert asked(1) == asked(6)


def test_a_record_names_no_card_that_is_not_public() -> None:
    card = ResourceFactory(published=True)
    for target in (ResourceFactory(published=True), ResourceFactory(title="Caché")):
        ResourceLinkFactory(source=card, target=target, type=LinkType.PART_OF)

    told = published.one(Resource.objects.get(pk=card.pk)).references

    assert [each.title for each in told] == [
        ResourceLink.objects.filter(source=card)[0].target.title
    ]

"""The public pages of the catalogue."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from catalogue.contributions.actions import drafts
from catalogue.enums import Deposit, LicenceStatus, LinkType, RemovalReason, ResourceKind
from catalogue.models import Resource
from catalogue.resources.actions import cards as card_changes
from catalogue.validators.fields import DETAILS
from portal.audit.actors import SystemActor
from portal.lib import clock
from tests.catalogue.ledger import cost, same_for_three
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory

pytestmark = pytest.mark.django_db
BY = SystemActor("test")
CANARY = "Oiseau jaune zzcanari"
# What the public, or a stranger with an account, may open.
PUBLIC = (
    "/ressources/",
    "/ressources/?q=zzcanari",
    "/ressources/suggestions?q=zzcanari",
    "/ressources/suggestions?q=oiseau",
    "/flux/ressources.atom",
    "/flux/ressources.atom?q=zzcanari",
    "/en/ressources/?q=zzcanari",
    "/sitemap.xml",
    "/",
)


def text(client: Client, address: str) -> str:
    return client.get(address).text


@pytest.mark.slow
@pytest.mark.parametrize("state", [*make.IN_STATE.values(), "change"])
def test_what_is_not_published_is_nowhere(state: Any) -> None:
    """A draft, what is sent or sent back, a change under review: neither its words nor its page."""
    ResourceFactory(title="Une autre fiche", published=True)
    author = make.person()
    words = {"title": CANARY, "summary": CANARY, "tags": ["zzcanari"]}
    if state == "change":
        change = drafts.propose(resource=make.published(author), by=author)
        make.send(make.edit(change, author, **words), author)
        own = (change.resource.get_absolute_url(),)
    else:
        slug = state(author, **words).resource.slug
        own = (f"/ressources/{slug}/", f"/ressources/{slug}/modifier/")
    marks = ("zzcanari</", "jaune zzcanari", ">zzcanari<", "jaune <mark>")
    for client in (Client(), signed_in(make.person())):
        for address in (*PUBLIC, *own):
            page = client.get(address, follow=True)
            assert [mark for mark in marks if mark in page.text.lower()] == [], address
            assert address != own[0] or page.status_code == (200 if state == "change" else 404)


def test_a_published_card_is_in_the_list_the_feed_and_the_suggestions(client: Client) -> None:
    card = ResourceFactory(title=CANARY, published=True)
    for address in ("?q=zzcanari", "suggestions?q=zzcan", "suggestions?q=oiseu"):
        assert card.get_absolute_url() in text(client, f"/ressources/{address}")
    assert f"urn:uuid:{card.public_id}" in text(client, "/flux/ressources.atom?q=oiseau")


def test_links_read_both_ways_and_name_no_draft(client: Client) -> None:
    need = ResourceFactory(title="Le besoin", published=True)
    model = ResourceFactory(title="Le modèle", published=True)
    ResourceLinkFactory(source=model, target=need, type=LinkType.ANSWERS)
    ResourceLinkFactory(source=model, target=ResourceFactory(title=CANARY), type=LinkType.USES)
    page = text(client, model.get_absolute_url())
    assert ("Répond à" in page, "zzcanari" in page) == (True, False)
    assert "A pour réponse" in text(client, need.get_absolute_url())


@pytest.mark.parametrize("kind", ResourceKind.values)
def test_each_kind_has_its_page(client: Client, kind: str) -> None:
    values, faults = DETAILS[kind].clean(
        {field.name: sample(field) for field in DETAILS[kind].fields}
    )
    assert faults == []
    card = ResourceFactory(
        published=True,
        kind=kind,
        details=values,
        deposit=Deposit.OWNED,
        description_html="<p>É</p>",
    )
    bare = ResourceFactory(published=True, kind=kind, deposit=Deposit.OWNED)
    page = text(client, card.get_absolute_url())
    assert escape(card.title) in page
    assert "échantillon" in page
    assert client.get(bare.get_absolute_url()).status_code == 200
    assert client.get("/ressources/", {"kind": kind}).status_code == 200


def test_a_row_that_tells_no_size_shows_a_dash_beside_one_that_does(client: Client) -> None:
    rows = [{"title": "Un", "bytes": 3446}, {"title": "Deux"}, {"title": "Trois", "bytes": 0}]
    card = ResourceFactory(published=True, kind="dataset", details={"distributions": rows})
    page = text(client, card.get_absolute_url())
    cells = re.findall(r'<td data-label="Taille en octets">([^<]*)</td>', page)
    assert cells == ["3\u202f446", "–", "0"]


def sample(field: object) -> object:
    match field.type.value:  # type: ignore[attr-defined]
        case "url":
            return "https://example.org/échantillon"
        case "date":
            return "2026-11"
        case "integer" | "number":
            return 12
        case "choice":
            return field.choices[0][0]  # type: ignore[attr-defined]
        case "list":
            return ["échantillon", "autre"]
        case "rows":
            return [{c.name: sample(c) for c in field.columns}]  # type: ignore[attr-defined]
        case _:
            return "échantillon"


def test_a_referenced_card_says_what_is_to_check(client: Client) -> None:
    card = ResourceFactory(
        published=True,
        provenance={
            "licences": {"origin": "import:opening", "verified": False},
            "summary": {"origin": "import:opening", "verified": True},
        },
        licence_status=LicenceStatus.TO_CONFIRM,
        licences=[],
    )
    page = text(client, card.get_absolute_url())
    assert "Fiche de référencement" in page
    assert page.count("à vérifier</span>") == 1
    assert "À confirmer" in page


def test_measures_show_their_interval_and_no_group_that_nobody_counted(client: Client) -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.MODEL)
    MeasurementFactory(resource=card, from_challenge=True)
    for group, value, n in (("Femmes", 0.8, 200), ("Seniors", 0.12, None)):
        MeasurementFactory(resource=card, group=group, value=value, n=n, low=None, high=None)
    page = text(client, card.get_absolute_url())
    for said in ("0,804", "0,792", "Évalué sur un challenge", "Femmes"):
        assert said in page
    assert ("Seniors" in page, "0,12" in page) == (False, False)


def test_former_address_moves_and_removed_one_is_gone(client: Client) -> None:
    card = ResourceFactory(published=True, title="Fiche à déplacer")
    former = card.get_absolute_url()
    card = card_changes.move(resource=card, slug="nouvelle-adresse")
    answer = client.get(former)
    assert (answer.status_code, answer["Location"]) == (301, "/ressources/nouvelle-adresse/")
    card_changes.bury(resource=card, reason=RemovalReason.ILLEGAL, by=BY, keep_title=False)
    for address in (former, "/ressources/nouvelle-adresse/"):
        gone = client.get(address)
        assert gone.status_code == 410
        assert "Fiche à déplacer" not in gone.text
    assert not Resource.objects.filter(pk=card.pk).exists()
    assert card_changes.free_slug("Nouvelle adresse") == "nouvelle-adresse-2"


def test_filters_chips_pages_and_empty_states(client: Client) -> None:
    for number in range(25):
        ResourceFactory(published=True, title=f"Emploi {number}", languages=["fr"])
    page = text(client, "/ressources/?q=emploi&language=fr")
    assert "25 ressources" in page
    assert "Retirer ce filtre" in page
    assert 'href="/ressources/?q=emploi&amp;language=fr&amp;page=2"' in page
    assert '<h2 id="nb">25 ressources' in text(client, "/ressources/?q=emploi&page=999")
    assert "Aucune ressource pour" in text(client, "/ressources/?q=introuvable")
    assert "Retirer tous les filtres" in text(client, "/ressources/?language=it")


def test_without_words_the_latest_leads(client: Client) -> None:
    days = [clock.now() - timedelta(days=n) for n in (1, 400, 30)]
    for number, day in enumerate(days):
        ResourceFactory(published=True, title=f"Emploi {number}", content_modified_at=day)
    page = text(client, "/ressources/")
    places = [page.index(f"Emploi {number}</a>") for number in (0, 2, 1)]
    assert places == sorted(places)
    latest = ResourceFactory(published=True, title="Emploi 3", content_modified_at=days[0])
    assert latest.title in text(client, "/ressources/").split("Emploi 0</a>")[0]
    assert '<option value="updated" selected>' in page
    assert "Pertinence" not in page
    assert '<option value="relevance" selected>' in text(client, "/ressources/?q=emploi")
    assert '<option value="quality" selected>' in text(client, "/ressources/?sort=quality")


@pytest.mark.parametrize("address", ["/ressources/?q=emploi", "/flux/ressources.atom"])
def test_lists_cost_the_same_for_three_and_nine(client: Client, address: str) -> None:
    def more() -> None:
        for _ in range(3):  # under three, the words of the query are checked for slips
            ResourceFactory(published=True, title="Emploi")

    (count,) = same_for_three(more, lambda: cost(client, address))
    assert count <= 25


def test_a_card_costs_the_same_for_one_and_three_links(client: Client) -> None:
    card = ResourceFactory(published=True)

    def more() -> None:
        other = ResourceFactory(published=True)
        ResourceLinkFactory(source=card, target=other, type=LinkType.USES)
        MeasurementFactory(resource=card, metric=other.title)

    (count,) = same_for_three(more, lambda: cost(client, card.get_absolute_url()))
    assert count <= 25


def test_hostile_titles_are_escaped(client: Client) -> None:
    card = ResourceFactory(published=True, title="<script>alert(1)</script> emploi")
    for address in (
        "/ressources/?q=script",
        card.get_absolute_url(),
        "/ressources/suggestions?q=scr",
    ):
        assert "<script>alert" not in text(client, address)


@pytest.mark.parametrize(
    ("stored", "address", "said"),
    [
        ("1999-01-01/2011-12-31", "", "du 1er janvier 1999 au 31 décembre 2011"),
        ("1999-01-01/2011-12-31", "/en", "from 1 January 1999 to 31 December 2011"),
        ("2014-09-04", "", "4 septembre 2014"),
        ("2018-2024", "", "2018-2024"),
        ("2014-02-30/x", "", "2014-02-30/x"),
    ],
)
def test_a_period_is_said_in_words(client: Client, stored: str, address: str, said: str) -> None:
    card = ResourceFactory(
        published=True, kind=ResourceKind.DATASET, details={"temporal_coverage": stored}
    )
    assert said in text(client, f"{address}/ressources/{card.slug}/").replace("\u00a0", " ")

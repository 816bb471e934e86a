"""What keeps the search quick in a catalogue of 100,000 cards: statements, plans, lots."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalogue.models import IndexedFacet, IndexedName, IndexedResource, Resource
from catalogue.search import corrections, fulltext, index, suggest
from catalogue.views import documents
from portal.pages import views
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
SEED = 7


def sent(ask: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        ask()
    return [each["sql"] for each in seen]


def everything() -> list[Any]:
    """List what the index says of each card, without the numbers of its rows."""
    facets = IndexedFacet.objects.order_by("resource", "facet", "value")
    names = IndexedName.objects.order_by("facet", "value")
    pks = list(IndexedResource.objects.order_by("pk").values_list("pk", flat=True))
    return [
        *facets.values_list("resource_id", "facet", "value", "label"),
        *names.values_list("facet", "value", "label", "folded"),
        *sorted(fulltext.texts(pks).items()),
        *fulltext.titled(["fiche"], len(pks)),
    ]


def test_searching_again_writes_lot_by_lot_and_leaves_no_card_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index, "BATCH", 2)
    cards = [ResourceFactory(published=True, title=f"Fiche, {n} ; \\N") for n in range(5)]
    stray = ResourceFactory(published=True, title="Retirée")
    Resource.objects.filter(pk=stray.pk).update(live=False)
    index.remove(stray.pk)
    index.forget()
    before = everything()
    IndexedResource.objects.create(
        resource_id=stray.pk,
        boost=1,
        verified=False,
        quality=0,
        reuses=0,
        updated_on="2026-01-01",
        title_key="",
    )
    told: list[int] = []
    assert index.rebuild(told.append) == len(cards)
    assert told == [2, 4, 5]
    assert everything() == before


def test_a_lot_costs_the_same_whatever_it_holds() -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            ResourceFactory(published=True, kind="dataset", title="Jeu de données")
        counts.append(len(sent(index.rebuild)))
    assert counts[0] == counts[1]


def test_how_far_it_is_is_told_apart_from_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.management.commands.reindex.STEP", 1)
    ResourceFactory(published=True, title="Fiche")
    out, aside = io.StringIO(), io.StringIO()
    call_command("reindex", "--json", stdout=out, stderr=aside)
    assert json.loads(out.getvalue()) == {"indexed": 1, "mirrored": None}
    assert "1 ressource(s)…" in aside.getvalue()


def test_words_that_cards_hold_are_not_looked_for_among_the_near_ones() -> None:
    for _ in range(3):
        ResourceFactory(published=True, title="Emploi", description="Salaire")
    assert len(sent(lambda: corrections.corrected("emploi salaire", complete=0))) == 1


@pytest.mark.parametrize("q", ["empl", "empl jeun salar form metie", "zzz absent emplxi jeunz"])
def test_suggestions_send_a_bounded_number_of_statements(q: str) -> None:
    ResourceFactory(published=True, title="Emploi des jeunes", tags=["emploi"])
    assert len(sent(lambda: suggest.suggest(q, language="fr"))) <= 15


def test_a_page_of_the_catalogue_reads_its_own_cards_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PAGE_SIZE", 1)
    for number in range(3):
        ResourceFactory(published=True, kind="dataset", title=f"Jeu {number}")
    for address in ("/catalogue.ttl", "/exports/ressources.ttl"):
        costs = []
        for page in (2, 3, 3):
            statements = sent(lambda address=f"{address}?page={page}": client.get(address))
            assert not [sql for sql in statements if " OFFSET " in sql]
            costs.append(len([sql for sql in statements if "catalogue_resource" in sql]))
        assert len(set(costs[1:])) == 1
        assert costs[0] - costs[1] in (0, 1)  # where pages begin is found once


def test_a_file_of_a_sitemap_reads_its_own_cards_and_the_index_none(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.ResourceSitemap, "limit", 2)
    cards = [ResourceFactory(published=True) for _ in range(5)]
    index = sent(lambda: client.get("/sitemap.xml"))
    assert not [sql for sql in index if '"catalogue_resource"."slug"' in sql]
    for page, own in ((1, cards[:2]), (2, cards[2:4]), (3, cards[4:])):
        statements = sent(lambda page=page: client.get(f"/sitemap-ressources.xml?p={page}"))
        assert not [sql for sql in statements if " OFFSET " in sql]
        text = client.get(f"/sitemap-ressources.xml?p={page}").text
        assert [card.slug in text for card in cards] == [card in own for card in cards]
    assert client.get("/sitemap-ressources.xml?p=4").status_code == 404


def test_a_sitemap_reads_no_text_of_cards(client: Client) -> None:
    ResourceFactory(published=True, title="Fiche")
    statements = sent(lambda: client.get("/sitemap-ressources.xml"))
    assert [sql for sql in statements if "catalogue_resource" in sql]
    assert not [sql for sql in statements if '"catalogue_resource"."description"' in sql]

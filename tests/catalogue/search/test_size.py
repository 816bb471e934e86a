"""What keeps the search quick in a catalogue of 100,000 cards: statements, plans, lots."""

import io
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalogue.models import IndexedFacet, IndexedResource, IndexedSet, IndexedTerm, Resource
from catalogue.search import corrections, index, sets, suggest, vocabulary
from catalogue.search.engines.embedded import EmbeddedEngine
from catalogue.search.query import ResourceQuery
from catalogue.views import documents
from portal.pages.views import sitemap
from tests.contracts import searching
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
SEED = 7


def sent(ask: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        ask()
    return [each["sql"] for each in seen]


def everything() -> list[tuple[Any, ...]]:
    """List what the index says of each card, without the numbers of its rows."""
    terms = IndexedTerm.objects.order_by("resource", "term")
    facets = IndexedFacet.objects.order_by("resource", "facet", "value")
    return [
        *terms.values_list("resource_id", "term", "impact", "title", "description"),
        *facets.values_list("resource_id", "facet", "value", "label"),
        *IndexedResource.objects.order_by("pk").values_list("pk", "letters", "folded"),
    ]


def test_searching_again_writes_lot_by_lot_and_leaves_no_card_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index, "BATCH", 2)
    cards = [ResourceFactory(published=True, title=f"Fiche, {n} ; \\N") for n in range(5)]
    stray = ResourceFactory(published=True, title="Retirée")
    Resource.objects.filter(pk=stray.pk).update(live=False)
    index.remove(stray.pk)
    before = everything()
    IndexedResource.objects.create(
        resource_id=stray.pk,
        boost=1,
        verified=False,
        quality=0,
        reuses=0,
        updated_on="2026-01-01",
        title_key="",
        title_words="",
        acronym_words="",
        folded="",
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


def test_facets_are_counted_without_reading_a_row_for_each_value() -> None:
    searching.crowd(random.Random(SEED), 20)  # noqa: S311 - a reproducible draw
    query = ResourceQuery(q="emploi formation", kind=("dataset", "model"), language=("fr",))
    statements = sent(lambda: EmbeddedEngine().search(query))
    assert not [sql for sql in statements if "catalogue_indexedfacet" in sql]


def test_a_set_of_values_keeps_its_letter_and_letters_skip_what_no_text_may_hold() -> None:
    wanted = [("kind", ("model",)), ("licence", ()), ("licence", ("MIT", "etalab-2.0"))]
    first = sets.letters(wanted)
    assert sets.letters(reversed(wanted)) == first
    assert len(set(first.values())) == IndexedSet.objects.count() == 3
    IndexedSet.objects.create(pk=sets.HALVES, digest="x", facet="kind", held=["far"])
    assert sets.holding({"licence": ["far"], "kind": ["far"]}) == {"licence": [], "kind": []}
    numbers = sets.numbers("".join(first[each] for each in wanted))
    assert sets.holding({"licence": ["MIT"]}) == {"licence": [numbers[2]]}
    letter = chr(sets.FIRST + sets.HALVES + sets.HALVES_END - sets.HALVES)
    assert sets.numbers(f"{sets.NONE}{letter}").tolist() == [0, sets.HALVES]
    tally = sets.Tally(3, {})
    assert tally.counts({"kind": sets.numbers(letter * 3)}) == {"kind": [("far", 3)]}


def test_a_card_without_letters_is_found_and_only_its_facets_wait() -> None:
    ResourceFactory(published=True, title="Emploi", kind="dataset")
    old = ResourceFactory(published=True, title="Emploi", kind="dataset")
    IndexedResource.objects.filter(pk=old.pk).update(letters="")
    found = EmbeddedEngine().search(ResourceQuery(q="emploi"))
    assert (found.total, old.pk in found.ids) == (2, True)
    assert [(each.value, each.count) for each in found.facets["kind"]] == [("dataset", 1)]
    assert EmbeddedEngine().search(ResourceQuery(kind=("dataset",))).total == 1


def test_words_that_cards_hold_are_not_looked_for_among_the_near_ones() -> None:
    for _ in range(3):
        ResourceFactory(published=True, title="Emploi", description="Salaire")
    assert len(sent(lambda: corrections.corrected("emploi salaire", complete=0))) == 1


def test_the_words_of_names_are_read_in_their_own_index() -> None:
    ResourceFactory(published=True, title="Emploi", description="Salaire")
    assert vocabulary.named(["emploi", "salair"]) == {"emploi": 1}
    if connection.vendor == "sqlite":
        plan = vocabulary.naming(["emploi"]).values("resource").explain()
        assert "USING COVERING INDEX term_of_name" in plan


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
    monkeypatch.setattr(sitemap.ResourceSitemap, "limit", 2)
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

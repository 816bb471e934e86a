"""Exports of result lists and of the whole public catalogue."""

import csv
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rdflib import Graph
from rdflib.namespace import RDF

from catalogue.enums import ResourceKind
from catalogue.models import Resource
from catalogue.queries import published
from catalogue.standards import plain
from catalogue.standards.rdf import DCAT
from catalogue.views import exports
from portal.lib import clock
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db


def content(client: Client, address: str) -> bytes:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    text = content(client, f"/exports/ressources.csv{query}").decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_the_whole_public_catalogue_is_exported_and_no_draft(client: Client) -> None:
    cards = [ResourceFactory(published=True, title=f"Fiche {number}") for number in range(3)]
    ResourceFactory(title="Zzcanari", summary="Zzcanari")
    titles = [card.title for card in cards]
    assert [row["title"] for row in rows(client)] == titles
    said = json.loads(content(client, "/exports/ressources.json"))
    assert said["total"] == 3
    assert [row["title"] for row in said["resources"]] == titles
    table = pq.read_table(io.BytesIO(content(client, "/exports/ressources.parquet")))
    assert table.column("title").to_pylist() == titles
    assert tuple(table.column_names) == plain.COLUMNS
    assert table.column("languages").to_pylist() == [["fr"]] * 3


def test_batches_follow_one_another_and_count_through_none(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now()
    cards = [ResourceFactory(published=True, title=f"Fiche {number}") for number in range(5)]
    Resource.objects.filter(pk__in=[each.pk for each in cards[1:4]]).update(first_published_at=at)
    wanted = list(published.in_order().values_list("title", flat=True))
    monkeypatch.setattr(exports, "IN_MEMORY_BYTES", 1)
    for size in (1, 2, 5):
        monkeypatch.setattr(exports, "BATCH", size)
        table = pq.read_table(io.BytesIO(content(client, "/exports/ressources.parquet")))
        assert table.column("title").to_pylist() == wanted
        with CaptureQueriesContext(connection) as seen:
            assert [row["title"] for row in rows(client)] == wanted
        assert not any(" OFFSET " in each["sql"] for each in seen)


def test_a_result_list_is_exported_as_it_is_shown(client: Client) -> None:
    ResourceFactory(published=True, title="Emploi à Arles", kind=ResourceKind.DATASET)
    ResourceFactory(published=True, title="Emploi à Gap", kind=ResourceKind.MODEL)
    ResourceFactory(published=True, title="Formation", kind=ResourceKind.DATASET)
    assert [row["title"] for row in rows(client, "?q=emploi&kind=dataset")] == ["Emploi à Arles"]
    assert {row["title"] for row in rows(client, "?q=emploi&page=9")} == {
        "Emploi à Arles",
        "Emploi à Gap",
    }
    said = content(client, "/exports/ressources.ttl?kind=dataset&q=emploi")
    graph = Graph().parse(data=said, format="turtle")
    assert len(set(graph.subjects(RDF.type, DCAT.Dataset))) == 1
    assert rows(client, "?q=introuvable") == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t="])
def test_no_cell_is_run_by_a_spreadsheet(client: Client, start: str) -> None:
    ResourceFactory(published=True, summary=f'{start}HYPERLINK("https://x")', title='a;b\n"c')
    (row,) = rows(client)
    assert row["summary"].startswith("'")
    assert row["title"] == 'a;b\n"c'


@pytest.mark.parametrize("extension", ["csv", "json", "parquet", "ttl"])
def test_an_export_costs_the_same_for_one_and_three(client: Client, extension: str) -> None:
    counts = []
    for wanted in (1, 2):
        for _ in range(wanted):
            ResourceFactory(published=True, kind=ResourceKind.DATASET)
        with CaptureQueriesContext(connection) as seen:
            content(client, f"/exports/ressources.{extension}")
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= 20


def test_the_list_offers_its_exports(client: Client) -> None:
    ResourceFactory(published=True, title="Emploi")
    page = client.get("/ressources/?q=emploi").content.decode()
    for extension in ("csv", "json", "parquet", "ttl"):
        assert f'href="/exports/ressources.{extension}?q=emploi"' in page

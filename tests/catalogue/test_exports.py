"""Exports of result lists and of the whole public catalogue."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import clear_script_prefix, set_script_prefix
from django.utils.translation import override
from rdflib import Graph
from rdflib.namespace import RDF

from catalogue.enums import Access, Deposit, ResourceKind
from catalogue.models import Resource
from catalogue.queries import lines, published
from catalogue.standards import plain
from catalogue.standards.rdf import DCAT
from catalogue.views import exports
from datasets.enums import AccessLevel
from portal.lib import clock
from tests.catalogue.ledger import queries, same_for_three
from tests.factories.accounts import OrganisationFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.datasets import (
    DataFileFactory,
    DatasetCardFactory,
    DatasetFactory,
    ReleaseFactory,
)

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
    assert {tuple(row) for row in said["resources"]} == {plain.COLUMNS}


def test_batches_follow_one_another_and_count_through_none(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now()
    cards = [ResourceFactory(published=True, title=f"Fiche {number}") for number in range(5)]
    Resource.objects.filter(pk__in=[each.pk for each in cards[1:4]]).update(first_published_at=at)
    wanted = list(published.in_order().values_list("title", flat=True))
    for size in (1, 2, 5):
        monkeypatch.setattr(exports, "BATCH", size)
        found = json.loads(content(client, "/exports/ressources.json?scope=regional"))
        assert sorted(row["title"] for row in found["resources"]) == sorted(wanted)
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


@pytest.mark.parametrize("extension", ["csv", "json", "ttl"])
def test_an_export_costs_the_same_for_one_and_three(client: Client, extension: str) -> None:
    address = f"/exports/ressources.{extension}"
    (count,) = same_for_three(
        lambda: ResourceFactory(published=True, kind=ResourceKind.DATASET),
        lambda: queries(lambda: content(client, address)),
    )
    assert count <= 20


def test_the_list_offers_its_exports(client: Client) -> None:
    ResourceFactory(published=True, title="Emploi")
    page = client.get("/ressources/?q=emploi").content.decode()
    for extension in ("csv", "json", "ttl"):
        assert f'href="/exports/ressources.{extension}?q=emploi"' in page


def test_a_line_says_what_the_documents_of_the_card_say() -> None:
    """The lines are made apart, for speed: they may not tell another thing."""
    owner = OrganisationFactory(name="Atelier \x0b régional")
    rows = [{"download_url": "https://x.fr/a", "format": "CSV", "title": "Janvier"}]
    rows += [{"access_url": "https://x.fr/b", "format": "JSON"}, {"format": "XLS"}]
    told = {
        "title": "Emploi\x02",
        "summary": "Deux\nlignes",
        "authors": ["A\x01", "B"],
        "use_cases": ["sme_needs", "sme_needs", "unknown"],
        "tasks": ["matching"],
        "territories": ["13", "Arles (commune)", "fr:departement:13"],
        "rome_codes": ["M1805"],
        "tags": ["emploi"],
        "licences": ["MIT", "ODbL-1.0"],
        "kind": ResourceKind.DATASET,
        "details": {"distributions": rows, "files": [{"url": "https://x.fr/c", "format": "zip"}]},
        "archived_at": clock.now(),
    }
    cards = [
        ResourceFactory(
            published=True, **told, deposit=Deposit.OWNED, producer_name="", organisation=owner
        ),
        ResourceFactory(published=True, **told, access=Access.ON_REQUEST, restored_at=clock.now()),
        ResourceFactory(published=True, producer_name="", organisation=None, indexed=False),
        ResourceFactory(published=True, first_published_at=clock.now() - timedelta(days=9)),
        DatasetCardFactory(**{name: told[name] for name in ("details", "authors")}),
    ]
    release = ReleaseFactory(dataset=DatasetFactory(resource=cards[-1]))
    DataFileFactory(release=release, level=AccessLevel.REGISTERED, name="table.parquet")
    found = lines.of(lines.named([card.pk for card in cards]))
    public = list(published.public().filter(pk__in=[card.pk for card in cards]))
    by_id = {
        str(card.public_id): each for card, each in zip(public, published.many(public), strict=True)
    }
    assert [line["title"] for line in found] == [by_id[str(c.public_id)].title for c in cards]
    for line in found:
        card = by_id[line["id"]]
        same = "kind subtype title acronym summary homepage_url repository_url scope access"
        same += " documentation_url licence_status licence_note lifecycle"
        listed = "authors territories languages use_cases tasks rome_codes tags"
        assert line == {
            "id": card.public_id,
            "iri": card.iri,
            "url": card.page,
            **{name: getattr(card, name) for name in same.split()},
            **{name: list(getattr(card, name)) for name in listed.split()},
            "organisation": card.publisher.name if card.publisher else "",
            "licences": [each.identifier for each in card.licences],
            "archived": card.is_archived,
            "referenced": card.is_referenced,
            "formats": sorted({each.format for each in card.files if each.format}),
            "quality": line["quality"],
            "published_at": card.issued.isoformat(timespec="seconds"),
            "modified_at": card.modified.isoformat(timespec="seconds"),
        }
    assert [line["formats"] for line in found] == [["CSV", "JSON", "zip"], [], [], [], ["parquet"]]
    assert [line["access"] for line in found][-1] == Access.REGISTERED


def test_an_export_reads_nothing_that_its_columns_do_not_say(client: Client) -> None:
    ResourceFactory(published=True, kind=ResourceKind.MODEL)
    with CaptureQueriesContext(connection) as seen:
        rows(client)
    asked = " ".join(each["sql"] for each in seen)
    for name in ("description", "measurement", "resourcelink"):
        assert name not in asked


@pytest.mark.parametrize("extension", ["csv", "json"])
def test_the_catalogue_leaves_as_it_is_written(
    client: Client, monkeypatch: pytest.MonkeyPatch, extension: str
) -> None:
    """Its first lot leaves before the others are read: what is withdrawn meanwhile is not told."""
    monkeypatch.setattr(exports, "BATCH", 1)
    cards = [ResourceFactory(published=True, title=f"Fiche {number}") for number in range(3)]
    answer: Any = client.get(f"/exports/ressources.{extension}")
    assert answer["X-Total-Count"] == "3"
    pieces = iter(answer)
    first = next(pieces)
    Resource.objects.filter(pk=cards[1].pk).update(live=False)
    said = first + b"".join(pieces)
    match extension:
        case "csv":
            text = said.decode().removeprefix("\ufeff")
            found = [row["title"] for row in csv.DictReader(io.StringIO(text), delimiter=";")]
        case _:
            found = [row["title"] for row in json.loads(said)["resources"]]
            assert json.loads(said)["total"] == 2
    assert found == ["Fiche 0", "Fiche 2"]


def test_who_asks_for_the_head_alone_has_nothing_written(client: Client) -> None:
    ResourceFactory(published=True)
    with CaptureQueriesContext(connection) as seen:
        answer: Any = client.head("/exports/ressources.csv")
    assert (answer.status_code, answer["X-Total-Count"]) == (200, "1")
    assert b"".join(answer) == b""
    assert not any("licence_note" in each["sql"] for each in seen)


def test_the_address_of_a_page_depends_on_no_language_but_on_the_place_of_the_site() -> None:
    root = published.root()
    with override("en"):
        assert published.page("une-fiche") == f"{root}/ressources/une-fiche/"
    set_script_prefix("/portail/")
    try:
        assert published.page("une-fiche") == f"{root}/portail/ressources/une-fiche/"
    finally:
        clear_script_prefix()
    assert published.page("une-fiche") == f"{root}/ressources/une-fiche/"

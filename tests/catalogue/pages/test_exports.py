"""One address, many forms: documents, lists and the whole catalogue exported, and OAI-PMH."""

import csv
import hashlib
import io
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from defusedxml import ElementTree as ET
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import clear_script_prefix, set_script_prefix
from django.utils.translation import override
from rdflib import Graph, URIRef
from rdflib.namespace import RDF

from catalogue.community.actions import maskings
from catalogue.models import Resource, Tombstone
from catalogue.pages.views import documents, exports, oai
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import (
    Access,
    Deposit,
    LinkType,
    RemovalReason,
    ResourceKind,
    UseCase,
)
from catalogue.resources.queries import lists, published
from catalogue.search import index
from catalogue.standards.namespaces import DCAT, HYDRA
from catalogue.standards.writers import oai_pmh, plain
from catalogue.standards.writers.oai_pmh import OAI
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile
from portal.audit.actors import SystemActor
from portal.lib import clock
from portal.pages import views
from tests.factories import contributions as make
from tests.factories.accounts import OrganisationFactory
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.factories.datasets import (
    DataFileFactory,
    DatasetCardFactory,
    DatasetFactory,
    ReleaseFactory,
)
from tests.ledger import queries, same_for_three

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated"),  # rdflib's own reader
]

BY = SystemActor("test")
ENDINGS = {
    ".ttl": "text/turtle",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".json": "application/json",
}
EXPORTS = ("csv", "json", "ttl")
READERS = {".ttl": "turtle", ".jsonld": "json-ld", ".rdf": "xml"}


def dataset(**values: Any) -> Resource:
    given: dict[str, Any] = {
        "kind": ResourceKind.DATASET,
        "published": True,
        "details": {"temporal_coverage": "2020-2024", "update_frequency": "annual"},
    }
    return ResourceFactory(**{**given, **values})


def holding(*levels: str) -> tuple[Resource, dict[str, DataFile]]:
    """Make a card whose files of these levels are held here."""
    release = ReleaseFactory()
    files = {
        level: DataFileFactory(release=release, level=level, content=level.encode())
        for level in levels
    }
    return release.dataset.resource, files


def address(resource: Resource, ending: str) -> str:
    return resource.get_absolute_url().rstrip("/") + ending


@pytest.mark.parametrize("kind", ResourceKind.values)
@pytest.mark.parametrize("ending", ENDINGS)
def test_each_kind_is_read_in_each_form(client: Client, kind: str, ending: str) -> None:
    card = ResourceFactory(published=True, kind=kind, title="Éphémère & <b>")
    answer = client.get(address(card, ending))
    assert answer.status_code == 200
    assert answer["Content-Type"].split(";")[0] == ENDINGS[ending]
    assert "Accept" in answer["Vary"]
    assert answer["Access-Control-Allow-Origin"] == "*"
    if ending == ".json":
        assert json.loads(answer.content)["title"] == card.title
    elif not (ending == ".jsonld" and b"schema.org" in answer.content):
        graph = Graph().parse(data=answer.content, format=READERS[ending])
        assert URIRef(f"{settings.SITE_URL}/id/{card.public_id}") in set(graph.subjects())


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_address_of_the_page_gives_the_form_asked_and_304(client: Client, ending: str) -> None:
    card = dataset()
    page = card.get_absolute_url()
    answer = client.get(page, headers={"accept": ENDINGS[ending]})
    assert answer.content == client.get(address(card, ending)).content
    assert answer["Content-Location"] == settings.SITE_URL + address(card, ending)
    again = client.get(page, headers={"accept": ENDINGS[ending], "if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_names_its_forms_and_its_identifier(client: Client) -> None:
    card = dataset()
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = client.get(card.get_absolute_url(), headers={"accept": browser})
    assert answer["Content-Type"].startswith("text/html")
    assert "Accept" in answer["Vary"]
    iri = f"{settings.SITE_URL}/id/{card.public_id}"
    assert f'<{iri}>; rel="cite-as"' in answer["Link"]
    assert 'rel="linkset"; type="application/linkset+json"' in answer["Link"]
    for ending in ENDINGS:
        assert f'{address(card, ending)}>; rel="describedby"' in answer["Link"]
    page = answer.text
    assert "Métadonnées" in page
    assert "Pas encore exportable en Croissant" in page
    found = client.get(f"/id/{card.public_id}")
    assert (found.status_code, found["Location"]) == (303, card.get_absolute_url())
    assert client.get(f"/id/{uuid.uuid4()}").status_code == 404


def test_forms_that_a_card_lacks_or_that_is_not_public_do_not_exist(client: Client) -> None:
    draft = ResourceFactory(kind=ResourceKind.DATASET)
    for place in (f"/id/{draft.public_id}", *(address(draft, ending) for ending in ENDINGS)):
        assert client.get(place).status_code == 404
    card = dataset()
    page = card.get_absolute_url()
    for name in ("croissant.json", "datapackage.json"):
        assert client.get(page + name).status_code == 404
    for name in ("carte.md", "citation.cff", "citation.bib", "linkset.json"):
        assert client.get(page + name).status_code == 200
    need = ResourceFactory(published=True, kind=ResourceKind.NEED)
    assert client.get(need.get_absolute_url() + "citation.cff").status_code == 404


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_moved_card_leads_on_and_a_removed_one_is_gone(client: Client, ending: str) -> None:
    card = dataset(title="Zzcanari")
    former = address(card, ending)
    card = card_changes.move(resource=card, slug="nouvelle")
    moved = client.get(former)
    assert (moved.status_code, moved["Location"]) == (301, f"/ressources/nouvelle{ending}")
    card_changes.bury(resource=card, reason=RemovalReason.ILLEGAL, by=BY, keep_title=False)
    accept = {"accept": ENDINGS[ending]}
    for answer in (
        client.get(former),
        client.get(f"/ressources/nouvelle{ending}"),
        client.get("/ressources/nouvelle/", headers=accept),
    ):
        assert answer.status_code == 410
        assert answer["Content-Type"].split(";")[0] == ENDINGS[ending]
        assert b"Zzcanari" not in answer.content
        assert str(card.public_id).encode() in answer.content
    assert client.get(f"/id/{card.public_id}")["Location"] == "/ressources/nouvelle/"


def test_held_files_are_described_as_far_as_anyone_may_know(client: Client) -> None:
    """What asks for a grant has no name; what is open can be loaded."""
    card, held = holding("open", "restricted_personal")
    said = client.get(address(card, ".ttl")).text
    assert held["open"].name in said
    assert held["restricted_personal"].name not in said
    assert held["restricted_personal"].sha256 not in said
    assert "Demander l’accès" in said
    croissant = client.get(card.get_absolute_url() + "croissant.json").json()
    (file,) = croissant["distribution"]
    download: Any = client.get(file["contentUrl"].removeprefix(settings.SITE_URL))
    assert hashlib.sha256(b"".join(download.streaming_content)).hexdigest() == file["sha256"]
    closed, _files = holding("restricted_personal")
    assert "access-right/RESTRICTED" in client.get(address(closed, ".ttl")).text
    assert client.get(closed.get_absolute_url() + "croissant.json").status_code == 404


def test_a_model_says_what_it_lacks_and_is_exported_once_whole(client: Client) -> None:
    model = ResourceFactory(
        published=True,
        kind=ResourceKind.MODEL,
        deposit=Deposit.OWNED,
        details={"version": "1", "files": [{"title": "m.onnx", "url": "https://exemple.org/m"}]},
    )
    page = client.get(model.get_absolute_url()).text
    assert "Pas encore exportable en MLDCAT-AP" in page
    assert "la date de création du modèle" in page
    assert "les données d’apprentissage" in page
    assert b"MachineLearningModel" not in client.get(address(model, ".ttl")).content
    model.details |= {
        "created": "2026-11-01",
        "trained_on": [{"title": "Offres", "collection_date": "2025"}],
        "intended_purpose": "Aider une conseillère :\n\n- lire ;\n- dire.",
    }
    model.description_html = "<h3>Training procedure</h3><p>3 epochs</p>"
    model.save(update_fields=["details", "description_html"])
    page = client.get(model.get_absolute_url()).text
    assert "Pas encore exportable" not in page
    # A text that introduces nothing comes after what the model is for, its heading in French.
    assert page.index("<li>lire") < page.index("Entraînement</h") < page.index("3 epochs")
    assert b"MachineLearningModel" in client.get(address(model, ".ttl")).content


@pytest.mark.parametrize("ending", READERS)
def test_the_catalogue_is_read_page_after_page(
    client: Client, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PAGE_SIZE", 2)
    cards = [dataset(title=f"Jeu {number}") for number in range(5)]
    ResourceFactory(published=True, title="Un outil")
    ResourceFactory(title="Un brouillon", kind=ResourceKind.DATASET)
    found: set[str] = set()
    following, pages = f"/catalogue{ending}", 0
    while following:
        answer = client.get(following.removeprefix(settings.SITE_URL))
        graph = Graph().parse(data=answer.content, format=READERS[ending])
        found |= {str(each) for each in graph.subjects(RDF.type, DCAT.Dataset)}
        assert len(set(graph.subjects(RDF.type, DCAT.CatalogRecord))) <= 2
        following = str(next(graph.objects(None, HYDRA.next), ""))
        pages += 1
    assert pages == 3
    assert found == {f"{settings.SITE_URL}/id/{card.public_id}" for card in cards}
    for wrong in ("0", "4", "x", "-1", "9" * 30, "²"):
        assert client.get(f"/catalogue{ending}?page={wrong}").status_code == 404


def test_the_catalogue_leads_to_its_forms_and_may_be_empty(client: Client) -> None:
    graph = Graph().parse(data=client.get("/catalogue.ttl").content, format="turtle")
    assert len(set(graph.subjects(RDF.type, DCAT.Catalog))) == 1
    assert client.get("/catalogue")["Location"] == "/ressources/"
    for ending in READERS:
        answer = client.get("/catalogue", headers={"accept": ENDINGS[ending]})
        assert (answer.status_code, answer["Location"]) == (303, f"/catalogue{ending}")


def test_an_interface_serves_the_datasets_it_is_linked_to(client: Client) -> None:
    served = dataset(title="Offres servies")
    api = ResourceFactory(
        published=True,
        kind=ResourceKind.TECHNOLOGY,
        subtype="api",
        details={"endpoint_url": "https://exemple.org/api"},
    )
    ResourceLinkFactory(source=api, target=served, type=LinkType.USES)
    graph = Graph().parse(data=client.get(address(api, ".ttl")).content, format="turtle")
    assert [str(each) for each in graph.objects(None, DCAT.servesDataset)] == [
        f"{settings.SITE_URL}/id/{served.public_id}"
    ]
    assert client.get("/catalogue.ttl").status_code == 200


def test_the_search_is_described_for_browsers(client: Client) -> None:
    answer = client.get("/opensearch.xml")
    assert answer["Content-Type"].startswith("application/opensearchdescription+xml")
    text = answer.text
    assert "<ShortName>Open Emploi</ShortName>" in text
    assert f'template="{settings.SITE_URL}/ressources/?q={{searchTerms}}' in text
    assert f'template="{settings.SITE_URL}/flux/ressources.atom?q={{searchTerms}}"' in text
    assert 'rel="search"' in client.get("/ressources/").text


@pytest.mark.parametrize("address", ["/flux/ressources.atom", "/flux/ressources.atom?q=emploi"])
def test_the_feed_is_one_that_readers_accept(client: Client, address: str) -> None:
    feedparser = pytest.importorskip("feedparser", reason="feedparser is not installed")
    ResourceFactory(published=True, title="Emploi & <b>")
    found = feedparser.parse(client.get(address).content)
    assert found.bozo == 0
    (own,) = [each.href for each in found.feed.links if each.rel == "self"]
    assert own.endswith(address)
    assert found.entries[0].id.startswith("urn:uuid:")


def test_a_removed_card_leaves_the_sitemap_which_is_cut(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.ResourceSitemap, "limit", 2)
    cards = [ResourceFactory(published=True) for _ in range(3)]
    index = client.get("/sitemap.xml").text
    assert "sitemap-ressources.xml?p=2" in index
    assert cards[2].slug in client.get("/sitemap-ressources.xml?p=2").text
    card_changes.bury(resource=cards[2], reason=RemovalReason.OWNER, by=BY)
    assert "?p=2" not in client.get("/sitemap.xml").text


def test_an_archived_card_is_still_described_as_such(client: Client) -> None:
    card = dataset(archived_at=clock.now() + timedelta(seconds=1))
    said = client.get(address(card, ".ttl")).text
    assert "dataset-status/DEPRECATED" in said
    assert client.get(address(card, ".json")).json()["is_archived"] is True


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


def test_a_result_list_offers_its_exports_as_it_is_shown(client: Client) -> None:
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
    ResourceFactory(published=True, title="Emploi")
    page = client.get("/ressources/?q=emploi").text
    for extension in EXPORTS:
        assert f'href="/exports/ressources.{extension}?q=emploi"' in page


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t="])
def test_no_cell_is_run_by_a_spreadsheet(client: Client, start: str) -> None:
    ResourceFactory(published=True, summary=f'{start}HYPERLINK("https://x")', title='a;b\n"c')
    (row,) = rows(client)
    assert row["summary"].startswith("'")
    assert row["title"] == 'a;b\n"c'


def test_documents_and_exports_cost_the_same_for_one_and_three(client: Client) -> None:
    def more() -> None:
        card = dataset(access=Access.OPEN)
        MeasurementFactory(resource=card)
        ResourceLinkFactory(source=card, target=dataset(), type=LinkType.DERIVED_FROM)

    addresses = ("/catalogue.ttl", *(f"/exports/ressources.{each}" for each in EXPORTS))
    counts = [lambda each=each: queries(lambda: content(client, each)) for each in addresses]
    assert max(same_for_three(more, *counts)) <= 20


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
    found = lists.export_lines(lists.export_rows([card.pk for card in cards]))
    public = list(published.public().filter(pk__in=[card.pk for card in cards]))
    by_id = {
        str(card.public_id): each
        for card, each in zip(public, published.published_many(public), strict=True)
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


@pytest.mark.parametrize("extension", ["csv", "json"])
def test_the_catalogue_leaves_as_it_is_written(
    client: Client, monkeypatch: pytest.MonkeyPatch, extension: str
) -> None:
    """Its first lot leaves before the others are read: what is withdrawn meanwhile is not told."""
    monkeypatch.setattr(exports, "BATCH", 1)
    cards = [ResourceFactory(published=True, title=f"Fiche {number}") for number in range(3)]
    Resource.objects.update(first_published_at=clock.now())  # at one instant: no lot loses one
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


sickle = pytest.importorskip("sickle", reason="sickle is not installed")


@dataclass
class Answer:
    """What sickle reads of an answer."""

    text: str
    content: bytes
    encoding: str = "utf-8"

    def raise_for_status(self) -> None:
        """Accept: the endpoint answers 200 whatever the error of the protocol."""


class Harvester(sickle.Sickle):
    """Sickle, over the test client instead of the network."""

    client: Client
    between: Any = None

    def harvest(self, **arguments: str) -> Any:
        if self.between:
            self.between()
        answer = self.client.get("/oai", arguments)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/xml; charset=utf-8"
        return sickle.response.OAIResponse(Answer(answer.text, answer.content), params=arguments)


@pytest.fixture
def harvester(client: Client) -> Harvester:
    found = Harvester(f"{settings.SITE_URL}/oai")
    found.client = client
    return found


def name(resource: Resource) -> str:
    return f"oai:127.0.0.1:{resource.public_id}"


def batch_of(count: int, **values: Any) -> list[Resource]:
    """Publish many cards at once, some in the same second."""
    now = clock.now() - timedelta(days=1)
    rows = [
        Resource(
            slug=f"lot-{values.get('kind', 'x')}-{number}",
            title=f"Fiche {number} é",
            kind=ResourceKind.TECHNOLOGY,
            live=True,
            first_published_at=now + timedelta(seconds=number // 7),
            content_modified_at=now + timedelta(seconds=number // 7),
            **values,
        )
        for number in range(count)
    ]
    return Resource.objects.bulk_create(rows)


def errors(client: Client, **arguments: str) -> list[str]:
    root = ET.fromstring(client.get("/oai", arguments).content)
    return [str(each.get("code")) for each in root.findall(f"{{{OAI}}}error")]


def test_it_says_who_it_is_and_what_it_offers(harvester: Harvester) -> None:
    ResourceFactory(published=True, kind=ResourceKind.DATASET, use_cases=[UseCase.SME_NEEDS])
    who = harvester.Identify()
    assert (who.deletedRecord, who.granularity) == ("persistent", "YYYY-MM-DDThh:mm:ssZ")
    assert who.baseURL == f"{settings.SITE_URL}/oai"
    assert {each.metadataPrefix for each in harvester.ListMetadataFormats()} == {"oai_dc", "dcat"}
    assert {each.setSpec for each in harvester.ListSets()} == {
        "kind:dataset",
        "organisation:laboratoire-dessai",
        "use_case:sme_needs",
    }


def test_everything_is_harvested_with_its_removals(harvester: Harvester) -> None:
    kept = ResourceFactory(published=True, title="Gardée é « »", tags=["emploi"])
    gone = ResourceFactory(published=True, title="Retirée", kind=ResourceKind.DATASET)
    ResourceFactory(title="Brouillon")
    card_changes.bury(resource=gone, reason=RemovalReason.OWNER, by=BY)
    found = {
        each.header.identifier: each for each in harvester.ListRecords(metadataPrefix="oai_dc")
    }
    assert set(found) == {name(kept), name(gone)}
    assert found[name(gone)].header.deleted
    assert found[name(gone)].header.setSpecs == [
        "kind:dataset",
        "organisation:laboratoire-dessai",
    ]
    assert found[name(kept)].metadata["title"] == ["Gardée é « »"]
    assert f"{settings.SITE_URL}/id/{kept.public_id}" in found[name(kept)].metadata["identifier"]
    one = harvester.GetRecord(identifier=name(gone), metadataPrefix="oai_dc")
    assert one.header.deleted
    heads = harvester.ListIdentifiers(
        metadataPrefix="oai_dc", set="organisation:laboratoire-dessai"
    )
    assert {each.identifier for each in heads} == {name(kept), name(gone)}


@pytest.mark.slow
def test_insertions_and_changes_while_one_reads_lose_and_double_nothing(
    harvester: Harvester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 records; between two pages one appears and one already given or to come changes."""
    rows = batch_of(1_000)
    changed = iter(rows[::90])

    def between() -> None:
        ResourceFactory(published=True)
        if (row := next(changed, None)) is not None:
            Resource.objects.filter(pk=row.pk).update(content_modified_at=clock.now())

    harvester.between = between
    found = [each.header.identifier for each in harvester.ListRecords(metadataPrefix="oai_dc")]
    assert len(found) == len(set(found))
    assert {name(row) for row in rows} <= set(found)
    assert len(found) == Resource.objects.public().count()
    assert len(found) > 1_000


def test_datasets_are_given_as_dcat_too(harvester: Harvester) -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.DATASET, title="Jeu")
    ResourceFactory(published=True)
    (found,) = harvester.ListRecords(metadataPrefix="dcat")
    assert found.header.identifier == name(card)
    assert "http://www.w3.org/ns/dcat#" in found.raw
    assert f"/id/{card.public_id}" in found.raw


def test_a_window_is_in_utc_and_inclusive(client: Client, harvester: Harvester) -> None:
    card = ResourceFactory(published=True)
    at = (card.content_modified_at + timedelta(hours=1)).replace(microsecond=999_999)
    Resource.objects.filter(pk=card.pk).update(content_modified_at=at)
    before, stamp, after = (oai_pmh.stamp(at + timedelta(seconds=n)) for n in (-1, 0, 1))
    asked = {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"}

    def one() -> Any:
        for time in (stamp[:10], stamp):
            window = {"metadataPrefix": "oai_dc", "from": time, "until": time}
            (found,) = harvester.ListIdentifiers(**window)
        assert errors(client, **asked, **{"from": after}) == ["noRecordsMatch"]
        assert errors(client, **asked, until=before) == ["noRecordsMatch"]
        return found

    assert one().datestamp == stamp
    card_changes.bury(resource=card, reason=RemovalReason.OWNER, by=BY)
    Tombstone.objects.update(removed_at=at)
    assert one().deleted


def test_each_error_of_the_protocol_is_told(client: Client) -> None:
    assert errors(client, verb="ListSets") == ["noSetHierarchy"]
    card = ResourceFactory(published=True)
    gone = ResourceFactory(published=True)
    card_changes.bury(resource=gone, reason=RemovalReason.OWNER, by=BY)
    dc = {"metadataPrefix": "oai_dc"}
    assert errors(client, verb="ListRecords", resumptionToken="x") == ["badResumptionToken"]
    assert errors(client, verb="ListRecords", **dc, set="kind:news") == ["noRecordsMatch"]
    assert errors(client, verb="ListRecords", **dc, set="slug:x") == ["noRecordsMatch"]
    for identifier in ("x", f"oai:autre:{card.public_id}", f"{name(card)}0"):
        assert errors(client, verb="GetRecord", **dc, identifier=identifier) == ["idDoesNotExist"]
    lacking = {"verb": "GetRecord", "metadataPrefix": "dcat", "identifier": name(card)}
    assert errors(client, **lacking) == ["cannotDisseminateFormat"]
    formats = {"verb": "ListMetadataFormats", "identifier": name(gone)}
    assert errors(client, **formats) == ["noMetadataFormats"]


def test_a_token_lasts_a_day_and_serves_its_verb(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oai, "PAGE", 1)
    for _ in range(2):
        ResourceFactory(published=True)
    first = client.get("/oai", {"verb": "ListRecords", "metadataPrefix": "oai_dc"})
    token = ET.fromstring(first.content).find(f".//{{{OAI}}}resumptionToken")
    assert token is not None
    assert (token.get("cursor"), token.get("completeListSize")) == ("0", "2")
    given = {"resumptionToken": str(token.text)}
    assert errors(client, verb="ListRecords", **given) == []
    assert errors(client, verb="ListIdentifiers", **given) == ["badResumptionToken"]
    forged = {"resumptionToken": str(token.text)[:-2] + "xx"}
    assert errors(client, verb="ListRecords", **forged) == ["badResumptionToken"]
    monkeypatch.setattr(oai, "TOKEN_HOURS", -1)
    assert errors(client, verb="ListRecords", **given) == ["badResumptionToken"]


def test_it_answers_a_form_and_costs_the_same_for_one_and_three() -> None:
    client = Client(enforce_csrf_checks=True)

    def read() -> None:
        answer = client.post("/oai", {"verb": "ListRecords", "metadataPrefix": "dcat"})
        assert b"ListRecords" in answer.content

    same_for_three(
        lambda: ResourceFactory(published=True, kind=ResourceKind.DATASET), lambda: queries(read)
    )


def test_what_is_back_from_the_archives_is_told_anew(client: Client, harvester: Harvester) -> None:
    """Who reads what changed since yesterday learns that it is archived, then that it is back."""
    old = clock.now() - timedelta(days=9)
    for card in (ResourceFactory(published=True), ResourceFactory(published=True)):
        Resource.objects.filter(pk=card.pk).update(
            first_published_at=old, content_modified_at=old, created_at=old
        )
        index.write(Resource.objects.with_organisation().get(pk=card.pk))
    resource = Resource.objects.order_by("pk")[0]
    ago = clock.now() - timedelta(hours=1)

    def told() -> list[str]:
        """List what changed within the hour, by OAI-PMH."""
        since = {"from": oai_pmh.stamp(ago), "metadataPrefix": "oai_dc"}
        return [each.header.identifier for each in harvester.ListRecords(**since)]

    card_changes.set_aside(resource=resource, reason="Absente.", by=BY)
    assert told() == [name(resource)]
    archived = Resource.objects.get(pk=resource.pk).archived_at
    card_changes.bring_back(resource=resource, by=BY)
    fresh = Resource.objects.get(pk=resource.pk)
    assert fresh.restored_at is not None
    assert archived is not None
    assert fresh.restored_at > archived
    assert told() == [name(resource)]
    assert published.published_one(fresh).modified == fresh.restored_at
    feed = client.get("/flux/ressources.atom").text
    first = feed.index(f"urn:uuid:{resource.public_id}")
    assert first < feed.index("urn:uuid:", first + 1)
    assert first == feed.index("urn:uuid:")


def test_what_is_hidden_is_told_as_removed_until_it_is_shown_again(harvester: Harvester) -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.DATASET, use_cases=[UseCase.SME_NEEDS])
    judge = make.moderator("un")
    names = ["kind:dataset", "organisation:laboratoire-dessai", "use_case:sme_needs"]
    masking = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=judge)
    for asked in ({}, {"set": names[2]}, {"set": names[1]}):
        (row,) = harvester.ListRecords(metadataPrefix="dcat", **asked)
        assert (row.header.deleted, row.header.setSpecs) == (True, names)
    one = harvester.GetRecord(identifier=name(card), metadataPrefix="oai_dc")
    assert one.header.deleted
    assert errors(harvester.client, verb="ListRecords", metadataPrefix="dcat", set="kind:model")
    since = oai_pmh.stamp(clock.now() - timedelta(seconds=2))
    Resource.objects.update(content_modified_at=clock.now() - timedelta(days=9))
    Resource.objects.update(first_published_at=clock.now() - timedelta(days=9))
    maskings.lift(masking=masking, by=judge)
    (row,) = harvester.ListRecords(**{"metadataPrefix": "oai_dc", "from": since})
    assert not row.header.deleted
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=judge)
    card_changes.bury(resource=card, reason=RemovalReason.ILLEGAL, by=BY, keep_title=False)
    (row,) = harvester.ListRecords(metadataPrefix="oai_dc", set="kind:dataset")
    assert (row.header.deleted, row.header.setSpecs) == (True, names)


@pytest.mark.parametrize("bad", ["\x00", "\x01", "\x1f", "\ufffe", "\ud800"])
@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("ListRecords", "set"),
        ("GetRecord", "identifier"),
        ("ListSets", "resumptionToken"),
        ("ListRecords", "metadataPrefix"),
        ("Identify", "autre\x00"),
    ],
)
def test_a_character_that_xml_cannot_hold_is_never_written_back(
    verb: str, name: str, bad: str
) -> None:
    pairs = [("verb", verb), ("metadataPrefix", "oai_dc"), (name, f"kind:{bad}x")]
    pairs = pairs[:1] + pairs[2:] if name == "metadataPrefix" else pairs
    with pytest.raises(oai_pmh.OaiError) as caught:
        oai_pmh.read_request(pairs)
    assert caught.value.code == "badArgument"
    answer = oai_pmh.answer(
        caught.value, base="https://exemple.test/oai", arguments=pairs, at=clock.now()
    )
    assert ET.fromstring(answer).find(f"{{{OAI}}}error").get("code") == "badArgument"
    assert bad.encode("utf-8", "surrogatepass") not in answer

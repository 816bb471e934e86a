"""Our documents before the shapes of European profiles and the tools of others."""

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF

from catalogue.standards import vocabularies as terms
from catalogue.standards.published import File, Licence
from catalogue.standards.writers import (
    citation,
    croissant,
    data_package,
    dcat,
    mldcat,
    rdf,
    schema_org,
)
from catalogue.standards.writers.rdf import DCAT, IT6
from tests.catalogue.standards.examples import AT, CSV, DETAILS, SITE, TABLE, example

pyshacl = pytest.importorskip("pyshacl", reason="pyshacl is not installed")
SH = Namespace("http://www.w3.org/ns/shacl#")
SETS = {
    "base": "dcat-ap-3.0.1/shapes.ttl",
    "recommended": "dcat-ap-3.0.1/shapes_recommended.ttl",
    "range": "dcat-ap-3.0.1/range.ttl",
    "generated": "dcat-ap-3.0.1/generated/dcat-ap-SHACL.ttl",
    "mdr": "dcat-ap-3.0.1/mdr-vocabularies.shape.ttl",
    "mldcat": "mldcat-ap-3.1.0/mldcat-ap-SHACL.ttl",
}
_read: dict[Path, Graph] = {}


def shapes(shared: Path, name: str) -> Graph:
    path = shared / "cases/catalogue/shacl" / SETS[name]
    if path not in _read:
        graph = Graph().parse(path, format="turtle")
        for shape, referred in list(graph.subject_objects(SH.property)):
            if (referred, None, None) not in graph:  # two references of the profile lead nowhere
                graph.remove((shape, SH.property, referred))
        _read[path] = graph
    return _read[path]


def results(graph: Graph, shapes_graph: Graph) -> list[str]:
    """List the results of a validation: severity, path and constraint."""
    _ok, report, _text = pyshacl.validate(
        graph, shacl_graph=shapes_graph, advanced=True, do_owl_imports=False
    )
    return sorted(
        " ".join(
            str(report.value(each, term)).replace("/", "#").rsplit("#", 1)[-1]
            for term in (SH.resultSeverity, SH.resultPath, SH.sourceConstraintComponent)
        )
        for each in report.objects(None, SH.result)
    )


def whole_catalogue() -> Graph:
    service = example(
        "technology", served=(example("dataset"),), public_id="s", iri="https://x.fr/s"
    )
    whole = example("dataset", iri="https://x.fr/id/serie", title="La série")
    described = [
        example("dataset", series=(whole,)),
        service,
        example(
            "dataset",
            iri="https://x.fr/id/restreint",
            access="on_request",
            files=(),
            licences=(),
            licence_status="to_confirm",
            publisher=None,
            contact="Le service des études",
            tags=(),
            title_en="Restricted",
        ),
    ]
    page = dcat.Page("https://oe.example/catalogue.ttl", 2, 3, 250)
    return dcat.catalogue(SITE, described, page, issued=AT, modified=AT)


@pytest.mark.parametrize("name", ["base", "recommended", "range", "generated"])
def test_a_catalogue_conforms_to_dcat_ap(shared: Path, name: str) -> None:
    assert results(whole_catalogue(), shapes(shared, name)) == []


def test_only_the_publisher_is_outside_the_european_vocabularies(shared: Path) -> None:
    found = results(whole_catalogue(), shapes(shared, "mdr"))
    assert {each.split()[:2] == ["Warning", "publisher"] for each in found} == {True}


def test_a_dataset_without_a_period_lacks_that_alone(shared: Path) -> None:
    bare = example("dataset", details={"update_frequency": "unknown"})
    found = results(dcat.document(bare), shapes(shared, "recommended"))
    assert found == ["Warning temporal MinCountConstraintComponent"]


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        (DCAT.Catalog, DCTERMS.title),
        (DCAT.Catalog, DCTERMS.description),
        (DCAT.Catalog, DCTERMS.publisher),
        (DCAT.Dataset, DCTERMS.title),
        (DCAT.Dataset, DCTERMS.description),
        (DCAT.Distribution, DCAT.accessURL),
        (DCAT.DataService, DCTERMS.title),
        (DCAT.DataService, DCAT.endpointURL),
        (DCAT.CatalogRecord, DCTERMS.modified),
        (DCAT.CatalogRecord, FOAF.primaryTopic),
        (FOAF.Agent, FOAF.name),
    ],
)
def test_each_compulsory_element_of_dcat_ap_is_there(
    shared: Path, kind: URIRef, predicate: URIRef
) -> None:
    graph = whole_catalogue()
    subject = next(s for s in sorted(graph.subjects(RDF.type, kind)))
    graph.remove((subject, predicate, None))
    assert len(results(graph, shapes(shared, "base"))) == 1


def test_a_model_conforms_to_mldcat_ap(shared: Path) -> None:
    assert mldcat.missing(example("model")) == ()
    full = example("model")
    placed = replace(full, details={**full.details, "market_date": "2026-11-24"})
    for each in (full, placed):
        assert results(mldcat.document(each), shapes(shared, "mldcat")) == []


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        (IT6.MachineLearningModel, DCTERMS.identifier),
        (IT6.MachineLearningModel, DCTERMS.title),
        (IT6.MachineLearningModel, DCTERMS.created),
        (IT6.MachineLearningModel, DCAT.version),
        (IT6.MachineLearningModel, IT6.hasFile),
        (IT6.MachineLearningModel, IT6.trainedOn),
        (IT6.File, DCTERMS.identifier),
        (IT6.File, DCTERMS.title),
        (IT6.File, DCTERMS["format"]),
        (IT6.File, IT6.url),
        (DCAT.Dataset, IT6.collectionDate),
    ],
)
def test_each_compulsory_element_of_mldcat_ap_is_there(
    shared: Path, kind: URIRef, predicate: URIRef
) -> None:
    graph = mldcat.document(example("model"))
    subject = next(s for s in sorted(graph.subjects(RDF.type, kind)))
    graph.remove((subject, predicate, None))
    assert len(results(graph, shapes(shared, "mldcat"))) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"created": ""}, "created"),
        ({"version": ""}, "version"),
        ({"trained_on": []}, "trained_on"),
        ({"trained_on": [{"title": "Annonces"}]}, "collection_date"),
    ],
)
def test_what_a_model_lacks_is_named(change: dict[str, object], code: str) -> None:
    whole = example("model", references=())
    assert mldcat.missing(example("model", references=(), details={**whole.details, **change})) == (
        code,
    )
    assert mldcat.missing(example("model", files=())) == ("files",)


ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = Path(__file__).resolve().parent / "outside"


def tool(environment: str, name: str = "python") -> str:
    """Find a program of an environment, or skip."""
    place = ROOT / ".checkers" / environment
    if not (place / "ready").exists():
        pytest.skip(f"{environment} is not installed: make checkers")
    return str(place / "bin" / name)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def table() -> File:
    return replace(TABLE, sha256=hashlib.sha256(CSV).hexdigest())


@pytest.mark.full
def test_mlcroissant_loads_the_rows(tmp_path: Path) -> None:
    document = croissant.document(example("dataset", files=(table(),)))
    (tmp_path / "croissant.json").write_text(json.dumps(document))
    (tmp_path / "offres.csv").write_bytes(CSV)
    said = json.loads(
        run(
            tool("croissant"),
            OUTSIDE / "croissant.py",
            tmp_path / "croissant.json",
            f"offres.csv={tmp_path / 'offres.csv'}",
        )
    )
    assert said["issues"] == []
    assert [row["code_rome"] for row in said["rows"]] == ["M1805", "G1603"]
    assert float(said["rows"][0]["effectif"]) == 12


@pytest.mark.full
@pytest.mark.parametrize("kind", ["dataset", "model", "algorithm", "technology", "solution"])
def test_cffconvert_accepts_our_citations(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(citation.cff(example(kind)))
    run(tool("cff", "cffconvert"), "--validate", "-i", path)


@pytest.mark.full
def test_frictionless_accepts_our_package(tmp_path: Path) -> None:
    document = data_package.document(example("dataset", files=(table(),)))
    (tmp_path / "offres.csv").write_bytes(CSV)
    document["resources"][0]["path"] = "offres.csv"
    (tmp_path / "datapackage.json").write_text(json.dumps(document))
    run(tool("frictionless", "frictionless"), "validate", "datapackage.json", cwd=tmp_path)


def exported(tmp_path: Path, extension: str, **changes: Any) -> Path:
    page = dcat.Page(f"https://oe.example/catalogue.{extension}", 1, 1, 1)
    graph = dcat.catalogue(SITE, [example("dataset", **changes)], page, issued=AT, modified=AT)
    path = tmp_path / f"catalogue.{extension}"
    path.write_bytes(rdf.serialise(graph, extension))
    return path


@pytest.mark.full
@pytest.mark.parametrize("extension", rdf.FORMATS)
def test_ckan_reads_our_catalogue(shared: Path, tmp_path: Path, extension: str) -> None:
    script = shared / "cases/catalogue/golden/ckan_parse.py"
    said = run(tool("ckan"), script, exported(tmp_path, extension))
    (line,) = [each for each in said.splitlines() if each.startswith("catalogue.")]
    assert example("dataset").title in line
    # CKAN keeps the address of a format that is a node, as it does of its own examples.
    assert f"res 1 [('{terms.file_type('csv').iri}', '{TABLE.download_url}')]" in line


@pytest.mark.full
@pytest.mark.parametrize(
    ("licence", "known"), [("ODbL-1.0", "odc-odbl"), ("CC0-1.0", "cc-zero"), ("etalab-2.0", "")]
)
def test_ckan_names_the_licences_of_its_list(tmp_path: Path, licence: str, known: str) -> None:
    """By their title; that of Etalab is not in the list that CKAN comes with."""
    licences = (Licence(licence, licence, True),)
    file = replace(TABLE, licence="")
    path = exported(tmp_path, "ttl", licences=licences, files=(file,))
    assert json.loads(run(tool("ckan"), OUTSIDE / "ckan_licences.py", path)) == [known]


@pytest.mark.full
@pytest.mark.parametrize("extension", rdf.FORMATS)
def test_udata_reads_our_catalogue(shared: Path, tmp_path: Path, extension: str) -> None:
    script = shared / "cases/catalogue/golden/udata_parse.py"
    said = run(tool("udata"), script, exported(tmp_path, extension))
    (line,) = [each for each in said.splitlines() if each.startswith("catalogue.")]
    _name, title, frequency, licence, tags, files, period, access = line.split(" | ")
    assert title == example("dataset").title
    assert "monthly" in frequency.lower()
    assert licence == "Licence Ouverte / Open Licence version 2.0"
    assert "emploi" in tags
    assert TABLE.download_url in files
    assert "csv" in files.lower()
    assert "2018, 1, 1" in period
    assert "2018, 8, 31" in period
    assert "open" in access.lower()


@pytest.mark.full
def test_the_validator_of_schema_org_finds_nothing(shared: Path, tmp_path: Path) -> None:
    if not (ROOT / "node_modules/@adobe/structured-data-validator").exists():
        pytest.skip("@adobe/structured-data-validator is not installed: make checkers")
    pages = []
    for kind in DETAILS:
        block = schema_org.data_block(example(kind))
        path = tmp_path / f"{kind}.html"
        path.write_text(
            f'<html><body><script type="application/ld+json">{block}</script></body></html>'
        )
        pages.append(path)
    vocabulary = shared / "cases/catalogue/golden/schemaorg/schemaorg-all-https.jsonld"
    said = run("node", OUTSIDE / "schema_org.mjs", vocabulary, *pages)
    assert [json.loads(line) for line in said.splitlines()] == [[]] * len(pages)

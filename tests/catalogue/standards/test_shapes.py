"""What we write against the shapes of the European profiles, which are not part of the product."""

from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF

from catalogue.standards import dcat, mldcat
from catalogue.standards.rdf import DCAT, IT6
from tests.catalogue.standards.examples import AT, SITE, example

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

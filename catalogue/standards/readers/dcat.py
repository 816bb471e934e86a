"""Read DCAT, DCAT-AP, GeoDCAT-AP, DCAT-US and MLDCAT-AP graphs: datasets, services and models."""

import re

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from catalogue.standards.readers import dcat_files, dcat_parts, graph, mldcat
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.graph import DCAT, DCT, HYDRA, IT6, SCHEMA, SCHEMAS
from catalogue.standards.readers.record import Fault, Reading, Record, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.text import day, period, web_address

SOURCE = "DCAT"
WELL_KNOWN_TEXT = re.compile(
    r"^\s*(?:<[^>]*>\s*)?(?:MULTI)?(?:POINT|POLYGON|LINESTRING|ENVELOPE)", re.I
)


def read(content: bytes, base_url: str) -> Reading:
    """Read all that a graph describes, and where its next page is."""
    found, faults = graph.parse(content, base_url)
    records = records_of(found, base_url)
    if not records and not _is_page(found):
        return failed("dcat", *faults, _nothing())
    return Reading(
        records=tuple(records),
        faults=tuple(faults),
        next_url=_next(found, base_url),
        announced=_announced(found),
    )


def records_of(found: Graph, base_url: str) -> list[Record]:
    """Build the records of a graph: models, else datasets and services."""
    models = graph.subjects(found, IT6.MachineLearningModel)
    used = mldcat.datasets_used(found, models)
    records = [mldcat.record(found, node, base_url) for node in models]
    for node in graph.subjects(found, DCAT.Dataset, DCAT.DatasetSeries, IT6.Dataset):
        if node not in used:
            records.append(dataset(found, node, base_url))
    within = set(found.objects(None, DCAT.accessService))
    for node in graph.subjects(found, DCAT.DataService):
        if node not in within:
            records.append(service(found, node, base_url))
    return records


def _is_page(found: Graph) -> bool:
    return bool(graph.subjects(found, DCAT.Catalog, HYDRA.PartialCollectionView, HYDRA.Collection))


def _nothing() -> Fault:
    return fault(
        "nothing_described",
        _("Ce document RDF ne décrit ni jeu de données, ni service, ni modèle."),
        fatal=True,
    )


def _next(found: Graph, base_url: str) -> str:
    for predicate in (HYDRA.next, HYDRA.nextPage):
        for node in sorted(found.objects(None, predicate), key=str):
            url = web_address(graph.iri(node), base_url)
            if url:
                return url
    return ""


def _announced(found: Graph) -> int | None:
    totals = [str(node) for node in found.objects(None, HYDRA.totalItems)]
    return max((int(text) for text in totals if text.isdigit() and len(text) < 10), default=None)


def dataset(found: Graph, node: Node, base_url: str, source: str = SOURCE) -> Record:
    """Build the record of a dataset or of a series of datasets."""
    into = dcat_parts.start(found, node, base_url, "dataset", source)
    dcat_files.put(found, node, into)
    dcat_parts.licence(found, node, into)
    _cover(found, node, into)
    told = graph.objects(found, node, DCT.accrualPeriodicity)
    into.frequency(_frequency(found, told), "dct:accrualPeriodicity")
    into.date("last_update", graph.text(found, node, DCT.modified), "dct:modified")
    rules = graph.objects(found, node, DCT.conformsTo)
    schema = next((graph.label(found, each) or graph.iri(each) for each in rules), "")
    into.line("schema", schema, "dct:conformsTo", own=True)
    for each in graph.objects(found, node, DCAT.inSeries):
        title = graph.text(found, each, DCT.title)
        into.link("part_of", title=title, url=graph.iri(each), remote_id=graph.relative(each))
    for each in graph.objects(found, node, DCT.source):
        into.link("derived_from", title=graph.label(found, each), url=graph.iri(each))
    return into.record()


def service(found: Graph, node: Node, base_url: str) -> Record:
    """Build the record of a data service: an interface of programming."""
    into = dcat_parts.start(found, node, base_url, "technology", SOURCE)
    into.value("subtype", "api", "rdf:type")
    endpoints = graph.objects(found, node, DCAT.endpointURL)
    into.address("endpoint_url", next(map(graph.iri, endpoints), ""), "dcat:endpointURL", own=True)
    about = graph.objects(found, node, DCAT.endpointDescription)
    said = next((graph.iri(each) or graph.label(found, each) for each in about), "")
    into.text("endpoint_description", said, "dcat:endpointDescription", own=True)
    rules = graph.objects(found, node, DCT.conformsTo)
    into.list_of(
        "standards",
        [graph.label(found, each) or graph.iri(each) for each in rules],
        "dct:conformsTo",
        own=True,
    )
    dcat_parts.licence(found, node, into)
    for each in graph.objects(found, node, DCAT.servesDataset):
        title = graph.text(found, each, DCT.title)
        into.link("uses", title=title, url=graph.iri(each), remote_id=graph.relative(each))
    return into.record()


def _frequency(found: Graph, told: list[Node]) -> str:
    for each in told:
        words = graph.iri(each) if isinstance(each, URIRef) else graph.label(found, each)
        if words:
            return words
    return ""


def _cover(found: Graph, node: Node, into: Builder) -> None:
    for each in graph.objects(found, node, DCT.temporal):
        into.line("temporal_coverage", _period(found, each), "dct:temporal", own=True)
    places = []
    for each in graph.objects(found, node, DCT.coverage, DCT.spatial):
        said = graph.label(found, each)
        if said and not WELL_KNOWN_TEXT.match(said) and not said.startswith(("{", "http")):
            places.append(said)
    into.list_of("territories", places, "dct:spatial")


def _period(found: Graph, node: Node) -> str:
    if isinstance(node, Literal):
        start, slash, end = str(node).partition("/")
        return period(start, end) if slash else day(str(node))
    starts = graph.text(found, node, DCAT.startDate, SCHEMA.startDate, SCHEMAS.startDate)
    ends = graph.text(found, node, DCAT.endDate, SCHEMA.endDate, SCHEMAS.endDate)
    return period(starts, ends)

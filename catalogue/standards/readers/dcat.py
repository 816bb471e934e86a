"""Read DCAT, DCAT-AP, GeoDCAT-AP, DCAT-US and MLDCAT-AP graphs: datasets, services and models."""

import re

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from catalogue.standards import licences, vocabularies
from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.record import Fault, Json, Reading, Record, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import graph
from catalogue.standards.readers.syntax.graph import (
    ADMS,
    DC,
    DCAT,
    DCT,
    FOAF,
    FORMAT,
    HYDRA,
    IT6,
    ORG,
    OWL,
    SCHEMA,
    SCHEMAS,
    SPDX,
    VCARD,
)
from catalogue.standards.readers.syntax.text import day, period, web_address

DIGEST = re.compile(r"^[0-9a-fA-F]{64}$")
NOT_SPECIFIED = re.compile(r"not ?specified|non ?spécifi|notspecified", re.I)


def put(found: Graph, node: Node, into: Builder) -> None:
    """Put the distributions, and what their descriptions say."""
    nodes = graph.objects(found, node, DCAT.distribution)
    into.rows("distributions", [row(found, each, into.base) for each in nodes], "dcat:distribution")
    said = []
    for each in nodes:
        about = graph.text(found, each, DCT.description)
        title = graph.text(found, each, DCT.title)
        if about:
            said.append(f"{title} : {about}" if title else about)
    into.text("documentation", "\n\n".join(said), "dcat:distribution")


def row(found: Graph, node: Node, base_url: str) -> dict[str, Json]:
    """Read one distribution."""
    access = next(map(graph.iri, graph.objects(found, node, DCAT.accessURL)), "")
    download = next(map(graph.iri, graph.objects(found, node, DCAT.downloadURL)), "")
    known = licences.normalise_all(licence_texts(found, node))
    digests = [
        graph.text(found, each, SPDX.checksumValue)
        for each in graph.objects(found, node, SPDX.checksum)
    ]
    return file_row(
        {
            "title": graph.text(found, node, DCT.title, DC.title),
            "access_url": access or download,
            "download_url": download,
            "format": _format(found, node),
            "media_type": _media_type(found, node),
            "bytes": graph.text(found, node, DCAT.byteSize).split(".")[0],
            "sha256": next((text for text in digests if DIGEST.match(text)), ""),
            "licence": " AND ".join(known.identifiers),
        },
        base_url,
    )


def _format(found: Graph, node: Node) -> str:
    for each in graph.objects(found, node, FORMAT, DCAT.mediaType):
        said = graph.label(found, each)
        if said and not said.startswith("http"):
            return said.rsplit("/", 1)[-1]
        if graph.iri(each):
            return graph.iri(each).rstrip("/").rsplit("/", 1)[-1]
    return ""


def _media_type(found: Graph, node: Node) -> str:
    for each in graph.objects(found, node, DCAT.mediaType):
        told = graph.iri(each) or graph.label(found, each)
        parts = told.rstrip("/").split("/")
        if len(parts) >= 2:
            return "/".join(parts[-2:])
    return ""


def licence_texts(found: Graph, node: Node) -> list[str]:
    """Give what a node says of its licence: addresses, and the labels of what they name."""
    texts: list[str] = []
    for predicate in (DCT.license, DCT.rights):
        for each in graph.objects(found, node, predicate):
            said = [
                graph.iri(each),
                graph.label(found, each),
                graph.text(found, each, DCT.identifier),
            ]
            if isinstance(each, Literal):
                said = [str(each)]
            texts += [text for text in said if text and not NOT_SPECIFIED.search(text)]
        if texts:
            break
    return _clearest(list(dict.fromkeys(texts)))


def _clearest(texts: list[str]) -> list[str]:
    """Keep the texts that name a licence when some do: a label repeats its address."""
    named = [text for text in texts if licences.normalise(text).identifiers]
    return named or texts


# Seen in feeds in place of an identifier.
EMPTY_WORDS = frozenset({"todo", "a remplir", "à remplir", "none", "null", "n/a", "xxx"})
ACCESSES = {"PUBLIC": "open", "RESTRICTED": "restricted", "NON_PUBLIC": "restricted"}
MAIL = re.compile(r"^mailto:", re.I)


def start(found: Graph, node: Node, base_url: str, kind: str, source: str) -> Builder:
    """Begin a record: its identity, its title, its texts, its words, who holds it."""
    given = graph.text(found, node, DCT.identifier, ADMS.identifier, DC.identifier)
    identifier = "" if given.lower() in EMPTY_WORDS else given
    landing = graph.objects(found, node, DCAT.landingPage, FOAF.page, DCT.source)
    page = next((url for each in landing if (url := web_address(graph.iri(each), base_url))), "")
    url = page or web_address(graph.iri(node), base_url)
    into = Builder(
        kind, source, remote_id=identifier or graph.relative(node), source_url=url, base=base_url
    )
    titles = graph.spoken(graph.objects(found, node, DCT.title, DC.title))
    into.line("title", str(titles[0]) if titles else "", "dct:title")
    english = next((str(each) for each in titles if str(each.language or "")[:2] == "en"), "")
    if english and titles and english != str(titles[0]):
        into.line("title_en", english, "dct:title@en")
    into.require_title((graph.label(found, node), "rdfs:label"))
    texts = (DCT.description, DCT.abstract, DC.description)
    into.describe(
        graph.text(found, node, *texts),
        "dct:description",
        summary=graph.text(found, node, IT6.shortDescription),
        from_key="it6:shortDescription",
    )
    into.address("homepage_url", url, "dcat:landingPage")
    _words(found, node, into)
    _hold(found, node, into)
    into.modified = day(graph.text(found, node, DCT.modified, DCT.issued))
    return into


def _words(found: Graph, node: Node, into: Builder) -> None:
    words = graph.spoken(graph.objects(found, node, DCAT.keyword, DC.subject))
    best = str(words[0].language or "")[:2] if words else ""
    tags = [str(word) for word in words if str(word.language or "")[:2] in ("", "fr", best)]
    for each in graph.objects(found, node, DCAT.theme):
        tags.append(vocabularies.theme_words(graph.iri(each)) or graph.label(found, each))
    into.tags([tag for tag in tags if not tag.startswith("http")], "dcat:keyword")
    spoken = [
        graph.iri(each) or graph.label(found, each)
        for each in graph.objects(found, node, DCT.language, DC.language)
    ]
    into.language(spoken, "dct:language")
    for each in graph.objects(found, node, DCT.accessRights):
        code = graph.iri(each).rstrip("/").rsplit("/", 1)[-1].upper()
        into.value("access", ACCESSES.get(code), "dct:accessRights")
    for each in graph.objects(found, node, FOAF.page):
        if (
            "homepage_url" not in into.fields
            or graph.iri(each) != into.fields["homepage_url"].value
        ):
            into.address("documentation_url", graph.iri(each), "foaf:page")


def _hold(found: Graph, node: Node, into: Builder) -> None:
    for predicate, key in (
        (DCT.publisher, "dct:publisher"),
        (DCT.rightsHolder, "dct:rightsHolder"),
        (IT6.hasProvider, "it6:hasProvider"),
        (ORG.hasOrganization, "org:hasOrganization"),
        (DCT.creator, "dct:creator"),
    ):
        for each in graph.objects(found, node, predicate):
            into.line("producer_name", graph.label(found, each), key)
    makers = graph.objects(found, node, DCT.creator, DCT.contributor)
    into.list_of("authors", [graph.label(found, each) for each in makers], "dct:creator")
    for each in graph.objects(found, node, DCAT.contactPoint, ADMS.contactPoint):
        reached = graph.objects(found, each, VCARD.hasEmail, VCARD.hasURL)
        address = next((_reach(found, one) for one in reached), "")
        into.line("contact", address or graph.label(found, each), "dcat:contactPoint")
    for each in graph.objects(found, node, DCT.publisher):
        mailbox = next(map(graph.iri, graph.objects(found, each, FOAF.mbox)), "")
        into.line("contact", MAIL.sub("", mailbox), "foaf:mbox", guessed=True)


def _reach(found: Graph, node: Node) -> str:
    told = (
        graph.iri(node)
        or graph.text(found, node, VCARD.value)
        or next(map(graph.iri, graph.objects(found, node, VCARD.value)), "")
    )
    return MAIL.sub("", told)


def licence(found: Graph, node: Node, into: Builder) -> None:
    texts = licence_texts(found, node)
    into.licence(texts, "dct:license")
    if "licences" in into.fields or texts:
        return
    for each in graph.objects(found, node, DCAT.distribution):
        into.licence(licence_texts(found, each), "dcat:distribution › dct:license")


def version(found: Graph, node: Node) -> str:
    """Give the version that a node tells."""
    return graph.text(found, node, DCAT.version, OWL.versionInfo)


MODEL_SOURCE = "MLDCAT-AP"
USES = (IT6.trainedOn, IT6.testedOn, IT6.validatedOn)


def datasets_used(found: Graph, models: list[Node]) -> set[Node]:
    """List the datasets that models only cite: they are no record of their own."""
    return {each for model in models for use in USES for each in found.objects(model, use)}


def record(found: Graph, node: Node, base_url: str) -> Record:
    """Build the record of one model."""
    into = start(found, node, base_url, "model", MODEL_SOURCE)
    into.licence(licence_texts(found, node), "dct:license")
    into.line("version", version(found, node), "dcat:version")
    into.date("created", graph.text(found, node, DCT.created), "dct:created")
    into.integer(
        "parameters",
        graph.text(found, node, IT6.totalNumberOfParameters),
        "it6:totalNumberOfParameters",
    )
    bases = graph.objects(found, node, IT6.fineTunedFrom)
    into.line("base_model", next((_named(found, each) for each in bases), ""), "it6:fineTunedFrom")
    libraries = graph.objects(found, node, IT6.hasMachineLearningLibrary)
    into.line(
        "library",
        next((_named(found, each) for each in libraries), ""),
        "it6:hasMachineLearningLibrary",
    )
    repositories = [graph.iri(each) for each in graph.objects(found, node, IT6.hasRepository)]
    into.address("repository_url", next(iter(repositories), ""), "it6:hasRepository")
    _modalities(found, node, into)
    _files(found, node, into)
    _trained(found, node, into)
    _card(found, node, into)
    papers = graph.objects(found, node, IT6.hasBibliographicReference)
    cited = [
        graph.iri(each) for paper in papers for each in graph.objects(found, paper, DCT.references)
    ]
    into.line("paper", next(iter(cited), ""), "dct:references")
    return into.record()


def _named(found: Graph, node: Node) -> str:
    return graph.label(found, node) or graph.iri(node)


def _modalities(found: Graph, node: Node, into: Builder) -> None:
    words = []
    for modality in graph.objects(found, node, IT6.hasInputModality, IT6.hasOutputModality):
        for each in graph.objects(found, modality, IT6.classification):
            words.append(graph.label(found, each) or graph.iri(each).rsplit("/", 1)[-1])
    into.list_of("modalities", words, "it6:hasInputModality")


def _files(found: Graph, node: Node, into: Builder) -> None:
    rows: list[dict[str, Json]] = []
    for each in graph.objects(found, node, IT6.hasFile):
        digests = [
            graph.text(found, one, SPDX.checksumValue)
            for one in graph.objects(found, each, SPDX.checksum)
        ]
        kinds = graph.objects(found, each, FORMAT)
        address = next(map(graph.iri, graph.objects(found, each, IT6.url)), "") or graph.iri(each)
        kind = next((_named(found, one).rsplit("/", 1)[-1] for one in kinds), "")
        digest = next((text for text in digests if DIGEST.match(text)), "")
        rows.append(
            file_row(
                {
                    "title": graph.text(found, each, DCT.title, DCT.identifier),
                    "url": address,
                    "format": kind,
                    "bytes": graph.text(found, each, IT6.size),
                    "sha256": digest,
                },
                into.base,
            )
        )
    into.rows("files", rows, "it6:hasFile")


def _trained(found: Graph, node: Node, into: Builder) -> None:
    rows: list[dict[str, Json]] = []
    for each in graph.objects(found, node, IT6.trainedOn):
        title = graph.text(found, each, DCT.title)
        collected = day(graph.text(found, each, IT6.collectionDate))
        row = file_row({"title": title or graph.iri(each), "url": graph.iri(each)}, into.base)
        rows.append({**row, "collection_date": collected} if collected else row)
        into.link("trained_on", title=title, url=graph.iri(each), remote_id=graph.relative(each))
    into.rows("trained_on", rows, "it6:trainedOn")
    said = [
        graph.text(found, each, IT6.dataProvenance) for each in found.objects(node, IT6.trainedOn)
    ]
    said = [text for text in said if text] or [graph.text(found, node, IT6.trainingProcess)]
    into.text("training_data", "\n\n".join(sorted(said)), "it6:dataProvenance")


def _card(found: Graph, node: Node, into: Builder) -> None:
    use = graph.text(found, node, IT6.intendedUse)
    into.text("intended_purpose", use, "it6:intendedUse")
    limits = [str(each) for each in graph.spoken(graph.objects(found, node, IT6.limitations))]
    into.list_of("limits", limits, "it6:limitations")
    into.text("oversight", graph.text(found, node, IT6.howToUse), "it6:howToUse")
    into.text("group_results", graph.text(found, node, IT6.bias), "it6:bias")


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
    used = datasets_used(found, models)
    records = [record(found, node, base_url) for node in models]
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
    into = start(found, node, base_url, "dataset", source)
    put(found, node, into)
    licence(found, node, into)
    _cover(found, node, into)
    told = graph.objects(found, node, DCT.accrualPeriodicity)
    into.frequency(_frequency(found, told), "dct:accrualPeriodicity")
    into.date("last_update", graph.text(found, node, DCT.modified), "dct:modified")
    rules = graph.objects(found, node, DCT.conformsTo)
    schema = next((graph.label(found, each) or graph.iri(each) for each in rules), "")
    into.line("schema", schema, "dct:conformsTo")
    for each in graph.objects(found, node, DCAT.inSeries):
        title = graph.text(found, each, DCT.title)
        into.link("part_of", title=title, url=graph.iri(each), remote_id=graph.relative(each))
    for each in graph.objects(found, node, DCT.source):
        into.link("derived_from", title=graph.label(found, each), url=graph.iri(each))
    return into.record()


def service(found: Graph, node: Node, base_url: str) -> Record:
    """Build the record of a data service: an interface of programming."""
    into = start(found, node, base_url, "technology", SOURCE)
    into.value("subtype", "api", "rdf:type")
    endpoints = graph.objects(found, node, DCAT.endpointURL)
    into.address("endpoint_url", next(map(graph.iri, endpoints), ""), "dcat:endpointURL")
    about = graph.objects(found, node, DCAT.endpointDescription)
    said = next((graph.iri(each) or graph.label(found, each) for each in about), "")
    into.text("endpoint_description", said, "dcat:endpointDescription")
    rules = graph.objects(found, node, DCT.conformsTo)
    into.list_of(
        "standards",
        [graph.label(found, each) or graph.iri(each) for each in rules],
        "dct:conformsTo",
    )
    licence(found, node, into)
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
        into.line("temporal_coverage", _period(found, each), "dct:temporal")
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

"""Read DCAT, DCAT-AP, GeoDCAT-AP, DCAT-US and MLDCAT-AP graphs: datasets, services and models."""

import re

from rdflib import Graph, Literal, URIRef

from catalogue.standards import licences, vocabularies
from catalogue.standards.namespaces import (
    ADMS,
    DCAT,
    HYDRA,
    IT6,
    ORG,
    OWL,
    SCHEMA,
    SCHEMAS,
    SPDX,
    VCARD,
)
from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.record import Fault, Json, Reading, Record, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import graph
from catalogue.standards.readers.syntax.graph import (
    DC,
    DCT,
    FOAF,
    FORMAT,
    Thing,
)
from catalogue.standards.readers.syntax.text import day, period, web_address

SOURCE, MODEL_SOURCE = "DCAT", "MLDCAT-AP"
DIGEST = re.compile(r"^[0-9a-fA-F]{64}$")
NOT_SPECIFIED = re.compile(r"not ?specified|non ?spécifi|notspecified", re.I)
# Seen in feeds in place of an identifier.
EMPTY_WORDS = frozenset({"todo", "a remplir", "à remplir", "none", "null", "n/a", "xxx"})
ACCESSES = {"PUBLIC": "open", "RESTRICTED": "restricted", "NON_PUBLIC": "restricted"}
MAIL = re.compile(r"^mailto:", re.I)
USES = (IT6.trainedOn, IT6.testedOn, IT6.validatedOn)
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
    """Build the records of a graph: models, else datasets and services.

    The datasets that models only cite, and the services of a distribution, are none of their own.
    """
    models = graph.things(found, IT6.MachineLearningModel)
    cited = {each for one in models for use in USES for each in found.objects(one.node, use)}
    within = set(found.objects(None, DCAT.accessService))
    datasets = graph.things(found, DCAT.Dataset, DCAT.DatasetSeries, IT6.Dataset)
    services = graph.things(found, DCAT.DataService)
    return [
        *(_model(each, base_url) for each in models),
        *(_dataset(each, base_url) for each in datasets if each.node not in cited),
        *(_service(each, base_url) for each in services if each.node not in within),
    ]


def _is_page(found: Graph) -> bool:
    return bool(graph.things(found, DCAT.Catalog, HYDRA.PartialCollectionView, HYDRA.Collection))


def _nothing() -> Fault:
    return fault(
        "nothing_described",
        _("Ce document RDF ne décrit ni jeu de données, ni service, ni modèle."),
        fatal=True,
    )


def _next(found: Graph, base_url: str) -> str:
    for predicate in (HYDRA.next, HYDRA.nextPage):
        for node in sorted(found.objects(None, predicate), key=str):
            url = web_address(Thing(found, node).iri, base_url)
            if url:
                return url
    return ""


def _announced(found: Graph) -> int | None:
    totals = [str(node) for node in found.objects(None, HYDRA.totalItems)]
    return max((int(text) for text in totals if text.isdigit() and len(text) < 10), default=None)


def _begin(thing: Thing, base_url: str, kind: str, source: str) -> Builder:
    """Begin a record: its identity, its title, its texts, its words, who holds it."""
    given = thing.text(DCT.identifier, ADMS.identifier, DC.identifier)
    identifier = "" if given.lower() in EMPTY_WORDS else given
    landing = thing.all(DCAT.landingPage, FOAF.page, DCT.source)
    page = next((url for each in landing if (url := web_address(each.iri, base_url))), "")
    url = page or web_address(thing.iri, base_url)
    into = Builder(
        kind, source, remote_id=identifier or thing.relative, source_url=url, base=base_url
    )
    titles = thing.spoken(DCT.title, DC.title)
    into.line("title", str(titles[0]) if titles else "", "dct:title")
    english = next((str(each) for each in titles if str(each.language or "")[:2] == "en"), "")
    if english and english != str(titles[0]):
        into.line("title_en", english, "dct:title@en")
    into.require_title((thing.label, "rdfs:label"))
    into.describe(
        thing.text(DCT.description, DCT.abstract, DC.description),
        "dct:description",
        summary=thing.text(IT6.shortDescription),
        from_key="it6:shortDescription",
    )
    into.address("homepage_url", url, "dcat:landingPage")
    _words(thing, into)
    _hold(thing, into)
    into.modified = day(thing.text(DCT.modified, DCT.issued))
    return into


def _words(thing: Thing, into: Builder) -> None:
    words = thing.spoken(DCAT.keyword, DC.subject)
    best = str(words[0].language or "")[:2] if words else ""
    tags = [str(word) for word in words if str(word.language or "")[:2] in ("", "fr", best)]
    tags += [vocabularies.theme_words(each.iri) or each.label for each in thing.all(DCAT.theme)]
    into.tags([tag for tag in tags if not tag.startswith("http")], "dcat:keyword")
    spoken = [each.iri or each.label for each in thing.all(DCT.language, DC.language)]
    into.language(spoken, "dct:language")
    for each in thing.all(DCT.accessRights):
        into.value("access", ACCESSES.get(_end(each.iri).upper()), "dct:accessRights")
    homepage = into.fields.get("homepage_url")
    for each in thing.all(FOAF.page):
        if homepage is None or each.iri != homepage.value:
            into.address("documentation_url", each.iri, "foaf:page")


def _end(address: str) -> str:
    return address.rstrip("/").rsplit("/", 1)[-1]


def _hold(thing: Thing, into: Builder) -> None:
    for predicate, key in (
        (DCT.publisher, "dct:publisher"),
        (DCT.rightsHolder, "dct:rightsHolder"),
        (IT6.hasProvider, "it6:hasProvider"),
        (ORG.hasOrganization, "org:hasOrganization"),
        (DCT.creator, "dct:creator"),
    ):
        for each in thing.all(predicate):
            into.line("producer_name", each.label, key)
    makers = [each.label for each in thing.all(DCT.creator, DCT.contributor)]
    into.list_of("authors", makers, "dct:creator")
    for each in thing.all(DCAT.contactPoint, ADMS.contactPoint):
        address = next(map(_reach, each.all(VCARD.hasEmail, VCARD.hasURL)), "")
        into.line("contact", address or each.label, "dcat:contactPoint")
    for each in thing.all(DCT.publisher):
        into.line("contact", MAIL.sub("", each.address(FOAF.mbox)), "foaf:mbox", guessed=True)


def _reach(thing: Thing) -> str:
    return MAIL.sub("", thing.iri or thing.text(VCARD.value) or thing.address(VCARD.value))


def _licence_texts(thing: Thing) -> list[str]:
    """Give what a thing says of its licence: addresses, and the labels of what they name."""
    texts: list[str] = []
    for predicate in (DCT.license, DCT.rights):
        for each in thing.all(predicate):
            said = [each.iri, each.label, each.text(DCT.identifier)]
            if isinstance(each.node, Literal):
                said = [str(each.node)]
            texts += [text for text in said if text and not NOT_SPECIFIED.search(text)]
        if texts:
            break
    return _clearest(list(dict.fromkeys(texts)))


def _clearest(texts: list[str]) -> list[str]:
    """Keep the texts that name a licence when some do: a label repeats its address."""
    named = [text for text in texts if licences.normalise(text).identifiers]
    return named or texts


def _licence(thing: Thing, into: Builder) -> None:
    texts = _licence_texts(thing)
    into.licence(texts, "dct:license")
    if "licences" in into.fields or texts:
        return
    for each in thing.all(DCAT.distribution):
        into.licence(_licence_texts(each), "dcat:distribution › dct:license")


def _dataset(thing: Thing, base_url: str) -> Record:
    """Build the record of a dataset or of a series of datasets."""
    into = _begin(thing, base_url, "dataset", SOURCE)
    _distributions(thing, into)
    _licence(thing, into)
    _cover(thing, into)
    rhythms = [
        each.iri if isinstance(each.node, URIRef) else each.label
        for each in thing.all(DCT.accrualPeriodicity)
    ]
    into.frequency(next(filter(None, rhythms), ""), "dct:accrualPeriodicity")
    into.date("last_update", thing.text(DCT.modified), "dct:modified")
    schema = next((each.name for each in thing.all(DCT.conformsTo)), "")
    into.line("schema", schema, "dct:conformsTo")
    for each in thing.all(DCAT.inSeries):
        _tie("part_of", each, into)
    for each in thing.all(DCT.source):
        into.link("derived_from", title=each.label, url=each.iri)
    return into.record()


def _tie(kind: str, thing: Thing, into: Builder) -> None:
    into.link(kind, title=thing.text(DCT.title), url=thing.iri, remote_id=thing.relative)


def _distributions(thing: Thing, into: Builder) -> None:
    """Put the distributions, and what their descriptions say."""
    files = thing.all(DCAT.distribution)
    into.rows("distributions", [_row(each, into.base) for each in files], "dcat:distribution")
    said = []
    for each in files:
        about, title = each.text(DCT.description), each.text(DCT.title)
        if about:
            said.append(f"{title} : {about}" if title else about)
    into.text("documentation", "\n\n".join(said), "dcat:distribution")


def _row(thing: Thing, base_url: str) -> dict[str, Json]:
    download = thing.address(DCAT.downloadURL)
    known = licences.normalise_all(_licence_texts(thing))
    return file_row(
        {
            "title": thing.text(DCT.title, DC.title),
            "access_url": thing.address(DCAT.accessURL) or download,
            "download_url": download,
            "format": _format(thing),
            "media_type": _media_type(thing),
            "bytes": thing.text(DCAT.byteSize).split(".")[0],
            "sha256": _digest(thing),
            "licence": " AND ".join(known.identifiers),
        },
        base_url,
    )


def _digest(thing: Thing) -> str:
    digests = (each.text(SPDX.checksumValue) for each in thing.all(SPDX.checksum))
    return next(filter(DIGEST.match, digests), "")


def _format(thing: Thing) -> str:
    for each in thing.all(FORMAT, DCAT.mediaType):
        said = each.label
        if said and not said.startswith("http"):
            return said.rsplit("/", 1)[-1]
        if each.iri:
            return _end(each.iri)
    return ""


def _media_type(thing: Thing) -> str:
    for each in thing.all(DCAT.mediaType):
        parts = (each.iri or each.label).rstrip("/").split("/")
        if len(parts) >= 2:
            return "/".join(parts[-2:])
    return ""


# The country in the European tables and in GeoNames, and as data.gouv.fr names it.
FRANCE = ("/country/FRA", "geonames.org/3017382", "country:fr")


def _cover(thing: Thing, into: Builder) -> None:
    for each in thing.all(DCT.temporal):
        into.line("temporal_coverage", _period(each), "dct:temporal")
    said = [
        "France" if each.iri.rstrip("/").endswith(FRANCE) else each.label
        for each in thing.all(DCT.coverage, DCT.spatial)
    ]
    places = [
        text
        for text in said
        if not WELL_KNOWN_TEXT.match(text) and not text.startswith(("{", "http"))
    ]
    into.territories(places, "dct:spatial")


def _period(thing: Thing) -> str:
    if isinstance(thing.node, Literal):
        start, slash, end = str(thing.node).partition("/")
        return period(start, end) if slash else day(str(thing.node))
    starts = thing.text(DCAT.startDate, SCHEMA.startDate, SCHEMAS.startDate)
    ends = thing.text(DCAT.endDate, SCHEMA.endDate, SCHEMAS.endDate)
    return period(starts, ends)


def _service(thing: Thing, base_url: str) -> Record:
    """Build the record of a data service: an interface of programming."""
    into = _begin(thing, base_url, "technology", SOURCE)
    into.value("subtype", "api", "rdf:type")
    into.address("endpoint_url", thing.address(DCAT.endpointURL), "dcat:endpointURL")
    about = next((each.iri or each.label for each in thing.all(DCAT.endpointDescription)), "")
    into.text("endpoint_description", about, "dcat:endpointDescription")
    standards = [each.name for each in thing.all(DCT.conformsTo)]
    into.list_of("standards", standards, "dct:conformsTo")
    _licence(thing, into)
    for each in thing.all(DCAT.servesDataset):
        _tie("uses", each, into)
    return into.record()


def _model(thing: Thing, base_url: str) -> Record:
    into = _begin(thing, base_url, "model", MODEL_SOURCE)
    into.licence(_licence_texts(thing), "dct:license")
    into.line("version", thing.text(DCAT.version, OWL.versionInfo), "dcat:version")
    into.date("created", thing.text(DCT.created), "dct:created")
    parameters = thing.text(IT6.totalNumberOfParameters)
    into.integer("parameters", parameters, "it6:totalNumberOfParameters")
    for name, predicate, key in (
        ("base_model", IT6.fineTunedFrom, "it6:fineTunedFrom"),
        ("library", IT6.hasMachineLearningLibrary, "it6:hasMachineLearningLibrary"),
    ):
        into.line(name, next((each.name for each in thing.all(predicate)), ""), key)
    into.address("repository_url", thing.address(IT6.hasRepository), "it6:hasRepository")
    modalities = [
        each.label or each.iri.rsplit("/", 1)[-1]
        for modality in thing.all(IT6.hasInputModality, IT6.hasOutputModality)
        for each in modality.all(IT6.classification)
    ]
    into.list_of("modalities", modalities, "it6:hasInputModality")
    files = [_model_file(each, into.base) for each in thing.all(IT6.hasFile)]
    into.rows("files", files, "it6:hasFile")
    _trained(thing, into)
    into.text("intended_purpose", thing.text(IT6.intendedUse), "it6:intendedUse")
    into.list_of("limits", map(str, thing.spoken(IT6.limitations)), "it6:limitations")
    into.text("oversight", thing.text(IT6.howToUse), "it6:howToUse")
    into.text("group_results", thing.text(IT6.bias), "it6:bias")
    papers = thing.all(IT6.hasBibliographicReference)
    cited = [each.iri for paper in papers for each in paper.all(DCT.references)]
    into.line("paper", next(iter(cited), ""), "dct:references")
    return into.record()


def _model_file(thing: Thing, base_url: str) -> dict[str, Json]:
    kind = next((each.name.rsplit("/", 1)[-1] for each in thing.all(FORMAT)), "")
    return file_row(
        {
            "title": thing.text(DCT.title, DCT.identifier),
            "url": thing.address(IT6.url) or thing.iri,
            "format": kind,
            "bytes": thing.text(IT6.size),
            "sha256": _digest(thing),
        },
        base_url,
    )


def _trained(thing: Thing, into: Builder) -> None:
    rows: list[dict[str, Json]] = []
    learnt = thing.all(IT6.trainedOn)
    for each in learnt:
        collected = day(each.text(IT6.collectionDate))
        row = file_row({"title": each.text(DCT.title) or each.iri, "url": each.iri}, into.base)
        rows.append({**row, "collection_date": collected} if collected else row)
        _tie("trained_on", each, into)
    into.rows("trained_on", rows, "it6:trainedOn")
    said = [text for each in learnt if (text := each.text(IT6.dataProvenance))]
    said = said or [thing.text(IT6.trainingProcess)]
    into.text("training_data", "\n\n".join(sorted(said)), "it6:dataProvenance")

"""Read the machine learning models of MLDCAT-AP 3.1."""

from rdflib import Graph
from rdflib.term import Node

from catalogue.standards.readers import dcat_files, dcat_parts, graph
from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.graph import DCT, FORMAT, IT6, SPDX
from catalogue.standards.readers.record import Json, Record
from catalogue.standards.readers.text import day

SOURCE = "MLDCAT-AP"
USES = (IT6.trainedOn, IT6.testedOn, IT6.validatedOn)


def datasets_used(found: Graph, models: list[Node]) -> set[Node]:
    """List the datasets that models only cite: they are no record of their own."""
    return {each for model in models for use in USES for each in found.objects(model, use)}


def record(found: Graph, node: Node, base_url: str) -> Record:
    """Build the record of one model."""
    into = dcat_parts.start(found, node, base_url, "model", SOURCE)
    into.licence(dcat_files.licence_texts(found, node), "dct:license")
    into.line("version", dcat_parts.version(found, node), "dcat:version", own=True)
    into.date("created", graph.text(found, node, DCT.created), "dct:created")
    into.integer(
        "parameters",
        graph.text(found, node, IT6.totalNumberOfParameters),
        "it6:totalNumberOfParameters",
    )
    bases = graph.objects(found, node, IT6.fineTunedFrom)
    into.line(
        "base_model",
        next((_named(found, each) for each in bases), ""),
        "it6:fineTunedFrom",
        own=True,
    )
    libraries = graph.objects(found, node, IT6.hasMachineLearningLibrary)
    into.line(
        "library",
        next((_named(found, each) for each in libraries), ""),
        "it6:hasMachineLearningLibrary",
        own=True,
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
    into.line("paper", next(iter(cited), ""), "dct:references", own=True)
    return into.record()


def _named(found: Graph, node: Node) -> str:
    return graph.label(found, node) or graph.iri(node)


def _modalities(found: Graph, node: Node, into: Builder) -> None:
    words = []
    for modality in graph.objects(found, node, IT6.hasInputModality, IT6.hasOutputModality):
        for each in graph.objects(found, modality, IT6.classification):
            words.append(graph.label(found, each) or graph.iri(each).rsplit("/", 1)[-1])
    into.list_of("modalities", words, "it6:hasInputModality", own=True)


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
        digest = next((text for text in digests if dcat_files.DIGEST.match(text)), "")
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
    into.text("training_data", "\n\n".join(sorted(said)), "it6:dataProvenance", own=True)


def _card(found: Graph, node: Node, into: Builder) -> None:
    use = graph.text(found, node, IT6.intendedUse)
    into.text("intended_purpose", use, "it6:intendedUse", own=True)
    limits = [str(each) for each in graph.spoken(graph.objects(found, node, IT6.limitations))]
    into.list_of("limits", limits, "it6:limitations", own=True)
    into.text("oversight", graph.text(found, node, IT6.howToUse), "it6:howToUse", own=True)
    into.text("group_results", graph.text(found, node, IT6.bias), "it6:bias", own=True)

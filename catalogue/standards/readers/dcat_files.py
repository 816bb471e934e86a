"""Read the distributions of a dataset: addresses, formats, sizes, digests, licences."""

import re

from rdflib import Graph, Literal
from rdflib.term import Node

from catalogue.standards import licences
from catalogue.standards.readers import graph
from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.graph import DC, DCAT, DCT, FORMAT, SPDX
from catalogue.standards.readers.record import Json

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
    into.text("documentation", "\n\n".join(said), "dcat:distribution", own=True)


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

"""schema.org: the data block of a page, and the document of the kinds that no profile describes.

Source: schema.org 30.0. Only properties that the type has; keywords are a list.
"""

from __future__ import annotations

import json
from typing import Any

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF
from rdflib.term import Node

from catalogue.standards import vocabularies as terms
from catalogue.standards.published import Agent, File, Published
from catalogue.standards.territories import Territory
from catalogue.standards.writers.rdf import blank, safe_iri

CONTEXT = "https://schema.org/"
ADDRESSES = frozenset(
    {"url", "sameAs", "license", "codeRepository", "contentUrl", "documentation", "isBasedOn"}
)
TYPES = {
    "algorithm": "SoftwareSourceCode",
    "model": "SoftwareSourceCode",
    "dataset": "Dataset",
    "technology": "SoftwareSourceCode",
    "need": "CreativeWork",
    "idea": "CreativeWork",
    "solution": "SoftwareSourceCode",
    "news": "CreativeWork",
    "programme": "CreativeWork",
}
DESCRIPTION_CHARACTERS = (50, 5_000)
Json = dict[str, Any]


def document(resource: Published) -> Json:
    """Describe a resource; empty values are left out."""
    found: Json = {
        "@context": CONTEXT,
        "@type": type_of(resource),
        "@id": resource.iri,
        "name": resource.title,
        "alternateName": [
            *filter(None, (resource.acronym, resource.title_en)),
            *resource.alternate_titles,
        ],
        "description": _description(resource),
        "url": resource.page,
        "identifier": f"urn:uuid:{resource.public_id}",
        "sameAs": resource.homepage_url,
        "keywords": list(resource.keywords),
        "inLanguage": list(resource.languages) or [resource.language],
        "license": [each.url for each in resource.licences],
        "publisher": _agent(resource.publisher),
        "creator": _creators(resource),
        "datePublished": resource.released,
        "dateModified": resource.updated,
        "sdDatePublished": resource.issued.date().isoformat(),
        "version": resource.version,
        "isAccessibleForFree": resource.access in {"open", "registered"},
        "conditionsOfAccess": _conditions(resource),
        "isBasedOn": [
            other.iri for other in resource.references if other.relation == "derived_from"
        ],
        **_own(resource),
    }
    return {
        name: _address(value) if name in ADDRESSES else value
        for name, value in found.items()
        if value not in ("", None, [], {})
    }


def _address(value: Any) -> Any:
    return [safe_iri(each) for each in value] if isinstance(value, list) else safe_iri(value)


def data_block(resource: Published) -> str:
    """Give the text of a data block, safe inside a script element of a page."""
    text = json.dumps(document(resource), ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def graph(resource: Published) -> Graph:
    """Give the same statements as a graph."""
    found = Graph(bind_namespaces="none")
    found.bind("schema", CONTEXT)
    _add(found, document(resource))
    return found


def _add(graph: Graph, said: Json) -> Node:
    node = URIRef(said["@id"]) if "@id" in said else blank(json.dumps(said, sort_keys=True))
    graph.add((node, RDF.type, URIRef(CONTEXT + said["@type"])))
    for name, values in said.items():
        if name.startswith("@"):
            continue
        for value in values if isinstance(values, list) else [values]:
            graph.add((node, URIRef(CONTEXT + name), _node(graph, name, value)))
    return node


def _node(graph: Graph, name: str, value: Any) -> Node:
    if isinstance(value, dict):
        return _add(graph, value)
    return URIRef(value) if name in ADDRESSES else Literal(value)


def type_of(resource: Published) -> str:
    """Name the type: an interface is a WebAPI."""
    is_api = resource.kind == "technology" and resource.subtype == "api"
    return "WebAPI" if is_api else TYPES[resource.kind]


def _description(resource: Published) -> str:
    least, most = DESCRIPTION_CHARACTERS
    text = resource.summary if len(resource.summary) >= least else resource.about
    if len(text) < least:
        holder = f" {resource.publisher.name}." if resource.publisher else ""
        text = f"{text.rstrip('.')}. {resource.kind_label} du catalogue Open Emploi.{holder}"
    return text[:most]


def _agent(agent: Agent | None) -> Json | None:
    if agent is None:
        return None
    kind = "Person" if agent.kind == "individual" else "Organization"
    found = {"@type": kind, "name": agent.name, "url": safe_iri(agent.homepage)}
    return {name: value for name, value in found.items() if value}


def _creators(resource: Published) -> list[Json]:
    people: list[Json] = [{"@type": "Person", "name": name} for name in resource.authors]
    holder = _agent(resource.publisher)
    return people or ([holder] if holder else [])


def _conditions(resource: Published) -> str:
    said = {
        "open": "",
        "registered": "Un compte est demandé.",
        "on_request": "L’accès se demande sur la page de la ressource.",
        "restricted": "L’accès est restreint et se demande sur la page de la ressource.",
    }
    return said[resource.access]


def _own(resource: Published) -> Json:
    match type_of(resource):
        case "Dataset":
            return _dataset(resource)
        case "SoftwareSourceCode":
            return {
                "codeRepository": resource.repository_url,
                "programmingLanguage": resource.details.get("programming_languages", []),
            }
        case "WebAPI":
            # A service has neither a language, a licence nor a version of its own there.
            told = resource.documentation_url or resource.homepage_url
            dropped = dict.fromkeys(
                (
                    "keywords", "inLanguage", "license", "publisher", "creator", "datePublished",
                    "dateModified", "sdDatePublished", "version",
                    "isAccessibleForFree", "conditionsOfAccess",
                    "isBasedOn",
                ),
            )  # fmt: skip
            return {**dropped, "documentation": told, "provider": _agent(resource.publisher)}
        case _:
            return {}


def _dataset(resource: Published) -> Json:
    period = resource.period
    place = terms.place_of(resource)
    named = [{"@type": "Place", "name": place.label}] if place else []
    return {
        "temporalCoverage": "/".join(period) if period else "",
        "spatialCoverage": [*map(_place, resource.places)] or named,
        "distribution": [_download(file) for file in resource.open_files()],
    }


def _place(found: Territory) -> Json:
    if found.kind is None:
        return {"@type": "Place", "name": found.label}
    shown = {
        "@type": "AdministrativeArea",
        "name": found.label,
        "additionalType": str(found.kind),
        "identifier": found.code,
    }
    return {name: value for name, value in shown.items() if value}


def _download(file: File) -> Json:
    found = {
        "@type": "DataDownload",
        "name": file.title or file.name,
        "contentUrl": safe_iri(file.download_url),
        "encodingFormat": terms.media_type(file.format, file.media_type) or file.format,
        "contentSize": f"{file.size_bytes} B" if file.size_bytes is not None else "",
        "sha256": file.sha256,
    }
    return {name: value for name, value in found.items() if value}

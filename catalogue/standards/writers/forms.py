"""The forms in which a resource is described: which ones it has, their addresses, their content.

How programs are led from one to another (Signposting).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from rdflib import Graph

from catalogue.standards.published import Published
from catalogue.standards.vocabularies import media_type
from catalogue.standards.writers import (
    citation,
    croissant,
    data_package,
    dcat,
    hugging_face,
    mldcat,
    plain,
    rdf,
    schema_org,
)
from catalogue.standards.writers.rdf import safe_iri

# Beyond these, what is left to say is in the link set: headers have a size.
MOST_ITEMS = 10


class Form(NamedTuple):
    """One form in which a resource is described: its address, its media type, its words."""

    address: str
    media_type: str
    label: str
    profile: str = ""


class Link(NamedTuple):
    """One typed link."""

    relation: str
    target: str
    media_type: str = ""
    profile: str = ""


def links(resource: Published, forms: tuple[Form, ...]) -> list[Link]:
    """List the links of a page."""
    found = [
        Link("cite-as", resource.iri),
        Link("type", "https://schema.org/AboutPage"),
        Link("type", f"https://schema.org/{schema_org.type_of(resource)}"),
    ]
    found += [Link("describedby", f.address, f.media_type, f.profile) for f in forms]
    found += [Link("license", each.url) for each in resource.licences]
    if resource.publisher:
        found.append(Link("author", resource.publisher.iri))
    found += [
        Link("item", file.download_url, media_type(file.format, file.media_type))
        for file in resource.open_files()
    ]
    found.append(Link("collection", f"{resource.site.root}/catalogue"))
    return found


def header(resource: Published, forms: tuple[Form, ...], *, linkset: str) -> str:
    """Write the Link header of a page; past ten files, the link set alone names them."""
    found = links(resource, forms)
    items = [each for each in found if each.relation == "item"]
    if len(items) > MOST_ITEMS:
        found = [each for each in found if each.relation != "item"]
    found.append(Link("linkset", linkset, "application/linkset+json"))
    return ", ".join(_written(each) for each in found)


def _written(link: Link) -> str:
    said = f'<{safe_iri(link.target)}>; rel="{link.relation}"'
    if link.media_type:
        said += f'; type="{link.media_type}"'
    if link.profile:
        said += f'; profile="{link.profile}"'
    return said.encode("ascii", "ignore").decode()


def linkset(resource: Published, forms: tuple[Form, ...]) -> dict[str, Any]:
    """Give every link of a page, and back from what describes it."""
    found: dict[str, Any] = {"anchor": resource.page}
    for link in links(resource, forms):
        target = {"href": safe_iri(link.target)}
        if link.media_type:
            target["type"] = link.media_type
        if link.profile:
            target["profile"] = link.profile
        found.setdefault(link.relation, []).append(target)
    page = [{"href": resource.page, "type": "text/html"}]
    return {"linkset": [found, *({"anchor": f.address, "describes": page} for f in forms)]}


MARKDOWN, YAML, BIBTEX = "text/markdown", "application/yaml", "application/x-bibtex"
CITED = frozenset({"algorithm", "model", "dataset", "technology", "solution"})


@dataclass(frozen=True)
class Kind:
    """One form: the end of its address, its media type, who has it, how it is written."""

    ending: str
    media_type: str
    label: str
    suits: Callable[[Published], bool]
    write: Callable[[Published], bytes]

    def address(self, resource: Published) -> str:
        """Give its address: an extension of the page's, or a document under it."""
        if self.ending.startswith("."):
            return resource.page.rstrip("/") + self.ending
        return resource.page + self.ending


def profile_of(resource: Published) -> tuple[str, str]:
    """Name the profile of a resource in RDF: its address and its name."""
    if dcat.is_described(resource):
        return dcat.PROFILE, "DCAT-AP"
    if resource.kind == "model" and not mldcat.missing(resource):
        return mldcat.PROFILE, "MLDCAT-AP"
    return schema_org.CONTEXT, "schema.org"


def graph(resource: Published) -> Graph:
    """Describe a resource by the profile that it fits."""
    match profile_of(resource)[1]:
        case "DCAT-AP":
            return dcat.document(resource)
        case "MLDCAT-AP":
            return mldcat.document(resource)
        case _:
            return schema_org.graph(resource)


def _rdf(extension: str) -> Callable[[Published], bytes]:
    def write(resource: Published) -> bytes:
        if extension == "jsonld" and profile_of(resource)[1] == "schema.org":
            return _json(schema_org.document(resource))
        return rdf.serialise(graph(resource), extension)

    return write


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _always(_resource: Published) -> bool:
    return True


KINDS: dict[str, Kind] = {
    kind.ending: kind
    for kind in (
        Kind(".ttl", "text/turtle", "Turtle", _always, _rdf("ttl")),
        Kind(".jsonld", "application/ld+json", "JSON-LD", _always, _rdf("jsonld")),
        Kind(".rdf", "application/rdf+xml", "RDF/XML", _always, _rdf("rdf")),
        Kind(".json", "application/json", "JSON", _always, lambda r: _json(plain.document(r))),
        Kind(
            "croissant.json",
            "application/ld+json",
            "Croissant",
            lambda r: bool(croissant.loadable(r)),
            lambda r: _json(croissant.document(r)),
        ),
        Kind(
            "datapackage.json",
            "application/json",
            "Data Package",
            lambda r: bool(data_package.tables(r)),
            lambda r: _json(data_package.document(r)),
        ),
        Kind(
            "carte.md",
            MARKDOWN,
            "Hugging Face (Markdown)",
            lambda r: r.kind in {"model", "dataset"},
            lambda r: hugging_face.card(r).encode(),
        ),
        Kind(
            "citation.cff",
            YAML,
            "CITATION.cff",
            lambda r: r.kind in CITED,
            lambda r: citation.cff(r).encode(),
        ),
        Kind(
            "citation.bib",
            BIBTEX,
            "BibTeX",
            lambda r: r.kind in CITED,
            lambda r: citation.bibtex(r).encode(),
        ),
        Kind(
            "linkset.json",
            "application/linkset+json",
            "Linkset",
            _always,
            lambda r: _json(linkset(r, available(r))),
        ),
    )
}
# The forms that an `Accept` may choose at the address of the page, which comes first.
NEGOTIATED = {KINDS[ending].media_type: ending for ending in (".ttl", ".jsonld", ".rdf", ".json")}


def available(resource: Published) -> tuple[Form, ...]:
    """List the forms that a resource has, the link set left out."""
    address, name = profile_of(resource)
    return tuple(
        Form(
            kind.address(resource),
            kind.media_type,
            f"{name} ({kind.label})" if ending in {".ttl", ".jsonld", ".rdf"} else kind.label,
            address if ending in {".ttl", ".jsonld", ".rdf"} else "",
        )
        for ending, kind in KINDS.items()
        if ending != "linkset.json" and kind.suits(resource)
    )


def conformance(resource: Published) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """List the standards a resource may be exported to, and what each lacks, by code."""
    found: list[tuple[str, tuple[str, ...]]] = []
    if resource.kind == "model":
        found.append(("MLDCAT-AP", mldcat.missing(resource)))
    if dcat.is_described(resource):
        found.append(("DCAT-AP", ()))
    if resource.kind == "dataset" and resource.access == "open":
        found.append(("Croissant", () if croissant.loadable(resource) else ("loadable",)))
    return tuple(found)

"""Signposting: typed links that lead programs from a page to its identifier and its descriptions.

Source: FAIR Signposting Profile, levels 1 and 2; RFC 8288 and RFC 9264.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from catalogue.standards import schema_org
from catalogue.standards.published import Published
from catalogue.standards.rdf import safe_iri
from catalogue.standards.vocabularies import media_type

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

"""Read codemeta.json, versions 1 to 3: schema.org with the terms of CodeMeta."""

from collections.abc import Mapping
from typing import Any

from catalogue.standards.readers import schema_org
from catalogue.standards.readers.record import Reading, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import json_text
from catalogue.standards.readers.syntax.json_text import first_text, items, mapping

SOURCE = "codemeta.json"


def read(content: bytes, base_url: str) -> Reading:
    """Read one description of software."""
    found = next(iter(schema_org.nodes(json_text.parse(content))), None)
    if found is None:
        return failed(
            "codemeta",
            fault("nothing_described", _("Ce fichier CodeMeta ne décrit rien."), fatal=True),
        )
    return Reading(records=(_record(found, base_url),))


def _record(node: Mapping[str, Any], base_url: str) -> Any:
    if schema_org.kind_of(node) not in ("algorithm", "technology"):
        node = {**node, "@type": "SoftwareSourceCode"}
    # Version 1 said title and agents where later ones say name and author.
    node = {**node, "name": node.get("name") or node.get("title")}
    node = {**node, "author": node.get("author") or node.get("agents")}
    into = schema_org.build(node, base_url, SOURCE)
    into.address("documentation_url", first_text(node.get("readme")), "readme")
    status = first_text(node.get("developmentStatus")).rsplit("/", 1)[-1].lstrip("#")
    lifecycle = {"active": "active", "wip": "experimental", "concept": "experimental"}
    into.value("lifecycle", lifecycle.get(status), "developmentStatus")
    for each in items(node.get("isPartOf")):
        into.link("part_of", url=first_text(each, mapping(each).get("url")))
    return into.record()

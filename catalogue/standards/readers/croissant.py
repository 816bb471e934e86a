"""Read Croissant 0.8, 1.0 and 1.1 descriptions of datasets."""

import re
from collections.abc import Mapping
from typing import Any

from catalogue.standards.readers import schema_org
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Reading
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import json_text
from catalogue.standards.readers.syntax.json_text import first_text, items, mapping
from catalogue.standards.readers.syntax.text import unreadable

SOURCE = "Croissant"
HUB = re.compile(r"https://[\w.-]+/(?:datasets/)?[\w.-]+/[\w.-]+")
PERSONAL = ("rai:personalSensitiveInformation", "personalSensitiveInformation")


def read(content: bytes, base_url: str) -> Reading:
    """Read one dataset with its files and its tables."""
    found = [
        node
        for node in schema_org.nodes(json_text.parse(content))
        if schema_org.kind_of(node) == "dataset"
    ]
    if not found:
        raise unreadable(
            "nothing_described", _("Ce fichier Croissant ne décrit pas de jeu de données.")
        )
    return Reading(records=tuple(_record(node, base_url) for node in found))


def _record(node: Mapping[str, Any], base_url: str) -> Any:
    if not node.get("name") and not node.get("url"):
        node = {**node, "url": _repository(node)}
    into = schema_org.build(node, base_url, SOURCE)
    tables = [mapping(each) for each in items(node.get("recordSet", node.get("cr:recordSet")))]
    into.text("documentation", _tables(tables), "recordSet")
    told = next((first_text(node.get(key)) for key in PERSONAL if first_text(node.get(key))), "")
    if told and told.lower() not in ("none", "no", "n/a"):
        _personal(into)
    if items(node.get("distribution")) and "distributions" not in into.details:
        into.note(
            "files_without_address",
            _("Les fichiers décrits n’ont pas d’adresse complète : ils ne sont pas repris."),
            place="distribution",
        )
    return into.record()


def _repository(node: Mapping[str, Any]) -> str:
    """Find the address of the repository whose files a nameless description names."""
    for each in map(mapping, items(node.get("distribution"))):
        found = HUB.match(first_text(each.get("contentUrl")))
        if found and "git" in first_text(each.get("encodingFormat")):
            return found[0]
    return ""


def _personal(into: Builder) -> None:
    into.note(
        "personal_data_told",
        _("Ce jeu dit contenir des données personnelles : précisez-le dans la fiche."),
        place="personalSensitiveInformation",
    )


def _tables(tables: list[Mapping[str, Any]]) -> str:
    """Say the tables and their columns as Markdown."""
    said = []
    for table in tables[:50]:
        name = first_text(table.get("name"), table.get("@id"))
        about = first_text(table.get("description"))
        columns = [
            f"- `{first_text(field.get('name'), field.get('@id'))}`"
            + (f" : {first_text(field.get('description'))}" if field.get("description") else "")
            for field in map(mapping, items(table.get("field")))
        ]
        head = f"{name}" + (f" : {about}" if about else "")
        said.append("\n".join([head, "", *columns[:200]]))
    return "\n\n".join(said)

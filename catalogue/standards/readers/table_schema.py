"""Read a Table Schema, or the data package that holds one, as the draft of a dataset."""

from collections.abc import Mapping
from typing import Any

from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.record import Reading
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import json_text
from catalogue.standards.readers.syntax.json_text import first_text, items, mapping, texts_of
from catalogue.standards.readers.syntax.text import day, one_line, unreadable

SOURCE = "Table Schema"
PACKAGE = "Data Package"


def read(content: bytes, base_url: str) -> Reading:
    """Read one schema (`fields`) or one package (`resources`)."""
    data = mapping(json_text.parse(content))
    resources = [mapping(each) for each in items(data.get("resources"))]
    if not isinstance(data.get("fields"), list) and not resources:
        raise unreadable(
            "not_a_schema", _("Ce JSON n’est ni un schéma de table ni un paquet de données.")
        )
    into = Builder(
        "dataset",
        PACKAGE if resources else SOURCE,
        remote_id=first_text(data.get("id"), data.get("name")),
        base=base_url,
    )
    _describe(data, into)
    schemas = [mapping(each.get("schema")) for each in resources] or [data]
    into.text("documentation", "\n\n".join(map(_columns, schemas)), "fields")
    into.untold |= {"update_frequency", "temporal_coverage", "territories"}
    if not resources:
        into.untold.add("distributions")
        name = one_line(f"{first_text(data.get('name'))} {first_text(data.get('version'))}")
        into.line("schema", name, "name")
        into.note(
            "schema_only",
            _("Un schéma décrit des colonnes, pas des données : ajoutez les fichiers."),
        )
    rows = [
        file_row(
            {
                "title": first_text(each.get("title"), each.get("name")),
                "access_url": each.get("path"),
                "download_url": each.get("path"),
                "format": each.get("format"),
                "media_type": each.get("mediatype"),
                "bytes": each.get("bytes"),
            },
            base_url,
        )
        for each in resources
    ]
    into.rows("distributions", rows, "resources")
    return Reading(records=(into.record(),))


def _describe(data: Mapping[str, Any], into: Builder) -> None:
    into.line("title", data.get("title"), "title")
    into.require_title((data.get("name"), "name"))
    into.describe(data.get("description"), "description")
    into.address("homepage_url", data.get("homepage"), "homepage")
    into.tags(items(data.get("keywords")), "keywords")
    licences = map(mapping, items(data.get("licenses")))
    into.licence(texts_of([*licences], "name", "path"), "licenses")
    people = [mapping(each) for each in items(data.get("contributors"))]
    into.list_of("authors", [first_text(each.get("title")) for each in people], "contributors")
    into.line(
        "contact",
        next((each.get("email") for each in people if each.get("email")), ""),
        "contributors",
    )
    into.date("last_update", data.get("lastModified") or data.get("updated"), "lastModified")
    into.modified = day(data.get("lastModified") or data.get("created"))


def _columns(schema: Mapping[str, Any]) -> str:
    lines = []
    for each in map(mapping, items(schema.get("fields"))):
        name, kind = first_text(each.get("name")), first_text(each.get("type"))
        about = first_text(each.get("description"), each.get("title"))
        line = f"- `{name}`" + (f" ({kind})" if kind else "") + (f" : {about}" if about else "")
        lines.append(line)
    return "\n".join(lines[:300])

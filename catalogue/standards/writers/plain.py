"""A resource as plain values: its JSON document, and the columns of an export."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from catalogue.standards.published import Published
from catalogue.standards.territories import Territory

Json = dict[str, Any]
# Columns of an export, in order; lists are joined by « | » where a cell holds one text.
COLUMNS = (
    "id",
    "iri",
    "url",
    "kind",
    "subtype",
    "title",
    "acronym",
    "summary",
    "organisation",
    "authors",
    "homepage_url",
    "repository_url",
    "documentation_url",
    "licences",
    "licence_status",
    "licence_note",
    "scope",
    "territories",
    "access",
    "languages",
    "use_cases",
    "tasks",
    "rome_codes",
    "tags",
    "lifecycle",
    "archived",
    "referenced",
    "formats",
    "quality",
    "published_at",
    "modified_at",
)
JOIN = " | "


def document(resource: Published) -> Json:
    """Give everything that is public of a resource, by name; moments in ISO 8601."""
    found: Json = {}
    for field in dataclasses.fields(resource):
        if field.name not in {"site", "labels", "served", "series", "page"}:
            found[field.name] = _plain(getattr(resource, field.name))
    found["id"] = found.pop("public_id")
    found["url"] = resource.page
    found["places"] = [place(each) for each in resource.places]
    return found


def place(found: Territory) -> Json:
    """Give a territory by its kind, code and name; "" for what is not known."""
    return {"kind": str(found.kind or ""), "code": found.code, "label": found.label}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {name: each for name, each in shown.items() if each not in (None, "", [])}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="seconds")
    return value


def cells(row: Json) -> list[str]:
    """Give the cells of a line, as text, in the order of COLUMNS."""
    values = map(row.__getitem__, COLUMNS)
    return [value if isinstance(value, str) else _cell(value) for value in values]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return JOIN.join(str(each) for each in value)
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "" if value is None else str(value)

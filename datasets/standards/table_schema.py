"""Write the columns of a table as a Table Schema document (Frictionless Data)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

STANDARD_TYPES = frozenset({"boolean", "integer", "number", "date", "string"})
PROFILE = "https://specs.frictionlessdata.io/schemas/table-schema.json"


def document(
    schema: Iterable[Mapping[str, object]], *, title: str, homepage: str
) -> dict[str, object]:
    """Give the document; a type of our own (« ROME 4.0 ») becomes text of that format name."""
    return {
        "$schema": PROFILE,
        "title": title,
        "homepage": homepage,
        "missingValues": [""],
        "fields": [_field(column) for column in schema],
    }


def _field(column: Mapping[str, object]) -> dict[str, object]:
    kind = str(column.get("type") or "string")
    field: dict[str, object] = {"name": column["name"]}
    field["type"] = kind if kind in STANDARD_TYPES else "string"
    if kind not in STANDARD_TYPES:
        field["rdfType"] = kind
    if column.get("description"):
        field["description"] = column["description"]
    if column.get("filled") == 100:
        field["constraints"] = {"required": True}
    return field

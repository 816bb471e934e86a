"""Read and write the dictionary of a table: one row a column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from datasets.standards.profile import TableFault, delimiter_of

HEADER = ("colonne", "type", "description", "protection")
NAMES = {
    "colonne": "name", "nom": "name", "name": "name", "column": "name",
    "type": "type", "description": "description", "protection": "protection",
}  # fmt: skip
PROTECTIONS = {
    "": "free", "libre": "free", "free": "free",
    "pseudonyme": "pseudonym", "pseudonym": "pseudonym",
    "généralisée": "generalised", "generalisee": "generalised", "generalised": "generalised",
    "sous condition": "conditional", "conditional": "conditional",
}  # fmt: skip
MAX_DESCRIPTION, MAX_TYPE = 300, 40


def read(content: bytes) -> dict[str, dict[str, str]]:
    """Read {column: {type, description, protection}} from a CSV in UTF-8.

    The header holds `colonne` and any of type, description, protection, in French or English.
    Raises TableFault: `encoding`, `header`, `protection` (an unknown word), `csv`.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise TableFault("encoding", 1) from error
    if not lines:
        raise TableFault("header", 1)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter_of(lines[0]), strict=True))
    except csv.Error as error:
        raise TableFault("csv", 1) from error
    fields = [NAMES.get(cell.strip().lower(), "") for cell in rows[0]]
    if "name" not in fields or len(fields) - fields.count("") != len(set(fields) - {""}):
        raise TableFault("header", 1)
    found = {}
    for line, row in enumerate(rows[1:], 2):
        entry = _entry(dict(zip(fields, row, strict=False)), line)
        if entry["name"]:
            found[entry.pop("name")] = entry
    return found


def _entry(cells: dict[str, str], line: int) -> dict[str, str]:
    protection = cells.get("protection", "").strip().lower()
    if protection not in PROTECTIONS:
        raise TableFault("protection", line)
    return {
        "name": cells.get("name", "").strip(),
        "type": cells.get("type", "").strip()[:MAX_TYPE],
        "description": cells.get("description", "").strip()[:MAX_DESCRIPTION],
        "protection": PROTECTIONS[protection],
    }


def apply(
    schema: Iterable[Mapping[str, object]], known: Mapping[str, Mapping[str, str]]
) -> list[dict[str, object]]:
    """Complete the columns of a profile with what the dictionary says of them."""
    return [
        {
            **column,
            **{
                key: value
                for key, value in known.get(str(column["name"]), {}).items()
                if value or key == "protection"
            },
        }
        for column in schema
    ]


def write(schema: Iterable[Mapping[str, object]], labels: Mapping[str, str]) -> str:
    """Write the dictionary as CSV with CRLF; labels: the French word of each protection.

    A cell that a spreadsheet would run is left to the caller: names come from a header.
    """
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([*HEADER, "renseigné (%)"])
    for column in schema:
        protection = labels.get(str(column.get("protection", "")), "")
        writer.writerow(
            [
                column["name"],
                column.get("type", ""),
                column.get("description", ""),
                protection,
                column.get("filled", ""),
            ]
        )
    return target.getvalue()

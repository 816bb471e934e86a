"""Frictionless Data Package: the tables of a dataset with their schemas.

Source: Data Package and Table Schema 1.
"""

from __future__ import annotations

import re
from typing import Any

from catalogue.standards import vocabularies as terms
from catalogue.standards.published import Column, File, Published

Json = dict[str, Any]


def tables(resource: Published) -> tuple[File, ...]:
    """List the files that anyone may read and whose columns are known."""
    if resource.kind != "dataset":
        return ()
    return tuple(file for file in resource.open_files() if file.columns)


def document(resource: Published) -> Json:
    """Describe the tables of a dataset; raises ValueError when none is known."""
    files = tables(resource)
    if not files:
        raise ValueError("no table is known")
    found: Json = {
        "name": resource.slug,
        "id": resource.public_id,
        "title": resource.title,
        "description": resource.about,
        "homepage": resource.page,
        "created": "" if resource.is_elsewhere else resource.issued.isoformat(timespec="seconds"),
        "keywords": list(resource.keywords),
        "licenses": [
            {"name": each.identifier, "path": each.url, "title": each.label}
            for each in resource.licences
        ],
        "contributors": [
            {"title": (resource.publisher or resource.site.publisher).name, "role": "publisher"}
        ],
        "version": resource.version,
        "resources": [_table(file, number) for number, file in enumerate(files, 1)],
    }
    return {name: value for name, value in found.items() if value not in ("", [])}


def _table(file: File, number: int) -> Json:
    name = re.sub(r"[^a-z0-9._-]+", "-", file.name.lower()).strip("-.") or f"table-{number}"
    found: Json = {
        "name": name if number == 1 else f"{number}-{name}",
        "title": file.title,
        "path": file.download_url,
        "format": file.format.lower() or "csv",
        "mediatype": terms.media_type(file.format, file.media_type),
        "encoding": "utf-8",
        "bytes": file.size_bytes,
        "hash": f"sha256:{file.sha256}" if file.sha256 else "",
        "profile": "tabular-data-resource",
        "schema": {"fields": [_field(column) for column in file.columns], "missingValues": [""]},
    }
    return {key: value for key, value in found.items() if value not in ("", None)}


def _field(column: Column) -> Json:
    field: Json = {"name": column.name, "type": column.data_type}
    if "://" in column.type:
        field["rdfType"] = column.type
    if column.description:
        field["description"] = column.description
    if column.is_filled:
        field["constraints"] = {"required": True}
    return field

"""Croissant 1.1: a dataset whose files a program can load, with the columns of its tables.

Source: MLCommons Croissant 1.1. A file needs its SHA-256; one that asks for an account or a grant
cannot be loaded and is left out.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from catalogue.standards import vocabularies as terms
from catalogue.standards.published import Column, File, Published
from catalogue.standards.writers import citation

VERSION = "http://mlcommons.org/croissant/1.1"
CONTEXT: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
DATA_TYPES = {
    "integer": "sc:Integer",
    "number": "sc:Float",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "year": "sc:Integer",
    "boolean": "sc:Boolean",
}
# Only tables of this kind are read row by row; the others are whole files.
READ_AS_TABLE = "text/csv"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
Json = dict[str, Any]


def loadable(resource: Published) -> tuple[File, ...]:
    """List the files that a program may fetch and check."""
    if resource.kind != "dataset":
        return ()
    return tuple(each for each in resource.open_files() if _SHA256.fullmatch(each.sha256))


def document(resource: Published) -> Json:
    """Describe a dataset that has a loadable file; raises ValueError when it has none."""
    files = loadable(resource)
    if not files:
        raise ValueError("no file can be loaded")
    holder = resource.publisher or resource.site.publisher
    kind = "sc:Person" if holder.kind == "individual" else "sc:Organization"
    names = _names(files)
    found: Json = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "@id": resource.iri,
        "conformsTo": VERSION,
        "name": resource.title,
        "alternateName": resource.slug,
        "description": resource.about,
        "url": resource.page,
        "license": [each.url for each in resource.licences]
        or resource.licence_note
        or "à confirmer",
        "creator": {"@type": kind, "name": holder.name, "url": holder.homepage},
        "publisher": {"@type": kind, "name": holder.name},
        "datePublished": resource.released,
        "dateModified": resource.updated,
        "version": _version(resource.version),
        "inLanguage": list(resource.languages),
        "keywords": list(resource.keywords),
        "citeAs": citation.bibtex(resource),
        "distribution": [_file(file, names[file.iri]) for file in files],
        "recordSet": [
            _records(file, names[file.iri])
            for file in files
            if file.columns and _media(file) == READ_AS_TABLE
        ],
    }
    if not holder.homepage:
        del found["creator"]["url"]
    return {name: value for name, value in found.items() if value not in ("", [], None)}


def _version(text: str) -> str:
    """Give a version of three numbers, as the standard recommends; "" when it has none."""
    numbers = re.findall(r"\d+", text)[:3]
    return ".".join([*numbers, "0", "0"][:3]) if numbers else ""


def _names(files: tuple[File, ...]) -> dict[str, str]:
    """Name each file by itself, numbered when two bear one name."""
    names: dict[str, str] = {}
    for file in files:
        name = re.sub(r"[^\w.-]+", "-", file.name).strip("-") or "fichier"
        number, wanted = 1, name
        while wanted in names.values():
            number += 1
            wanted = f"{number}-{name}"
        names[file.iri] = wanted
    return names


def _media(file: File) -> str:
    return terms.media_type(file.format, file.media_type)


def _file(file: File, name: str) -> Json:
    found: Json = {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": file.description or file.title,
        "contentUrl": file.download_url,
        "encodingFormat": _media(file) or "application/octet-stream",
        "sha256": file.sha256.lower(),
    }
    if file.size_bytes is not None:
        found["contentSize"] = f"{file.size_bytes} B"
    return found


def _records(file: File, name: str) -> Json:
    whole = re.sub(r"\.\w+$", "", name)
    return {
        "@type": "cr:RecordSet",
        "@id": f"{whole}-lignes",
        "name": f"{whole}-lignes",
        "description": f"Les lignes de {name}.",
        "field": [_field(column, f"{whole}-lignes", name) for column in file.columns],
    }


def _field(column: Column, records: str, file: str) -> Json:
    found = {
        "@type": "cr:Field",
        "@id": f"{records}/{column.name}",
        "name": column.name,
        "description": column.description,
        "dataType": DATA_TYPES.get(column.data_type, "sc:Text"),
        "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}},
    }
    return {key: value for key, value in found.items() if value}

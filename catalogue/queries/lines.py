"""Public resources as the lines of a table: what its columns say of them, and nothing beside.

A line says what the documents of a resource say; made from them, it would cost ten times as much.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import override

from catalogue.enums import Access, Deposit, Task, UseCase
from catalogue.models import Resource
from catalogue.queries import files, published
from catalogue.standards.plain import COLUMNS
from catalogue.standards.published import File
from catalogue.validators import words
from portal.lib.characters import for_xml

Json = dict[str, Any]


class Row(NamedTuple):
    """What is read of a resource to write its line."""

    pk: int
    public_id: UUID
    slug: str
    kind: str
    subtype: str
    title: str
    acronym: str
    summary: str
    deposit: str
    producer_name: str
    organisation__name: str | None
    authors: list[str]
    homepage_url: str
    repository_url: str
    documentation_url: str
    licences: list[str]
    licence_status: str
    licence_note: str
    scope: str
    territories: list[str]
    access: str
    languages: list[str]
    use_cases: list[str]
    tasks: list[str]
    rome_codes: list[str]
    tags: list[str]
    lifecycle: str
    archived_at: datetime | None
    details: dict[str, Any]
    indexed__quality: int | None
    issued: datetime
    modified: datetime


ADDRESSES = frozenset(column for columns in files.FILE_COLUMNS.values() for column in columns)
USE_CASES, TASKS = frozenset(UseCase.values), frozenset(Task.values)
ISSUED = Coalesce("first_published_at", "created_at")
TOLD = ("content_modified_at", "archived_at", "restored_at")


def batches(size: int) -> Iterator[list[Json]]:
    """Give the line of every public resource, the first published first, so many at a time.

    Each begins after the last of the one before, on the index of the publications: none is found
    by counting through what was given already.
    """
    found = _rows()
    while batch := [Row(*row) for row in found[:size]]:
        yield of(batch)
        if len(batch) < size:
            return
        found = _rows().filter(published.after(batch[-1].issued, batch[-1].pk))


def named(ids: Sequence[int]) -> list[Row]:
    """Read those of some resources that are public, in the order given."""
    found = {row[0]: Row(*row) for row in _rows().filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def _rows() -> Any:
    changed = (Coalesce(F(name), F("issued")) for name in TOLD)
    rows = Resource.objects.public().annotate(issued=ISSUED).annotate(modified=Greatest(*changed))
    return rows.order_by("first_published_at", "pk").values_list(*Row._fields)


def of(rows: Sequence[Row]) -> list[Json]:
    """Write the lines of some resources, in their order: COLUMNS, lists as lists."""
    with override(published.LANGUAGE):
        held = files.held(rows)
    root = published.root()
    return [_line(row, held.get(row.pk, ()), root) for row in rows]


def _line(row: Row, held: Sequence[File], root: str) -> Json:
    access = row.access
    if held and all(each.access != Access.OPEN for each in held):
        access = held[0].access
    public_id = str(row.public_id)
    values = (
        public_id,
        f"{root}/id/{public_id}",
        published.page(row.slug),
        row.kind,
        row.subtype,
        for_xml(row.title),
        for_xml(row.acronym),
        for_xml(row.summary),
        for_xml(row.producer_name or row.organisation__name or ""),
        [for_xml(text) for text in row.authors],
        for_xml(row.homepage_url),
        for_xml(row.repository_url),
        for_xml(row.documentation_url),
        [for_xml(text) for text in row.licences],
        row.licence_status,
        for_xml(row.licence_note),
        row.scope,
        [for_xml(words.place_stored(text)) for text in row.territories],
        access,
        row.languages,
        [code for code in dict.fromkeys(row.use_cases) if code in USE_CASES],
        [code for code in dict.fromkeys(row.tasks) if code in TASKS],
        [for_xml(text) for text in row.rome_codes],
        [for_xml(text) for text in row.tags],
        row.lifecycle,
        row.archived_at is not None,
        row.deposit == Deposit.REFERENCED,
        _formats(row, held),
        row.indexed__quality or None,
        row.issued.isoformat(timespec="seconds"),
        row.modified.isoformat(timespec="seconds"),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _formats(row: Row, held: Sequence[File]) -> list[str]:
    """List the formats of the files that anyone may know of."""
    if held:
        told = [each.format for each in held]
    elif row.access in files.ON_REQUEST:
        told = []
    else:
        named = [row.details.get(name) or () for name in files.FILE_COLUMNS]
        told = [_format(each) for rows in named for each in rows]
    return sorted({for_xml(text) for text in told if text})


def _format(file: Json) -> str:
    """Give the format of a file that has an address."""
    has_address = any(file.get(name) for name in ADDRESSES)
    return str(file.get("format") or "") if has_address else ""

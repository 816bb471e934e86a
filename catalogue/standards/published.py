"""A published resource as every standard reads it: plain values, addresses already absolute."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalogue.standards import licences, territories
from catalogue.standards.territories import Territory

_DAY = r"(?P<%s>\d{4}(?:-\d{2}(?:-\d{2})?)?)"
_PERIOD = re.compile(
    r"^\s*(?:d[ue]\s+)?"
    + _DAY % "start"
    + r"\s*(?:-|–|—|/|à|au|…|\.\.)\s*"
    + _DAY % "end"
    + r"\s*$",
    re.IGNORECASE,
)
_ONE_DAY = re.compile(r"^\s*" + _DAY % "day" + r"\s*$")


@dataclass(frozen=True)
class Agent:
    """Who publishes, holds or wrote something. kind: as the portal classes it, or ""."""

    iri: str
    name: str
    kind: str = ""
    homepage: str = ""


@dataclass(frozen=True)
class Site:
    """The portal that speaks: its address without a last slash, its name, its publisher."""

    root: str
    name: str
    description: str
    publisher: Agent
    contact: str = ""  # address of a page or of a service


@dataclass(frozen=True)
class Licence:
    """A licence by its SPDX identifier."""

    identifier: str
    label: str
    is_open: bool

    @property
    def url(self) -> str:
        """Give its stable address."""
        return licences.address(self.identifier)


COLUMN_TYPES = {
    "integer": ("integer", "int", "entier", "nombre entier"),
    "number": ("number", "float", "double", "decimal", "nombre", "réel", "décimal", "flottant"),
    "boolean": ("boolean", "bool", "booléen", "oui/non", "oui ou non"),
    "date": ("date", "jour"),
    "datetime": ("datetime", "timestamp", "date et heure", "horodatage"),
    "year": ("year", "année"),
}


@dataclass(frozen=True)
class Column:
    """One column of a table. type: as its dictionary says, in French or in English."""

    name: str
    type: str = "string"
    description: str = ""
    is_filled: bool = False

    @property
    def data_type(self) -> str:
        """Give its type as Table Schema names it; what is not known is text."""
        said = self.type.casefold().split("(")[0].strip()
        return next((name for name, words in COLUMN_TYPES.items() if said in words), "string")


@dataclass(frozen=True)
class File:
    """One file of a resource, or the page that leads to it.

    access_url: where one gets it or asks for it. download_url: the bytes themselves, or "".
    columns: those of a table, empty when unknown. licence: SPDX identifier when it has its own.
    access: that of the file when it is not that of the resource. version: of its release.
    """

    iri: str
    title: str
    access_url: str
    download_url: str = ""
    description: str = ""
    format: str = ""
    media_type: str = ""
    size_bytes: int | None = None
    sha256: str = ""
    licence: str = ""
    access: str = ""
    columns: tuple[Column, ...] = ()
    rows: int | None = None
    version: str = ""

    @property
    def name(self) -> str:
        """Name the file as one would save it."""
        last = (self.download_url or self.access_url).split("?")[0].rstrip("/").rsplit("/", 1)[-1]
        return self.title if "." in self.title or "." not in last else last


@dataclass(frozen=True)
class Reference:
    """Another thing that the resource bears on. relation: a value of the catalogue's links."""

    relation: str
    title: str
    iri: str = ""
    url: str = ""
    kind: str = ""
    summary: str = ""
    collected_on: str = ""  # YYYY, YYYY-MM or YYYY-MM-DD


@dataclass(frozen=True)
class Measure:
    """One measured figure. group: a group of persons, "" for the whole."""

    metric: str
    value: float
    task: str = ""
    low: float | None = None
    high: float | None = None
    n: int | None = None
    group: str = ""
    dataset: str = ""
    evaluated_on: str = ""
    source_url: str = ""


@dataclass(frozen=True)
class Published:
    """One public resource. Moments are aware, dates are days; empty values are "", () and None."""

    iri: str  # persistent identifier, an address
    page: str  # the page people read
    public_id: str
    slug: str
    kind: str
    kind_label: str
    title: str
    summary: str
    issued: datetime.datetime
    modified: datetime.datetime
    site: Site
    subtype: str = ""
    title_en: str = ""
    acronym: str = ""
    alternate_titles: tuple[str, ...] = ()
    description: str = ""
    language: str = "fr"  # of the card itself
    publisher: Agent | None = None
    authors: tuple[str, ...] = ()
    contact: str = ""
    homepage_url: str = ""
    repository_url: str = ""
    documentation_url: str = ""
    licences: tuple[Licence, ...] = ()
    licence_status: str = "to_confirm"
    licence_note: str = ""
    scope: str = "regional"
    scope_note: str = ""
    territories: tuple[str, ...] = ()  # in the notation of `territories`
    access: str = "open"
    languages: tuple[str, ...] = ()
    use_cases: Mapping[str, str] = field(default_factory=dict)  # code: words
    tasks: Mapping[str, str] = field(default_factory=dict)
    rome_codes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    lifecycle: str = "unknown"
    is_archived: bool = False
    is_referenced: bool = False
    is_elsewhere: bool = False  # its dates are those of its source, not of its card
    files: tuple[File, ...] = ()
    references: tuple[Reference, ...] = ()
    served: tuple[Published, ...] = ()  # the datasets that an interface serves
    series: tuple[Published, ...] = ()  # the datasets that it is a part of
    measures: tuple[Measure, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)  # words of the choices in details

    def text(self, name: str) -> str:
        """Give a detail as text: lines joined, "" when it is empty."""
        value = self.details.get(name)
        if isinstance(value, list):
            return "\n".join(str(each) for each in value if not isinstance(each, dict))
        return "" if value is None else str(value)

    @property
    def made_by(self) -> tuple[str, ...]:
        """Name its authors: as declared, else who publishes it; () when nobody is known."""
        return self.authors or ((self.publisher.name,) if self.publisher else ())

    @property
    def version(self) -> str:
        """Give its version as it tells, else that of its files."""
        return self.text("version") or next((file.version for file in self.files), "")

    @property
    def released(self) -> str:
        """Give its day, month or year: as it tells, else that of its publication where it is held.

        Empty for what is held elsewhere and tells none: the day of an import is not its own.
        """
        told = self.text("created") or self.text("last_update")
        return told or ("" if self.is_elsewhere else self.issued.date().isoformat())

    @property
    def updated(self) -> str:
        """Give the day of its last change, in the same way."""
        told = self.text("last_update")
        return told or ("" if self.is_elsewhere else self.modified.date().isoformat())

    @property
    def about(self) -> str:
        """Give the fullest text there is."""
        return self.description or self.summary or self.title

    @property
    def places(self) -> tuple[Territory, ...]:
        """Read the territories: kind, code, name."""
        return tuple(map(territories.read_territory, self.territories))

    @property
    def keywords(self) -> tuple[str, ...]:
        """List the words it is found by: its tags, else its tasks and its kind."""
        return self.tags or tuple(self.tasks.values()) or (self.kind_label.lower(), "emploi")

    @property
    def is_restricted(self) -> bool:
        """Say whether one must ask before reading what is described."""
        return self.access in {"on_request", "restricted"}

    @property
    def period(self) -> tuple[str, str] | None:
        """Read the period covered as two dates (YYYY, YYYY-MM or YYYY-MM-DD), or nothing."""
        return period(self.text("temporal_coverage"))

    def open_files(self) -> tuple[File, ...]:
        """List the files that anyone may download."""
        return tuple(
            each
            for each in self.files
            if each.download_url and (each.access or self.access) == "open"
        )

    def linked(self, relation: str) -> tuple[Reference, ...]:
        """List what it bears on in one way."""
        return tuple(each for each in self.references if each.relation == relation)


def period(text: str) -> tuple[str, str] | None:
    """Read « 2018-2024 », « 2018-01 à 2018-08 », « 2024 » as two dates; None when it says other."""
    found = _PERIOD.match(text)
    if found:
        start, end = found["start"], found["end"]
    elif found := _ONE_DAY.match(text):
        start = end = found["day"]
    else:
        return None
    return (start, end) if is_date(start) and is_date(end) and start[:4] <= end[:4] else None


def is_date(text: str) -> bool:
    """Say whether a text is YYYY, YYYY-MM or YYYY-MM-DD and exists in the calendar."""
    parts = text.split("-")
    try:
        datetime.date(int(parts[0]), *(int(each) for each in [*parts[1:], "1", "1"][:2]))
    except (ValueError, TypeError):
        return False
    return len(parts) <= 3


def first_day(text: str) -> str:
    """Give the first day of a date: 2018 begins on 2018-01-01."""
    return f"{text}-01-01"[:10] if len(text) < 10 else text


def last_day(text: str) -> str:
    """Give the last day of a date: 2018-02 ends on 2018-02-28, 2018 on 2018-12-31."""
    if len(text) == 10:
        return text
    year, month = int(text[:4]), int(text[5:7] or 12)
    return f"{text[:4]}-{month:02d}-{calendar.monthrange(year, month)[1]}"

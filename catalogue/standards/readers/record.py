"""What a reader finds in a foreign description: typed values with their origin, and faults.

Plain values that pass through a pipe as JSON. Fields bear the names of the columns that a
contribution proposes, details those of the kind's own fields; every value is as the field cleaner
expects it (a line, a text, a list of lines, a list of rows).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

Json = Any  # str, int, float, bool, None, list and dict of them


def gettext_noop(sentence: str) -> str:
    """Mark a French sentence for translation: it is translated where it is shown."""
    return sentence


@dataclass(frozen=True)
class Value:
    """One value and where it was read.

    origin: file or standard and key, as « CITATION.cff : title ». guessed: deduced from prose or
    from another field, to be looked at.
    """

    value: Json
    origin: str
    guessed: bool = False


@dataclass(frozen=True)
class Fault:
    """One thing that could not be read, or that its own standard forbids.

    message: the French sentence. template and facts: the same before its words are put in, for
    another language. field: path in the document, as « legal.license ». line, column: from 1.
    fatal: nothing, or not this record, could be read.
    """

    code: str
    message: str
    field: str = ""
    line: int | None = None
    column: int | None = None
    fatal: bool = False
    warning: bool = False
    template: str = ""
    facts: Mapping[str, Json] = made(default_factory=dict)


def fault(
    code: str,
    template: str,
    *,
    place: str = "",
    line: int | None = None,
    column: int | None = None,
    fatal: bool = False,
    warning: bool = False,
    **facts: Any,
) -> Fault:
    """Make a fault from a French sentence with named places; its facts are shortened.

    The sentence may name %(place)s too.
    """
    given: dict[str, Any] = {"place": place, **facts} if place else facts
    shown = {name: shorten(str(fact), 80) for name, fact in given.items()}
    message = template % shown if shown else template
    return Fault(code, message, place, line, column, fatal, warning, template, shown)


@dataclass(frozen=True)
class Link:
    """A tie to another resource. type: a value of the catalogue's link types."""

    type: str
    title: str = ""
    url: str = ""
    remote_id: str = ""


@dataclass(frozen=True)
class Record:
    """One description, read.

    kind: value of the catalogue's kinds. remote_id: identifier in its source, "" when it has none.
    source_url: its page there. The licence is in fields: licences, licence_status, licence_note.
    not_transmitted: names of fields that this format, or this source, did not carry at all.
    deleted: the source says that it is no longer there; nothing else is filled.
    refused: a fault forbids its import. modified: day, YYYY-MM-DD, as the source tells.
    metrics: counts that the source tells, by the names of the counters of a card. whole: the text
    before details took its sections, "" when none did.
    """

    kind: str
    remote_id: str = ""
    source_url: str = ""
    fields: Mapping[str, Value] = made(default_factory=dict)
    details: Mapping[str, Value] = made(default_factory=dict)
    not_transmitted: frozenset[str] = frozenset()
    links: tuple[Link, ...] = ()
    faults: tuple[Fault, ...] = ()
    deleted: bool = False
    modified: str = ""
    metrics: Mapping[str, int] = made(default_factory=dict)
    whole: str = ""

    @property
    def refused(self) -> bool:
        """Say whether a fault forbids to import it."""
        return any(each.fatal for each in self.faults)

    @property
    def title(self) -> str:
        """Give the title, "" when none was found."""
        found = self.fields.get("title")
        return str(found.value) if found else ""


@dataclass(frozen=True)
class Reading:
    """What one document held. It leaves the child as JSON and is built again from it.

    faults: those of the document as a whole. next_url: address of the next page, absolute when
    base_url was given, or a resumption token (`next_token`). announced: how many records the
    source says there are in all. complete: False when the document could not be read to its end.
    """

    records: tuple[Record, ...] = ()
    faults: tuple[Fault, ...] = ()
    next_url: str = ""
    announced: int | None = None
    complete: bool = True
    next_token: str = ""
    format: str = ""

    @property
    def refused(self) -> bool:
        """Say whether nothing at all could be read."""
        return any(each.fatal for each in self.faults)


def failed(format_: str, *faults: Fault) -> Reading:
    """Give the reading of a document of which nothing could be read."""
    return Reading(faults=faults, complete=False, format=format_)


def shorten(text: str, most: int) -> str:
    """Cut a line at a word, with an ellipsis, to at most so many characters."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    head = cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut
    return head.rstrip(" ,;:.–-") + "…"

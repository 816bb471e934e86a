"""Gather the values of one record: cleaned, bounded, each with its origin."""

from collections.abc import Iterable, Mapping
from typing import Any

from catalogue.standards import languages, licences, territories, vocabularies
from catalogue.standards.readers import formats
from catalogue.standards.readers.record import Fault, Json, Link, Record, Value, fault, shorten
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax.text import (
    day,
    one_line,
    plain,
    summary_of,
    tidy,
    web_address,
    without_html,
)
from catalogue.standards.territories import TerritoryKind

LINE_CHARACTERS = {
    "title": formats.TITLE_CHARACTERS,
    "title_en": formats.TITLE_CHARACTERS,
    "acronym": 20,
    "producer_name": 160,
    "contact": 200,
    "licence_note": 300,
    "scope_note": 120,
    "summary": formats.SUMMARY_CHARACTERS,
}
# Columns that every kind has; a value of another name is one of the kind's own.
COLUMNS = frozenset(
    {
        "title", "title_en", "acronym", "alternate_titles", "subtype", "summary", "description",
        "producer_name", "authors", "contact", "homepage_url", "repository_url",
        "documentation_url", "licences", "licence_status", "licence_note", "scope", "scope_note",
        "territories", "access", "languages", "tags", "lifecycle", "lifecycle_note",
    }
)  # fmt: skip
TAG_CHARACTERS = 60
LONG_LINE_CHARACTERS = 2_000


class Builder:
    """One record being read.

    source: how the format or the file is called, the first part of every origin. The methods that
    put a value ignore an empty one and never replace one already there: call them from the best
    source to the worst.
    """

    def __init__(
        self, kind: str, source: str, *, remote_id: str = "", source_url: str = "", base: str = ""
    ) -> None:
        self.kind, self.source, self.base = kind, source, base
        self.remote_id = one_line(remote_id)[:LONG_LINE_CHARACTERS]
        self.source_url = web_address(source_url, base)
        self.fields: dict[str, Value] = {}
        self.details: dict[str, Value] = {}
        self.links: list[Link] = []
        self.faults: list[Fault] = []
        self.untold: set[str] = set()
        self.modified = self.whole = ""
        self.metrics: dict[str, int] = {}

    def record(self) -> Record:
        """Give the record as it is."""
        return Record(
            kind=self.kind,
            remote_id=self.remote_id,
            source_url=self.source_url,
            fields=dict(self.fields),
            details=dict(self.details),
            not_transmitted=frozenset(self.untold - set(self.fields) - set(self.details)),
            links=tuple(self.links[: formats.ITEMS]),
            faults=tuple(self.faults[: formats.FAULTS]),
            modified=self.modified,
            whole=self.whole[: formats.DESCRIPTION_CHARACTERS],
            metrics=dict(self.metrics),
        )

    # Faults

    def blame(self, found: Fault) -> None:
        """Add a fault."""
        self.faults.append(found)

    def note(self, code: str, template: str, *, place: str = "", **facts: Any) -> None:
        """Add a fault that forbids nothing, unless this place is already said to be wrong."""
        if place and any(each.field.split("[")[0] == place for each in self.faults):
            return
        self.faults.append(fault(code, template, place=place, **facts))

    def refuse(self, code: str, template: str, *, place: str = "", **facts: Any) -> None:
        """Add a fault that forbids to import the record."""
        self.faults.append(fault(code, template, place=place, fatal=True, **facts))

    def require_title(self, *others: tuple[object, str]) -> None:
        """Refuse a record without title, after trying other values, each a guess."""
        for value, key in others:
            self.line("title", value, key, guessed=True)
        if "title" not in self.fields:
            self.refuse(
                "title_missing", _("Cette notice n’a pas de titre : elle n’est pas reprise.")
            )

    # Values

    def value(self, name: str, value: Json, key: str = "", *, guessed: bool = False) -> None:
        """Put a value that is already clean."""
        into = self.fields if name in COLUMNS else self.details
        if name not in into and value not in ("", None, [], ()):
            origin = f"{self.source} › {key}" if key else self.source
            into[name] = Value(value, origin, guessed)

    def line(self, name: str, value: object, key: str = "", *, guessed: bool = False) -> None:
        """Put one line of text; a title too long is cut, its whole kept as another name."""
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            return
        text = one_line(str(value))
        most = LINE_CHARACTERS.get(name, LONG_LINE_CHARACTERS)
        if name == "title" and len(text) > most and "title" not in self.fields:
            self.note("title_cut", _("Titre de plus de 120 caractères : il est raccourci."))
            self.list_of("alternate_titles", [text], key)
        self.value(name, shorten(text, most), key, guessed=guessed)

    def text(self, name: str, value: object, key: str = "", *, guessed: bool = False) -> None:
        """Put several lines of text, as Markdown without HTML."""
        if not isinstance(value, str):
            return
        text = tidy(without_html(value))
        most = formats.DESCRIPTION_CHARACTERS if name == "description" else LONG_LINE_CHARACTERS
        most = {"citation": 4_000, "example": 4_000, "documentation": 8_000}.get(name, most)
        if len(text) > most:
            if name == "citation":
                return  # one that is cut says nothing
            if name == "description":
                self.note(
                    "description_cut",
                    _("Description de plus de 20 000 caractères : la fin n’est pas reprise."),
                )
            text = _cut_at_paragraph(text, most)
        self.value(name, text, key, guessed=guessed)

    def describe(
        self, value: object, key: str, *, summary: object = "", from_key: str = ""
    ) -> None:
        """Put the description, and the summary given or guessed from it."""
        if isinstance(summary, str):
            self.line("summary", plain(summary), from_key)
        self.text("description", value, key)
        found = self.fields.get("description")
        if found is not None:
            self.line("summary", summary_of(found.value), key, guessed=True)

    def address(self, name: str, value: object, key: str = "", *, guessed: bool = False) -> None:
        """Put a web address; one that is not complete is a fault."""
        if not isinstance(value, str) or not value.strip():
            return
        url = web_address(value, self.base)
        if not url:
            self.note(
                "bad_url",
                _("« %(value)s » n’est pas une adresse complète : elle n’est pas reprise."),
                place=key,
                value=value,
            )
            return
        self.value(name, url, key, guessed=guessed)

    def date(self, name: str, value: object, key: str = "", *, guessed: bool = False) -> None:
        """Put an own date; one that cannot be read is a fault."""
        if value in ("", None):
            return
        found = day(value)
        if not found:
            self.note(
                "bad_date",
                _("« %(value)s » n’est pas une date : elle n’est pas reprise."),
                place=key,
                value=value,
            )
            return
        self.value(name, found, key, guessed=guessed)

    def integer(self, name: str, value: object, key: str = "") -> None:
        """Put an own count."""
        found = whole(value)
        if found is not None:
            self.value(name, found, key)

    def list_of(
        self,
        name: str,
        values: Iterable[object],
        key: str = "",
        *,
        guessed: bool = False,
    ) -> None:
        """Put a list of lines, once each, at most 50."""
        lines = [
            one_line(str(value))[:LONG_LINE_CHARACTERS]
            for value in values
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        ]
        unique = list(dict.fromkeys(line for line in lines if line))
        self.value(name, unique[: formats.ITEMS], key, guessed=guessed)

    def said(self, *names: str) -> str:
        """Give the words of some of the kind's own values."""
        values = [self.details[name].value for name in names if name in self.details]
        return "\n".join(each if isinstance(each, str) else "\n".join(each) for each in values)

    def territories(self, values: Iterable[str], key: str = "") -> None:
        """Put territories, and the scope that those that are known tell, the widest one."""
        named = [text for text in values if text]
        self.list_of("territories", named, key)
        kinds = {territories.read_territory(text).kind for text in named}
        if "france" in {text.casefold() for text in named}:
            scope = "national"
        elif TerritoryKind.REGION in kinds:
            scope = "regional"
        else:
            scope = "local" if kinds - {None} else ""
        self.value("scope", scope, key, guessed=True)

    def tags(self, values: Iterable[object], key: str = "") -> None:
        """Put key words: lower case, of at most 60 characters, once each."""
        words = [one_line(str(v)).lower().strip(" #,;") for v in values if isinstance(v, str)]
        kept = [word for word in words if 1 < len(word) <= TAG_CHARACTERS]
        self.list_of("tags", kept, key)

    def rows(self, name: str, rows: list[dict[str, Json]], key: str = "") -> None:
        """Put an own table of at most 50 lines."""
        kept = [row for row in rows if any(v not in ("", None) for v in row.values())]
        if len(kept) > formats.ITEMS:
            self.note(
                "rows_cut",
                _("%(count)s lignes dans « %(name)s » : les 50 premières sont reprises."),
                place=key,
                count=len(kept),
                name=key or name,
            )
        self.value(name, kept[: formats.ITEMS], key)

    def count(self, name: str, value: object) -> None:
        """Keep a count that the source tells."""
        found = whole(value)
        if found:
            self.metrics[name] = min(found, 2_000_000_000)

    def link(self, kind: str, *, title: object = "", url: object = "", remote_id: str = "") -> None:
        """Add a tie to another resource."""
        found = Link(kind, one_line(str(title or "")), web_address(url, self.base), remote_id)
        if (found.title or found.url or found.remote_id) and found not in self.links:
            self.links.append(found)

    # Vocabularies

    def licence(self, texts: Iterable[object], key: str = "") -> None:
        """Put the licence as read: identifiers, status, and the original text when in doubt."""
        given = [one_line(str(t)) for t in texts if isinstance(t, str) and t.strip()]
        if not given or "licence_status" in self.fields:
            return
        found = licences.normalise_all(given)
        self.value("licences", list(found.identifiers), key)
        self.value("licence_status", found.status, key)
        self.line("licence_note", found.note, key)

    def language(self, values: object, key: str = "", *, guessed: bool = False) -> None:
        """Put languages; a text that names none is a fault."""
        codes, unknown = languages.normalise(values)
        self.list_of("languages", codes, key, guessed=guessed)
        for text in unknown[:5]:
            self.note(
                "unknown_language",
                _("« %(value)s » n’est pas une langue connue : elle n’est pas reprise."),
                place=key,
                value=text,
            )

    def frequency(self, value: object, key: str = "") -> None:
        """Put the rhythm of updates; one that is not in the lists is a fault."""
        if not isinstance(value, str) or not value.strip():
            return
        found = vocabularies.rhythm_named(value)
        if not found:
            self.note(
                "unknown_frequency",
                _("« %(value)s » n’est pas un rythme de mise à jour connu."),
                place=key,
                value=value,
            )
        self.value("update_frequency", found, key)


def whole(value: object) -> int | None:
    """Give a count read from a number or its text, else None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = int(float(value))
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < 10**15 else None


def file_row(values: Mapping[str, object], base: str = "") -> dict[str, Json]:
    """Clean the row of a file or a distribution, whatever columns it has."""
    row: dict[str, Json] = {}
    for name, value in values.items():
        if name in ("url", "access_url", "download_url"):
            row[name] = web_address(value, base)
        elif name == "bytes":
            row[name] = whole(value) or None
        elif isinstance(value, str):
            row[name] = one_line(value)[: 64 if name == "sha256" else LONG_LINE_CHARACTERS]
    return {name: value for name, value in row.items() if value not in ("", None)}


def _cut_at_paragraph(text: str, most: int) -> str:
    cut = text[: most - 1]
    at = cut.rfind("\n\n")
    return (cut[:at] if at > most // 2 else cut).rstrip() + "…"

"""Cards as rows of a table: the columns of each kind, what is written in a cell, what is read back.

A cell holds a text, the code or the words of a choice, or the items of a list one bar apart. Each
row of a list of files is spread over numbered columns: `distributions.1.title`. What starts like
a formula is written after an apostrophe, which is taken away when it is read.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from catalogue.enums import LicenceStatus, ResourceKind
from catalogue.standards.languages import code_of
from catalogue.standards.readers.text import day
from catalogue.validators import words
from catalogue.validators.fields import (
    COMMON,
    DETAILS,
    EMPTY,
    MAX_ITEMS,
    Field,
    FieldType,
    Text,
    clean_value,
)
from portal.lib.files import csv_safe

ID, SLUG, KIND = IDENTITY = ("id", "slug", "kind")
STATUS = "status"  # where its proposal stands, in our exports
# Columns of our own exports that say what the portal knows by itself: read, and left aside.
TOLD_BY_US = frozenset(
    "status iri url organisation archived referenced formats quality published_at "
    "modified_at".split()
)
# An empty cell there leaves what is known: these choices are never nothing.
ALWAYS_SOMETHING = frozenset({"scope", "access", "lifecycle", "deposit", "licence_status"})
BAR = " | "
NUMBERED = re.compile(r"^([a-z_]+)\.([1-9]\d?)\.([a-z0-9_]+)$")
ESCAPED = re.compile(r"^'(?=[=+\-@\t\r\n])")
SHOWN_ROWS = 2  # of files, in a template


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell: its column, its value as written, the cause."""

    column: str
    value: str
    message: Text


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, the field that it fills, and the label that people read."""

    name: str
    field: Field
    label: str = ""


@cache
def fields_of(kind: str) -> Mapping[str, Field]:
    """Give the fields that a row of a kind fills, by name, with all their choices."""
    found: dict[str, Field] = {}
    for own in (*COMMON, *DETAILS[kind].fields):
        if own.name == "organisation":
            continue
        if own.name == "subtype":
            own = replace(own, choices=DETAILS[kind].subtypes)
        if own.name == "licence_status":
            own = replace(own, choices=tuple(LicenceStatus.choices))
        found[own.name] = own
    return found


def columns_of(kind: str, *, rows: int = SHOWN_ROWS) -> list[Column]:
    """List the columns of a kind, its identity apart; `rows` of each list of files."""
    return [column for own in fields_of(kind).values() for column in _spread(own, rows)]


def _spread(own: Field, rows: int) -> Iterator[Column]:
    if own.type is not FieldType.ROWS:
        yield Column(own.name, own, str(own.label))
        return
    for number in range(1, rows + 1):
        for column in own.columns:
            label = f"{own.label} {number}, {str(column.label).lower()}"
            yield Column(f"{own.name}.{number}.{column.name}", column, label)


def unknown(columns: Iterable[str]) -> list[str]:
    """List the columns that no kind has."""
    names = {name for kind in DETAILS for name in fields_of(kind)}
    return [name for name in columns if not _is_known(name, names)]


def _is_known(name: str, names: Collection[str]) -> bool:
    if name in IDENTITY or name in TOLD_BY_US:
        return True
    numbered = NUMBERED.match(name)
    if numbered is None:
        return name in names and not _is_rows(name)
    own = next((f[numbered[1]] for f in map(fields_of, DETAILS) if numbered[1] in f), None)
    return own is not None and numbered[3] in {column.name for column in own.columns}


def _is_rows(name: str) -> bool:
    return any(
        fields[name].type is FieldType.ROWS for fields in map(fields_of, DETAILS) if name in fields
    )


def written(kind: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Give the cells of a card, by column, empty ones left out; `values` on one level."""
    found: dict[str, str] = {}
    for own in fields_of(kind).values():
        value = values.get(own.name)
        if value in EMPTY:
            continue
        if own.type is not FieldType.ROWS:
            found[own.name] = _cell(own, value)
            continue
        for number, row in enumerate(value or (), 1):
            for column in own.columns:
                if row.get(column.name) not in EMPTY:
                    name = f"{own.name}.{number}.{column.name}"
                    found[name] = _cell(column, row[column.name])
    return {name: csv_safe(cell) for name, cell in found.items()}


def _cell(own: Field, value: Any) -> str:
    if isinstance(value, list | tuple):
        return BAR.join(_barred(str(item), _marks(own)) for item in value)
    return str(value).replace("\x00", "")


def _marks(own: Field) -> str:
    return "|,;" if own.name == "tags" else "|"


def _barred(item: str, marks: str) -> str:
    """Write an item so that what separates items stands in it without separating."""
    return re.sub(rf"(\\*)([{marks}])", r"\1\1\\\2", item)


def _items(text: str, marks: str) -> list[str]:
    """Cut a cell into its items: at ends of lines, and at marks that no backslash precedes."""
    found, start = [], 0
    for each in re.finditer(rf"(\\*)([{marks}])|\n", text):
        if not len(each[1] or "") % 2:
            found.append(text[start : each.end() - 1])
            start = each.end()
    pieces = [*found, text[start:]]
    bare = (re.sub(rf"(\\+)([{marks}])", _unbarred, piece.strip()) for piece in pieces)
    return [piece for piece in bare if piece]


def _unbarred(each: re.Match[str]) -> str:
    return each[1][: len(each[1]) // 2] + each[2]


def read(
    kind: str,
    cells: Mapping[str, str],
    header: Collection[str],
    *,
    current: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], list[Fault]]:
    """Read a row: the values that it brings, by field, and what is wrong with its cells.

    header: the columns of the table; a field without a column stays as it is. current: the card
    as it is, on one level; what is equal to it is left out. Without it, empty cells are too.
    """
    fields, values, faults = fields_of(kind), dict[str, Any](), list[Fault]()
    now = written(kind, current) if current is not None else {}
    for name, own in fields.items():
        asked = _columns_in(own, header)
        if all(_same_text(cells.get(each, ""), now.get(each, "")) for each in asked):
            continue
        try:
            value = _value(own, cells, asked, current)
        except _Wrong as wrong:
            faults.append(wrong.fault)
            continue
        if not _same(value, (current or {}).get(name)) and not (
            value in EMPTY and name in ALWAYS_SOMETHING
        ):
            values[name] = value
    if not cells.get("licence_status", "").strip():
        _settle_licence(values)
    return values, faults + _strangers(kind, cells, fields)


def _settle_licence(values: dict[str, Any]) -> None:
    """Call declared the licence of a row that says nothing of its status."""
    if "licences" in values:
        known = values["licences"]
        values["licence_status"] = str(
            LicenceStatus.DECLARED if known else LicenceStatus.TO_CONFIRM
        )


def _columns_in(own: Field, header: Collection[str]) -> list[str]:
    if own.type is not FieldType.ROWS:
        return [own.name] if own.name in header else []
    numbered = ((name, NUMBERED.match(name)) for name in header)
    return [name for name, found in numbered if found and found[1] == own.name]


class _Wrong(Exception):
    """Carry the fault of a cell."""

    def __init__(self, column: str, value: str, message: Text) -> None:
        self.fault = Fault(column, value, message)
        super().__init__(column)


def _value(
    own: Field,
    cells: Mapping[str, str],
    asked: Iterable[str],
    current: Mapping[str, Any] | None,
) -> Any:
    if own.type is not FieldType.ROWS:
        return _parsed(own, own.name, cells.get(own.name, ""))
    rows = [dict(row) for row in ((current or {}).get(own.name) or ())]
    columns = {column.name: column for column in own.columns}
    for name in asked:
        _field, number, column = NUMBERED.match(name).groups()  # type: ignore[union-attr]  # asked
        value = _parsed(columns[column], name, cells.get(name, ""))
        while len(rows) < int(number):
            rows.append({})
        rows[int(number) - 1][column] = value
    if len(rows) > MAX_ITEMS:
        raise _Wrong(f"{own.name}.{len(rows)}", "", _("Cinquante lignes au plus."))
    try:
        return clean_value(own, rows)
    except ValidationError as error:  # a row of the card that its rule would not let in any more
        raise _Wrong(own.name, "", " ".join(error.messages)) from error


def _parsed(own: Field, column: str, raw: str) -> Any:
    """Bring one cell to the stored form of its field."""
    text = ESCAPED.sub("", raw).strip()
    try:
        if own.name == "licences":
            return clean_value(own, [_licence(item) for item in _items(text, _marks(own))])
        if own.type is FieldType.LIST:
            return clean_value(own, [_item(own, item) for item in _items(text, _marks(own))])
        if own.type is FieldType.CHOICE:
            return clean_value(own, _code(own, text))
        if own.type is FieldType.DATE:
            return clean_value(own, day(text) or text)
        return clean_value(own, text)
    except ValidationError as error:
        raise _Wrong(column, raw, " ".join(error.messages)) from error


def _item(own: Field, item: str) -> str:
    if own.name == "tags":
        return " ".join(item.lower().split())[:60]
    if own.name == "languages":
        code = _code(own, item)
        if code not in dict(own.choices) and not code_of(item):
            raise ValidationError(_("« %(item)s » n’est pas une langue."), params={"item": item})
        return code if code in dict(own.choices) else code_of(item)
    if own.choices and _code(own, item) not in dict(own.choices):
        raise ValidationError(
            _("« %(item)s » n’est pas une des valeurs de la liste."), params={"item": item[:64]}
        )
    return _code(own, item) if own.choices else item


def _code(own: Field, text: str) -> str:
    """Give the code of a choice written by its code or its words, in any case."""
    wanted = text.casefold()
    for language in ("fr", "en"):
        with override(language):
            for code, words in own.choices:
                if wanted in (code.casefold(), str(words).casefold()):
                    return code
    return text


def _licence(text: str) -> str:
    if words.is_ambiguous(text):
        raise ValidationError(_("Précisez Licence Ouverte 1.0 ou 2.0."))
    found = words.read(text)
    if not found.is_known:
        raise ValidationError(
            _("Cet identifiant n’est pas dans la liste SPDX : écrivez par exemple MIT.")
        )
    return found.expression


def _strangers(kind: str, cells: Mapping[str, str], fields: Mapping[str, Field]) -> list[Fault]:
    """List the cells filled in columns of another kind."""
    label = str(ResourceKind(kind).label)
    found = []
    for name, cell in cells.items():
        numbered = NUMBERED.match(name)
        field = numbered[1] if numbered else name
        if field in fields or field in IDENTITY or field in TOLD_BY_US or not cell.strip():
            continue
        message = _("Cette colonne n’est pas de ce type de ressource (%(kind)s).")
        found.append(Fault(name, cell, message % {"kind": label}))
    return found


def kind_of(text: str) -> str:
    """Give the code of a kind written by its code or its words; "" for none of the nine."""
    own = Field(KIND, "", FieldType.CHOICE, choices=tuple(ResourceKind.choices))
    code = _code(own, text.strip())
    return code if code in DETAILS else ""


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return _same_text(one, other)
    return one == other or (one in EMPTY and other in EMPTY)


def _same_text(one: str, other: str) -> bool:
    return _ends(one) == _ends(other)


def _ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()

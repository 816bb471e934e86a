"""Read a table of cards: one record a row, its cells as written, the row's line as its identity.

The first record is the header: its fields are the columns, in their order. What the columns and
the cells mean is not known here. Empty cells are left out; a row that cannot be read is refused.
"""

import csv
import io
import re
from collections.abc import Iterator

from catalogue.standards.readers import formats
from catalogue.standards.readers.record import Fault, Reading, Record, Value, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax.text import Unreadable, decoded, one_line, unreadable

TOO_MANY_ROWS = _("Ce fichier compte plus de %(most)s lignes : coupez-le en plusieurs fichiers.")
DELIMITERS = ";,\t"
SEPARATOR_LINE = re.compile(r"\Asep=(.)\n", re.IGNORECASE)  # a spreadsheet's own first line
Row = tuple[int, list[str]]


def read(content: bytes, base_url: str) -> Reading:
    """Read one table, its columns separated by semicolons, commas or tabulations."""
    text, first = decoded(content), 1
    told = SEPARATOR_LINE.match(text)
    if told:
        text, first = text[told.end() :], 2
    rows = _rows(text, told[1] if told else _delimiter(text), first)
    line, header = next(rows, (first, []))
    names = [one_line(name).lower() for name in header]
    while names and not names[-1]:
        names.pop()
    _require_columns(names, line)
    records = [Record("header", str(line), fields={n: Value(n, n) for n in names if n})]
    for at, cells in rows:
        if any(cell.strip() for cell in cells):
            if len(records) > formats.CSV_ROWS:
                raise unreadable("too_many_rows", TOO_MANY_ROWS, line=at, most=formats.CSV_ROWS)
            records.append(_record(names, at, cells))
    return Reading(records=tuple(records))


def _delimiter(text: str) -> str:
    """Choose what separates most columns of the first line, outside quotes."""
    head = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    return max(DELIMITERS, key=head.count)


def _rows(text: str, delimiter: str, first: int) -> Iterator[Row]:
    """Give each row with the line where it begins; raises Unreadable where quotes go wrong."""
    # The limit is of the whole process: what reads a table after this one has its own back.
    before = csv.field_size_limit(formats.CSV_CELL_CHARACTERS)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        line = first
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _broken(line, error) from error
            yield line, cells
            line = first + reader.line_num
    finally:
        csv.field_size_limit(before)


def _require_columns(names: list[str], line: int) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if not any(names):
        raise unreadable("no_columns", _("Ce fichier est vide : il n’a pas de colonnes."))
    if len(names) > formats.CSV_COLUMNS:
        raise unreadable(
            "too_many_columns",
            _("Ce fichier compte plus de %(most)s colonnes."),
            line=line,
            most=formats.CSV_COLUMNS,
        )
    if twice:
        raise unreadable(
            "column_twice",
            _("La colonne « %(name)s » est là deux fois : gardez-en une."),
            line=line,
            name=twice[0],
        )


def _record(names: list[str], line: int, cells: list[str]) -> Record:
    wrong = _misplaced(names, line, cells)
    if wrong is not None:
        return Record("row", str(line), faults=(wrong,))
    told = {name: Value(cell, "") for name, cell in zip(names, cells, strict=False) if name}
    return Record("row", str(line), fields={n: v for n, v in told.items() if v.value})


def _misplaced(names: list[str], line: int, cells: list[str]) -> Fault | None:
    """Say that cells and columns do not go together, so that no value lands in another column."""
    beyond = any(cell.strip() for cell in cells[len(names) :])
    unnamed = any(c.strip() for n, c in zip(names, cells, strict=False) if not n)
    if len(cells) >= len(names) and not beyond and not unnamed:
        return None
    return fault(
        "cells_misplaced",
        _(
            "Cette ligne compte %(found)s cellules pour %(wanted)s colonnes : elle n’est pas "
            "lue. Vérifiez les séparateurs et les guillemets."
        ),
        line=line,
        found=len(cells),
        wanted=len(names),
        fatal=True,
    )


def _broken(line: int, error: csv.Error) -> Unreadable:
    if "field larger" in str(error):
        sentence = _("Une cellule dépasse %(most)s caractères : un guillemet manque peut-être.")
        most = formats.CSV_CELL_CHARACTERS
        return unreadable("cell_too_large", sentence, line=line, most=most)
    sentence = _("À partir d’ici, un guillemet n’est pas fermé ou est mal placé.")
    return unreadable("quotes", sentence, line=line)

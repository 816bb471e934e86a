"""Read the first rows of a table, with the types of its columns."""

from __future__ import annotations

import csv
import encodings.cp1252
import encodings.utf_8_sig
import encodings.utf_16
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice, takewhile
from typing import IO, Any

CHUNK = 1 << 20
# The child opens no file: what the texts ask for later is loaded with this module.
LOADED = (encodings.cp1252, encodings.utf_8_sig, encodings.utf_16)
ROWS, ROWS_TYPED, COLUMNS, CELL, NAME = 100, 1_000, 50, 200, 120
COUNTED_CHARACTERS = 32_000_000  # half a second
LINE_CHARACTERS = 200_000
# Of all the cells that are shown: with four bytes a character, the answer stays below its bound.
SHOWN_CHARACTERS = 200_000
# What no database or JSON text can hold, or that would take six bytes there for one.
_UNSAID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
DELIMITERS = (",", ";", "\t", "|")
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?([.,]\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_MOMENT = re.compile(_DATE.pattern + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_BOOLEANS = frozenset({"true", "false", "vrai", "faux", "oui", "non"})


def preview_csv(source: IO[bytes]) -> dict[str, Any]:
    """Read the first rows of a CSV; {} for no table.

    all_rows: how many there are, where the file is short enough to be read to its end.
    """
    head = source.read(CHUNK)
    source.seek(0)
    text = io.TextIOWrapper(source, encoding=_encoding(head), errors="replace", newline="")
    read = _Lines(text)
    try:
        lines = [line for line in islice(read, ROWS_TYPED + 1) if line.strip()]
        if not lines:
            return {}
        mark = max(DELIMITERS, key=lines[0].count)
        rows = [row for row in csv.reader(lines, delimiter=mark) if row]
        many = _counted(lines, read, mark)
    except csv.Error:
        return {}
    finally:
        text.detach()
    header, body = rows[0], rows[1:]
    columns = [
        {"name": _plain(name.strip(), NAME), "type": _type(_column(body, at))}
        for at, name in enumerate(header[:COLUMNS])
    ]
    shown = _shown([_plain(cell, CELL) for cell in row[:COLUMNS]] for row in body[:ROWS])
    told = {"columns": columns, "rows": shown, "more": len(body) > len(shown)}
    if many is not None:
        told["all_rows"] = many
    return told


class _Lines:
    """Lines of a text, none longer than a row may be; one that is ends the table."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._is_over = text, False
        self.characters, self.is_whole = 0, False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = "" if self._is_over else self._text.readline(LINE_CHARACTERS)
        self.characters += len(line)
        if not line and not self._is_over:
            self.is_whole = True
        self._is_over = not line or len(line) == LINE_CHARACTERS
        if self._is_over:
            raise StopIteration
        return line


def _counted(first: list[str], read: _Lines, mark: str) -> int | None:
    """Count the rows below the header; None where they are not all read, or are no rows there."""
    rest = takewhile(lambda _line: read.characters <= COUNTED_CHARACTERS, read)
    try:
        rows = csv.reader(chain(first, (line for line in rest if line.strip())), delimiter=mark)
        many = sum(1 for row in rows if row)
    except csv.Error:
        return None
    return many - 1 if read.is_whole else None


def _column(rows: list[list[str]], at: int) -> Iterator[str]:
    return (row[at] for row in rows if at < len(row))


def _plain(text: str, most: int) -> str:
    """Cut a text, and leave out of it the characters that cannot be kept."""
    return _UNSAID.sub("", text[:most])


def _shown(rows: Iterable[list[str]]) -> list[list[str]]:
    """Keep the first rows, as many as may be shown together."""
    kept: list[list[str]] = []
    left = SHOWN_CHARACTERS
    for row in rows:
        left -= sum(map(len, row))
        if left < 0:
            break
        kept.append(row)
    return kept


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = len(head) == CHUNK and error.start >= len(head) - 3
        return "utf-8-sig" if cut else "cp1252"
    return "utf-8-sig"


def _type(cells: Iterator[str]) -> str:
    """Name the narrowest type of all filled cells; « 04 » is a code and no number."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "string"
    if all(cell.lower() in _BOOLEANS for cell in filled):
        return "boolean"
    for name, rule in (
        ("integer", _INTEGER),
        ("number", _NUMBER),
        ("date", _DATE),
        ("datetime", _MOMENT),
    ):
        if all(rule.fullmatch(cell) for cell in filled):
            return name
    return "string"


def preview_parquet(source: IO[bytes], parquet: Any) -> dict[str, Any]:
    """Read the first rows of a Parquet file; {} when it cannot be read."""
    try:
        file = parquet.ParquetFile(source)
        names = file.schema_arrow.names[:COLUMNS]
        types = {each.name: str(each.type) for each in file.schema_arrow}
        batch = next(file.iter_batches(batch_size=ROWS, columns=names, use_threads=False), None)
        records = batch.to_pylist() if batch is not None else []
        many = file.metadata.num_rows
    except (OSError, ValueError, TypeError, NotImplementedError):  # those of Arrow are among them
        return {}
    shown = _shown([_said(record.get(name)) for name in names] for record in records)
    return {
        "columns": [
            {"name": _plain(name, NAME), "type": _plain(types[name], NAME)} for name in names
        ],
        "rows": shown,
        "more": many > len(shown),
        "all_rows": many,
    }


def _said(value: Any) -> str:
    return "" if value is None else _plain(str(value), CELL)

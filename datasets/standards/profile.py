"""Profile the columns of a table: what a reader may know of it without reading it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from portal.lib import children
from portal.lib.children import Bounds, ChildLost

MAX_COLUMNS = 500
MAX_CELL = 100_000
DISTINCT_COUNTED = 1_000
PREVIEW_ROWS, PREVIEW_COLUMNS, PREVIEW_CELL = 5, 12, 80
DELIMITERS = (",", ";", "\t")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_BOOLEAN = frozenset({"true", "false", "vrai", "faux", "oui", "non"})
# The narrowest type first; a column takes the first that all its filled cells have.
TYPES = ("boolean", "integer", "number", "date", "string")


class TableFault(ValueError):
    """A file that is not a table we read; line is 1-based, header included."""

    def __init__(self, code: str, line: int, **facts: Any) -> None:
        self.code, self.line, self.facts = code, line, facts
        super().__init__(code)


@dataclass
class ColumnProfile:
    """What one column holds; `possible` shrinks as cells are read."""

    name: str
    filled: int = 0
    possible: list[str] = field(default_factory=lambda: list(TYPES))
    values: set[str] | None = field(default_factory=set)
    low: float = math.inf
    high: float = -math.inf
    total: float = 0

    def read(self, cell: str) -> None:
        """Count one cell; spaces alone are an empty cell."""
        text = cell.strip()
        if not text:
            return
        self.filled += 1
        if self.values is not None:
            self.values.add(text)
            if len(self.values) > DISTINCT_COUNTED:
                self.values = None
        self.possible = [each for each in self.possible if is_of_type(each, text)]
        if "number" in self.possible:
            number = float(text.replace(",", "."))
            self.low, self.high = min(self.low, number), max(self.high, number)
            self.total += number

    @property
    def type(self) -> str:
        """Name the narrowest type of all filled cells; an empty column is text."""
        return self.possible[0] if self.filled else "string"

    @property
    def distinct(self) -> int | None:
        """Count the distinct values, None above 1,000."""
        return None if self.values is None else len(self.values)

    @property
    def bounds(self) -> dict[str, float]:
        """Give the smallest, the mean and the largest of numbers; {} of anything else.

        Of a table that anybody may read: a schema does not say them.
        """
        if not self.filled or "number" not in self.possible or not math.isfinite(self.total):
            return {}
        return {"low": self.low, "mean": self.total / self.filled, "high": self.high}


@dataclass(frozen=True)
class TableProfile:
    """A table: its rows, its columns and its first rows."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    first: tuple[tuple[str, ...], ...]

    def schema(self) -> list[dict[str, object]]:
        """Give one plain record a column; `filled` is a share of 0 to 100, floored."""
        return [
            {
                "name": column.name,
                "type": column.type,
                "description": "",
                "filled": column.filled * 100 // self.rows if self.rows else 0,
                "distinct": column.distinct,
                "protection": "free",
            }
            for column in self.columns
        ]

    def preview(self) -> dict[str, object]:
        """Give the first rows, cut to 12 columns and 80 characters a cell."""
        header = [column.name for column in self.columns[:PREVIEW_COLUMNS]]
        rows = [[cell[:PREVIEW_CELL] for cell in row[:PREVIEW_COLUMNS]] for row in self.first]
        return {"header": header, "rows": rows}


def profile(stream: BinaryIO) -> TableProfile:
    """Read a whole CSV in UTF-8, separated by commas, semicolons or tabs.

    Memory: at most 1,000 values a column. Raises TableFault: `encoding`, `empty`, `header`
    (a name empty or twice), `columns` (more than 500), `width` (a row of another length),
    `csv`.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    line = 0
    try:
        start = text.readline()
        columns = columns_of(start)
        first: list[tuple[str, ...]] = []
        rows = 0
        for line, row in rows_of(text, start):
            if len(row) != len(columns):
                raise TableFault("width", line, found=len(row), expected=len(columns))
            rows += 1
            if len(first) < PREVIEW_ROWS:
                first.append(tuple(row))
            for column, cell in zip(columns, row, strict=True):
                column.read(cell)
    except UnicodeDecodeError as error:
        raise TableFault("encoding", line + 1) from error
    except csv.Error as error:
        raise TableFault("csv", line + 1) from error
    finally:
        text.detach()
    return TableProfile(rows, tuple(columns), tuple(first))


def delimiter_of(header: str) -> str:
    """Guess the separator of a table from its header line."""
    return max(DELIMITERS, key=header.count)


def columns_of(start: str) -> list[ColumnProfile]:
    """Name the columns of a header line; raises TableFault as `profile`."""
    if not start.strip() or "\0" in start:
        raise TableFault("empty" if "\0" not in start else "csv", 1)
    names = next(csv.reader([start], delimiter=delimiter_of(start)), [])
    names = [name.strip() for name in names]
    if "" in names or len(set(names)) != len(names):
        raise TableFault("header", 1)
    if len(names) > MAX_COLUMNS:
        raise TableFault("columns", 1, found=len(names))
    return [ColumnProfile(name) for name in names]


def rows_of(text: io.TextIOWrapper, start: str) -> Iterator[tuple[int, list[str]]]:
    """Give the line where each row ends, and the row; blank lines are skipped."""
    reader = csv.reader(text, delimiter=delimiter_of(start), strict=True)
    for row in reader:
        if any("\0" in cell or len(cell) > MAX_CELL for cell in row):
            raise TableFault("csv", reader.line_num + 1)
        if row:
            yield reader.line_num + 1, row


def is_of_type(kind: str, text: str) -> bool:
    """Say whether a filled cell is of one of TYPES."""
    match kind:
        case "boolean":
            return text.lower() in _BOOLEAN
        case "integer":
            return _INTEGER.fullmatch(text) is not None and not _code(text)
        case "number":
            return _NUMBER.fullmatch(text) is not None and not _code(text)
        case "date":
            return _DATE.fullmatch(text) is not None
        case _:
            return True


def _code(text: str) -> bool:
    """Say whether digits are a code and no number: « 04 », « 013 »."""
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()


MEMORY_BYTES = 512 << 20


@dataclass(frozen=True)
class Profiled:
    """What a child said of a table: its rows, its columns as plain records, its first rows."""

    rows: int
    schema: list[dict[str, object]]
    preview: dict[str, object]


def profile_apart(stream: BinaryIO, *, seconds: int) -> Profiled:
    """Profile a whole CSV, from its start, in a child process.

    seconds: of processor and of clock. Raises TableFault as `profile`, and `heavy` when the
    child was stopped for its time or its memory; the stream is then to be rewound.
    """
    try:
        answered = children.run(__name__, str(seconds), given=stream, seconds=seconds)
    except ChildLost as error:
        raise TableFault("heavy", 0, seconds=seconds) from error
    said: dict[str, Any] = json.loads(answered)
    if "fault" in said:
        raise TableFault(said["fault"], said["line"], **said["facts"])
    return Profiled(**said)


def answer(stream: BinaryIO) -> dict[str, Any]:
    """Profile a table and return what the parent reads: the profile, or its fault."""
    try:
        found = profile(stream)
    except TableFault as fault:
        return {"fault": fault.code, "line": fault.line, "facts": fault.facts}
    return {"rows": found.rows, "schema": found.schema(), "preview": found.preview()}


if __name__ == "__main__":
    Bounds(int(sys.argv[1]), MEMORY_BYTES).apply()
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer)))

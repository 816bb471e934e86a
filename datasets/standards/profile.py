"""Profile the columns of a table: what a reader may know of it without reading it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from portal.lib import children
from portal.lib.children import Bounds, ChildLost

MAX_COLUMNS = 500
MAX_CELL = 100_000
DISTINCT_COUNTED = 1_000
PREVIEW_ROWS, PREVIEW_COLUMNS, PREVIEW_CELL = 5, 12, 80
DELIMITERS = (",", ";", "\t")
# Of a table read by Arrow: a row is within a block, and a column takes as much before it is cut.
BLOCK_BYTES, BLOCKS_BYTES = 1 << 20, 32 << 20
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_BOOLEAN = frozenset({"true", "false", "vrai", "faux", "oui", "non"})
# The narrowest type first; a column takes the first that all its filled cells have.
TYPES = ("boolean", "integer", "number", "date", "string")
# Cells that `is_of_type` is known to accept, most of them; it judges the others.
_SURE = {
    "boolean": rf"(?i)\A({'|'.join(sorted(_BOOLEAN))})\z",
    "integer": r"\A[+-]?(\d|[1-9]\d{1,17})\z",
    "number": r"\A[+-]?(\d|[1-9]\d+)([.,]\d+)?([eE][+-]?\d+)?\z",
    "date": rf"\A{_DATE.pattern}\z",
    "string": "",
}


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

    def read(self, cells: pa.Array) -> None:
        """Count some cells; spaces alone are an empty cell."""
        weights = None
        if self.values is not None:  # few distinct values are each judged once
            counted = cells.value_counts()
            cells, weights = counted.field("values"), counted.field("counts")
        texts = pc.utf8_trim_whitespace(cells)
        is_filled = pc.binary_length(texts).cast(pa.bool_())
        weights = (weights or is_filled.cast(pa.int64())).filter(is_filled)
        texts = texts.filter(is_filled)
        if not len(texts):
            return
        self.filled += pc.sum(weights).as_py()
        if self.values is not None:
            self.values.update(texts.to_pylist())
            if len(self.values) > DISTINCT_COUNTED:
                self.values = None
        possible: list[str] = []
        for kind in self.possible:
            if (kind == "number" and "integer" in possible) or _are_of_type(kind, texts):
                possible.append(kind)
        self.possible = possible
        if "number" in possible:
            numbers = _numbers(texts)
            self.low = min(self.low, pc.min(numbers).as_py())
            self.high = max(self.high, pc.max(numbers).as_py())
            self.total += pc.sum(pc.multiply(numbers, weights)).as_py()

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
    """Read a whole CSV in UTF-8, separated by commas, semicolons or tabs, from its start.

    Arrow reads it; what it cannot read, or reads otherwise than the csv module, the latter does,
    some five times slower, and names the line of a fault. Memory: some blocks of BLOCK_BYTES, 1,000
    values a column. Raises TableFault: `encoding`, `empty`, `header` (a name empty or twice),
    `columns` (more than 500), `width` (a row of another length), `csv`.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        start = text.readline()
    except UnicodeDecodeError as error:
        raise TableFault("encoding", 1) from error
    finally:
        text.detach()
    columns_of(start)
    try:
        return _profiled(start, _plain_batches(stream, start))
    except TableFault:
        return _profiled(start, columns_by_row(stream))


def _profiled(start: str, batches: Iterable[Sequence[pa.Array]]) -> TableProfile:
    columns, rows = columns_of(start), 0
    first: list[tuple[str, ...]] = []
    for cells in batches:
        rows += len(cells[0])
        tops = [each[: PREVIEW_ROWS - len(first)].to_pylist() for each in cells]
        first += zip(*tops, strict=True)
        for column, each in zip(columns, cells, strict=True):
            column.read(each)
    return TableProfile(rows, tuple(columns), tuple(first))


def _plain_batches(stream: BinaryIO, start: str) -> Iterator[Sequence[pa.Array]]:
    """Read the columns by blocks; raises TableFault once Arrow may not read as the csv module."""
    stream.seek(0)
    separator = delimiter_of(start)
    names = [each.name for each in columns_of(start)]
    watched, gathered, size = _Watched(stream, separator), list[pa.RecordBatch](), 0
    try:
        for batch in batches_of(cast(BinaryIO, watched), names, names, separator):
            gathered.append(batch)
            size += batch.nbytes
            if size > BLOCK_BYTES:
                yield _plain_columns(gathered, watched)
                gathered, size = [], 0
        if gathered or watched.is_odd:
            yield _plain_columns(gathered, watched)
    finally:
        watched.leave()


def _plain_columns(batches: list[pa.RecordBatch], watched: _Watched) -> Sequence[pa.Array]:
    cells = pa.concat_batches(batches).columns if batches else []
    longest = (pc.max(pc.binary_length(each)).as_py() or 0 for each in cells)
    if watched.is_odd or max(longest, default=0) > MAX_CELL:
        raise TableFault("csv", 0)
    return cells


class _Watched:
    """Bytes of a CSV as they are read, and whether a quote stands elsewhere than around a cell."""

    closed = False

    def __init__(self, source: BinaryIO, separator: str) -> None:
        self._source, self._last, self._quotes = source, b"\n", 0
        self._lock = threading.Lock()
        self._edges = np.zeros(256, dtype=bool)
        self._edges[[*f'{separator}\r\n"'.encode()]] = True
        self.is_odd = False

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        with self._lock:
            piece = self._source.read(size)
        self.is_odd |= b"\0" in piece or (not piece and self._quotes % 2 == 1)
        if b'"' in piece or self._last == b'"':
            self._look(self._last + piece.removeprefix(b"\xef\xbb\xbf"))
        self._last = piece[-1:]
        return piece

    def leave(self) -> None:
        """Read no more of the source: a thread of Arrow's may be ahead."""
        with self._lock:
            self._source = io.BytesIO()

    def _look(self, piece: bytes) -> None:
        """Judge the quotes of a piece, and the one before it that waited for what follows.

        Each odd one opens a cell, after an edge or another quote; each even one closes it, before.
        """
        read = np.frombuffer(piece, dtype=np.uint8)
        places = np.flatnonzero(read == ord('"'))
        ordinals = np.arange(len(places)) + self._quotes - (piece[:1] == b'"')
        opens = places[(ordinals % 2 == 0) & (places > 0)]
        closes = places[(ordinals % 2 == 1) & (places < len(read) - 1)]
        self.is_odd |= not (
            self._edges[read[opens - 1]].all() and self._edges[read[closes + 1]].all()
        )
        self._quotes = int(ordinals[-1]) + 1


def batches_of(
    source: BinaryIO, names: list[str], kept: list[str], separator: str
) -> Iterator[pa.RecordBatch]:
    """Read the rows after the header, the columns kept alone, as text; blank lines are skipped.

    Raises TableFault: `width`, `csv`.
    """
    wrong: list[int] = []

    def refuse(row: pa_csv.InvalidRow) -> str:
        wrong.append(row.number or 0)
        return "error"

    try:
        yield from pa_csv.open_csv(
            source,
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=min(BLOCK_BYTES, BLOCKS_BYTES // len(kept)),
                column_names=names,
                skip_rows=1,
            ),
            pa_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=refuse
            ),
            pa_csv.ConvertOptions(
                include_columns=kept,
                column_types=dict.fromkeys(kept, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise TableFault(*("width", wrong[0]) if wrong else ("csv", 0)) from error


def _array(cells: Iterable[str]) -> pa.Array:
    """Give some cells to Arrow; `pa.array` would import pandas, wherever it is installed."""
    builder = pa.lib.StringBuilder()
    builder.append_values(cells)
    return builder.finish()


def columns_by_row(stream: BinaryIO) -> Iterator[Sequence[pa.Array]]:
    """Read the columns by the csv module, which names the line of a fault."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    rows: list[list[str]] = []
    line, size = 0, 0
    try:
        start = text.readline()
        width = len(columns_of(start))
        for line, row in rows_of(text, start):
            if len(row) != width:
                raise TableFault("width", line, found=len(row), expected=width)
            rows.append(row)
            size += sum(map(len, row)) + width
            if size > BLOCK_BYTES:
                yield [_array(cells) for cells in zip(*rows, strict=True)]
                rows, size = [], 0
    except UnicodeDecodeError as error:
        raise TableFault("encoding", line + 1) from error
    except csv.Error as error:
        raise TableFault("csv", line + 1) from error
    finally:
        text.detach()
    if rows:
        yield [_array(cells) for cells in zip(*rows, strict=True)]


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


def _are_of_type(kind: str, texts: pa.Array) -> bool:
    """Say whether filled cells are all of a type: those that no pattern knows are judged here."""
    doubtful = texts.filter(pc.invert(pc.match_substring_regex(texts, _SURE[kind])))
    return all(is_of_type(kind, each.as_py()) for each in doubtful)


def _numbers(texts: pa.Array) -> pa.Array:
    try:
        return pc.ascii_ltrim(pc.replace_substring(texts, ",", "."), "+").cast(pa.float64())
    except pa.ArrowInvalid:  # too large, or digits of another script
        numbers = (float(each.replace(",", ".")) for each in texts.to_pylist())
        return pa.Array.from_buffers(
            pa.float64(), len(texts), [None, pa.py_buffer(array("d", numbers))]
        )


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
# What Arrow and NumPy would reserve for themselves counts against the bound.
LEAN = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1"}


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
        answered = children.run(
            __name__, str(seconds), given=stream, seconds=seconds, environment=LEAN
        )
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
    children.finish(json.dumps(answer(sys.stdin.buffer)).encode())

"""A table read whole, and what its producer says of it: for the checks before it is opened."""

import csv
import hashlib
import io
import math
import re
import unicodedata
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from datasets.standards.profile import (
    TYPES,
    TableFault,
    columns_of,
    delimiter_of,
    is_of_type,
    rows_of,
)

DIGIT = re.compile(r"\d")
# What may stand for a count that is hidden: a range that holds 1 to 10 persons, or more.
RANGE = re.compile(
    r"[\[(]?(?:(?:<|moins de|inferieur a) ?(?:1[1-9]|[2-9]\d|\d{3,})"
    r"|(?:<=|≤|au plus) ?\d{2,}|(?:entre )?[01] ?(?:-|–|a|et|,) ?\d{2,})[\])]?"
)
MISSING = frozenset(
    {"n/a", "na", "#n/a", "n.a.", "nd", "n.d.", "nc", "n.c.", "null", "none", "nan", "-", "–", "."}
)
# Mixes the digests of several columns, in their order.
MIX = np.uint64(0x9E3779B97F4A7C15)
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Declared:
    """What a producer says of a table.

    count: the column that counts persons, of a table whose rows are cells. crossings: the tables
    that a reader will make of it. free_text: {column: why it may be read}. types: of a dictionary.
    """

    quasi_identifiers: Sequence[str] = ()
    crossings: Sequence[Sequence[str]] = ()
    count: str = ""
    free_text: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    personal: bool = False

    def columns(self) -> list[str]:
        """List the columns that are named."""
        crossed = [name for crossing in self.crossings for name in crossing]
        named = [*self.quasi_identifiers, *crossed, *self.free_text, *self.types, self.count]
        return [name for name in dict.fromkeys(named) if name]


class Column:
    """The cells of a column: each distinct value once, and which of them each row holds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: list[str] = [""]
        self._codes = array("i")
        self._by_value: dict[str, int] = {"": 0}
        self._by_cell: dict[str, int] = {}
        self._missing = 0

    def read(self, cell: str) -> None:
        """Take one cell: « N/A » is an empty one."""
        code = self._by_cell.get(cell)
        if code is None:
            text = cell.strip()
            missing = text.lower() in MISSING
            code = -1 if missing else self._by_value.setdefault(text, len(self.values))
            if code == len(self.values):
                self.values.append(text)
            self._by_cell[cell] = code
        if code < 0:
            self._missing += 1
        self._codes.append(max(code, 0))

    def finish(self) -> None:
        """Count the values once all is read."""
        self.codes = np.frombuffer(self._codes, dtype=np.int32)
        self.counts = np.bincount(self.codes, minlength=len(self.values))
        self.missing = self._missing
        self._by_value, self._by_cell = {}, {}
        filled = self.values[1:]
        kinds = (kind for kind in TYPES if all(is_of_type(kind, each) for each in filled))
        self.type = next(kinds) if filled else "string"

    @cached_property
    def filled(self) -> list[tuple[str, int]]:
        """List the distinct values and in how many rows each stands."""
        return list(zip(self.values[1:], self.counts[1:].tolist(), strict=True))

    @cached_property
    def words(self) -> frozenset[str]:
        """Cut the name into words, without accents."""
        return frozenset(re.split(r"[^a-z0-9]+", fold(self.name)))

    @property
    def is_number(self) -> bool:
        """Say whether all filled cells are numbers."""
        return self.type in {"integer", "number"}

    def share(self, wanted: Iterable[str]) -> float:
        """Give the share of filled rows whose value is among some."""
        chosen = set(wanted)
        rows = sum(count for value, count in self.filled if value in chosen)
        return rows / max(int(self.counts[1:].sum()), 1)

    @cached_property
    def hashes(self) -> Hashes:
        """Give a digest of the value of each row, the same for « 1,50 » and « 1.5 »."""
        digests = [digest(each, self.is_number) for each in self.values]
        return np.array(digests, dtype=np.uint64)[self.codes]

    def numbers(self) -> npt.NDArray[np.float64]:
        """Give the number of each row, NaN where none stands."""
        read = [number(each) for each in self.values]
        return np.array(read, dtype=np.float64)[self.codes]


def fold(text: str) -> str:
    """Write a text in lower case, without accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(each for each in plain if not unicodedata.combining(each))


def number(text: str) -> float:
    """Read a number, NaN for what is none."""
    return float(text.replace(",", ".")) if is_of_type("number", text) else math.nan


def is_count(text: str) -> bool:
    """Say whether a cell counts persons or hides how many: by a word, or by a range of ten."""
    hidden = not DIGIT.search(text) or RANGE.fullmatch(fold(text))
    return bool(hidden) or number(text) >= 0


def digest(value: str, is_number: bool) -> int:
    """Give a digest of a cell, the same for « 1,50 » and « 1.5 »."""
    text = repr(number(value)) if is_number and value else value
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True)
class Table:
    """A table read whole: its columns, the line of each row, how it was written."""

    columns: tuple[Column, ...]
    lines: Sequence[int]
    delimiter: str
    bom: bool

    def named(self, name: str) -> Column:
        """Give a column by its name."""
        return next(each for each in self.columns if each.name == name)

    def hashes(self, names: Iterable[str]) -> Hashes:
        """Give one digest a row of some columns."""
        mixed = np.zeros(len(self.lines), dtype=np.uint64)
        for name in names:
            mixed = mixed * MIX + self.named(name).hashes
        return mixed


def read(stream: BinaryIO) -> Table:
    """Read a whole CSV as `profile.profile` does, with its faults."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    lines, line = array("i"), 0
    try:
        start = text.readline()
        bom = start.startswith("\ufeff")
        start = start.removeprefix("\ufeff")
        columns = [Column(each.name) for each in columns_of(start)]
        for line, row in rows_of(text, start):
            if len(row) != len(columns):
                raise TableFault("width", line, found=len(row), expected=len(columns))
            lines.append(line)
            for column, cell in zip(columns, row, strict=True):
                column.read(cell)
    except UnicodeDecodeError as error:
        raise TableFault("encoding", line + 1) from error
    except csv.Error as error:
        raise TableFault("csv", line + 1) from error
    finally:
        text.detach()
    for column in columns:
        column.finish()
    if not lines:
        raise TableFault("no_rows", 1)
    return Table(tuple(columns), lines, delimiter_of(start), bom)


def header_of(stream: BinaryIO) -> list[str]:
    """Name the columns of a table that was read before."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        return [each.name for each in columns_of(text.readline())]
    finally:
        text.detach()  # else it closes the stream


def require_as_declared(table: Table, declared: Declared) -> None:
    """Raise TableFault where a table is not what is said of it; `others`: its like elsewhere.

    `unknown_column`: one that is named and is not there; found: those that are. `not_typed`: the
    first cell, by line, that is not of the type of the dictionary. `not_counted`: the first that
    neither counts nor hides.
    """
    names = [each.name for each in table.columns]
    unknown = [name for name in declared.columns() if name not in names]
    _raise_first(
        "unknown_column", [{"line": 1, "column": name, "found": names} for name in unknown]
    )
    _require_each(table, "not_counted", {declared.count: "count"} if declared.count else {})
    kinds = {name: kind for name, kind in declared.types.items() if kind in TYPES}
    _require_each(table, "not_typed", kinds)


def _require_each(table: Table, code: str, kinds: Mapping[str, str]) -> None:
    faults = []
    for name, kind in kinds.items():
        column = table.named(name)
        wrong = [at for at, value in enumerate(column.values) if at and not _is(kind, value)]
        if wrong:
            row = int(np.isin(column.codes, wrong).argmax())
            value = column.values[column.codes[row]][:40]
            faults.append({"line": table.lines[row], "column": name, "type": kind, "value": value})
    _raise_first(code, sorted(faults, key=lambda each: (each["line"], each["column"])))


def _raise_first(code: str, faults: Sequence[dict[str, Any]]) -> None:
    if faults:
        first, *others = faults
        told = {**first, "others": others} if others else first
        raise TableFault(code, **told)


def _is(kind: str, value: str) -> bool:
    return is_count(value) if kind == "count" else is_of_type(kind, value)

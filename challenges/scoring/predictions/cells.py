"""Give the cells of some rows as words or numbers, whatever file they come from."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.answer import FLOAT, Column, ColumnType
from challenges.scoring.predictions import decimals
from challenges.scoring.predictions.rows import COMMA_FLOAT, INTEGER
from challenges.scoring.predictions.scan import Block
from challenges.scoring.words import Words

Array = NDArray[Any]
DIGIT_OR_SIGN = re.compile(rb"[+-]?\d")


class Doubt(Exception):
    """Say that the exact reader must decide."""


class Cells(Protocol):
    """Give the cells of some rows by the name of their column."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def bounds(self, column: str) -> tuple[int, int]:
        """Return the least and the greatest length in bytes of the cells of a column of text."""

    def words(self, column: str, count: int) -> Words:
        """Return a column of text as rows of words (count, rows)."""

    def numbers(self, column: Column) -> Array:
        """Return a column of numbers, (rows,) float64, maybe not finite; raises Doubt."""


class TextCells:
    """Give the cells of a block of CSV.

    note: told each decimal mark that a column of numbers may hold.
    """

    def __init__(self, block: Block, names: Sequence[str], note: Callable[[str], None]) -> None:
        self._block = block
        self._at = {name: i for i, name in enumerate(names)}
        self._note = note

    def __len__(self) -> int:
        return len(self._block)

    def bounds(self, column: str) -> tuple[int, int]:
        """Return the least and the greatest length in bytes of the cells of a column."""
        length = self._block.length[self._at[column]]
        return int(length.min()), int(length.max())

    def words(self, column: str, count: int) -> Words:
        """Return a column as rows of words (count, rows)."""
        return self._block.words(self._at[column], count)

    def numbers(self, column: Column) -> Array:
        """Return a column of numbers; raises Doubt at a cell that is none."""
        at, block = self._at[column.name], self._block
        start, length = block.start[at], block.length[at]
        value, odd = decimals.parse(block.source, start, length)
        mark = "."
        if len(odd) and any(b"," in block.cell(at, row) for row in odd.tolist()):
            mark = ","
            self._note(mark)
            value, odd = decimals.parse(block.source, start, length, mark)
        for row in odd.tolist():
            value[row] = _number(block.cell(at, row).decode(), mark, column)
        if column.type is ColumnType.INTEGER:
            self._require_digits(at)
        return value

    def _require_digits(self, at: int) -> None:
        """Raise Doubt where a whole number starts by its mark: « .0 » is none."""
        block = self._block
        first = block.source.view(np.uint8).take(block.start[at])
        for row in np.flatnonzero(first < ord("0")).tolist():
            if not DIGIT_OR_SIGN.match(block.cell(at, row).strip(b" ")):
                raise Doubt


def _number(cell: str, mark: str, column: Column) -> float:
    bare = cell.strip(" ")
    if not (FLOAT if mark == "." else COMMA_FLOAT).fullmatch(bare):
        raise Doubt
    bare = bare.replace(",", ".")
    if column.type is ColumnType.INTEGER and not INTEGER.fullmatch(bare):
        raise Doubt
    return float(bare) + 0.0

"""Lay two groupings side by side, with what each unit of resampling adds to their figures.

A row drawn twice is not a pair put together, and a group whose rows are drawn one by one is not
the group. Hence figures are never computed on resampled cells: each sum over groups adds up
through what it loses without one unit (its jackknife term), exact on the whole part.

The units are the true groups when they outnumber the rows of one of them on average (persons,
employers: a new sample holds others), else the rows (a few large classes, the same in any
sample).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from challenges.scoring.metric import Array, Floats, Part, Piece, Stats, divide

Sum = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Cells:
    """Hold the cells of two groupings that hold a row, in order of the true group.

    count, y, p: (cells,) rows, true group and given group. of_rows: (n,) cell of each row.
    """

    count: Floats
    y: Array
    p: Array
    of_rows: Array

    @classmethod
    def of(cls, part: Part) -> "Cells":
        """Count the rows of each cell."""
        _, y = np.unique(part.y, return_inverse=True)
        given, p = np.unique(part.p, return_inverse=True)
        width = max(len(given), 1)
        cells, at, times = np.unique(y * width + p, return_inverse=True, return_counts=True)
        return cls(times.astype(np.float64), cells // width, cells % width, at)

    @cached_property
    def true(self) -> Floats:
        """Return the size of each true group."""
        return np.asarray(np.bincount(self.y, self.count), np.float64)

    @cached_property
    def given(self) -> Floats:
        """Return the size of each given group."""
        return np.asarray(np.bincount(self.p, self.count), np.float64)

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return len(self.of_rows)

    @property
    def by_group(self) -> bool:
        """Tell whether the true groups are the units."""
        return len(self.true) ** 2 >= self.rows > 0

    @cached_property
    def taken(self) -> tuple[Array, Array, Floats]:
        """Return what each unit takes away: its number, a cell, and rows of that cell."""
        if self.by_group:
            return self.y, np.arange(len(self.count)), self.count
        return np.arange(self.rows), self.of_rows, np.ones(self.rows)

    @cached_property
    def carriers(self) -> Array:
        """Return the row that stands for each unit in a resampling: the first of its group."""
        if not self.by_group:
            return np.arange(self.rows)
        return np.asarray(np.unique(self.y[self.of_rows], return_index=True)[1])

    @cached_property
    def sizes(self) -> Floats:
        """Return the rows of each unit."""
        return self.true if self.by_group else np.ones(self.rows)

    def terms(self, of_size: Sum) -> tuple[list[Floats], list[float]]:
        """Return what each unit adds to a sum over true groups, given groups and cells.

        of_size: what a group of some rows counts. The second list holds the three sums.
        """
        unit, cell, taken = self.taken
        own = [self.true[self.y[cell]], self.given[self.p[cell]], self.count[cell]]
        lost = [of_size(size) - of_size(size - taken) for size in own]
        if self.by_group:
            lost[0] = np.where(taken > 0, of_size(own[0]) * taken / own[0], 0.0)
        found = [np.asarray(np.bincount(unit, each), np.float64) for each in lost]
        return found, [total(side, of_size) for side in (self.true, self.given, self.count)]

    def stats(self, terms: list[Floats], totals: list[float]) -> Stats:
        """Lay one column of units, one of rows, and one of each term."""
        columns = [self.sizes, *terms]
        sums = np.array([float(self.rows), *totals])
        offsets = np.array([column.sum() for column in columns]) - sums
        pieces = [Piece(at + 1, column, self.carriers) for at, column in enumerate(columns)]
        context = {"units": len(self.sizes), "offsets": offsets, "carriers": self.carriers}
        first = Piece(0, unit=self.carriers)
        return Stats.of(self.rows, len(pieces) + 1, first, *pieces, context=context)


def total(sizes: Floats, of_size: Sum) -> float:
    """Add up over groups, by size: equal sizes in any order give the same bits."""
    values, times = np.unique(sizes, return_counts=True)
    return float((times * of_size(values)).sum())


def lifted(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Return rows and totals under each resampling, first axis, from the sums of their terms."""
    means = divide(sums[..., 1:], sums[..., :1])
    return np.moveaxis(context["units"] * means - context["offsets"], -1, 0)


def pairs(sizes: Floats) -> Floats:
    """Count the pairs of rows of a group."""
    return np.asarray(sizes * (sizes - 1) / 2, np.float64)


def surprise(sizes: Floats) -> Floats:
    """Return size × its logarithm, 0 for none."""
    return np.asarray(sizes * np.log(np.where(sizes > 0, sizes, 1.0)), np.float64)

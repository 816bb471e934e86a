"""Compare groupings: the same units put together or apart.

Rand and information indices, number of groups. One group on both sides is 1; one group against
singletons is 0.

A row drawn twice is not a pair put together, and a group whose rows are drawn one by one is not
the group. Hence figures are never computed on resampled cells: each sum over groups adds up
through what it loses without one unit (its jackknife term), exact on the whole part. The units
are the true groups when they outnumber the rows of one of them on average (persons, employers: a
new sample holds others), else the rows (a few large classes, the same in any sample)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    Params,
    Part,
    Piece,
    Shape,
    Stats,
    Step,
    divide,
    parameter,
)

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


BLOCKS = 100  # of units, that the adjusted information leaves out one by one
NIL = 1e-12


def _cells(part: Part, params: Params) -> Stats:
    """Count the rows of each given group."""
    given, p = np.unique(part.p, return_inverse=True)
    return Stats(np.arange(len(part)), p, np.ones(len(part)), len(given))


def _pairs(part: Part, params: Params) -> Stats:
    cells = Cells.of(part)
    return cells.stats(*cells.terms(pairs))


def _surprises(part: Part, params: Params) -> Stats:
    cells = Cells.of(part)
    return cells.stats(*cells.terms(surprise))


def _ari(n: Floats, true: Floats, given: Floats, both: Floats) -> Floats:
    chance = divide(true * given, n * (n - 1) / 2)
    score = divide(both - chance, (true + given) / 2 - chance)
    return np.where((both == true) & (both == given), 1.0, score)


def _ami(part: Part, params: Params) -> float:
    cells = Cells.of(part)
    return _ami_of(cells.count, cells.y, cells.p)


def _ami_stats(part: Part, params: Params) -> Stats:
    """Lay the jackknife terms of blocks of units: what the figure loses without each."""
    cells = Cells.of(part)
    value = _ami_of(cells.count, cells.y, cells.p)
    count = min(len(cells.sizes), BLOCKS)
    block = (cells.y[cells.of_rows] if cells.by_group else np.arange(cells.rows)) % BLOCKS
    terms = np.zeros(count)
    if count > 1:
        for at in range(count):
            kept = np.bincount(cells.of_rows[block != at], minlength=len(cells.count))
            terms[at] = -_ami_of(kept.astype(np.float64), cells.y, cells.p)
        terms = (terms - terms.mean()) * np.sqrt((count - 1) / count)
    carriers = cells.carriers[:count]
    context = {"value": value, "carriers": cells.carriers}
    return Stats(carriers, np.zeros(count, np.int64), terms, 1, context)


def _ami_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.asarray(np.clip(context["value"] + sums[..., 0], -1.0, 1.0), np.float64)


def _ami_of(cells: Floats, y: Array, p: Array) -> float:
    held = cells > 0
    cells, y, p = cells[held], y[held], p[held]
    if not len(cells):
        return float("nan")
    true, given = (np.asarray(np.bincount(side, cells), np.float64) for side in (y, p))
    true, given = true[true > 0], given[given > 0]
    if len(true) == len(given) == 1:
        return 1.0
    if len(true) == 1 or len(given) == 1:
        return 0.0
    n = cells.sum()
    _, y = np.unique(y, return_inverse=True)
    _, p = np.unique(p, return_inverse=True)
    shared = float((cells / n * np.log(n * cells / (true[y] * given[p]))).sum())
    expected = _expected_information(true, given)
    bottom = (_entropy(true, n) + _entropy(given, n)) / 2 - expected
    if len(true) == len(given) == len(cells):
        return 1.0
    return 0.0 if abs(bottom) < 1e-12 else (shared - expected) / bottom


def _entropy(counts: Floats, n: float) -> float:
    return float(-(counts / n * np.log(counts / n)).sum())


def _expected_information(true: Floats, given: Floats) -> float:
    """Return the mutual information expected of two groupings of these sizes by chance.

    Source: Vinh, Epps and Bailey 2010, JMLR 11, 2837-2854; hypergeometric model.
    """
    n = int(true.sum())
    steps = np.log(np.arange(1, n + 1, dtype=np.longdouble))
    logs = np.concatenate([[0], np.cumsum(steps)]).astype(np.float64)
    sizes, times = np.unique(given.astype(np.int64), return_counts=True)
    total = 0.0
    for a, often in zip(*np.unique(true.astype(np.int64), return_counts=True), strict=True):
        low = np.maximum(1, a + sizes - n)
        count = np.maximum(np.minimum(a, sizes) - low + 1, 0)
        b, many = np.repeat(sizes, count), np.repeat(times, count)
        k = np.arange(count.sum()) + np.repeat(low - np.r_[0, np.cumsum(count)[:-1]], count)
        log_p = logs[a] + logs[b] + logs[n - a] + logs[n - b]
        log_p -= logs[n] + logs[k] + logs[a - k] + logs[b - k] + logs[n - a - b + k]
        total += often * float((many * (k / n) * np.log(n * k / (a * b)) * np.exp(log_p)).sum())
    return total


def _entropies(n: Floats, *sums: Floats) -> list[Floats]:
    """Return the entropy of groupings of n rows from their sums of size × log size."""
    logarithm = np.log(np.where(n > 0, n, 1.0))
    return [np.maximum(logarithm - np.nan_to_num(divide(one, n)), 0.0) for one in sums]


def _shared(true: Floats, given: Floats, both: Floats) -> Floats:
    shared = np.maximum(true + given - both, 0.0)
    return np.where(shared < NIL, 0.0, shared)


def _nmi(n: Floats, *sums: Floats) -> Floats:
    true, given, both = _entropies(n, *sums)
    score = divide(2 * _shared(true, given, both), true + given)
    score = np.where(true + given > NIL, score, 1.0)
    return np.where(n > 0, np.minimum(score, 1.0), np.nan)


def _of_pairs(value: Any) -> dict[str, Any]:
    """Return the two forms of a figure of pairs: on the whole part, and resampled."""

    def resampled(sums: Floats, context: Mapping[str, Any]) -> Floats:
        n, true, given, both = lifted(sums, context)
        both = np.maximum(both, 0.0)
        return np.asarray(value(n, np.maximum(true, both), np.maximum(given, both), both))

    return {"stats": _pairs, "value": resampled, "exact": _exactly(value, pairs)}


def _of_surprises(value: Any, stats: Any = _surprises) -> dict[str, Any]:
    """Return the two forms of a figure of entropies: on the whole part, and resampled."""

    def resampled(sums: Floats, context: Mapping[str, Any]) -> Floats:
        return np.asarray(value(*lifted(sums, context)))

    return {"stats": stats, "value": resampled, "exact": _exactly(value, surprise)}


def _exactly(value: Any, of_size: Any) -> Any:
    def exact(part: Part, params: Params) -> float:
        cells = Cells.of(part)
        sides = (cells.true, cells.given, cells.count)
        sums = [np.array(total(side, of_size)) for side in sides]
        return float(value(np.array(float(cells.rows)), *sums))

    return exact


def _average(part: Part, params: Params) -> Stats:
    return _surprises(part, params)


def _count(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.asarray((sums > 0).sum(-1), np.float64)


def _metric(name: str, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"direction": "max", "low": 0.0, "high": 1.0} | more
    return Metric(name=name, shape=Shape.ANY, formula=formula, oracle=oracle, **facts)


METRICS = (
    _metric(
        "ari",
        "adjusted Rand index",
        "sklearn.metrics.adjusted_rand_score",
        low=-0.5,
        **_of_pairs(_ari),
    ),
    _metric(
        "ami",
        "(MI − E[MI]) / (mean entropy − E[MI])",
        "sklearn.metrics.adjusted_mutual_info_score",
        low=-1.0,
        stats=_ami_stats,
        value=_ami_value,
        exact=_ami,
        parameters=(parameter("average", choices=("arithmetic",)),),
    ),
    _metric(
        "nmi",
        "MI / mean entropy",
        "sklearn.metrics.normalized_mutual_info_score",
        **_of_surprises(_nmi, _average),
        parameters=(parameter("average", choices=("arithmetic",)),),
    ),
    _metric(
        "n_clusters",
        "number of distinct labels given",
        "own vectors",
        direction="none",
        low=1.0,
        high=np.inf,
        stats=_cells,
        value=_count,
        step=Step.WHOLE,
        interval=False,
    ),
)

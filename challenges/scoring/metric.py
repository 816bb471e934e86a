"""Define what a metric is: statistics per unit that add up, and a value of their sum."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Array = NDArray[Any]
Params = Mapping[str, Any]


class MetricFault(ValueError):
    """Say that a metric cannot be computed on these labels or with these parameters."""


class Shape(StrEnum):
    """Name the form of answers a metric reads."""

    NUMBERS = "numbers"
    LABELS = "labels"
    ANY = "any"
    LABEL_SETS = "label_sets"
    RANKED = "ranked"
    PROBABILITIES = "probabilities"
    QUANTILES = "quantiles"
    MEMBERS = "members"
    CURVES = "curves"
    SCORED = "scored"
    LABEL_SCORES = "label_scores"
    SPANS = "spans"
    FORMULA = "formula"


class Step(StrEnum):
    """Write the smallest difference between two values: n units that count, K labels."""

    UNIT = "1/n"
    RANK = "1/(k·n)"
    LABEL = "1/K"
    CELL = "1/(K·n)"
    WHOLE = "1"
    DATA = ""

    def least(self, n: int, *, k: int = 1, labels: int = 1) -> float | None:
        """Return the difference, for units of weight 1; None when it depends on the data.

        n, labels: how many units count, and labels there are, at least 1. k: that of a top k.
        """
        below = {
            Step.UNIT: n,
            Step.RANK: k * n,
            Step.LABEL: labels,
            Step.CELL: labels * n,
            Step.WHOLE: 1,
        }
        return None if self is Step.DATA else 1 / below[self]


@dataclass(frozen=True)
class Part:
    """Hold the truth and the answer of one part, unit by unit (row or query).

    texts: label of each code, empty when y and p are numbers. y, p: (n,) float64 or int32
    codes; for lists, flat codes with offsets (n + 1). gains: of y; ranks: 1-based, of p;
    scores: of p. p is (n, m) when an answer is several numbers; a span is a row (label,
    start, end).
    bucket: (n,) numbers below buckets. names: identifier of each unit. groups: {key: (n,)
    codes}, group_names: {key: names}. numbers: {attribute: {"units", "items"}}. weight: (n,),
    None when each unit counts 1. items: {attribute: (codes of texts,) group of each item, −1
    ignored}, item_names: {attribute: names}.
    """

    y: Array
    p: Array
    bucket: Array
    buckets: int
    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    y_offsets: Array | None = None
    p_offsets: Array | None = None
    gains: Array | None = None
    ranks: Array | None = None
    scores: Array | None = None
    groups: Mapping[str, Array] = field(default_factory=dict)
    group_names: Mapping[str, list[str]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    weight: Array | None = None
    items: Mapping[str, Array] = field(default_factory=dict)
    item_names: Mapping[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.bucket)

    def take(self, where: Array) -> "Part":
        """Return the units at some positions, all else equal."""
        y, y_offsets, y_at = _gather(self.y, self.y_offsets, where)
        p, p_offsets, p_at = _gather(self.p, self.p_offsets, where)
        return replace(
            self,
            y=y,
            y_offsets=y_offsets,
            gains=None if self.gains is None else self.gains[y_at],
            p=p,
            p_offsets=p_offsets,
            ranks=None if self.ranks is None else self.ranks[p_at],
            scores=None if self.scores is None else self.scores[p_at],
            bucket=self.bucket[where],
            weight=None if self.weight is None else self.weight[where],
            names=[self.names[i] for i in where.tolist()] if self.names else [],
            groups={k: v[where] for k, v in self.groups.items()},
            numbers={
                k: {"units": v["units"][where], "items": v["items"]}
                for k, v in self.numbers.items()
            },
        )


@dataclass(frozen=True)
class Stats:
    """Hold statistics that add up over units, as (unit, column, value) triplets.

    width: number of columns. context: what value() needs besides the sums.
    """

    unit: Array
    column: Array
    value: Floats
    width: int
    context: Mapping[str, Any] = field(default_factory=dict)

    def weighted(self, weight: Array | None) -> "Stats":
        """Return the statistics of units that count for their weight, None for 1."""
        if weight is None:
            return self
        return replace(self, value=self.value * weight[self.unit])


@dataclass(frozen=True)
class Metric:
    """Describe a metric.

    stats(part, params) gives additive statistics; value(sums, context), with sums of shape
    (…, width), gives the figures of shape (…), NaN where it is undefined. step: smallest
    difference between two values. proportion: the first two columns are (units, hits), so that
    Wilson's interval holds. replicates: cap on resamplings.
    exact(part, params) gives the figure when the sums only approach it (order statistics).
    faults(params) lists, in English, what is wrong with parameters that are all there.
    """

    name: str
    shape: Shape
    direction: str
    low: float
    high: float
    stats: Callable[[Part, Params], Stats]
    value: Callable[[Floats, Mapping[str, Any]], Floats]
    formula: str
    oracle: str
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    version: int = 1
    step: Step = Step.DATA
    proportion: bool = False
    interval: bool = True
    replicates: int = 1000
    exact: Callable[[Part, Params], float] | None = None
    faults: Callable[[Params], Iterable[str]] = lambda _: ()


def dense(*columns: Array, context: Mapping[str, Any] | None = None) -> Stats:
    """Make statistics of one column per array of shape (units,)."""
    n, width = len(columns[0]), len(columns)
    return Stats(
        unit=np.repeat(np.arange(n), width),
        column=np.tile(np.arange(width), n),
        value=np.stack([np.asarray(c, np.float64) for c in columns], 1).ravel(),
        width=width,
        context=context or {},
    )


def ratio(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Divide the second column by the first, NaN where the first is 0."""
    return divide(sums[..., 1], sums[..., 0])


def divide(top: Array, bottom: Array) -> Floats:
    """Divide, NaN where the divisor is 0."""
    bottom = np.asarray(bottom, np.float64)
    out = np.full(np.broadcast_shapes(np.shape(top), bottom.shape), np.nan)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


def coded(part: Part) -> tuple[Array, Array, int]:
    """Return the class of the truth and of the answer as codes, and how many classes there are."""
    if part.texts:
        return part.y.astype(np.int64), part.p.astype(np.int64), len(part.texts)
    values, codes = np.unique(np.concatenate([part.y, part.p]), return_inverse=True)
    return codes[: len(part)], codes[len(part) :], len(values)


def units_of(offsets: Array) -> Array:
    """Return the unit of each element of lists laid end to end."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _gather(flat: Array, offsets: Array | None, where: Array) -> tuple[Array, Array | None, Array]:
    if offsets is None:
        return flat[where], None, where
    lengths = np.diff(offsets)[where]
    out = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    at = np.arange(out[-1]) + np.repeat(offsets[:-1][where] - out[:-1], lengths)
    return flat[at], out, at

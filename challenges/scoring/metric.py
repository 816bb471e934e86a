"""Define what a metric is: statistics per unit that add up, and a value of their sum."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.fields import Definition, Rule

Floats = NDArray[np.float64]
Array = NDArray[Any]
Params = Mapping[str, Any]


class MetricFault(ValueError):
    """Say that a metric cannot be computed on these labels or with these parameters."""


class Shape(StrEnum):
    """Name the form of answers a metric reads."""

    NUMBERS = "numbers"
    ANY = "any"
    LABEL_SETS = "label_sets"
    RANKED = "ranked"
    PROBABILITIES = "probabilities"
    LISTS = "lists"
    FORMULA = "formula"


class Step(StrEnum):
    """Write the smallest difference between two values: n units that count, K labels."""

    UNIT = "1/n"
    CELL = "1/(K·n)"
    WHOLE = "1"
    DATA = ""


@dataclass(frozen=True)
class Part:
    """Hold the truth and the answer of one part, unit by unit (row or query).

    texts: label of each code, empty when y and p are numbers. y, p: (n,) float64 or int32
    codes; for lists, flat codes with offsets (n + 1). gains: of y; ranks: 1-based, of p;
    scores: of p. p is (n, m) when an answer is several numbers, y too when each has its own
    right answer.
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
    names: Sequence[str] = ()
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

    def of_target(self, at: int | None) -> "Part":
        """Return the part as of one of several targets, itself for None."""
        return self if at is None else replace(self, y=self.y[:, at], p=self.p[:, at])

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
            names=Chosen(self.names, where) if self.names else (),
            groups={k: v[where] for k, v in self.groups.items()},
            numbers={
                k: {"units": v["units"][where], "items": v["items"]}
                for k, v in self.numbers.items()
            },
        )


@dataclass(frozen=True)
class Piece:
    """Hold what some units add to some columns.

    column: (m,), or one for all. value: (m,), None when each adds 1. unit: (m,), None when
    every unit adds once, in its order.
    """

    column: Array | int
    value: Array | None = None
    unit: Array | None = None

    def add_to(self, sums: Floats, own: Array) -> None:
        """Add up by bucket and column, in order of m, into sums (buckets, width).

        own: (m,) bucket of each value.
        """
        buckets, width = sums.shape
        value = None if self.value is None else np.asarray(self.value, np.float64)
        if isinstance(self.column, int):
            sums[:, self.column] += np.bincount(own, value, buckets)
            return
        cell = own.astype(np.int64)
        cell *= width
        cell += self.column
        sums += np.bincount(cell, value, buckets * width).reshape(buckets, width)

    def weighted(self, weight: Array) -> "Piece":
        """Return the same for units that count for their weight."""
        own = weight if self.unit is None else weight[self.unit]
        return replace(self, value=own if self.value is None else self.value * own)


class Stats:
    """Hold statistics that add up over units, as (unit, column, value) triplets.

    width: number of columns. context: what value() needs besides the sums. The triplets are
    laid out only when they are asked for; sums by bucket need none.
    """

    def __init__(
        self,
        unit: Array,
        column: Array,
        value: Floats,
        width: int,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        self.pieces: tuple[Piece, ...] = (Piece(column, value, unit),)
        self.units = len(unit)
        self.width = width
        self.context: Mapping[str, Any] = context or {}

    @classmethod
    def of(
        cls,
        units: int,
        width: int,
        *pieces: Piece,
        context: Mapping[str, Any] | None = None,
    ) -> "Stats":
        """Make statistics of some units out of pieces."""
        made = cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), width, context)
        made.units, made.pieces = units, pieces
        return made

    def weighted(self, weight: Array | None) -> "Stats":
        """Return the statistics of units that count for their weight, None for 1."""
        if weight is None:
            return self
        pieces = (piece.weighted(weight) for piece in self.pieces)
        return Stats.of(self.units, self.width, *pieces, context=self.context)

    def cells(self, bucket: Array, buckets: int) -> Floats:
        """Add up by bucket and column, shape (buckets·width,)."""
        total = np.zeros((buckets, self.width))
        own: dict[int, Array] = {}  # pieces often share their units
        for piece in self.pieces:
            if piece.unit is None:
                piece.add_to(total, bucket)
                continue
            if id(piece.unit) not in own:
                own[id(piece.unit)] = bucket[piece.unit]
            piece.add_to(total, own[id(piece.unit)])
        return total.ravel()

    @property
    def unit(self) -> Array:
        """Return the unit of each triplet."""
        return self._triplets[0]

    @property
    def column(self) -> Array:
        """Return the column of each triplet."""
        return self._triplets[1]

    @property
    def value(self) -> Floats:
        """Return the value of each triplet."""
        return self._triplets[2]

    @cached_property
    def _triplets(self) -> tuple[Array, Array, Array]:
        """Lay the pieces one after the other; plain columns side by side, unit by unit."""
        laid = [self._laid(piece) for piece in self.pieces]
        if len(laid) == 1:
            return laid[0]
        plain = all(p.unit is None and isinstance(p.column, int) for p in self.pieces)
        unit, column, value = (
            np.stack(arrays, 1).ravel() if plain else np.concatenate(arrays)
            for arrays in zip(*laid, strict=True)
        )
        return unit, column, value

    def _laid(self, piece: Piece) -> tuple[Array, Array, Array]:
        unit = np.arange(self.units) if piece.unit is None else piece.unit
        value = np.ones(len(unit)) if piece.value is None else piece.value
        column = np.broadcast_to(np.asarray(piece.column, np.int64), (len(unit),))
        return unit, column, np.asarray(value, np.float64)


class Chosen(Sequence[str]):
    """Give the names of some units, looked up only when they are read."""

    def __init__(self, names: Sequence[str], where: Array) -> None:
        self._names = names
        self._where = where

    def __len__(self) -> int:
        return len(self._where)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...

    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return Chosen(self._names, self._where[at])
        return self._names[int(self._where[at])]


@dataclass(frozen=True)
class Metric:
    """Describe a metric.

    stats(part, params) gives additive statistics; value(sums, context), with sums of shape
    (…, width), gives the figures of shape (…), NaN where it is undefined. step: smallest
    difference between two values. proportion: a share of units, so that Wilson's interval holds.
    trials(sums, context) gives (units, hits) of a figure that counts some units only, None for
    the first two columns of a proportion. exact(part, params) gives the figure when the sums
    only approach it (order statistics). parameters defines what else it is told;
    `registry.parameter_faults` judges it.
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
    parameters: tuple[Definition, ...] = ()
    step: Step = Step.DATA
    proportion: bool = False
    trials: Callable[[Floats, Mapping[str, Any]], tuple[float, float]] | None = None
    interval: bool = True
    exact: Callable[[Part, Params], float] | None = None


def parameter(
    name: str, kind: Any = str, *, is_needed: bool = False, is_many: bool = False, **rule: Any
) -> Definition:
    """Define a parameter of a metric. A float lies strictly between its bounds."""
    return Definition(name, Rule(**rule), kind, is_many, is_needed, None)


def dense(*columns: Array | None, context: Mapping[str, Any] | None = None) -> Stats:
    """Make statistics of one column per array of shape (units,); None counts each unit once.

    One array at least is needed.
    """
    units = next(len(column) for column in columns if column is not None)
    pieces = (Piece(at, column) for at, column in enumerate(columns))
    return Stats.of(units, len(columns), *pieces, context=context)


def is_binary(y: Array) -> bool:
    """Tell whether a truth holds nothing but 0 and 1."""
    return bool(((y == 0.0) | (y == 1.0)).all())


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

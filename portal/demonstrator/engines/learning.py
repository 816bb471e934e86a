"""Learn the arrays of the lexical engine from titles and tasks: NumPy alone where they are few."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.engines.text import PLACES, Arrays, shared
from portal.demonstrator.engines.words import SIZE, counts, mark, words

FOLDS = 5
RIDGE = 0.3
STEPS = 127  # of a weight kept on one byte
THRESHOLD = 0.35  # the least chances of the first three for a proposal


@dataclass(frozen=True)
class Example:
    """A text that means an occupation.

    group: those that one fold leaves out together, as both genders of a title. form: of a title,
    "m", "f", or "e" where it has one form alone; "" for what is no title.
    """

    text: str
    code: str
    group: str
    form: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class Cells:
    """What is not zero of a matrix of texts (rows) by features (columns), text by text.

    columns, values: of all texts, end to end. starts: rows + 1, where each begins.
    """

    columns: NDArray[np.int64]
    values: NDArray[np.float32]
    starts: NDArray[np.int64]

    def by_column(self, width: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Give the rows and the values of each column."""
        rows = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        order = np.argsort(self.columns, kind="stable")
        ends = np.searchsorted(self.columns[order], np.arange(width + 1))
        for first, last in pairwise(ends):
            where = order[first:last]
            yield rows[where], self.values[where]


@dataclass(frozen=True)
class Features:
    """Which features a text is compared by, and what each weighs: m, sorted, and m."""

    numbers: NDArray[np.int32]
    idf: NDArray[np.float32]

    @classmethod
    def of(cls, counted: Sequence[Counter[int]]) -> "Features":
        """Weigh a feature by how few texts bring it; one that a single text brings says nothing."""
        seen = np.zeros(SIZE)
        for each in counted:
            seen[list(each)] += 1
        numbers = np.flatnonzero(seen > 1)
        idf = 1 + np.log((1 + len(counted)) / (1 + seen[numbers]))
        return cls(numbers.astype(np.int32), idf.astype(np.float32))

    def cells(self, counted: Sequence[Counter[int]]) -> Cells:
        """Turn counted texts into rows of length 1."""
        column = np.full(SIZE, -1)
        column[self.numbers] = np.arange(len(self.numbers))
        columns, values = [], []
        for each in counted:
            numbers = np.fromiter(each, np.int64, len(each))
            times = np.fromiter(each.values(), np.float32, len(each))
            is_known = column[numbers] >= 0
            mine = column[numbers[is_known]]
            row = self.idf[mine] * (1 + np.log(times[is_known]))
            columns.append(mine)
            values.append(row / max(float(np.linalg.norm(row)), 1e-9))
        starts = np.cumsum([0, *(len(each) for each in columns)])
        if not columns:
            return Cells(np.zeros(0, np.int64), np.zeros(0, np.float32), starts)
        return Cells(np.concatenate(columns), np.concatenate(values).astype(np.float32), starts)


@dataclass(frozen=True)
class LeftOut:
    """What each fold says of the examples that it did not learn from.

    scores: n × occupations. nearest: n, the occupation (its place) of the nearest example of the
    other folds, which a reader would find without learning anything.
    """

    scores: NDArray[np.float32]
    nearest: NDArray[np.int64]


def learn(examples: Sequence[Example], *, threshold: float = THRESHOLD) -> tuple[Arrays, LeftOut]:
    """Learn weights by ridge regression, solved by its dual: of the size of the examples.

    The confidence is set on what each fold left out.
    """
    codes = tuple(sorted({each.code for each in examples}))
    places = {code: at for at, code in enumerate(codes)}
    targets = np.array([places[each.code] for each in examples])
    rooted = np.sqrt(np.array([each.weight for each in examples], np.float32))[:, None]
    counted = [counts(each.text) for each in examples]
    known = Features.of(counted)
    columns = list(known.cells(counted).by_column(len(known.numbers)))
    near = np.zeros((len(counted), len(counted)), np.float32)
    for rows, values in columns:
        near[np.ix_(rows, rows)] += values[:, None] * values
    signs = np.full((len(counted), len(codes)), -1 / len(codes), np.float32)
    signs[np.arange(len(counted)), targets] = 1
    left_out = _left_out(near, signs, rooted, targets, folds([each.group for each in examples]))
    solved = _solved(near, signs, rooted)
    weights = np.stack([values @ solved[rows] for rows, values in columns])
    bias = np.zeros(len(codes), np.float32)
    heated = heat(left_out.scores, targets)
    met = vocabulary(examples, codes)
    return packed(codes, met, known, weights, bias, heat=heated, threshold=threshold), left_out


def vocabulary(examples: Iterable[Example], codes: Sequence[str]) -> NDArray[np.uint64]:
    """Mark the stems met of each occupation: sorted, once each."""
    places = {code: at for at, code in enumerate(codes)}
    pairs = {(mark(word.stem), places[each.code]) for each in examples for word in words(each.text)}
    marks = np.array(sorted(pairs), np.uint64).reshape(-1, 2)
    return np.asarray(marks[:, 0] * PLACES + marks[:, 1])


def packed(
    codes: tuple[str, ...],
    met: NDArray[np.uint64],
    known: Features,
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    *,
    heat: float,
    threshold: float,
) -> Arrays:
    """Keep each weight (m × n) on one byte."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / STEPS
    bytes_ = np.rint(weights / scale).astype(np.int8)
    return Arrays(
        codes,
        met,
        known.numbers,
        known.idf,
        bytes_,
        scale.astype(np.float32),
        bias,
        heat,
        threshold,
    )


def _left_out(
    near: NDArray[np.float32],
    signs: NDArray[np.float32],
    rooted: NDArray[np.float32],
    targets: NDArray[Any],
    fold_of: NDArray[Any],
) -> LeftOut:
    scores, nearest = np.zeros_like(signs), np.zeros(len(signs), np.int64)
    for fold in range(FOLDS):
        inside, out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        if len(inside) and len(out):
            across = near[np.ix_(out, inside)]
            solved = _solved(near[np.ix_(inside, inside)], signs[inside], rooted[inside])
            scores[out] = across @ solved
            nearest[out] = targets[inside[across.argmax(axis=1)]]
    return LeftOut(scores, nearest)


def _solved(
    near: NDArray[np.float32], signs: NDArray[np.float32], rooted: NDArray[np.float32]
) -> NDArray[np.float32]:
    system = near * rooted * rooted.T
    system[np.diag_indices_from(system)] += RIDGE
    return np.asarray(np.linalg.solve(system, signs * rooted) * rooted)


def folds(groups: Sequence[str]) -> NDArray[Any]:
    """Part the groups in FOLDS, the same each time and on each machine."""
    order = {group: at for at, group in enumerate(sorted(set(groups)))}
    shuffled = np.random.default_rng(0).permutation(len(order))
    return np.array([shuffled[order[group]] % FOLDS for group in groups])


def heat(scores: NDArray[Any], targets: NDArray[Any]) -> float:
    """Choose the heat under which the right occupations are the most likely, by thirds.

    scores: n × occupations; targets: n places, -1 for what is no occupation.
    """
    known = targets >= 0
    ranked, right = scores[known], targets[known]
    at = np.arange(len(right))

    def loss(power: float) -> float:
        chances = shared(ranked, math.exp(power))[at, right]
        return -float(np.log(np.maximum(chances, 1e-12)).mean())

    low, high = math.log(0.1), math.log(100)
    for _step in range(30):
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return math.exp((low + high) / 2)

"""Learn the arrays of the lexical engine from titles and tasks: NumPy alone where they are few."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.engines.text import Arrays
from portal.demonstrator.engines.words import SIZE, counts

FOLDS = 5
RIDGE = 0.3
STEPS = 127  # of a weight kept on one byte


@dataclass(frozen=True)
class Example:
    """A text that means an occupation. group: those that one fold leaves out together."""

    text: str
    code: str
    group: str
    weight: float = 1.0


def learn(
    examples: Sequence[Example], *, threshold: float = 0.35
) -> tuple[Arrays, NDArray[np.float32]]:
    """Learn weights by ridge regression, solved by its dual: of the size of the examples.

    The confidence is set on what each fold left out. Returns the arrays, and the scores (n ×
    classes) of each example by the fold that did not learn from its group.
    """
    codes = tuple(sorted({each.code for each in examples}))
    places = {code: at for at, code in enumerate(codes)}
    targets = np.array([places[each.code] for each in examples])
    rooted = np.sqrt(np.array([each.weight for each in examples], np.float32))[:, None]
    told = [counts(each.text) for each in examples]
    idf = _idf(told)
    active = np.flatnonzero(idf)
    rows = _rows(told, idf, active)
    near = rows @ rows.T
    signs = np.full((len(rows), len(codes)), -1 / len(codes), np.float32)
    signs[np.arange(len(rows)), targets] = 1
    folds = _folds([each.group for each in examples])
    left_out = np.zeros_like(signs)
    for fold in range(FOLDS):
        kept, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        solved = _solved(near[np.ix_(kept, kept)], signs[kept], rooted[kept])
        left_out[out] = near[np.ix_(out, kept)] @ solved
    weights = rows.T @ _solved(near, signs, rooted)
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / STEPS
    bytes_ = np.zeros((SIZE, len(codes)), np.int8)
    bytes_[active] = np.rint(weights / scale).astype(np.int8)
    bias = np.zeros(len(codes), np.float32)
    curve = _curve(left_out, targets)
    return Arrays(codes, idf, bytes_, scale.astype(np.float32), bias, curve, threshold), left_out


def _solved(
    near: NDArray[np.float32], signs: NDArray[np.float32], rooted: NDArray[np.float32]
) -> NDArray[np.float32]:
    system = near * rooted * rooted.T
    system[np.diag_indices_from(system)] += RIDGE
    return np.asarray(np.linalg.solve(system, signs * rooted) * rooted)


def _idf(told: Sequence[Counter[int]]) -> NDArray[np.float32]:
    """Weigh a feature by how few texts bring it; 0 for one that none, or one alone, brings."""
    seen = np.zeros(SIZE)
    for each in told:
        seen[list(each)] += 1
    return np.where(seen > 1, 1 + np.log((1 + len(told)) / (1 + seen)), 0).astype(np.float32)


def _rows(
    told: Sequence[Counter[int]], idf: NDArray[np.float32], active: NDArray[Any]
) -> NDArray[np.float32]:
    column = np.full(SIZE, -1)
    column[active] = np.arange(len(active))
    rows = np.zeros((len(told), len(active)), np.float32)
    for at, each in enumerate(told):
        numbers = [number for number in each if column[number] >= 0]
        times = np.array([each[number] for number in numbers], np.float32)
        rows[at, column[numbers]] = idf[numbers] * (1 + np.log(times))
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def _folds(groups: Sequence[str]) -> NDArray[Any]:
    """Part the groups in folds, the same each time and on each machine."""
    order = {group: at for at, group in enumerate(sorted(set(groups)))}
    shuffled = np.random.default_rng(0).permutation(len(order))
    return np.array([shuffled[order[group]] % FOLDS for group in groups])


def _curve(scores: NDArray[Any], targets: NDArray[Any]) -> tuple[float, float]:
    """Fit sigmoid(a × lead + b) to whether the first is right, by Newton's method."""
    top = np.sort(scores, axis=1)[:, -2:]
    lead = np.stack([top[:, 1] - top[:, 0], np.ones(len(scores))], axis=1)
    right = scores.argmax(axis=1) == targets
    found = np.zeros(2)
    for _step in range(25):
        chance = 1 / (1 + np.exp(-lead @ found))
        slope = lead.T @ (right - chance) - 1e-3 * found
        bend = (lead * (chance * (1 - chance))[:, None]).T @ lead + 1e-3 * np.eye(2)
        found = found + np.linalg.solve(bend, slope)
    return float(found[0]), float(found[1])

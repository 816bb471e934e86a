"""Compare what code answered twice: rows put back, twins looked at, scores held to each other."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from challenges.enums.code import Reproduction
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.align import Answer
from challenges.scoring.verdict import Evaluated

# Of a number, between two rows of the same content: what a sum in another order may move.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
TOLERATED_ERRORS = 0.1


def taken(answer: Answer, order: Sequence[int]) -> Answer:
    """Return the answers at some positions, in that order."""
    at = np.asarray(order, np.int64)
    if answer.offsets is None:
        return Answer(answer.p[at], answer.texts)
    sizes = np.diff(answer.offsets)[at]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.repeat(answer.offsets[at] - offsets[:-1], sizes) + np.arange(offsets[-1])
    return Answer(
        answer.p[rows],
        answer.texts,
        offsets,
        None if answer.ranks is None else answer.ranks[rows],
        None if answer.scores is None else answer.scores[rows],
    )


def agrees(answer: Answer, twins: Sequence[int], *, n: int) -> bool:
    """Say whether each twin, after the n rows, got the answer of the row that it repeats."""
    first = taken(answer, twins)
    second = taken(answer, range(n, n + len(twins)))
    return all(
        _close(getattr(first, name), getattr(second, name))
        for name in ("p", "offsets", "ranks", "scores")
    )


def _close(first: NDArray[np.generic] | None, second: NDArray[np.generic] | None) -> bool:
    if first is None or second is None:
        return first is second
    if first.shape != second.shape:
        return False
    if np.issubdtype(first.dtype, np.floating):
        return bool(np.allclose(first, second, rtol=RELATIVE, atol=ABSOLUTE))
    return bool((first == second).all())


def judged(
    contract: ScoringContract, first: Evaluated, second: Evaluated, *, agreed: bool
) -> tuple[Reproduction, Evaluated]:
    """Say how close two scores are, and return the one that counts: the worse, unless rounded.

    Judged on the first part alone, the public one where there are two: a choice by private
    figures would tell of them. agreed: what twins said.
    """
    spec, split = contract.primary, contract.truth.splits[0]
    one, two = (each.values[split][spec.key] for each in (first, second))
    if one is None or two is None:
        return Reproduction.DIFFERENT, first if one is None else second
    if agreed and abs(one - two) <= TOLERATED_ERRORS * _error(contract, first, split):
        return Reproduction.ROUNDED, first
    worse = second if (two < one) is (spec.direction == "max") else first
    return Reproduction.DIFFERENT, worse


def _error(contract: ScoringContract, found: Evaluated, split: str) -> float:
    """Return the standard error of the figure that ranks, 0 where it has no interval."""
    bounds = found.intervals.get(split, {}).get(contract.primary.key)
    if bounds is None:
        return 0.0
    wide = NormalDist().inv_cdf(0.5 + contract.level / 2)
    return float(bounds[1] - bounds[0]) / (2 * wide)

"""Compute the AUC of each group, and of each group against the others."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.figures import Figure, Rows, unsettled
from challenges.scoring.audit.slices import Slice
from challenges.scoring.intervals import percentile, wilson
from challenges.scoring.metric import Floats, divide

Array = NDArray[Any]
# AUC within a group; its negatives against the positives of the others (a false alarm ranks
# high); its positives against the negatives of the others (a positive ranks low).
NAMES = ("auc", "bpsn", "bnsp")


class _Sums(NamedTuple):
    """Hold, by bucket, what an AUC adds up: positives, their wins, negatives, their wins."""

    positives: Floats
    wins: Floats
    negatives: Floats
    losses: Floats


def areas(cut: Slice, rows: Rows) -> list[Figure]:
    """Compute the three AUC by group; the buckets add up DeLong's components."""
    scale = _Ranked(rows)
    found = [list(_of_group(scale, cut.codes == group)) for group in range(len(cut))]
    whole = scale.area(scale.y, ~scale.y, scale.above[0], scale.above[1])
    return [
        _figure(name, rows, [each[at] for each in found], whole) for at, name in enumerate(NAMES)
    ]


class _Ranked:
    """Hold scores as ranks, and for each rank the share of negatives and positives below."""

    def __init__(self, rows: Rows) -> None:
        assert rows.y is not None  # noqa: S101 (asked of yes-or-no answers only)
        assert rows.score is not None  # noqa: S101 (the same)
        self.y = rows.y.astype(bool)
        values, self.rank = np.unique(rows.score, return_inverse=True)
        self.size = len(values)
        self.bucket, self.buckets = rows.bucket.astype(np.int64), rows.weights.shape[1]
        self.above = (self.below(~self.y), self.below(self.y))

    def below(self, chosen: Array) -> Floats:
        """Count, for each rank, the chosen rows below it plus half of those at it."""
        count = np.bincount(self.rank[chosen], minlength=self.size)
        return np.asarray(np.cumsum(count) - count / 2, np.float64)

    def area(self, yes: Array, no: Array, under_yes: Floats, under_no: Floats) -> _Sums:
        """Add up the components of an AUC between two sets of rows.

        under_yes: of the negatives, by rank; under_no: of the positives.
        """
        many, few = max(int(no.sum()), 1), max(int(yes.sum()), 1)
        wins = under_yes[self.rank[yes]] / many
        losses = 1 - under_no[self.rank[no]] / few
        return _Sums(
            np.bincount(self.bucket[yes], minlength=self.buckets).astype(np.float64),
            np.bincount(self.bucket[yes], wins, self.buckets).astype(np.float64),
            np.bincount(self.bucket[no], minlength=self.buckets).astype(np.float64),
            np.bincount(self.bucket[no], losses, self.buckets).astype(np.float64),
        )


def _of_group(scale: _Ranked, mine: Array) -> Iterator[_Sums]:
    yes, no = scale.y & mine, ~scale.y & mine
    others_yes, others_no = scale.y & ~mine, ~scale.y & ~mine
    under_no, under_yes = scale.below(yes), scale.below(no)
    yield scale.area(yes, no, under_yes, under_no)
    yield scale.area(others_yes, no, under_yes, scale.above[1] - under_no)
    yield scale.area(yes, others_no, scale.above[0] - under_yes, under_no)


def _figure(name: str, rows: Rows, found: list[_Sums], whole: _Sums) -> Figure:
    values = np.array([_value(each) for each in found])
    drawn = np.stack([_drawn(each, rows.weights) for each in found], 1)
    support = np.array([int(min(e.positives.sum(), e.negatives.sum())) for e in found])
    bounds = tuple(
        _bound(each, value, drawn[:, g], rows)
        for g, (each, value) in enumerate(zip(found, values.tolist(), strict=True))
    )
    unsettled(drawn, bounds, rows.draw)
    return Figure(
        name, values, float(_value(whole)), support, drawn, _drawn(whole, rows.weights), bounds
    )


def _bound(sums: _Sums, value: float, drawn: Floats, rows: Rows) -> tuple[float, float] | None:
    """Bound an AUC; one of 0 or 1, as so many pairs all alike."""
    if not np.isfinite(value):
        return None
    if 0 < value < 1:
        return percentile(drawn, rows.level)
    both = (sums.positives, sums.negatives)
    least = min(float(e.sum() if rows.independent else np.count_nonzero(e)) for e in both)
    return wilson(value * least, least)


def _value(sums: _Sums) -> float:
    if not sums.negatives.sum():
        return float("nan")
    return float(divide(sums.wins.sum(), sums.positives.sum()))


def _drawn(sums: _Sums, weights: Floats) -> Floats:
    """Return the AUC of each resampling: A* = V10* + V01* − A."""
    wins = divide(weights @ sums.wins, weights @ sums.positives)
    losses = divide(weights @ sums.losses, weights @ sums.negatives)
    return wins + losses - _value(sums)

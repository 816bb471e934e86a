"""Audit ranked lists by groups of items, on the queries where each group has something to find."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.figures import Figure, Rows, moved, of_metric
from challenges.scoring.audit.slices import Slice, Table
from challenges.scoring.metric import Floats, Part, divide, units_of

Array = NDArray[Any]


@dataclass(frozen=True)
class Ranking:
    """Hold a ranked part and the group of each item: (items,) codes, −1 when it has none."""

    part: Part
    cut: Slice

    @property
    def of_truth(self) -> Array:
        """Return the group of each relevant pair (query, item), −2 where it is not relevant."""
        assert self.part.gains is not None  # noqa: S101 (a ranked part has gains)
        return np.where(self.part.gains > 0, self.cut.codes[self.part.y], -2)

    def supported(self, group: int) -> Array:
        """Return the queries that have a relevant item of a group."""
        assert self.part.y_offsets is not None  # noqa: S101 (a ranked part has lists)
        held = units_of(self.part.y_offsets)[self.of_truth == group]
        return np.unique(held)

    def table(self) -> Table:
        """Count the distinct relevant items of each group, and the queries they support."""
        relevant = np.unique(self.part.y[self.of_truth > -2])
        codes = self.cut.codes[relevant]
        cut = replace(self.cut, codes=codes)
        size = len(cut) + 1
        items = np.bincount(codes + 1, minlength=size)
        rows = np.array([len(self.supported(g)) for g in range(len(cut))], np.int64)
        persons = np.concatenate([items[:1], np.minimum(items[1:], rows)])
        none = np.zeros(size)
        counts = np.stack([persons, none, none], 1)
        nothing = np.zeros(len(codes))
        return Table(cut, rows, rows, counts[1:], counts[0], (None, nothing, nothing))

    def alone(self, group: int) -> Part:
        """Return the supported queries as if the relevant items of other groups were not there.

        They are taken out of the truth and out of the lists, where the ranks close up: a
        perfect list stays perfect for every group.
        """
        part = self.part.take(self.supported(group))
        truth = Ranking(part, self.cut).of_truth
        others = (truth != group) & (truth != -2)
        taken = _pairs(part, part.y, part.y_offsets)[others]
        return _without(part, others, np.isin(_pairs(part, part.p, part.p_offsets), taken))

    def filtered(self, group: int) -> Part:
        """Return the supported queries with the truth alone restricted to a group."""
        part = self.part.take(self.supported(group))
        truth = Ranking(part, self.cut).of_truth
        return _without(part, (truth != group) & (truth != -2), np.zeros(len(part.p), bool))


def _pairs(part: Part, items: Array, offsets: Array | None) -> Array:
    assert offsets is not None  # noqa: S101 (a ranked part has lists)
    return units_of(offsets) * max(len(part.texts), 1) + items


def _without(part: Part, of_truth: Array, of_answer: Array) -> Part:
    """Drop some relevant pairs and some listed items; the ranks that follow move up."""
    assert part.gains is not None  # noqa: S101 (a ranked part has gains)
    assert part.ranks is not None  # noqa: S101 (and ranks)
    assert part.y_offsets is not None  # noqa: S101 (and lists)
    assert part.p_offsets is not None  # noqa: S101 (and lists)
    unit = units_of(part.p_offsets)
    order = np.lexsort((part.ranks, unit))
    gone = np.cumsum(of_answer[order])
    first = np.concatenate([[0], gone])[part.p_offsets[:-1]]
    before = np.empty(len(order), np.int64)
    before[order] = gone - of_answer[order] - first[unit[order]]
    kept, held = ~of_answer, ~of_truth
    return replace(
        part,
        y=part.y[held],
        gains=part.gains[held],
        y_offsets=_recount(part.y_offsets, held),
        p=part.p[kept],
        ranks=(part.ranks - before)[kept],
        p_offsets=_recount(part.p_offsets, kept),
    )


def _recount(offsets: Array, kept: Array) -> Array:
    count = np.bincount(units_of(offsets)[kept], minlength=len(offsets) - 1)
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


def worst(
    ranking: Ranking, primary: Callable[[Part], Any], rows: Rows, support: Array
) -> tuple[Figure, Floats]:
    """Compute the challenge's metric by group of items, and its usual form beside it.

    The usual form filters the truth only and counts 0 for a query without a relevant item of
    the group; it is shown under its name, never judged.
    """
    found = of_metric(
        "metric",
        ranking.cut,
        primary(ranking.part),
        lambda group: primary(ranking.alone(group)),
        rows,
        support,
    )
    usual = np.full(len(ranking.cut), np.nan)
    for group in np.flatnonzero(support):
        value = primary(ranking.filtered(int(group))).value
        if value is not None:
            usual[group] = value * support[group] / len(ranking.part)
    return found, usual


def exposure(ranking: Ranking, rows: Rows, support: Array) -> Figure:
    """Compute the exposure each group gets, Σ 1/log₂(1 + rank), per relevant item it has."""
    part, cut = ranking.part, ranking.cut
    assert part.ranks is not None  # noqa: S101 (a ranked part has ranks)
    assert part.y_offsets is not None  # noqa: S101 (and lists)
    assert part.p_offsets is not None  # noqa: S101 (and lists)
    size, buckets = len(cut) + 1, rows.weights.shape[1]

    def gathered(unit: Array, codes: Array, values: Array) -> Floats:
        group = np.where(codes >= 0, codes, len(cut))
        at = rows.bucket.astype(np.int64)[unit] * size + group
        return np.asarray(np.bincount(at, values, buckets * size).reshape(buckets, size), float)

    seen = gathered(units_of(part.p_offsets), cut.codes[part.p], 1 / np.log2(1.0 + part.ranks))
    truth = ranking.of_truth
    held = truth > -2
    due = gathered(units_of(part.y_offsets)[held], truth[held], np.ones(int(held.sum())))
    values = divide(seen.sum(0), due.sum(0))[:-1]
    drawn = divide(rows.weights @ seen, rows.weights @ due)[:, :-1]
    of_all = divide(rows.weights @ seen.sum(1), rows.weights @ due.sum(1))
    bounds = tuple(
        moved(drawn[:, g], rows.level) if np.isfinite(values[g]) else None for g in range(len(cut))
    )
    whole = float(divide(seen.sum(), due.sum()))
    return Figure("exposure", values, whole, support, drawn, of_all, bounds)

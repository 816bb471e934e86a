"""Compute figures by group with their resamplings: rates, means, AUC, lists, the metric itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.disclosure import Slice, Table
from challenges.scoring.intervals import SURE, Z95, percentile, wilson
from challenges.scoring.metric import Floats, Part, divide, units_of

Array = NDArray[Any]
BINS = 15
FEWER = 200  # resamplings of a figure that is never judged and costs 15 columns a group


@dataclass(frozen=True)
class Figure:
    """Hold one figure over the groups of a slice.

    values: (groups,) NaN where it cannot be computed. overall: over all rows. support: (groups,)
    rows that it is computed on. replicates: (resamplings, groups) and of_all (resamplings,).
    bounds: for each group (low, high) or None. tested: whether its gaps are judged.
    """

    key: str
    values: Floats
    overall: float
    support: Array
    replicates: Floats
    of_all: Floats
    bounds: tuple[tuple[float, float] | None, ...]
    tested: bool = True


@dataclass(frozen=True)
class Rows:
    """Hold what every figure reads of a part.

    y, selected: (n,) 0 or 1, None where the answer says neither. score: (n,) numbers. bucket:
    (n,) below the width of weights, (resamplings, buckets) float64. independent: each row is a
    unit of its own. weight: (n,), None when each row counts 1. draw: of pseudo-random numbers,
    seeded from the stored weights.
    """

    bucket: Array
    weights: Floats
    independent: bool
    level: float
    draw: np.random.Generator
    y: Array | None = None
    selected: Array | None = None
    score: Array | None = None
    weight: Array | None = None


@dataclass(frozen=True)
class Cube:
    """Hold counts by group, truth and answer, the rows of no group last.

    counts: (groups + 1, 2, 2), weighted. drawn: (resamplings, groups + 1, 2, 2). support: the
    unweighted counts. units: (buckets, groups + 1, 2, 2) bool, which buckets hold some.
    """

    counts: Floats
    drawn: Floats
    support: Array
    units: Array


def cube(rows: Rows, cut: Slice) -> Cube:
    """Count a slice in one pass, bucket by bucket, and resample the buckets."""
    assert rows.y is not None  # noqa: S101 (rates are asked of yes-or-no answers only)
    assert rows.selected is not None  # noqa: S101 (the same)
    size, buckets = len(cut) + 1, rows.weights.shape[1]
    group = np.where(cut.codes >= 0, cut.codes, len(cut)).astype(np.int32)
    at = (rows.bucket.astype(np.int32) * size + group) * 4
    at += (2 * rows.y + rows.selected).astype(np.int32)
    cells = buckets * size * 4
    plain = np.bincount(at, minlength=cells).reshape(buckets, size * 4)
    sums = plain if rows.weight is None else np.bincount(at, rows.weight, cells)
    sums = sums.reshape(buckets, size * 4).astype(np.float64)
    shape = (size, 2, 2)
    return Cube(
        counts=sums.sum(0).reshape(shape),
        drawn=(rows.weights @ sums).reshape(-1, *shape),
        support=plain.sum(0).reshape(shape),
        units=(plain > 0).reshape(buckets, *shape),
    )


# Each rate: what counts over what it is a share of, as cells (truth, answer) of the cube.
RATES: dict[str, tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]] = {
    "selection": (((0, 1), (1, 1)), ((0, 0), (0, 1), (1, 0), (1, 1))),
    "tpr": (((1, 1),), ((1, 0), (1, 1))),
    "fpr": (((0, 1),), ((0, 0), (0, 1))),
    "ppv": (((1, 1),), ((0, 1), (1, 1))),
    "npv": (((0, 0),), ((0, 0), (1, 0))),
}


def rate(name: str, found: Cube, rows: Rows) -> Figure:
    """Compute a rate by group; a group with all or none of it draws from its Jeffreys law."""
    top, bottom = RATES[name]
    values = divide(_cells(found.counts, top), _cells(found.counts, bottom))
    drawn = divide(_cells(found.drawn, top), _cells(found.drawn, bottom))
    whole = divide(_cells(found.counts, top).sum(), _cells(found.counts, bottom).sum())
    of_all = divide(_cells(found.drawn, top).sum(-1), _cells(found.drawn, bottom).sum(-1))
    support = np.asarray(_cells(found.support, bottom), np.int64)[:-1]
    hits = np.asarray(_cells(found.support, top), np.int64)[:-1]
    units = support
    if not rows.independent:
        units = np.logical_or.reduce([found.units[:, :, i, j] for i, j in bottom]).sum(0)[:-1]
    values, drawn = values[:-1], drawn[:, :-1]
    settled = (units > 0) & ((values == 0) | (values == 1))
    for group in np.flatnonzero(settled):
        of = float(units[group])
        yes = of * values[group]
        drawn[:, group] = rows.draw.beta(yes + 0.5, of - yes + 0.5, len(drawn))
    bounds = tuple(
        _bound(float(hits[g]), int(support[g]), int(units[g]), values[g], drawn[:, g], rows)
        for g in range(len(values))
    )
    return Figure(name, values, float(whole), support, drawn, of_all, bounds)


def _cells(counts: Array, chosen: Sequence[tuple[int, int]]) -> Floats:
    return np.asarray(sum(counts[..., i, j] for i, j in chosen), np.float64)


def _bound(
    hits: float, support: int, units: int, value: float, drawn: Floats, rows: Rows
) -> tuple[float, float] | None:
    if not np.isfinite(value) or units < 1:
        return None
    if rows.independent and rows.weight is None:
        return wilson(hits, support)
    if value in (0.0, 1.0):
        return wilson(value * units, units)
    return percentile(drawn, rows.level)


def mean(
    name: str,
    values: Array,
    cut: Slice,
    rows: Rows,
    *,
    of: Array | None = None,
    tested: bool = True,
) -> Figure:
    """Compute a mean, or the ratio of two sums, by group. values, of: (n,) numbers."""
    weight = np.ones(len(values)) if rows.weight is None else rows.weight
    top = _by_bucket(values * weight, cut, rows)
    bottom = _by_bucket(weight if of is None else of * weight, cut, rows)
    ratio = divide(top.sum(0), bottom.sum(0))[:-1]
    drawn = divide(rows.weights @ top, rows.weights @ bottom)[:, :-1]
    of_all = divide(rows.weights @ top.sum(1), rows.weights @ bottom.sum(1))
    support = np.bincount(cut.codes[cut.codes >= 0], minlength=len(cut))
    bounds = tuple(
        moved(drawn[:, g], rows.level) if np.isfinite(ratio[g]) else None for g in range(len(cut))
    )
    whole = float(divide(top.sum(), bottom.sum()))
    return Figure(name, ratio, whole, support, drawn, of_all, bounds, tested)


def moved(drawn: Floats, level: float) -> tuple[float, float] | None:
    """Return the central interval of resamplings, None when none of them moves the figure.

    An error of 0 on every row does not say how far from 0 others lie.
    """
    found = percentile(drawn, level)
    return None if found is None or found[1] - found[0] < SURE else found


def unsettled(
    drawn: Floats, bounds: Sequence[tuple[float, float] | None], draw: np.random.Generator
) -> None:
    """Spread, in place, the resamplings of groups that are all right or all wrong.

    No resampling moves them, yet their interval has a width: the law of the gap takes that of
    the interval, or a group all right and one all wrong would be no gap. drawn: (resamplings,
    groups).
    """
    for group, ends in enumerate(bounds):
        if ends is None or ends[1] - ends[0] < SURE or not np.isfinite(drawn[:, group]).all():
            continue
        if np.ptp(drawn[:, group]) < SURE:
            error = (ends[1] - ends[0]) / (2 * Z95)
            drawn[:, group] += error * draw.standard_normal(len(drawn))


def _by_bucket(values: Array, cut: Slice, rows: Rows) -> Floats:
    """Add up numbers: (buckets, groups + 1), the rows of no group last."""
    size, buckets = len(cut) + 1, rows.weights.shape[1]
    group = np.where(cut.codes >= 0, cut.codes, len(cut))
    sums = np.bincount(rows.bucket.astype(np.int64) * size + group, values, buckets * size)
    return np.asarray(sums.reshape(buckets, size), np.float64)


def calibration_error(cut: Slice, rows: Rows) -> Figure:
    """Compute the expected calibration error by group, 15 bins; it grows as groups get small."""
    assert rows.y is not None  # noqa: S101 (asked of probabilities only)
    assert rows.score is not None  # noqa: S101 (the same)
    size, buckets = len(cut) + 1, rows.weights.shape[1]
    group = np.where(cut.codes >= 0, cut.codes, len(cut))
    column = np.clip(np.ceil(rows.score * BINS) - 1, 0, BINS - 1).astype(np.int64)
    weight = np.ones(len(column)) if rows.weight is None else rows.weight
    at = (rows.bucket.astype(np.int64) * size + group) * BINS + column
    gaps = np.bincount(at, (rows.score - rows.y) * weight, buckets * size * BINS)
    count = np.bincount(at, weight, buckets * size * BINS)
    gaps, count = gaps.reshape(buckets, -1), count.reshape(buckets, -1)

    def error(gap: Floats, n: Floats) -> tuple[Floats, Floats]:
        gap, n = gap.reshape(*gap.shape[:-1], size, BINS), n.reshape(*n.shape[:-1], size, BINS)
        by_group = divide(np.abs(gap).sum(-1), n.sum(-1))
        return by_group, divide(np.abs(gap.sum(-2)).sum(-1), n.sum((-1, -2)))

    values, whole = error(gaps.sum(0), count.sum(0))
    fewer = rows.weights[:FEWER]
    drawn, of_all = error(fewer @ gaps, fewer @ count)
    support = np.bincount(cut.codes[cut.codes >= 0], minlength=len(cut))
    bounds = tuple(moved(drawn[:, g], rows.level) for g in range(len(cut)))
    return Figure(
        "ece", values[:-1], float(whole), support, drawn[:, :-1], of_all, bounds, tested=False
    )


def of_metric(
    name: str,
    cut: Slice,
    whole: Any,
    by_group: Callable[[int], Any],
    rows: Rows,
    support: Array,
) -> Figure:
    """Gather the challenge's own metric by group. by_group: the measure of one group."""
    resamplings = len(rows.weights)
    found = [by_group(group) if support[group] else None for group in range(len(cut))]
    values = np.array([_value(each) for each in found], np.float64)
    drawn = np.stack([_replicates(each, resamplings) for each in found], 1)
    bounds = tuple(each.interval[:2] if each and each.interval else None for each in found)
    unsettled(drawn, bounds, rows.draw)
    of_all = _replicates(whole, resamplings)
    return Figure(name, values, _value(whole), support, drawn, of_all, bounds)


def _value(measured: Any) -> float:
    return np.nan if measured is None or measured.value is None else float(measured.value)


def _replicates(measured: Any, count: int) -> Floats:
    drawn = np.full(count, np.nan)
    if measured is not None:
        known = measured.replicates[:count]
        drawn[: len(known)] = known
    return drawn


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
    found = [list(_area_sums(scale, cut.codes == group)) for group in range(len(cut))]
    whole = scale.area(scale.y, ~scale.y, scale.above[0], scale.above[1])
    return [
        _area_figure(name, rows, [each[at] for each in found], whole)
        for at, name in enumerate(NAMES)
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


def _area_sums(scale: _Ranked, mine: Array) -> Iterator[_Sums]:
    yes, no = scale.y & mine, ~scale.y & mine
    others_yes, others_no = scale.y & ~mine, ~scale.y & ~mine
    under_no, under_yes = scale.below(yes), scale.below(no)
    yield scale.area(yes, no, under_yes, under_no)
    yield scale.area(others_yes, no, under_yes, scale.above[1] - under_no)
    yield scale.area(yes, others_no, scale.above[0] - under_yes, under_no)


def _area_figure(name: str, rows: Rows, found: list[_Sums], whole: _Sums) -> Figure:
    values = np.array([_area_of(each) for each in found])
    drawn = np.stack([_area_drawn(each, rows.weights) for each in found], 1)
    support = np.array([int(min(e.positives.sum(), e.negatives.sum())) for e in found])
    bounds = tuple(
        _area_bound(each, value, drawn[:, g], rows)
        for g, (each, value) in enumerate(zip(found, values.tolist(), strict=True))
    )
    unsettled(drawn, bounds, rows.draw)
    return Figure(
        name,
        values,
        float(_area_of(whole)),
        support,
        drawn,
        _area_drawn(whole, rows.weights),
        bounds,
    )


def _area_bound(sums: _Sums, value: float, drawn: Floats, rows: Rows) -> tuple[float, float] | None:
    """Bound an AUC; one of 0 or 1, as so many pairs all alike."""
    if not np.isfinite(value):
        return None
    if 0 < value < 1:
        return percentile(drawn, rows.level)
    both = (sums.positives, sums.negatives)
    least = min(float(e.sum() if rows.independent else np.count_nonzero(e)) for e in both)
    return wilson(value * least, least)


def _area_of(sums: _Sums) -> float:
    if not sums.negatives.sum():
        return float("nan")
    return float(divide(sums.wins.sum(), sums.positives.sum()))


def _area_drawn(sums: _Sums, weights: Floats) -> Floats:
    """Return the AUC of each resampling: A* = V10* + V01* − A."""
    wins = divide(weights @ sums.wins, weights @ sums.positives)
    losses = divide(weights @ sums.losses, weights @ sums.negatives)
    return wins + losses - _area_of(sums)


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


def worst_of_items(
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


def exposure_of_items(ranking: Ranking, rows: Rows, support: Array) -> Figure:
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

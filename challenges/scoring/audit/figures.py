"""Compute figures by group with their resamplings: rates, scores, means, the metric itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.slices import Slice
from challenges.scoring.intervals import SURE, Z95, percentile, wilson
from challenges.scoring.metric import Floats, divide

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

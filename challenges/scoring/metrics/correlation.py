"""Measure how an answer moves with the truth: Pearson, Spearman, Kendall's tau b.

A constant truth cannot be measured; a constant answer counts 0. The figures of pairs add up
through the part of each row in them (first-order terms), exact on the whole part.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from challenges.scoring.dominance import Dominance
from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    Params,
    Part,
    Shape,
    Stats,
    dense,
    divide,
)


def _standard(values: Array) -> Floats:
    """Return values about their mean, scaled so that squares neither vanish nor overflow."""
    if not len(values) or values.min() == values.max():
        return np.zeros(len(values))
    scaled = values / np.abs(values).max()
    centred = scaled - scaled.mean()
    return np.asarray(centred / np.abs(centred).max(), np.float64)


def _pearson(part: Part, params: Params) -> Stats:
    y, p = _standard(part.y), _standard(part.p)
    return dense(np.ones(len(part)), y, p, y * y, p * p, y * p)


def _pearson_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    n, y, p, yy, pp, yp = np.moveaxis(sums, -1, 0)
    return _correlation(
        yp - np.nan_to_num(divide(y * p, n)),
        yy - np.nan_to_num(divide(y * y, n)),
        pp - np.nan_to_num(divide(p * p, n)),
    )


def _correlation(both: Floats, true: Floats, given: Floats) -> Floats:
    """Divide a joint spread by the two spreads: NaN for a constant truth, 0 for an answer."""
    bottom = np.sqrt(np.maximum(true, 0.0)) * np.sqrt(np.maximum(given, 0.0))
    score = np.clip(np.nan_to_num(divide(both, bottom)), -1.0, 1.0)
    return np.where(true > 0, score, np.nan)


def _spearman(part: Part, params: Params) -> Stats:
    """Lay the first-order terms of the three mean products of grades (mid-ranks / n)."""
    pairs = ((part.y, part.p), (part.y, part.y), (part.p, part.p))
    terms = [_products(a, b) for a, b in pairs]
    return dense(
        np.ones(len(part)),
        *(first for first, _ in terms),
        context={"offsets": np.array([offset for _, offset in terms])},
    )


def _products(a: Array, b: Array) -> tuple[Floats, float]:
    """Return the first-order terms of a mean product of grades, and what to take off."""
    if not len(a):
        return np.zeros(0), 0.0
    grade_a, grade_b = _grades(a) - 0.5, _grades(b) - 0.5
    product = grade_a * grade_b
    terms = product + _mean_above(a, grade_b) + _mean_above(b, grade_a)
    return terms, float(terms.mean() - product.mean())


def _grades(values: Array) -> Floats:
    _, at, times = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(times) - times
    return np.asarray((below + times / 2)[at] / len(values), np.float64)


def _mean_above(values: Array, other: Floats) -> Floats:
    """Return, for each row, the mean of other over the rows above it, half for equals."""
    _, at = np.unique(values, return_inverse=True)
    sums = np.bincount(at, weights=other)
    above = sums.sum() - np.cumsum(sums)
    return np.asarray((above + sums / 2)[at] / len(values), np.float64)


def _spearman_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    n = sums[..., :1]
    means = np.nan_to_num(divide(sums[..., 1:], n)) - context["offsets"]
    means = np.where(np.abs(means) < 1e-15, 0.0, means)
    return np.where(
        n[..., 0] > 0, _correlation(means[..., 0], means[..., 1], means[..., 2]), np.nan
    )


def _kendall(part: Part, params: Params) -> Stats:
    """Count, for each row, its concordant less discordant pairs and its pairs untied."""
    n = len(part)
    counts = (_agreements(part.y, part.p), _untied(part.y), _untied(part.p))
    totals = np.array([count.sum() / max(n, 1) for count in counts])
    return dense(np.ones(n), *counts, context={"totals": totals})


def _untied(values: Array) -> Floats:
    _, at, times = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(len(values) - times[at], np.float64)


def _agreements(y: Array, p: Array) -> Floats:
    """Return, for each row, how many others agree with it in order less how many disagree."""
    n = len(y)
    order = np.argsort(y, kind="stable")
    y, p = y[order], p[order]
    start = np.searchsorted(y, y, "left")
    end = np.searchsorted(y, y, "right")
    tree, zero, last = Dominance(p), np.zeros(n, np.int64), np.full(n, n)
    below, above = tree.below(zero, start, p), start - tree.below(zero, start, p, ties=True)
    after_below = tree.below(end, last, p)
    after_above = (n - end) - tree.below(end, last, p, ties=True)
    found = np.empty(n)
    found[order] = below - above + after_above - after_below
    return found


def _kendall_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    totals = context["totals"]
    linear = 2 * np.nan_to_num(divide(sums[..., 1:], sums[..., :1])) - totals
    return _correlation(linear[..., 0], linear[..., 1], linear[..., 2])


def _metric(name: str, stats: Any, value: Any, formula: str, oracle: str) -> Metric:
    return Metric(
        name=name,
        shape=Shape.NUMBERS,
        direction="max",
        low=-1.0,
        high=1.0,
        stats=stats,
        value=value,
        formula=formula,
        oracle=oracle,
    )


METRICS = (
    _metric(
        "pearson",
        _pearson,
        _pearson_value,
        "cov(y, p) / (sd(y)·sd(p))",
        "scipy.stats.pearsonr",
    ),
    _metric(
        "spearman",
        _spearman,
        _spearman_value,
        "Pearson correlation of the mid-ranks",
        "scipy.stats.spearmanr",
    ),
    _metric(
        "kendall_b",
        _kendall,
        _kendall_value,
        "(C − D) / √((n₀ − ties of y)(n₀ − ties of p))",
        "scipy.stats.kendalltau",
    ),
)

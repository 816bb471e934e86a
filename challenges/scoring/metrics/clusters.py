"""Measure groupings: adjusted Rand index, adjusted mutual information, number of groups.

One group on both sides is 1; one group against several is 0.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    MetricFault,
    Params,
    Part,
    Shape,
    Stats,
    divide,
)


def _cells(part: Part, params: Params) -> Stats:
    """Count each (true group, given group) cell, in order of the true group."""
    _, y = np.unique(part.y, return_inverse=True)
    given, p = np.unique(part.p, return_inverse=True)
    cells, column = np.unique(y * max(len(given), 1) + p, return_inverse=True)
    context = {"y": cells // max(len(given), 1), "p": cells % max(len(given), 1)}
    return Stats(np.arange(len(part)), column, np.ones(len(part)), len(cells), context)


def _margin(sums: Floats, group: Array) -> Floats:
    """Add up cells of the same group along the last axis."""
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    return np.add.reduceat(sums[..., order], first, axis=-1)


def _two(counts: Array) -> Floats:
    return np.asarray((counts * (counts - 1) / 2).sum(-1), np.float64)


def _ari(sums: Floats, context: Mapping[str, Any]) -> Floats:
    both = _two(sums)
    true, given = _two(_margin(sums, context["y"])), _two(_margin(sums, context["p"]))
    total = sums.sum(-1)
    chance = divide(true * given, total * (total - 1) / 2)
    score = divide(both - chance, (true + given) / 2 - chance)
    same = (both == true) & (both == given)
    return np.where(same, 1.0, score)


def _ami(sums: Floats, context: Mapping[str, Any]) -> Floats:
    flat = sums.reshape(-1, sums.shape[-1])
    values = [_ami_of(row, context["y"], context["p"]) for row in flat]
    return np.array(values).reshape(sums.shape[:-1])


def _ami_of(cells: Floats, y: Array, p: Array) -> float:
    held = cells > 0
    cells, y, p = cells[held], y[held], p[held]
    if not len(cells):
        return float("nan")
    true, given = _margin(cells, y), _margin(cells, p)
    if len(true) == len(given) == 1:
        return 1.0
    if len(true) == 1 or len(given) == 1:
        return 0.0
    n = cells.sum()
    _, y = np.unique(y, return_inverse=True)
    _, p = np.unique(p, return_inverse=True)
    shared = float((cells / n * np.log(n * cells / (true[y] * given[p]))).sum())
    expected = _expected_information(true, given)
    bottom = (_entropy(true, n) + _entropy(given, n)) / 2 - expected
    if len(true) == len(given) == len(cells):
        return 1.0
    return 0.0 if abs(bottom) < 1e-12 else (shared - expected) / bottom


def _entropy(counts: Floats, n: float) -> float:
    return float(-(counts / n * np.log(counts / n)).sum())


def _expected_information(true: Floats, given: Floats) -> float:
    """Return the mutual information expected of two groupings of these sizes by chance.

    Source: Vinh, Epps and Bailey 2010, JMLR 11, 2837-2854; hypergeometric model.
    """
    n = int(true.sum())
    steps = np.log(np.arange(1, n + 1, dtype=np.longdouble))
    logs = np.concatenate([[0], np.cumsum(steps)]).astype(np.float64)
    sizes, times = np.unique(given.astype(np.int64), return_counts=True)
    total = 0.0
    for a, often in zip(*np.unique(true.astype(np.int64), return_counts=True), strict=True):
        low = np.maximum(1, a + sizes - n)
        count = np.maximum(np.minimum(a, sizes) - low + 1, 0)
        b, many = np.repeat(sizes, count), np.repeat(times, count)
        k = np.arange(count.sum()) + np.repeat(low - np.r_[0, np.cumsum(count)[:-1]], count)
        log_p = logs[a] + logs[b] + logs[n - a] + logs[n - b]
        log_p -= logs[n] + logs[k] + logs[a - k] + logs[b - k] + logs[n - a - b + k]
        total += often * float((many * (k / n) * np.log(n * k / (a * b)) * np.exp(log_p)).sum())
    return total


def _average(part: Part, params: Params) -> Stats:
    if params.get("average", "arithmetic") != "arithmetic":
        raise MetricFault("only the arithmetic mean is known")
    return _cells(part, params)


def _count(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.asarray((_margin(sums, context["p"]) > 0).sum(-1), np.float64)


METRICS = (
    Metric(
        name="ari",
        shape=Shape.ANY,
        direction="max",
        low=-0.5,
        high=1.0,
        stats=_cells,
        value=_ari,
        formula="adjusted Rand index",
        oracle="sklearn.metrics.adjusted_rand_score",
    ),
    Metric(
        name="ami",
        shape=Shape.ANY,
        direction="max",
        low=-1.0,
        high=1.0,
        stats=_average,
        value=_ami,
        formula="(MI − E[MI]) / (mean entropy − E[MI])",
        oracle="sklearn.metrics.adjusted_mutual_info_score",
        optional=frozenset({"average"}),
        replicates=200,
    ),
    Metric(
        name="n_clusters",
        shape=Shape.ANY,
        direction="none",
        low=1.0,
        high=np.inf,
        stats=_cells,
        value=_count,
        formula="number of distinct labels given",
        oracle="own vectors",
        interval=False,
    ),
)

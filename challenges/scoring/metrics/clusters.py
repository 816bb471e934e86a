"""Measure groupings: Rand and information indices, number of groups.

One group on both sides is 1; one group against singletons is 0.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from challenges.scoring.groupings import Cells, lifted, pairs, surprise, total
from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    MetricFault,
    Params,
    Part,
    Shape,
    Stats,
    Step,
    divide,
)

BLOCKS = 100  # of units, that the adjusted information leaves out one by one
NIL = 1e-12


def _cells(part: Part, params: Params) -> Stats:
    """Count the rows of each given group."""
    given, p = np.unique(part.p, return_inverse=True)
    return Stats(np.arange(len(part)), p, np.ones(len(part)), len(given))


def _pairs(part: Part, params: Params) -> Stats:
    cells = Cells.of(part)
    return cells.stats(*cells.terms(pairs))


def _surprises(part: Part, params: Params) -> Stats:
    cells = Cells.of(part)
    return cells.stats(*cells.terms(surprise))


def _ari(n: Floats, true: Floats, given: Floats, both: Floats) -> Floats:
    chance = divide(true * given, n * (n - 1) / 2)
    score = divide(both - chance, (true + given) / 2 - chance)
    return np.where((both == true) & (both == given), 1.0, score)


def _require_arithmetic(params: Params) -> None:
    if params.get("average", "arithmetic") != "arithmetic":
        raise MetricFault("only the arithmetic mean is known")


def _ami(part: Part, params: Params) -> float:
    _require_arithmetic(params)
    cells = Cells.of(part)
    return _ami_of(cells.count, cells.y, cells.p)


def _ami_stats(part: Part, params: Params) -> Stats:
    """Lay the jackknife terms of blocks of units: what the figure loses without each."""
    _require_arithmetic(params)
    cells = Cells.of(part)
    value = _ami_of(cells.count, cells.y, cells.p)
    count = min(len(cells.sizes), BLOCKS)
    block = (cells.y[cells.of_rows] if cells.by_group else np.arange(cells.rows)) % BLOCKS
    terms = np.zeros(count)
    if count > 1:
        for at in range(count):
            kept = np.bincount(cells.of_rows[block != at], minlength=len(cells.count))
            terms[at] = -_ami_of(kept.astype(np.float64), cells.y, cells.p)
        terms = (terms - terms.mean()) * np.sqrt((count - 1) / count)
    carriers = cells.carriers[:count]
    context = {"value": value, "carriers": cells.carriers}
    return Stats(carriers, np.zeros(count, np.int64), terms, 1, context)


def _ami_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.asarray(np.clip(context["value"] + sums[..., 0], -1.0, 1.0), np.float64)


def _ami_of(cells: Floats, y: Array, p: Array) -> float:
    held = cells > 0
    cells, y, p = cells[held], y[held], p[held]
    if not len(cells):
        return float("nan")
    true, given = (np.asarray(np.bincount(side, cells), np.float64) for side in (y, p))
    true, given = true[true > 0], given[given > 0]
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


def _entropies(n: Floats, *sums: Floats) -> list[Floats]:
    """Return the entropy of groupings of n rows from their sums of size × log size."""
    logarithm = np.log(np.where(n > 0, n, 1.0))
    return [np.maximum(logarithm - np.nan_to_num(divide(one, n)), 0.0) for one in sums]


def _shared(true: Floats, given: Floats, both: Floats) -> Floats:
    shared = np.maximum(true + given - both, 0.0)
    return np.where(shared < NIL, 0.0, shared)


def _nmi(n: Floats, *sums: Floats) -> Floats:
    true, given, both = _entropies(n, *sums)
    score = divide(2 * _shared(true, given, both), true + given)
    score = np.where(true + given > NIL, score, 1.0)
    return np.where(n > 0, np.minimum(score, 1.0), np.nan)


def _of_pairs(value: Any) -> dict[str, Any]:
    """Return the two forms of a figure of pairs: on the whole part, and resampled."""

    def resampled(sums: Floats, context: Mapping[str, Any]) -> Floats:
        n, true, given, both = lifted(sums, context)
        both = np.maximum(both, 0.0)
        return np.asarray(value(n, np.maximum(true, both), np.maximum(given, both), both))

    return {"stats": _pairs, "value": resampled, "exact": _exactly(value, pairs)}


def _of_surprises(value: Any, stats: Any = _surprises) -> dict[str, Any]:
    """Return the two forms of a figure of entropies: on the whole part, and resampled."""

    def resampled(sums: Floats, context: Mapping[str, Any]) -> Floats:
        return np.asarray(value(*lifted(sums, context)))

    return {"stats": stats, "value": resampled, "exact": _exactly(value, surprise)}


def _exactly(value: Any, of_size: Any) -> Any:
    def exact(part: Part, params: Params) -> float:
        cells = Cells.of(part)
        sides = (cells.true, cells.given, cells.count)
        sums = [np.array(total(side, of_size)) for side in sides]
        return float(value(np.array(float(cells.rows)), *sums))

    return exact


def _average(part: Part, params: Params) -> Stats:
    _require_arithmetic(params)
    return _surprises(part, params)


def _count(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.asarray((sums > 0).sum(-1), np.float64)


def _metric(name: str, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"direction": "max", "low": 0.0, "high": 1.0} | more
    return Metric(name=name, shape=Shape.ANY, formula=formula, oracle=oracle, **facts)


METRICS = (
    _metric(
        "ari",
        "adjusted Rand index",
        "sklearn.metrics.adjusted_rand_score",
        low=-0.5,
        **_of_pairs(_ari),
    ),
    _metric(
        "ami",
        "(MI − E[MI]) / (mean entropy − E[MI])",
        "sklearn.metrics.adjusted_mutual_info_score",
        low=-1.0,
        stats=_ami_stats,
        value=_ami_value,
        exact=_ami,
        optional=frozenset({"average"}),
    ),
    _metric(
        "nmi",
        "MI / mean entropy",
        "sklearn.metrics.normalized_mutual_info_score",
        **_of_surprises(_nmi, _average),
        optional=frozenset({"average"}),
    ),
    _metric(
        "n_clusters",
        "number of distinct labels given",
        "own vectors",
        direction="none",
        low=1.0,
        high=np.inf,
        stats=_cells,
        value=_count,
        step=Step.WHOLE,
        interval=False,
    ),
)

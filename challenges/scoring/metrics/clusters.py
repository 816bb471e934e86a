"""Measure groupings: Rand and information indices, B-cubed, pairs, number of groups.

One group on both sides is 1; one group against singletons is 0, but for B-cubed.
"""

from collections.abc import Iterable, Mapping
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
    Step,
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


def _information(sums: Floats, context: Mapping[str, Any]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the entropy of the truth, of the answer, of both at once, and the total."""
    total = sums.sum(-1)
    true, given = _margin(sums, context["y"]), _margin(sums, context["p"])
    return _entropies(true, total), _entropies(given, total), _entropies(sums, total), total


def _entropies(counts: Floats, total: Floats) -> Floats:
    share = np.nan_to_num(divide(counts, total[..., None]))
    return np.asarray(-(share * np.log(np.where(share > 0, share, 1.0))).sum(-1))


def _shares(sums: Floats, context: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Return homogeneity and completeness: 1 where there is nothing to tell apart."""
    true, given, both, total = _information(sums, context)
    shared = np.maximum(true + given - both, 0.0)
    shared = np.where(shared < 1e-14, 0.0, shared)
    found = [np.where(side > 0, divide(shared, side), 1.0) for side in (true, given)]
    found = [np.where(total > 0, np.minimum(side, 1.0), np.nan) for side in found]
    return found[0], found[1]


def _homogeneity(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return _shares(sums, context)[0]


def _completeness(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return _shares(sums, context)[1]


def _v_measure(sums: Floats, context: Mapping[str, Any]) -> Floats:
    homogeneity, completeness = _shares(sums, context)
    beta = context.get("beta", 1.0)
    top = (1 + beta) * homogeneity * completeness
    score = divide(top, beta * homogeneity + completeness)
    return np.where(np.isnan(homogeneity), np.nan, np.nan_to_num(score))


def _nmi(sums: Floats, context: Mapping[str, Any]) -> Floats:
    true, given, both, total = _information(sums, context)
    shared = np.maximum(true + given - both, 0.0)
    shared = np.where(shared < 1e-14, 0.0, shared)
    score = np.where(true + given > 0, divide(2 * shared, true + given), 1.0)
    return np.where(total > 0, np.minimum(score, 1.0), np.nan)


def _with_beta(part: Part, params: Params) -> Stats:
    return _cells(part, params).with_context(beta=float(params.get("beta", 1.0)))


def _beta_faults(params: Params) -> Iterable[str]:
    beta = params.get("beta", 1.0)
    if isinstance(beta, bool) or not isinstance(beta, int | float) or not beta > 0:
        yield "beta must be a positive number"


def _b_cubed(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Average over rows the share of their group, given then true, that they share."""
    true, given = _margin(sums, context["y"]), _margin(sums, context["p"])
    y, p = (np.unique(context[side], return_inverse=True)[1] for side in ("y", "p"))
    total = sums.sum(-1)
    square = sums * sums
    precision = divide(np.nan_to_num(divide(square, given[..., p])).sum(-1), total)
    recall = divide(np.nan_to_num(divide(square, true[..., y])).sum(-1), total)
    return divide(2 * precision * recall, precision + recall)


def _pair_f1(sums: Floats, context: Mapping[str, Any]) -> Floats:
    both = _two(sums)
    true, given = _two(_margin(sums, context["y"])), _two(_margin(sums, context["p"]))
    score = np.where(true + given > 0, divide(2 * both, true + given), 1.0)
    return np.where(sums.sum(-1) > 0, score, np.nan)


def _pair_precision(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Give 0 to singletons, unless the truth is singletons too."""
    both, given = _two(sums), _two(_margin(sums, context["p"]))
    true = _two(_margin(sums, context["y"]))
    score = np.where(given > 0, np.nan_to_num(divide(both, given)), np.where(true > 0, 0.0, 1.0))
    return np.where(sums.sum(-1) > 0, score, np.nan)


def _pair_recall(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return divide(_two(sums), _two(_margin(sums, context["y"])))


def _average(part: Part, params: Params) -> Stats:
    if params.get("average", "arithmetic") != "arithmetic":
        raise MetricFault("only the arithmetic mean is known")
    return _cells(part, params)


def _count(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.asarray((_margin(sums, context["p"]) > 0).sum(-1), np.float64)


def _metric(name: str, value: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"stats": _cells, "low": 0.0} | more
    return Metric(
        name=name,
        shape=Shape.ANY,
        direction="max",
        high=1.0,
        value=value,
        formula=formula,
        oracle=oracle,
        **facts,
    )


METRICS = (
    _metric("ari", _ari, "adjusted Rand index", "sklearn.metrics.adjusted_rand_score", low=-0.5),
    _metric(
        "ami",
        _ami,
        "(MI − E[MI]) / (mean entropy − E[MI])",
        "sklearn.metrics.adjusted_mutual_info_score",
        stats=_average,
        low=-1.0,
        optional=frozenset({"average"}),
        replicates=200,
    ),
    _metric(
        "nmi",
        _nmi,
        "MI / mean entropy",
        "sklearn.metrics.normalized_mutual_info_score",
        stats=_average,
        optional=frozenset({"average"}),
    ),
    _metric("homogeneity", _homogeneity, "MI / H(y)", "sklearn.metrics.homogeneity_score"),
    _metric("completeness", _completeness, "MI / H(p)", "sklearn.metrics.completeness_score"),
    _metric(
        "v_measure",
        _v_measure,
        "(1 + β)·h·c / (β·h + c), h homogeneity, c completeness",
        "sklearn.metrics.v_measure_score",
        stats=_with_beta,
        optional=frozenset({"beta"}),
        faults=_beta_faults,
    ),
    _metric(
        "b_cubed",
        _b_cubed,
        "F1 of the mean over rows of |given ∩ true| / |given| and / |true|",
        "own vectors",
    ),
    _metric(
        "pair_f1",
        _pair_f1,
        "F1 of the pairs of rows put together",
        "sklearn.metrics.cluster.pair_confusion_matrix",
    ),
    _metric(
        "pair_precision",
        _pair_precision,
        "share of the pairs of rows put together that the truth puts together",
        "sklearn.metrics.cluster.pair_confusion_matrix",
    ),
    _metric(
        "pair_recall",
        _pair_recall,
        "share of the pairs of rows that the truth puts together that are put together",
        "sklearn.metrics.cluster.pair_confusion_matrix",
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
        step=Step.WHOLE,
        oracle="own vectors",
        interval=False,
    ),
)

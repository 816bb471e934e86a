"""Measure ranked lists, one figure per query.

A query without a relevant item (no positive gain) is left out, as the truth alone decides.
An item absent from the list is not retrieved; ranks may leave gaps.
"""

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
    dense,
    divide,
    ratio,
    units_of,
)


def _lists(part: Part) -> tuple[Array, Array, Array, Array]:
    """Return the query of each true item, of each given item, the gains and the ranks."""
    if part.y_offsets is None or part.p_offsets is None or part.gains is None or part.ranks is None:
        raise MetricFault("ranked lists are needed")
    return units_of(part.y_offsets), units_of(part.p_offsets), part.gains, part.ranks


def _given_gains(part: Part) -> Floats:
    """Return the gain of each given item, 0 when the truth does not hold it."""
    y_unit, p_unit, gains, _ = _lists(part)
    width = max(len(part.texts), 1)
    y, p = y_unit * width + part.y, p_unit * width + part.p
    order = np.argsort(y)
    if not len(y):
        return np.zeros(len(p))
    at = np.minimum(np.searchsorted(y[order], p), len(y) - 1)
    return np.where(y[order][at] == p, gains[order][at], 0.0)


def _ndcg(part: Part, params: Params) -> Stats:
    k = int(params["k"])
    y_unit, p_unit, gains, ranks = _lists(part)
    given = _gain(_given_gains(part), params)
    found = _discounted(p_unit, ranks, given, len(part), k)
    order = np.lexsort((-gains, y_unit))
    place = np.arange(len(gains)) - part.y_offsets[:-1][y_unit] + 1  # type: ignore[index]
    ideal = _discounted(y_unit, place, _gain(gains, params)[order], len(part), k)
    held = ideal > 0
    return dense(held, np.where(held, np.nan_to_num(divide(found, ideal)), 0.0))


def _gain(gains: Array, params: Params) -> Floats:
    if params.get("gain", "linear") == "exponential":
        return np.asarray(np.exp2(gains) - 1, np.float64)
    return np.asarray(gains, np.float64)


def _discounted(unit: Array, rank: Array, gain: Array, n: int, k: int) -> Floats:
    order = np.lexsort((rank, unit))
    unit, rank, gain = unit[order], rank[order], gain[order]
    inside = rank <= k
    weight = gain[inside] / np.log2(rank[inside] + 1.0)
    return np.asarray(np.bincount(unit[inside], weights=weight, minlength=n), np.float64)


def _recall(part: Part, params: Params) -> Stats:
    k = int(params["k"])
    y_unit, p_unit, gains, ranks = _lists(part)
    relevant = np.bincount(y_unit[gains > 0], minlength=len(part))
    hit = (_given_gains(part) > 0) & (ranks <= k)
    hits = np.bincount(p_unit[hit], minlength=len(part))
    held = relevant > 0
    return dense(held, np.where(held, hits / np.maximum(np.minimum(relevant, k), 1), 0.0))


def _covered(part: Part, params: Params) -> Stats:
    _, p_unit, _, ranks = _lists(part)
    inside = ranks <= int(params["k"])
    gained = _given_gains(part)[inside]
    total = np.bincount(p_unit[inside], weights=gained, minlength=len(part))
    return dense(np.ones(len(part)), total)


def _distance(part: Part, params: Params) -> Stats:
    y_unit, p_unit, _, _ = _lists(part)
    numbers = part.numbers[params["attribute"]]
    of_truth = params.get("of", "submission") == "truth"
    unit, item = (y_unit, part.y) if of_truth else (p_unit, part.p)
    values = np.full(max(len(part.texts), 1), np.nan)
    values[: len(numbers["items"])] = numbers["items"]
    gap = np.abs(values[item] - numbers["units"][unit])
    known = np.isfinite(gap)
    count = np.bincount(unit[known], minlength=len(part))
    total = np.bincount(unit[known], weights=gap[known], minlength=len(part))
    return dense(count > 0, np.nan_to_num(divide(total, count)))


def _other_prefix(part: Part, params: Params) -> Stats:
    _, p_unit, _, _ = _lists(part)
    size = int(params["prefix"])
    code: dict[str, int] = {}
    items = np.array([code.setdefault(t[:size], len(code)) for t in part.texts], np.int64)
    queries = np.array([code.setdefault(t[:size], len(code)) for t in part.names], np.int64)
    other = items[part.p] != queries[p_unit] if len(part.p) else np.zeros(0, bool)
    count = np.bincount(p_unit, minlength=len(part))
    total = np.bincount(p_unit, weights=other, minlength=len(part))
    return dense(count > 0, np.nan_to_num(divide(total, count)))


def _metric(name: str, stats: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"direction": "max", "low": 0.0, "high": 1.0, "value": ratio}
    facts |= more
    return Metric(
        name=name, shape=Shape.RANKED, stats=stats, formula=formula, oracle=oracle, **facts
    )


METRICS = (
    _metric(
        "ndcg",
        _ndcg,
        "mean over queries of DCG@k / IDCG@k, DCG = Σ g(gain) / log2(rank + 1)",
        "pytrec_eval ndcg_cut, sklearn.metrics.ndcg_score",
        required=frozenset({"k"}),
        optional=frozenset({"gain"}),
    ),
    _metric(
        "recall_at_k",
        _recall,
        "mean over queries of |top k ∩ relevant| / min(k, |relevant|)",
        "pytrec_eval recall, capped",
        required=frozenset({"k"}),
    ),
    _metric(
        "gain_covered",
        _covered,
        "mean over queries of Σ gain of the top k",
        "own vectors",
        required=frozenset({"k"}),
        high=np.inf,
    ),
    _metric(
        "attribute_distance",
        _distance,
        "mean over queries of the mean |attribute of the query − attribute of the item|",
        "own vectors",
        required=frozenset({"attribute"}),
        optional=frozenset({"of"}),
        direction="none",
        high=np.inf,
    ),
    _metric(
        "share_other_prefix",
        _other_prefix,
        "mean over queries of the share of items of another prefix than the query's",
        "own vectors",
        required=frozenset({"prefix"}),
        direction="none",
    ),
)

"""Measure ranked lists by what is relevant in them: MAP, reciprocal rank, precision, hits.

An item is relevant when its gain is positive; a query without one is left out, as the truth
alone decides. Ranks may leave gaps: an absent rank is a miss.
"""

from collections.abc import Mapping
from functools import partial
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
    dense,
    divide,
    ratio,
    units_of,
)


def _top(part: Part, params: Params) -> tuple[Array, Array, Array]:
    """Return query, rank and relevance of the items of the top k, by query then rank."""
    if part.p_offsets is None or part.ranks is None:
        raise MetricFault("ranked lists are needed")
    unit, rank = units_of(part.p_offsets), part.ranks.astype(np.int64)
    order = np.lexsort((rank, unit))
    order = order[rank[order] <= int(params["k"])]
    return unit[order], rank[order], _is_relevant(part, unit)[order]


def _is_relevant(part: Part, unit: Array) -> Array:
    if part.y_offsets is None or part.gains is None:
        raise MetricFault("gains are needed")
    width = max(len(part.texts), 1)
    wanted = (units_of(part.y_offsets) * width + part.y)[part.gains > 0]
    return np.isin(unit * width + part.p, wanted)


def _relevant(part: Part) -> Array:
    if part.y_offsets is None or part.gains is None:
        raise MetricFault("gains are needed")
    return np.bincount(units_of(part.y_offsets)[part.gains > 0], minlength=len(part))


def _per_query(part: Part, values: Array) -> Stats:
    held = _relevant(part) > 0
    return dense(held, np.where(held, values, 0.0))


def _average_precision(part: Part, params: Params, *, capped: bool) -> Stats:
    unit, rank, hit = _top(part, params)
    found = np.cumsum(hit)
    first = np.searchsorted(unit, np.arange(len(part)))
    before = np.concatenate([[0], found])[first]
    precision = (found - before[unit]) / np.maximum(rank, 1)
    total = np.bincount(unit, weights=precision * hit, minlength=len(part))
    relevant = _relevant(part)
    most = np.minimum(relevant, int(params["k"])) if capped else relevant
    return _per_query(part, total / np.maximum(most, 1))


def _reciprocal(part: Part, params: Params) -> Stats:
    unit, rank, hit = _top(part, params)
    best = np.zeros(len(part))
    np.maximum.at(best, unit[hit], 1 / rank[hit])
    return _per_query(part, best)


def _hits(part: Part, params: Params) -> Array:
    unit, _, hit = _top(part, params)
    return np.bincount(unit[hit], minlength=len(part))


def _precision(part: Part, params: Params) -> Stats:
    return _per_query(part, _hits(part, params) / int(params["k"]))


def _hit(part: Part, params: Params) -> Stats:
    return _per_query(part, _hits(part, params) > 0)


def _recall(part: Part, params: Params) -> Stats:
    return _per_query(part, _hits(part, params) / np.maximum(_relevant(part), 1))


def _exposure(part: Part, params: Params) -> Stats:
    """Count how often each item of the catalogue is shown in the top k."""
    if part.p_offsets is None or part.ranks is None:
        raise MetricFault("ranked lists are needed")
    shown = np.flatnonzero(part.ranks <= int(params["k"]))
    unit = units_of(part.p_offsets)[shown]
    return Stats(unit, part.p[shown], np.ones(len(shown)), len(part.texts))


def _catalogue(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return divide((sums > 0).sum(-1), np.asarray(sums.shape[-1]))


def _gini(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Return 0 when every item is shown as often, (K − 1)/K when one alone is, 1 when none is."""
    size = sums.shape[-1]
    ordered = np.sort(sums, axis=-1)
    rank = 2 * np.arange(1, size + 1) - size - 1
    apart = divide((rank * ordered).sum(-1), size * sums.sum(-1))
    return np.where(sums.sum(-1) == 0, 1.0, apart)


def _metric(name: str, stats: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"shape": Shape.RANKED, "direction": "max", "value": ratio}
    facts |= {"required": frozenset({"k"})} | more
    return Metric(
        name=name,
        low=0.0,
        high=1.0,
        stats=stats,
        formula=formula,
        oracle=oracle,
        **facts,
    )


METRICS = (
    _metric(
        "map_at_k",
        partial(_average_precision, capped=True),
        "mean over queries of Σ_{r ≤ k} P(r)·rel(r) / min(R, k)",
        "pytrec_eval map_cut, capped",
    ),
    _metric(
        "map_r_at_k",
        partial(_average_precision, capped=False),
        "mean over queries of Σ_{r ≤ k} P(r)·rel(r) / R",
        "pytrec_eval map_cut",
    ),
    _metric(
        "mrr_at_k",
        _reciprocal,
        "mean over queries of 1 / rank of the first relevant item of the top k, 0 without",
        "pytrec_eval recip_rank on the top k",
    ),
    _metric(
        "precision_at_k",
        _precision,
        "mean over queries of |top k ∩ relevant| / k",
        "pytrec_eval P",
        step=Step.RANK,
    ),
    _metric(
        "hit_at_k",
        _hit,
        "share of queries with a relevant item in the top k",
        "pytrec_eval success",
        proportion=True,
        step=Step.UNIT,
    ),
    _metric(
        "recall_r_at_k",
        _recall,
        "mean over queries of |top k ∩ relevant| / |relevant|",
        "pytrec_eval recall",
    ),
    _metric(
        "catalogue_coverage",
        _exposure,
        "share of the nomenclature shown in a top k",
        "own vectors",
        value=_catalogue,
        step=Step.LABEL,
        interval=False,
    ),
    _metric(
        "gini_exposure",
        _exposure,
        "Gini coefficient of how often the items of the nomenclature are in a top k",
        "own vectors",
        value=_gini,
        direction="min",
        interval=False,
    ),
)

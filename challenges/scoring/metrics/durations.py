"""Measure durations of which some are cut short: concordance, Uno's C, weighted Brier.

A column of the truth says which durations ended (1) and which were cut short (0). The law
of the cuts, G, comes from the training part: ``censoring_law`` gives the parameter.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from challenges.scoring.dominance import Dominance
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
)


def censoring_law(times: Array, ended: Array) -> dict[str, list[float]]:
    """Estimate by Kaplan and Meier how likely a duration is not yet cut short.

    times: durations of the training part. ended: False where the duration was cut short. At
    equal times, ends come before cuts. Returns {"times", "survival"}: G(t) is the value at
    the last time ≤ t, 1 before the first. Raises ValueError without a duration.
    """
    if not len(times):
        raise ValueError("no duration")
    moments, at, total = np.unique(times, return_inverse=True, return_counts=True)
    cuts = np.bincount(at, weights=~np.asarray(ended, bool), minlength=len(moments))
    exposed = len(times) - (np.cumsum(total) - total) - (total - cuts)
    share = np.where(cuts > 0, 1 - np.nan_to_num(divide(cuts, exposed)), 1.0)
    return {"times": moments.tolist(), "survival": np.cumprod(share).tolist()}


def _uncut(params: Params, times: Array) -> Floats:
    """Return G at each time."""
    law = params["censoring"]
    moments = np.array(law["times"], np.float64)
    steps = np.concatenate([[1.0], np.array(law["survival"], np.float64)])
    return np.asarray(steps[np.searchsorted(moments, times, "right")], np.float64)


def _ended(part: Part, params: Params) -> Array:
    key = f"column:{params['event']}"
    if key not in part.groups:
        raise MetricFault(f"the truth has no column {params['event']}")
    names = part.group_names[key]
    if not set(names) <= {"0", "1"}:
        raise MetricFault("the event must be 0 or 1")
    return np.asarray(np.array([name == "1" for name in names])[part.groups[key]])


def _pairs(part: Part, params: Params, weights: Array) -> Stats:
    """Lay first-order terms of concordant and comparable pairs.

    weights: of the pairs whose shorter duration is each row's, 0 where it was cut short.
    Rows are laid by duration, ends before cuts of the same duration.
    """
    n = len(part)
    ended = _ended(part, params)
    score = -part.p if params.get("score", "duration") == "risk" else part.p
    order = np.lexsort((~ended, part.y))
    y, late, s, w = part.y[order], ~ended[order], score[order], weights[order]
    first = np.flatnonzero(np.r_[True, (np.diff(y) != 0) | (np.diff(late) != 0)])[:n]
    sizes = np.diff(np.r_[first, n])
    start, end = np.repeat(first, sizes), np.repeat(first + sizes, sizes)
    zero, last = np.zeros(n, np.int64), np.full(n, n)
    given = w * ((n - end) - Dominance(s).half_below(end, last, s))
    weight_before = np.concatenate([[0.0], np.cumsum(w)])[start]
    received = Dominance(s, w).half_below(zero, start, s)
    concordant, comparable = np.empty(n), np.empty(n)
    concordant[order] = given + received
    comparable[order] = w * (n - end) + weight_before
    totals = np.array([c.sum() / max(n, 1) for c in (concordant, comparable)])
    return dense(np.ones(n), concordant, comparable, context={"totals": totals})


def _concordance(part: Part, params: Params) -> Stats:
    return _pairs(part, params, _ended(part, params).astype(np.float64))


def _uno(part: Part, params: Params) -> Stats:
    counted = _ended(part, params) & (part.y < float(params["tau"]))
    law = _uncut(params, part.y)
    if (law[counted] <= 0).any():
        raise MetricFault("tau is beyond the durations of the training part")
    weights = np.where(counted, 1 / np.where(counted, law, 1.0) ** 2, 0.0)
    return _pairs(part, params, weights)


def _pairs_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    linear = 2 * np.nan_to_num(divide(sums[..., 1:], sums[..., :1])) - context["totals"]
    return divide(linear[..., 0], np.maximum(linear[..., 1], 0.0))


def _brier_at(part: Part, params: Params, time: float, survival: Array) -> Floats:
    """Return the weighted squared error of the survival given at one time, row by row."""
    law, at_time = _uncut(params, part.y), float(_uncut(params, np.array([time]))[0])
    over = _ended(part, params) & (part.y <= time)
    going = part.y > time
    error = np.where(over, np.nan_to_num(divide(survival**2, law)), 0.0)
    if at_time > 0:
        error = error + going * (1 - survival) ** 2 / at_time
    return np.asarray(error, np.float64)


def _brier(part: Part, params: Params) -> Stats:
    at, time = list(params["times"]).index(params["time"]), float(params["time"])
    _require_curves(part, len(params["times"]))
    return dense(np.ones(len(part)), _brier_at(part, params, time, part.p[:, at]))


def _require_curves(part: Part, count: int) -> None:
    if part.p.ndim != 2 or part.p.shape[1] != count:
        raise MetricFault("one survival per declared time is needed")


def _integrated(part: Part, params: Params) -> Stats:
    times = np.array(params["times"], np.float64)
    _require_curves(part, len(times))
    gaps = np.diff(times)
    share = (np.r_[gaps, 0.0] + np.r_[0.0, gaps]) / 2 / (times[-1] - times[0])
    total = np.zeros(len(part))
    for at, time in enumerate(times.tolist()):
        total += share[at] * _brier_at(part, params, time, part.p[:, at])
    return dense(np.ones(len(part)), total)


def _faults(params: Params) -> Iterable[str]:
    if params.get("score", "duration") not in ("duration", "risk"):
        yield "score must be duration or risk"
    for name in ("tau", "time"):
        value = params.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            yield f"{name} must be a positive number"
    yield from _law_faults(params.get("censoring", {"times": [1.0], "survival": [1.0]}))
    times = params.get("times", [1.0, 2.0])
    if not _numbers(times) or len(times) < 2 or sorted(set(times)) != list(times):
        yield "times must be two numbers or more, strictly increasing"
    elif "times" in params and params.get("time", times[0]) not in times:
        yield "time must be one of the times"


def _law_faults(law: object) -> Iterable[str]:
    if not isinstance(law, Mapping) or set(law) != {"times", "survival"}:
        yield "censoring must hold times and survival"
        return
    times, survival = law["times"], law["survival"]
    if not _numbers(times) or not _numbers(survival) or len(times) != len(survival):
        yield "censoring must hold as many survivals as times"
    elif list(times) != sorted(set(times)) or list(survival) != sorted(survival, reverse=True):
        yield "censoring times must increase and survivals not"
    elif not all(0 <= value <= 1 for value in survival):
        yield "censoring survivals must lie between 0 and 1"


def _numbers(values: object) -> bool:
    return isinstance(values, list | tuple) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in values
    )


def _metric(name: str, stats: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"shape": Shape.NUMBERS, "direction": "min", "high": np.inf}
    facts |= {"value": ratio} | more
    return Metric(
        name=name, low=0.0, stats=stats, formula=formula, oracle=oracle, faults=_faults, **facts
    )


METRICS = (
    _metric(
        "concordance",
        _concordance,
        "concordant pairs / comparable pairs, equal scores ½",
        "lifelines.utils.concordance_index",
        direction="max",
        high=1.0,
        value=_pairs_value,
        required=frozenset({"event"}),
        optional=frozenset({"score"}),
    ),
    _metric(
        "uno_c",
        _uno,
        "concordance of pairs weighted by 1 / G(t)², t < tau",
        "sksurv.metrics.concordance_index_ipcw",
        direction="max",
        high=1.0,
        value=_pairs_value,
        required=frozenset({"event", "tau", "censoring"}),
        optional=frozenset({"score"}),
    ),
    _metric(
        "ipcw_brier",
        _brier,
        "mean of [ended by t]·S(t)² / G(y) + [y > t]·(1 − S(t))² / G(t)",
        "sksurv.metrics.brier_score",
        shape=Shape.CURVES,
        required=frozenset({"event", "time", "times", "censoring"}),
    ),
    _metric(
        "ibs",
        _integrated,
        "trapezoidal mean over the times of the weighted Brier score",
        "sksurv.metrics.integrated_brier_score",
        shape=Shape.CURVES,
        required=frozenset({"event", "times", "censoring"}),
    ),
)

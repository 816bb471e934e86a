"""Measure forecasts: intervals, quantiles, members of an ensemble.

An interval is two numbers, low then high. Quantiles follow the declared levels, in
increasing order, in pairs about a median of 0.5.
"""

from collections.abc import Iterable
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
    ratio,
)


def _numbers(part: Part, count: int | None = None) -> Floats:
    if part.p.ndim != 2 or (count is not None and part.p.shape[1] != count):
        raise MetricFault(f"{count or 'several'} numbers per row are needed")
    return np.asarray(part.p, np.float64)


def _mean_of(values: Array) -> Stats:
    return dense(np.ones(len(values)), values)


def _penalised(y: Array, low: Array, high: Array, alpha: float) -> Floats:
    outside = np.maximum(low - y, 0.0) + np.maximum(y - high, 0.0)
    return np.asarray((high - low) + (2 / alpha) * outside, np.float64)


def _interval_score(part: Part, params: Params) -> Stats:
    p = _numbers(part, 2)
    return _mean_of(_penalised(part.y, p[:, 0], p[:, 1], float(params["alpha"])))


def _wis(part: Part, params: Params) -> Stats:
    levels = [float(level) for level in params["levels"]]
    p, pairs = _numbers(part, len(levels)), len(levels) // 2
    if params.get("sort", False):
        p = np.sort(p, axis=1)
    total = np.abs(part.y - p[:, pairs]) / 2
    for at in range(pairs):
        alpha = 2 * levels[at]
        total = total + alpha / 2 * _penalised(part.y, p[:, at], p[:, -1 - at], alpha)
    return _mean_of(total / (pairs + 0.5))


def _pinball(part: Part, params: Params) -> Stats:
    levels = np.array(params["levels"], np.float64)
    p = _numbers(part, len(levels))
    if params.get("sort", False):
        p = np.sort(p, axis=1)
    gap = part.y[:, None] - p
    return _mean_of(np.maximum(levels * gap, (levels - 1) * gap).mean(1))


def _crossings(part: Part, params: Params) -> Stats:
    return _mean_of(np.asarray((np.diff(_numbers(part), axis=1) < 0).any(1)))


def _inside(part: Part, params: Params) -> Stats:
    p = _numbers(part, 2)
    return _mean_of(np.asarray((p[:, 0] <= part.y) & (part.y <= p[:, 1])))


def _width(part: Part, params: Params) -> Stats:
    p = _numbers(part, 2)
    return _mean_of(p[:, 1] - p[:, 0])


def _crps(part: Part, *, fair: bool) -> Stats:
    """Take the mean distance to the truth less half the mean distance between members."""
    members = np.sort(_numbers(part), axis=1)
    count = members.shape[1]
    if fair and count < 2:
        raise MetricFault("two members at least are needed")
    to_truth = np.abs(members - part.y[:, None]).mean(1)
    middle = members[:, count // 2][:, None] if count else members
    apart = 2 * ((members - middle) * (2 * np.arange(count) - count + 1)).sum(1)
    return _mean_of(to_truth - apart / (2 * count * (count - 1 if fair else count)))


def _crps_fair(part: Part, params: Params) -> Stats:
    return _crps(part, fair=True)


def _crps_nrg(part: Part, params: Params) -> Stats:
    return _crps(part, fair=False)


def _alpha_faults(params: Params) -> Iterable[str]:
    alpha = params["alpha"]
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha < 1:
        yield "alpha must lie between 0 and 1"


def _level_faults(params: Params) -> Iterable[str]:
    levels = params["levels"]
    if not isinstance(levels, list | tuple) or not levels:
        yield "levels must be a list of numbers"
        return
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in levels):
        yield "levels must be a list of numbers"
    elif not all(0 < v < 1 for v in levels) or sorted(set(levels)) != list(levels):
        yield "levels must increase strictly between 0 and 1"


def _pair_faults(params: Params) -> Iterable[str]:
    faults = list(_level_faults(params))
    yield from faults
    if faults:
        return
    levels = params["levels"]
    if any(abs(a + b - 1) > 1e-9 for a, b in zip(levels, reversed(levels), strict=True)):
        yield "levels must be pairs about 0.5"
    elif len(levels) % 2 == 0:
        yield "levels must hold the median 0.5"


def _metric(name: str, shape: Shape, stats: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"direction": "min", "low": 0.0, "high": np.inf, "value": ratio} | more
    return Metric(name=name, shape=shape, stats=stats, formula=formula, oracle=oracle, **facts)


METRICS = (
    _metric(
        "interval_score",
        Shape.QUANTILES,
        _interval_score,
        "mean of (u − l) + (2/α)(l − y)₊ + (2/α)(y − u)₊",
        "scoringrules.interval_score",
        required=frozenset({"alpha"}),
        faults=_alpha_faults,
    ),
    _metric(
        "wis",
        Shape.QUANTILES,
        _wis,
        "mean of (½|y − m| + Σ(α_k/2)·IS_k) / (K + ½)",
        "scoringrules.weighted_interval_score",
        required=frozenset({"levels"}),
        optional=frozenset({"sort"}),
        faults=_pair_faults,
    ),
    _metric(
        "pinball_levels",
        Shape.QUANTILES,
        _pinball,
        "mean over rows and levels of max(τ(y − q), (τ − 1)(y − q))",
        "sklearn.metrics.mean_pinball_loss",
        required=frozenset({"levels"}),
        optional=frozenset({"sort"}),
        faults=_level_faults,
    ),
    _metric(
        "quantile_crossings",
        Shape.QUANTILES,
        _crossings,
        "share of rows whose quantiles are not in order",
        "own vectors",
        high=1.0,
        proportion=True,
        step=Step.UNIT,
    ),
    _metric(
        "coverage",
        Shape.QUANTILES,
        _inside,
        "share of rows with l ≤ y ≤ u",
        "own vectors",
        direction="none",
        high=1.0,
        proportion=True,
        step=Step.UNIT,
    ),
    _metric(
        "width",
        Shape.QUANTILES,
        _width,
        "mean of u − l",
        "own vectors",
        direction="none",
        low=-np.inf,
    ),
    _metric(
        "crps_fair",
        Shape.MEMBERS,
        _crps_fair,
        "mean of E|X − y| − ½E|X − X′|, X′ another member",
        "scoringrules.crps_ensemble(estimator='fair')",
        low=-np.inf,
    ),
    _metric(
        "crps_nrg",
        Shape.MEMBERS,
        _crps_nrg,
        "mean of E|X − y| − ½E|X − X′|, X′ any member",
        "scoringrules.crps_ensemble(estimator='nrg')",
    ),
)

"""Measure errors of numbers: means of absolute, squared, relative and asymmetric errors."""

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
    dense,
    divide,
    parameter,
    ratio,
)

BINS = 1024
LEAST = 1e-15  # of a divisor: beside the most a file may hold, the ratio stays finite


def _mean_of(errors: Array) -> Stats:
    return dense(None, errors)


def _absolute(part: Part, params: Params) -> Stats:
    return _mean_of(np.abs(part.y - part.p))


def _squared(part: Part, params: Params) -> Stats:
    return _mean_of((part.y - part.p) ** 2)


def _root(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.sqrt(ratio(sums, context))


def _median(part: Part, params: Params) -> float:
    return float(np.median(np.abs(part.y - part.p))) if len(part) else float("nan")


def _median_bins(part: Part, params: Params) -> Stats:
    """Count the errors in bins of equal mass; each bin stands for its mean error."""
    errors = np.abs(part.y - part.p)
    values, of_value, times = np.unique(errors, return_inverse=True, return_counts=True)
    start = np.cumsum(times) - times
    _, bin_of = np.unique(start * BINS // max(len(part), 1), return_inverse=True)
    column = bin_of[of_value]
    width = int(bin_of.max()) + 1 if len(values) else 0
    count = np.bincount(column, minlength=width)
    middle = divide(np.bincount(column, weights=errors, minlength=width), count)
    return Stats(np.arange(len(part)), column, np.ones(len(part)), width, {"errors": middle})


def _median_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    seen = np.cumsum(sums, axis=-1)
    half = seen[..., -1:] / 2
    low = np.minimum((seen < half).sum(-1), sums.shape[-1] - 1)
    high = np.minimum((seen <= half).sum(-1), sums.shape[-1] - 1)
    errors = context["errors"]
    return np.where(half[..., 0] > 0, (errors[low] + errors[high]) / 2, np.nan)


def _logarithmic(part: Part, params: Params) -> Stats:
    if len(part) and min(part.y.min(), part.p.min()) < 0:
        raise MetricFault("a logarithmic error needs values of at least 0")
    return _mean_of((np.log1p(part.p) - np.log1p(part.y)) ** 2)


def _relative(part: Part, params: Params) -> Stats:
    if (np.abs(part.y) < LEAST).any():
        raise MetricFault("a relative error needs true values other than 0")
    return _mean_of(np.abs(part.y - part.p) / np.abs(part.y))


def _pinball(part: Part, params: Params) -> Stats:
    tau = float(params["tau"])
    gap = part.y - part.p
    return _mean_of(np.maximum(tau * gap, (tau - 1) * gap))


def _r2(part: Part, params: Params) -> Stats:
    """Add up the truth about its mean, so that a far origin costs no digit."""
    same = not len(part) or part.y.min() == part.y.max()
    centred = np.zeros(len(part)) if same else part.y - part.y.mean()
    return dense(None, centred, centred**2, (part.y - part.p) ** 2)


def _r2_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    n, total, squares, errors = np.moveaxis(sums, -1, 0)
    spread = squares - np.nan_to_num(divide(total**2, n))
    return 1 - divide(errors, np.where(spread > 0, spread, 0.0))


def _metric(name: str, stats: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"direction": "min", "low": 0.0, "high": np.inf, "value": ratio} | more
    return Metric(
        name=name, shape=Shape.NUMBERS, stats=stats, formula=formula, oracle=oracle, **facts
    )


METRICS = (
    _metric("mae", _absolute, "Σ|y − p| / n", "sklearn.metrics.mean_absolute_error"),
    _metric(
        "rmse",
        _squared,
        "√(Σ(y − p)² / n)",
        "sklearn.metrics.root_mean_squared_error",
        value=_root,
    ),
    _metric("mse", _squared, "Σ(y − p)² / n", "sklearn.metrics.mean_squared_error"),
    _metric(
        "medae",
        _median_bins,
        "median of |y − p|",
        "sklearn.metrics.median_absolute_error",
        value=_median_value,
        exact=_median,
    ),
    _metric(
        "rmsle",
        _logarithmic,
        "√(Σ(ln(1 + p) − ln(1 + y))² / n)",
        "sklearn.metrics.root_mean_squared_log_error",
        value=_root,
    ),
    _metric(
        "mape",
        _relative,
        "Σ(|y − p| / |y|) / n",
        "sklearn.metrics.mean_absolute_percentage_error",
    ),
    _metric(
        "pinball",
        _pinball,
        "Σ max(τ(y − p), (τ − 1)(y − p)) / n",
        "sklearn.metrics.mean_pinball_loss",
        parameters=(parameter("tau", float, high=1, is_needed=True),),
    ),
    _metric(
        "r2",
        _r2,
        "1 − Σ(y − p)² / Σ(y − mean of y)²",
        "sklearn.metrics.r2_score",
        direction="max",
        low=-np.inf,
        high=1.0,
        value=_r2_value,
    ),
)

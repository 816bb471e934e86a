"""Measure errors of numbers: mean absolute error, root mean squared error."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from challenges.scoring.metric import (
    Floats,
    Metric,
    Params,
    Part,
    Shape,
    Stats,
    dense,
    ratio,
)


def _absolute(part: Part, params: Params) -> Stats:
    return dense(np.ones(len(part)), np.abs(part.y - part.p))


def _squared(part: Part, params: Params) -> Stats:
    return dense(np.ones(len(part)), (part.y - part.p) ** 2)


def _root(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.sqrt(ratio(sums, context))


METRICS = (
    Metric(
        name="mae",
        shape=Shape.NUMBERS,
        direction="min",
        low=0.0,
        high=np.inf,
        stats=_absolute,
        value=ratio,
        formula="Σ|y − p| / n",
        oracle="sklearn.metrics.mean_absolute_error",
    ),
    Metric(
        name="rmse",
        shape=Shape.NUMBERS,
        direction="min",
        low=0.0,
        high=np.inf,
        stats=_squared,
        value=_root,
        formula="√(Σ(y − p)² / n)",
        oracle="sklearn.metrics.root_mean_squared_error",
    ),
)

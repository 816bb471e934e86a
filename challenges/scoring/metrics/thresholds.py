"""Measure scores of a yes or no by sorting them: average precision.

The truth is 0 or 1; a part without a positive cannot be measured. Equal scores are one
block. The value comes from the exact sort, its resamplings from 1,024 bins of equal mass.
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
    is_binary,
)

BINS = 1024


def _histogram(part: Part, params: Params, most: int = BINS) -> Stats:
    """Count positives, then all rows, per block of scores, the highest scores first."""
    if not is_binary(part.y):
        raise MetricFault("the truth must be 0 or 1")
    values, at, times = np.unique(-part.p, return_inverse=True, return_counts=True)
    block: Array = np.arange(len(values))
    if len(values) > most:
        start = np.cumsum(times) - times
        _, block = np.unique(start * most // len(part), return_inverse=True)
    width = int(block.max()) + 1 if len(values) else 0
    column, unit = block[at], np.arange(len(part))
    positive = np.flatnonzero(part.y == 1.0)
    return Stats(
        unit=np.concatenate([positive, unit]),
        column=np.concatenate([column[positive], width + column]),
        value=np.ones(len(positive) + len(unit)),
        width=2 * width,
    )


def _exactly(part: Part, params: Params) -> float:
    stats = _histogram(part, params, most=max(len(part), 1))
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    return float(_average(sums, stats.context))


def _average(sums: Floats, context: Mapping[str, Any]) -> Floats:
    hits, rows = np.split(sums, 2, axis=-1)
    precision = np.nan_to_num(divide(np.cumsum(hits, -1), np.cumsum(rows, -1)))
    return divide((hits * precision).sum(-1), hits.sum(-1))


def _of_positives(sums: Floats, context: Mapping[str, Any]) -> tuple[float, float]:
    hits, _ = np.split(sums, 2)
    return float(hits.sum()), 0.0


METRICS = (
    Metric(
        name="average_precision",
        shape=Shape.NUMBERS,
        direction="max",
        low=0.0,
        high=1.0,
        stats=_histogram,
        value=_average,
        exact=_exactly,
        formula="Σ(R_j − R_{j−1})·P_j over distinct scores",
        oracle="sklearn.metrics.average_precision_score",
        trials=_of_positives,
    ),
)

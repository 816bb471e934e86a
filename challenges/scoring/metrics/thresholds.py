"""Measure scores of a yes or no by sorting them: average precision, recall and precision.

The truth is 0 or 1; a part without a positive cannot be measured. Equal scores are one
block: a cut inside it takes a share of its rows. The value comes from the exact sort, its
resamplings from 1,024 bins of equal mass.
"""

from collections.abc import Callable, Iterable, Mapping
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
    divide,
    is_binary,
)

BINS = 1024
Value = Callable[[Floats, Mapping[str, Any]], Floats]


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
        context=dict(params),
    )


def _exactly(part: Part, params: Params, *, value: Value) -> float:
    stats = _histogram(part, params, most=max(len(part), 1))
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    return float(value(sums, stats.context))


def _average(sums: Floats, context: Mapping[str, Any]) -> Floats:
    hits, rows = np.split(sums, 2, axis=-1)
    precision = np.nan_to_num(divide(np.cumsum(hits, -1), np.cumsum(rows, -1)))
    return divide((hits * precision).sum(-1), hits.sum(-1))


def _recall_at(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Return the largest recall whose precision reaches the level, splitting a last block."""
    level = float(context["precision"])
    hits, rows = np.split(sums, 2, axis=-1)
    found, seen = np.cumsum(hits, -1), np.cumsum(rows, -1)
    before, rows_before = found - hits, seen - rows
    whole = found >= level * seen * (1 - 1e-12)
    share = divide(before - level * rows_before, level * rows - hits)
    part = np.where(before >= level * rows_before, np.clip(np.nan_to_num(share), 0, 1), 0.0)
    reached = np.where(whole, found, np.where(part > 0, before + part * hits, 0.0))
    return divide(reached.max(-1, initial=0.0), found[..., -1] if found.size else hits.sum(-1))


def _precision_at(sums: Floats, context: Mapping[str, Any]) -> Floats:
    hits, rows = np.split(sums, 2, axis=-1)
    n = rows.sum(-1)
    wanted = np.ceil(float(context["share"]) * n * (1 - 1e-12))
    before = np.cumsum(rows, -1) - rows
    taken = np.clip(wanted[..., None] - before, 0, rows)
    score = divide((hits * np.nan_to_num(divide(taken, rows))).sum(-1), wanted)
    return np.where(hits.sum(-1) > 0, score, np.nan)


def _of_positives(sums: Floats, context: Mapping[str, Any]) -> tuple[float, float]:
    hits, _ = np.split(sums, 2)
    return float(hits.sum()), 0.0


def _of_top(sums: Floats, context: Mapping[str, Any]) -> tuple[float, float]:
    _, rows = np.split(sums, 2)
    return float(np.ceil(float(context["share"]) * rows.sum() * (1 - 1e-12))), 0.0


def _share_faults(params: Params, *, name: str) -> Iterable[str]:
    value = params[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        yield f"{name} must lie above 0 and be at most 1"


def _metric(name: str, value: Value, formula: str, oracle: str, parameter: str = "") -> Metric:
    more: dict[str, Any] = {}
    if parameter:
        more = {
            "required": frozenset({parameter}),
            "faults": partial(_share_faults, name=parameter),
        }
    return Metric(
        name=name,
        shape=Shape.NUMBERS,
        direction="max",
        low=0.0,
        high=1.0,
        stats=_histogram,
        value=value,
        exact=partial(_exactly, value=value),
        formula=formula,
        oracle=oracle,
        trials=_of_top if parameter == "share" else _of_positives,
        **more,
    )


METRICS = (
    _metric(
        "average_precision",
        _average,
        "Σ(R_j − R_{j−1})·P_j over distinct scores",
        "sklearn.metrics.average_precision_score",
    ),
    _metric(
        "recall_at_precision",
        _recall_at,
        "largest recall whose precision reaches the level, equal scores split",
        "own vectors",
        "precision",
    ),
    _metric(
        "precision_at_top",
        _precision_at,
        "precision of the ⌈share·n⌉ rows of highest score, equal scores split",
        "own vectors",
        "share",
    ),
)

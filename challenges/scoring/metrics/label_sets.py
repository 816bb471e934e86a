"""Measure lists of labels: figures per row, pooled F1.

A row with no true and no predicted label counts 1; an empty list against labels counts 0.
"""

from typing import Any

import numpy as np

from challenges.scoring.metric import (
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


def _counts(part: Part) -> tuple[Floats, Floats, Floats]:
    if part.y_offsets is None or part.p_offsets is None:
        raise MetricFault("lists of labels are needed")
    width = max(len(part.texts), 1)
    y = units_of(part.y_offsets) * width + part.y
    p = units_of(part.p_offsets) * width + part.p
    common = np.intersect1d(y, p) // width
    hits = np.bincount(common, minlength=len(part)).astype(np.float64)
    true, given = np.diff(part.y_offsets), np.diff(part.p_offsets)
    return hits, true.astype(np.float64), given.astype(np.float64)


def _per_row(part: Part, params: Params, *, of: str) -> Stats:
    hits, true, given = _counts(part)
    top, bottom = {
        "f1": (2 * hits, true + given),
        "precision": (hits, given),
        "recall": (hits, true),
    }[of]
    score = np.where(true + given == 0, 1.0, np.nan_to_num(divide(top, bottom)))
    return dense(np.ones(len(part)), score)


def _f1(part: Part, params: Params) -> Stats:
    return _per_row(part, params, of="f1")


def _precision(part: Part, params: Params) -> Stats:
    return _per_row(part, params, of="precision")


def _recall(part: Part, params: Params) -> Stats:
    return _per_row(part, params, of="recall")


def _pooled(part: Part, params: Params) -> Stats:
    hits, true, given = _counts(part)
    return dense(true + given, 2 * hits)


def _jaccard(part: Part, params: Params) -> Stats:
    hits, true, given = _counts(part)
    union = true + given - hits
    return dense(np.ones(len(part)), np.where(union == 0, 1.0, hits / np.maximum(union, 1)))


def _hamming(part: Part, params: Params) -> Stats:
    hits, true, given = _counts(part)
    size = max(len(part.texts), 1)
    return dense(np.full(len(part), float(size)), true + given - 2 * hits)


def _metric(name: str, stats: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"shape": Shape.LABEL_SETS, "direction": "max", "value": ratio}
    return Metric(
        name=name,
        low=0.0,
        high=1.0,
        stats=stats,
        formula=formula,
        oracle=oracle,
        **(facts | more),
    )


METRICS = (
    _metric(
        "f1_samples",
        _f1,
        "mean over rows of 2|y ∩ p| / (|y| + |p|)",
        "sklearn.metrics.f1_score(average='samples')",
    ),
    _metric(
        "precision_samples",
        _precision,
        "mean over rows of |y ∩ p| / |p|",
        "sklearn.metrics.precision_score(average='samples')",
    ),
    _metric(
        "recall_samples",
        _recall,
        "mean over rows of |y ∩ p| / |y|",
        "sklearn.metrics.recall_score(average='samples')",
    ),
    _metric(
        "f1_micro",
        _pooled,
        "2ΣTP / (Σ|y| + Σ|p|)",
        "sklearn.metrics.f1_score(average='micro')",
    ),
    _metric(
        "jaccard_samples",
        _jaccard,
        "mean over rows of |y ∩ p| / |y ∪ p|",
        "sklearn.metrics.jaccard_score(average='samples', zero_division=1)",
    ),
    _metric(
        "hamming",
        _hamming,
        "Σ|y Δ p| / (n·K), K labels in the nomenclature",
        "sklearn.metrics.hamming_loss",
        direction="min",
        step=Step.CELL,
    ),
)

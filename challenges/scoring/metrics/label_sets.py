"""Measure lists of labels: figures per row, pooled F1, macro F1, ranking of the labels.

A row with no true and no predicted label counts 1; an empty list against labels counts 0.
"""

from collections.abc import Mapping
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


def _three(part: Part, params: Params) -> Stats:
    hits, true, given = _counts(part)
    return dense(true, given, hits)


def _micro_precision(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Give 0 to an answer without a label; a truth without one cannot be measured."""
    true, given, hits = np.moveaxis(sums, -1, 0)
    return np.where(true > 0, np.nan_to_num(divide(hits, given)), np.nan)


def _micro_recall(sums: Floats, context: Mapping[str, Any]) -> Floats:
    true, _, hits = np.moveaxis(sums, -1, 0)
    return divide(hits, true)


def _per_label(part: Part, params: Params) -> Stats:
    """Count, for each label, the rows of the truth, of the answer, and of both."""
    if part.y_offsets is None or part.p_offsets is None:
        raise MetricFault("lists of labels are needed")
    width = max(len(part.texts), 1)
    true = units_of(part.y_offsets) * width + part.y
    given = units_of(part.p_offsets) * width + part.p
    both = np.intersect1d(true, given)
    cells = np.concatenate([true, given, both])
    side = np.repeat([0, 1, 2], [len(true), len(given), len(both)])
    return Stats(cells // width, side * width + cells % width, np.ones(len(cells)), 3 * width)


def _macro_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    true, given, both = np.split(sums, 3, axis=-1)
    held = true > 0
    score = np.where(held, divide(2 * both, true + given), 0.0)
    return divide(score.sum(-1), held.sum(-1))


def _jaccard(part: Part, params: Params) -> Stats:
    hits, true, given = _counts(part)
    union = true + given - hits
    return dense(np.ones(len(part)), np.where(union == 0, 1.0, hits / np.maximum(union, 1)))


def _hamming(part: Part, params: Params) -> Stats:
    hits, true, given = _counts(part)
    size = max(len(part.texts), 1)
    return dense(np.full(len(part), float(size)), true + given - 2 * hits)


def _same_set(part: Part, params: Params) -> Stats:
    hits, true, given = _counts(part)
    return dense(np.ones(len(part)), (hits == true) & (hits == given))


def _ranking(part: Part, params: Params) -> Stats:
    """Average, over the true labels, the share of true ones among those scored as high.

    Equal scores all take the worst rank; a row with no true label, or all of them, counts 1.
    """
    if part.y_offsets is None or part.p.ndim != 2 or part.p.shape[1] != len(part.texts):
        raise MetricFault("one score per label is needed")
    unit = units_of(part.y_offsets)
    own = part.p[unit, part.y]
    rank = (part.p[unit] >= own[:, None]).sum(1)
    relevant = np.zeros(part.p.shape, bool)
    relevant[unit, part.y] = True
    among = ((part.p[unit] >= own[:, None]) & relevant[unit]).sum(1)
    total = np.bincount(unit, weights=among / np.maximum(rank, 1), minlength=len(part))
    count = np.diff(part.y_offsets)
    all_or_none = (count == 0) | (count == len(part.texts))
    return dense(np.ones(len(part)), np.where(all_or_none, 1.0, total / np.maximum(count, 1)))


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
        "precision_micro",
        _three,
        "ΣTP / Σ|p|",
        "sklearn.metrics.precision_score(average='micro')",
        value=_micro_precision,
    ),
    _metric(
        "recall_micro",
        _three,
        "ΣTP / Σ|y|",
        "sklearn.metrics.recall_score(average='micro')",
        value=_micro_recall,
    ),
    _metric(
        "f1_macro_ml",
        _per_label,
        "mean over the labels of the truth of 2TP / (t + p)",
        "sklearn.metrics.f1_score(average='macro', labels=labels of the truth)",
        value=_macro_value,
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
    _metric(
        "subset_accuracy",
        _same_set,
        "share of rows with y = p",
        "sklearn.metrics.accuracy_score",
        proportion=True,
        step=Step.UNIT,
    ),
    _metric(
        "lrap",
        _ranking,
        "mean over rows and true labels of the share of true labels ranked as high",
        "sklearn.metrics.label_ranking_average_precision_score",
        shape=Shape.LABEL_SCORES,
    ),
)

"""Measure scores and probabilities of a yes or no: ROC AUC, log loss, Brier.

The truth is 0 or 1. A part with one class only has no AUC (NaN, refused at publication).
"""

from collections.abc import Iterable

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
)

CLIP = 1e-6


def _binary(part: Part) -> Array:
    if not np.isin(part.y, (0.0, 1.0)).all():
        raise MetricFault("the truth must be 0 or 1")
    return np.asarray(part.y == 1.0)


def _auc_stats(part: Part, params: Params) -> Stats:
    positive = _binary(part)
    high, low = np.sort(part.p[positive]), np.sort(part.p[~positive])
    v10, v01 = np.zeros(len(part)), np.zeros(len(part))
    if len(high) and len(low):
        v10[positive] = _share_below(low, part.p[positive])
        v01[~positive] = 1.0 - _share_below(high, part.p[~positive])
    area = _area(high, low)
    return dense(
        positive,
        v10,
        ~positive,
        v01,
        v10 * v10,
        v01 * v01,
        np.full(len(part), area),
        np.ones(len(part)),
    )


def _share_below(others: Array, scores: Array) -> Floats:
    below = np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")
    return np.asarray(below / (2 * len(others)), np.float64)


def _area(high: Array, low: Array) -> float:
    if not len(high) or not len(low):
        return 0.0
    wins = np.searchsorted(low, high, "left").sum(dtype=np.int64)
    wins += np.searchsorted(low, high, "right").sum(dtype=np.int64)
    return float(wins) / 2 / (len(high) * len(low))


def _auc(sums: Floats, context: object) -> Floats:
    return (
        divide(sums[..., 1], sums[..., 0])
        + divide(sums[..., 3], sums[..., 2])
        - divide(sums[..., 6], sums[..., 7])
    )


def _log_loss_stats(part: Part, params: Params) -> Stats:
    positive = _binary(part)
    clip = float(params.get("clip", CLIP))
    p = np.clip(part.p, clip, 1 - clip)
    return dense(np.ones(len(part)), -np.log(np.where(positive, p, 1 - p)))


def _brier_stats(part: Part, params: Params) -> Stats:
    return dense(np.ones(len(part)), (part.p - _binary(part)) ** 2)


def _clip_faults(params: Params) -> Iterable[str]:
    clip = params.get("clip", CLIP)
    if isinstance(clip, bool) or not isinstance(clip, int | float) or not 0 < clip < 0.5:
        yield "clip must lie between 0 and 0.5"


METRICS = (
    Metric(
        name="roc_auc",
        shape=Shape.NUMBERS,
        direction="max",
        low=0.0,
        high=1.0,
        stats=_auc_stats,
        value=_auc,
        formula="P(s⁺ > s⁻) + ½ P(s⁺ = s⁻)",
        oracle="sklearn.metrics.roc_auc_score",
    ),
    Metric(
        name="log_loss",
        shape=Shape.NUMBERS,
        direction="min",
        low=0.0,
        high=np.inf,
        stats=_log_loss_stats,
        value=ratio,
        formula="−(1/n) Σ ln p(y), p in [clip, 1 − clip]",
        oracle="sklearn.metrics.log_loss on clipped input",
        optional=frozenset({"clip"}),
        faults=_clip_faults,
    ),
    Metric(
        name="brier",
        shape=Shape.NUMBERS,
        direction="min",
        low=0.0,
        high=1.0,
        stats=_brier_stats,
        value=ratio,
        formula="Σ(p − y)² / n",
        oracle="sklearn.metrics.brier_score_loss",
    ),
)

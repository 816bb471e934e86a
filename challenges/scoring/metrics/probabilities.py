"""Measure scores and probabilities of a yes or no: ROC AUC, log loss, Brier.

The truth is 0 or 1. A part with one class only has no AUC (NaN, refused at publication).
"""

import numpy as np

from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    MetricFault,
    Params,
    Part,
    Piece,
    Shape,
    Stats,
    dense,
    divide,
    is_binary,
    parameter,
    ratio,
)

CLIP = 1e-6
MILLION = 1e6
ENOUGH = 250_000  # scores, for a count of millionths to cost less than a sort


def _binary(part: Part) -> Array:
    if not is_binary(part.y):
        raise MetricFault("the truth must be 0 or 1")
    return np.asarray(part.y == 1.0)


def _auc_stats(part: Part, params: Params) -> Stats:
    positive = _binary(part)
    n = len(part)
    yes, no = np.flatnonzero(positive), np.flatnonzero(~positive)
    area, v10, v01 = _placements(part.p, yes, no)
    return Stats.of(
        n,
        8,
        Piece(0, unit=yes),
        Piece(1, v10, yes),
        Piece(2, unit=no),
        Piece(3, v01, no),
        Piece(4, v10 * v10, yes),
        Piece(5, v01 * v01, no),
        Piece(6, np.full(n, area)),
        Piece(7),
    )


def _placements(scores: Array, yes: Array, no: Array) -> tuple[float, Floats, Floats]:
    """Return the area, then the share of the other class on the good side of each row.

    yes, no: rows of each class; negatives lie below a positive. A tie counts for a half; all
    are 0 when a class is empty.
    """
    if not len(yes) or not len(no):
        return 0.0, np.zeros(len(yes)), np.zeros(len(no))
    group, count = _groups(scores)
    of_yes, of_no = group[yes], group[no]
    high, low = np.bincount(of_yes, minlength=count), np.bincount(of_no, minlength=count)
    below = 2 * np.cumsum(low) - low  # twice the negatives below a score, ties once
    under = 2 * np.cumsum(high) - high
    wins = int((high * below).sum())
    if 2 * len(scores) < 2**31:  # half the memory to look up in
        below, under = below.astype(np.int32), under.astype(np.int32)
    v10 = below.take(of_yes) / (2 * len(no))
    v01 = 1.0 - under.take(of_no) / (2 * len(yes))
    return wins / 2 / (len(yes) * len(no)), v10, v01


def _groups(scores: Array) -> tuple[Array, int]:
    """Group rows by score, in increasing order: group of each, number of groups.

    A group may be empty. Scores of six decimals at most need no sort.
    """
    at = _millionths(scores)
    if at is not None:
        return at, int(at.max()) + 1
    order = np.argsort(scores)
    ordered = scores[order]
    rank = np.empty(len(scores), np.int64)
    rank[0] = 0
    np.cumsum(ordered[1:] != ordered[:-1], out=rank[1:])
    at = np.empty(len(scores), np.int64)
    at[order] = rank
    return at, int(rank[-1]) + 1


def _millionths(scores: Array) -> Array | None:
    """Return scores as whole millionths when each is one, and there are enough of them."""
    low, high = scores.min(), scores.max()
    if len(scores) < ENOUGH or low < 0 or high > 1:
        return None
    found = np.rint(scores * MILLION)
    if not np.array_equal(found / MILLION, scores):
        return None
    return found.astype(np.int64)


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
    return dense(None, -np.log(np.where(positive, p, 1 - p)))


def _brier_stats(part: Part, params: Params) -> Stats:
    return dense(None, (part.p - _binary(part)) ** 2)


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
        parameters=(parameter("clip", float, high=0.5),),
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

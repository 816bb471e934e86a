"""Measure class probabilities, one column per class of the nomenclature, in its order.

Figures by class are averaged over the classes of the truth of the part (C_T); a part with
one class only has no AUC. Probabilities are float64 before they are clipped.
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
    dense,
    divide,
    parameter,
    ratio,
)

CLIP = 1e-6


def _table(part: Part) -> Floats:
    if part.p.ndim != 2 or part.p.shape[1] != len(part.texts):
        raise MetricFault("one probability per class is needed")
    return part.p.astype(np.float64)


def _top_k(part: Part, params: Params) -> Stats:
    """Count the true class in the k best; a tie at the cut counts its share."""
    p, k = _table(part), int(params["k"])
    own = p[np.arange(len(part)), part.y][:, None]
    above, tied = (p > own).sum(1), (p == own).sum(1)
    return dense(np.ones(len(part)), np.clip((k - above) / np.maximum(tied, 1), 0.0, 1.0))


def _log_loss(part: Part, params: Params) -> Stats:
    clip = float(params.get("clip", CLIP))
    own = np.clip(_table(part)[np.arange(len(part)), part.y], clip, 1 - clip)
    return dense(np.ones(len(part)), -np.log(own))


def _brier(part: Part, params: Params) -> Stats:
    gap = _table(part).copy()
    gap[np.arange(len(part)), part.y] -= 1.0
    return dense(np.ones(len(part)), (gap**2).sum(1))


def _one_against_rest(part: Part, params: Params) -> Stats:
    p = _table(part)
    unit = np.arange(len(part))
    pairs = []
    for code in np.unique(part.y):
        pairs.append((unit[part.y == code], unit[part.y != code], p[:, code]))
    return _areas(pairs)


def _areas(pairs: list[tuple[Array, Array, Array]]) -> Stats:
    """Lay the terms of several areas, four columns each: (yes, V10, no, V01)."""
    pairs = [pair for pair in pairs if len(pair[0]) and len(pair[1])]
    unit, column, value, area = [], [], [], []
    for at, (yes, no, score) in enumerate(pairs):
        v10 = _share_below(score[no], score[yes])
        v01 = 1.0 - _share_below(score[yes], score[no])
        for offset, rows, values in (
            (0, yes, np.ones(len(yes))),
            (1, yes, v10),
            (2, no, np.ones(len(no))),
            (3, no, v01),
        ):
            unit.append(rows)
            column.append(np.full(len(rows), 4 * at + offset))
            value.append(values)
        area.append(v10.mean())
    nothing = [np.zeros(0, np.int64)]
    return Stats(
        unit=np.concatenate(unit or nothing),
        column=np.concatenate(column or nothing),
        value=np.concatenate(value or [np.zeros(0)]),
        width=4 * len(pairs),
        context={"areas": np.array(area)},
    )


def _share_below(others: Array, scores: Array) -> Floats:
    others = np.sort(others)
    below = np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")
    return np.asarray(below / (2 * len(others)), np.float64)


def _mean_area(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Average the areas; one whose class vanished from a resampling is left out."""
    if not sums.shape[-1]:
        return np.full(sums.shape[:-1], np.nan)
    terms = sums.reshape(*sums.shape[:-1], -1, 4)
    area = divide(terms[..., 1], terms[..., 0]) + divide(terms[..., 3], terms[..., 2])
    area = area - context["areas"]
    held = np.isfinite(area)
    return divide(np.where(held, area, 0.0).sum(-1), held.sum(-1))


def _metric(name: str, stats: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"direction": "max", "low": 0.0, "high": 1.0, "value": ratio} | more
    return Metric(
        name=name,
        shape=Shape.PROBABILITIES,
        stats=stats,
        formula=formula,
        oracle=oracle,
        **facts,
    )


METRICS = (
    _metric(
        "top_k_accuracy",
        _top_k,
        "share of rows whose class is among the k most probable, equal ones split",
        "sklearn.metrics.top_k_accuracy_score",
        parameters=(parameter("k", int, low=1, is_needed=True),),
    ),
    _metric(
        "log_loss_multi",
        _log_loss,
        "−(1/n) Σ ln p(y), p in [clip, 1 − clip]",
        "sklearn.metrics.log_loss on clipped input, not normalised",
        direction="min",
        high=np.inf,
        parameters=(parameter("clip", float, high=0.5),),
    ),
    _metric(
        "brier_multi",
        _brier,
        "(1/n) Σ Σ_k (p_k − [y = k])²",
        "sklearn.metrics.brier_score_loss(scale_by_half=False)",
        direction="min",
        high=2.0,
    ),
    _metric(
        "roc_auc_ovr",
        _one_against_rest,
        "mean over the classes of the truth of the AUC of the class against the rest",
        "sklearn.metrics.roc_auc_score(multi_class='ovr')",
        value=_mean_area,
    ),
)

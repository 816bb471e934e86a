"""Measure labels by counts of right and wrong: precision, recall, F, balanced accuracy, MCC.

A yes-or-no figure declares which label is the positive one; without a positive row in the
truth it cannot be computed, and an answer without a positive has precision 0.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    Params,
    Part,
    Piece,
    Shape,
    Stats,
    Step,
    coded,
    dense,
    divide,
    parameter,
)


def _positives(part: Part, params: Params) -> Stats:
    y, p = (_is_positive(part, side, params["positive"]) for side in (part.y, part.p))
    return dense(y, p, y & p)


def _is_positive(part: Part, codes: Array, positive: object) -> Array:
    if not part.texts:
        return np.asarray(codes == float(str(positive)))
    found = [i for i, text in enumerate(part.texts) if text == str(positive)]
    return np.isin(codes, found)


def _precision(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return np.where(sums[..., 0] > 0, np.nan_to_num(divide(sums[..., 2], sums[..., 1])), np.nan)


def _recall(sums: Floats, context: Mapping[str, Any]) -> Floats:
    return divide(sums[..., 2], sums[..., 0])


def _f1(sums: Floats, context: Mapping[str, Any]) -> Floats:
    score = divide(2 * sums[..., 2], sums[..., 0] + sums[..., 1])
    return np.where(sums[..., 0] > 0, score, np.nan)


def _of_true(sums: Floats, context: Mapping[str, Any]) -> tuple[float, float]:
    return float(sums[0]), float(sums[2])


def _of_given(sums: Floats, context: Mapping[str, Any]) -> tuple[float, float]:
    return float(sums[1]), float(sums[2])


def _margins(part: Part, params: Params) -> Stats:
    """Count, for each class, the rows of the truth, of the answer, and of both."""
    y, p, classes = coded(part)
    right = np.flatnonzero(y == p)
    return Stats.of(
        len(part),
        3 * classes,
        Piece(y),
        Piece(classes + p),
        Piece(2 * classes + y[right], unit=right),
    )


def _balanced(sums: Floats, context: Mapping[str, Any]) -> Floats:
    true, _, right = np.split(sums, 3, axis=-1)
    held = true > 0
    return divide(np.where(held, divide(right, true), 0.0).sum(-1), held.sum(-1))


def _macro(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Average over the classes of the truth: one that only the answer has counts for nothing."""
    true, given, right = np.split(sums, 3, axis=-1)
    held = true > 0
    score = np.where(held, divide(2 * right, true + given), 0.0)
    return divide(score.sum(-1), held.sum(-1))


def _weighted(sums: Floats, context: Mapping[str, Any]) -> Floats:
    true, given, right = np.split(sums, 3, axis=-1)
    score = np.where(true > 0, divide(2 * right, true + given), 0.0)
    return divide((true * score).sum(-1), true.sum(-1))


def _mcc(sums: Floats, context: Mapping[str, Any]) -> Floats:
    """Give 0 to a constant answer; a constant truth cannot be measured."""
    true, given, right = np.split(sums, 3, axis=-1)
    n = true.sum(-1)
    top = right.sum(-1) * n - (true * given).sum(-1)
    spread_true = n * n - (true * true).sum(-1)
    spread_given = n * n - (given * given).sum(-1)
    score = np.nan_to_num(divide(top, np.sqrt(spread_true) * np.sqrt(spread_given)))
    return np.where(spread_true > 0, score, np.nan)


def _metric(name: str, stats: Any, value: Any, formula: str, oracle: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"direction": "max", "low": 0.0, "high": 1.0} | more
    return Metric(
        name=name,
        shape=Shape.ANY,
        stats=stats,
        value=value,
        formula=formula,
        oracle=f"sklearn.metrics.{oracle}",
        **facts,
    )


_yes_or_no = partial(
    _metric,
    stats=_positives,
    parameters=(parameter("positive", is_needed=True),),
)

METRICS = (
    _yes_or_no(
        "precision",
        value=_precision,
        formula="TP / (TP + FP)",
        oracle="precision_score(pos_label)",
        proportion=True,
        trials=_of_given,
    ),
    _yes_or_no(
        "recall",
        value=_recall,
        formula="TP / (TP + FN)",
        oracle="recall_score(pos_label)",
        proportion=True,
        trials=_of_true,
        step=Step.UNIT,
    ),
    _yes_or_no(
        "f1",
        value=_f1,
        formula="2TP / (2TP + FP + FN)",
        oracle="f1_score(pos_label)",
        trials=_of_true,
    ),
    _metric(
        "balanced_accuracy",
        _margins,
        _balanced,
        "mean over the classes of the truth of TP / t",
        "balanced_accuracy_score",
    ),
    _metric(
        "f1_macro",
        _margins,
        _macro,
        "mean over the classes of the truth of 2TP / (t + p)",
        "f1_score(average='macro', labels=classes of the truth)",
        parameters=(parameter("labels", choices=("truth_of_part",)),),
    ),
    _metric(
        "f1_weighted",
        _margins,
        _weighted,
        "Σ t·F1 / n over the classes of the truth",
        "f1_score(average='weighted')",
    ),
    _metric(
        "mcc",
        _margins,
        _mcc,
        "(c·n − Σp·t) / √((n² − Σp²)(n² − Σt²))",
        "matthews_corrcoef",
        low=-1.0,
    ),
)

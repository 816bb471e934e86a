"""Measure labels: accuracy, kappas, consistency of pairs.

Levels of kappa are the declared nomenclature. A stray predicted label is an ordinary wrong answer.
"""

from collections.abc import Mapping, Sequence
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
    Step,
    dense,
    divide,
    parameter,
    ratio,
)


def _accuracy(part: Part, params: Params) -> Stats:
    y, p = part.y, part.p
    if params.get("prefix") and not part.texts:
        raise MetricFault("a prefix needs labels that are texts")
    if params.get("prefix"):
        cut = [text[: int(params["prefix"])] for text in part.texts]
        code = {text: i for i, text in enumerate(dict.fromkeys(cut))}
        table = np.array([code[text] for text in cut], np.int64)
        y, p = table[y], table[p]
    return dense(None, y == p)


def _kappa(part: Part, params: Params) -> Stats:
    labels = params["labels"]
    y, p = _levels(part, part.y, labels), _levels(part, part.p, labels)
    size = len(labels)
    unit = np.arange(len(part))
    return Stats(unit, y * size + p, np.ones(len(part)), size * size, {"levels": size})


def _levels(part: Part, values: Array, labels: Sequence[object]) -> Array:
    if part.texts:
        level = {str(label): i for i, label in enumerate(labels)}
        table = np.array([level.get(text, -1) for text in part.texts], np.int64)
        found = table[values]
    else:
        order = np.argsort(np.array(labels, np.float64))
        known = np.array(labels, np.float64)[order]
        at = np.minimum(np.searchsorted(known, values), len(known) - 1)
        found = np.where(known[at] == values, order[at], -1)
    if (found < 0).any():
        raise MetricFault("a value outside the declared levels")
    return np.asarray(found)


def _kappa_value(sums: Floats, context: Mapping[str, Any], *, power: int) -> Floats:
    """Weigh each disagreement by its distance to a power; 0 counts every one as 1."""
    size = context["levels"]
    seen = sums.reshape(*sums.shape[:-1], size, size)
    level = np.arange(size, dtype=np.float64)
    apart = np.abs(level[:, None] - level[None, :])
    weight = apart**power if power else (apart > 0) * 1.0
    chance = np.einsum("...i,...j,ij->...", seen.sum(-1), seen.sum(-2), weight)
    total = seen.sum((-1, -2))
    return 1 - divide((seen * weight).sum((-1, -2)) * total, chance)


def _kappa_metric(name: str, power: int, weight: str, weights: str) -> Metric:
    return Metric(
        name=name,
        shape=Shape.ANY,
        direction="max",
        low=-1.0,
        high=1.0,
        stats=_kappa,
        value=partial(_kappa_value, power=power),
        formula=f"1 − Σw·o / Σw·e, w = {weight}",
        oracle=f"sklearn.metrics.cohen_kappa_score(weights={weights}, labels=levels)",
        parameters=(parameter("labels", is_needed=True, is_many=True),),
    )


def _pairs(part: Part, params: Params) -> Stats:
    members = [str(m) for m in params["members"]]
    names = part.group_names[f"column:{params['member']}"]
    wanted = [names.index(m) for m in members if m in names]
    held = np.flatnonzero(np.isin(part.groups[f"column:{params['member']}"], wanted))
    pair = part.groups[f"column:{params['pair']}"][held]
    order = np.argsort(pair, kind="stable")
    held, pair = held[order], pair[order]
    if not len(held):
        return dense(np.zeros(len(part)), np.zeros(len(part)))
    first = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]])
    size = np.diff(np.r_[first, len(pair)])
    answer = part.p[held]
    low, high = np.minimum.reduceat(answer, first), np.maximum.reduceat(answer, first)
    whole = size == len(members)
    holds, agrees = np.zeros(len(part)), np.zeros(len(part))
    holds[held[first[whole]]] = 1.0
    agrees[held[first[whole]]] = (low == high)[whole]
    return dense(holds, agrees)


METRICS = (
    Metric(
        name="accuracy",
        shape=Shape.ANY,
        direction="max",
        low=0.0,
        high=1.0,
        stats=_accuracy,
        value=ratio,
        formula="Σ[y = p] / n, on the first characters when prefix is given",
        oracle="sklearn.metrics.accuracy_score",
        parameters=(parameter("prefix", int, low=1),),
        proportion=True,
        step=Step.UNIT,
    ),
    _kappa_metric("kappa", 0, "[i ≠ j]", "None"),
    _kappa_metric("kappa_quadratic", 2, "(i − j)²", "'quadratic'"),
    Metric(
        name="pair_consistency",
        shape=Shape.ANY,
        direction="max",
        low=0.0,
        high=1.0,
        stats=_pairs,
        value=ratio,
        formula="share of the groups holding all members whose answers are equal",
        oracle="own vectors",
        parameters=(
            parameter("pair", is_needed=True),
            parameter("member", is_needed=True),
            parameter("members", is_needed=True, is_many=True),
        ),
        proportion=True,
        step=Step.UNIT,
    ),
)

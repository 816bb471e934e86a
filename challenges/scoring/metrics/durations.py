"""Measure durations of which some are cut short, by the order they come in: concordance.

A column of the truth says which durations ended (1) and which were cut short (0).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from challenges.scoring.dominance import Dominance
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
)


def _ended(part: Part, params: Params) -> Array:
    key = f"column:{params['event']}"
    if key not in part.groups:
        raise MetricFault(f"the truth has no column {params['event']}")
    names = part.group_names[key]
    if not set(names) <= {"0", "1"}:
        raise MetricFault("the event must be 0 or 1")
    return np.asarray(np.array([name == "1" for name in names])[part.groups[key]])


def _pairs(part: Part, params: Params) -> Stats:
    """Lay first-order terms of concordant and comparable pairs.

    Rows are laid by duration, ends before cuts of the same duration; a pair counts when its
    shorter duration ended.
    """
    n = len(part)
    ended = _ended(part, params)
    score = -part.p if params.get("score", "duration") == "risk" else part.p
    order = np.lexsort((~ended, part.y))
    y, late, s = part.y[order], ~ended[order], score[order]
    w = ended[order].astype(np.float64)
    first = np.flatnonzero(np.r_[True, (np.diff(y) != 0) | (np.diff(late) != 0)])[:n]
    sizes = np.diff(np.r_[first, n])
    start, end = np.repeat(first, sizes), np.repeat(first + sizes, sizes)
    zero, last = np.zeros(n, np.int64), np.full(n, n)
    given = w * ((n - end) - Dominance(s).half_below(end, last, s))
    weight_before = np.concatenate([[0.0], np.cumsum(w)])[start]
    received = Dominance(s, w).half_below(zero, start, s)
    concordant, comparable = np.empty(n), np.empty(n)
    concordant[order] = given + received
    comparable[order] = w * (n - end) + weight_before
    totals = np.array([c.sum() / max(n, 1) for c in (concordant, comparable)])
    return dense(np.ones(n), concordant, comparable, context={"totals": totals})


def _pairs_value(sums: Floats, context: Mapping[str, Any]) -> Floats:
    linear = 2 * np.nan_to_num(divide(sums[..., 1:], sums[..., :1])) - context["totals"]
    return divide(linear[..., 0], np.maximum(linear[..., 1], 0.0))


METRICS = (
    Metric(
        name="concordance",
        shape=Shape.NUMBERS,
        direction="max",
        low=0.0,
        high=1.0,
        stats=_pairs,
        value=_pairs_value,
        formula="concordant pairs / comparable pairs, equal scores ½",
        oracle="lifelines.utils.concordance_index",
        parameters=(
            parameter("event", is_needed=True),
            parameter("score", choices=("duration", "risk")),
        ),
    ),
)

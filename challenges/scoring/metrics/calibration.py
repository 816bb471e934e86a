"""Measure whether probabilities of a yes mean what they say: expected calibration error.

It is biased upwards for few rows: read it with n and its interval, which takes the bias off
below and starts at 0 when a faultless answer would often look as bad.
"""

from collections.abc import Iterable, Mapping
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
    without_gaps,
)

BINS = 15


def _sums(part: Part, bin_of: Array, bins: int) -> Stats:
    if not is_binary(part.y):
        raise MetricFault("the truth must be 0 or 1")
    if len(part) and not (part.p.min() >= 0 and part.p.max() <= 1):
        raise MetricFault("a probability lies between 0 and 1")
    unit = np.arange(len(part))
    return Stats(
        unit=np.concatenate([unit, unit]),
        column=np.concatenate([bin_of, bins + bin_of]),
        value=np.concatenate([np.ones(len(part)), part.p - part.y]),
        width=2 * bins,
    )


def _equal_width(part: Part, params: Params) -> Stats:
    bins = int(params.get("bins", BINS))
    column = np.clip(np.ceil(part.p * bins) - 1, 0, bins - 1).astype(np.int64)
    return _sums(part, column, bins)


def _equal_mass(part: Part, params: Params) -> Stats:
    """Cut by rank; equal probabilities share the bin of the first of them."""
    bins = int(params.get("bins", BINS))
    first = np.searchsorted(np.sort(part.p), part.p, "left")
    return _sums(part, first * bins // max(len(part), 1), bins)


def _error(sums: Floats, context: Mapping[str, Any]) -> Floats:
    rows, gaps = np.split(sums, 2, axis=-1)
    return divide(np.abs(gaps).sum(-1), rows.sum(-1))


def _faults(params: Params) -> Iterable[str]:
    bins = params.get("bins", BINS)
    if isinstance(bins, bool) or not isinstance(bins, int) or not 2 <= bins <= 100:
        yield "bins must be a whole number from 2 to 100"


def _metric(name: str, stats: Any, formula: str) -> Metric:
    return Metric(
        name=name,
        shape=Shape.NUMBERS,
        direction="min",
        low=0.0,
        high=1.0,
        stats=stats,
        value=_error,
        formula=formula,
        oracle="own vectors",
        optional=frozenset({"bins"}),
        faults=_faults,
        faultless=without_gaps,
    )


METRICS = (
    _metric("ece", _equal_width, "Σ(n_b / n)·|share of yes_b − mean p_b|, bins of equal width"),
    _metric("ece_adaptive", _equal_mass, "the same over bins of equal mass"),
)

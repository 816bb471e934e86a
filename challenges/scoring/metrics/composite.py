"""Declare the figure computed from other figures by a formula; the evaluation computes it."""

from collections.abc import Iterable, Mapping

import numpy as np

from challenges.scoring import formula
from challenges.scoring.metric import Floats, Metric, MetricFault, Params, Part, Shape, Stats


def _stats(part: Part, params: Params) -> Stats:
    raise MetricFault("a formula is computed from the other figures")


def _of_sums(sums: Floats, context: Mapping[str, object]) -> Floats:
    raise MetricFault("a formula is computed from the other figures")


def _faults(params: Params) -> Iterable[str]:
    try:
        formula.read_formula(params["formula"])
    except MetricFault as fault:
        yield str(fault)


METRICS = (
    Metric(
        name="formula",
        shape=Shape.FORMULA,
        direction="none",
        low=-np.inf,
        high=np.inf,
        stats=_stats,
        value=_of_sums,
        formula="+ − × ÷ min max over the keys of other figures",
        oracle="own vectors",
        required=frozenset({"formula"}),
        faults=_faults,
    ),
)

"""Tell, before a challenge opens, which declared figures its truth leaves undefined.

Each figure is computed on the truth given as its own answer: what has no value then (one
class only, no spread, no comparable pair, no relevant item) never has one.
"""

from collections.abc import Iterator

import numpy as np

from challenges.scoring import registry
from challenges.scoring.answer import Layout
from challenges.scoring.contract import MetricSpec, ScoringContract
from challenges.scoring.evaluation import measure, parts_of
from challenges.scoring.metric import MetricFault, Part, units_of
from challenges.scoring.predictions.align import Answer
from challenges.scoring.truth import (
    CompiledTruth,
    Keys,
    Labels,
    TruthFault,
    load_keys,
    load_labels,
)

OF_THE_ANSWER = frozenset({"attribute_distance", "formula", "n_clusters", "share_other_prefix"})


def require(contract: ScoringContract, truth: CompiledTruth) -> None:
    """Refuse a contract that cannot be scored on its truth.

    Raises TruthFault: E_METRIC (the figure is badly declared), E_METRIC_UNDEFINED.
    """
    for key, _ in registry.problems(contract):
        raise TruthFault("E_METRIC", key)
    for key, split, _ in undefined(contract, load_keys(truth.keys), load_labels(truth.labels)):
        raise TruthFault("E_METRIC_UNDEFINED", f"{key}, {split}")


def undefined(contract: ScoringContract, keys: Keys, labels: Labels) -> list[tuple[str, str, str]]:
    """List the figures that a part of the truth leaves undefined: (key, split, why).

    Figures by group are left out: a group without a value reads « non calculable ».
    """
    return list(_undefined(contract, keys, labels))


def _undefined(
    contract: ScoringContract, keys: Keys, labels: Labels
) -> Iterator[tuple[str, str, str]]:
    known = [s for s in contract.figures if s.by is None and s.metric not in OF_THE_ANSWER]
    for split, part in parts_of(labels, keys, perfect(contract, labels)).items():
        for spec in known:
            why = _why(spec, part.of_target(contract.target(spec)))
            if why:
                yield spec.key, split, why


def perfect(contract: ScoringContract, labels: Labels) -> Answer:
    """Return the answer that repeats the truth; a ranking goes by decreasing gain."""
    if contract.answer.is_several:
        if contract.answer.classes is not None:
            return Answer(np.eye(len(contract.answer.answers))[labels.y], [])
        return Answer(labels.y, [])
    if labels.gains is None or labels.offsets is None:
        return Answer(labels.y, labels.texts, labels.offsets)
    unit = units_of(labels.offsets)
    if contract.answer.layout is Layout.CANDIDATE_SCORES:
        return Answer(labels.y, labels.texts, labels.offsets, scores=labels.gains)
    order = np.lexsort((-labels.gains, unit))
    ranks = np.arange(len(order)) - labels.offsets[:-1][unit] + 1
    return Answer(labels.y[order], labels.texts, labels.offsets, ranks.astype(np.int32))


def _why(spec: MetricSpec, part: Part) -> str:
    one = np.ones((1, max(part.buckets, 1)), np.uint8)
    try:
        with np.errstate(all="ignore"):
            metric = registry.metric(spec.metric)
            value = measure(metric, spec, part, one, independent=True, level=0.95).value
    except MetricFault as fault:
        return str(fault)
    return "" if value is not None else "the metric has no value on this part"

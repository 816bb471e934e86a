"""List the metrics and check that a contract uses them as they can be used."""

from collections.abc import Iterable

from challenges.scoring.answer import ColumnType
from challenges.scoring.contract import MetricSpec, ScoringContract
from challenges.scoring.metric import Metric, Shape
from challenges.scoring.metrics import (
    clusters,
    label_sets,
    labels,
    numbers,
    probabilities,
    ranking,
)

_FAMILIES = (labels, numbers, probabilities, label_sets, ranking, clusters)
METRICS: dict[str, Metric] = {m.name: m for family in _FAMILIES for m in family.METRICS}
ALIASES = {
    "auc": "roc_auc",
    "logloss": "log_loss",
    "qwk": "kappa_quadratic",
    "macro_f1": "f1_macro",
}


def metric(name: str) -> Metric:
    """Return a metric by its name or alias; raises KeyError."""
    return METRICS[ALIASES.get(name, name)]


def problems(contract: ScoringContract) -> list[tuple[str, str]]:
    """List what makes a contract impossible to score, as (figure key, sentence in English)."""
    return [(spec.key, text) for spec in contract.figures for text in _faults(contract, spec)]


def _faults(contract: ScoringContract, spec: MetricSpec) -> Iterable[str]:
    if ALIASES.get(spec.metric, spec.metric) not in METRICS:
        yield f"unknown metric {spec.metric}"
        return
    found = metric(spec.metric)
    given = set(spec.params)
    for name in sorted(found.required - given):
        yield f"parameter {name} is missing"
    for name in sorted(given - found.required - found.optional):
        yield f"unknown parameter {name}"
    if found.shape not in _shapes(contract):
        yield f"{spec.metric} cannot read this kind of answer"
    if spec.by is not None and spec.by not in {a.key for a in contract.attributes}:
        yield f"unknown attribute {spec.by}"
    if spec.metric == "kappa_quadratic" and "labels" in given:
        yield from _uncovered_levels(contract, spec)


def _shapes(contract: ScoringContract) -> set[Shape]:
    if contract.answer.is_ranked:
        return {Shape.RANKED}
    answer = contract.answer.answer
    if answer.type is ColumnType.LABEL_SET:
        return {Shape.LABEL_SETS}
    return {Shape.ANY, Shape.NUMBERS if answer.is_number else Shape.LABELS}


def _uncovered_levels(contract: ScoringContract, spec: MetricSpec) -> Iterable[str]:
    answer = contract.answer.answer
    levels = {str(label) for label in spec.params["labels"]}
    if answer.domain is not None:
        allowed = set(answer.domain)
    elif answer.type is ColumnType.INTEGER and answer.min is not None and answer.max is not None:
        allowed = {str(v) for v in range(int(answer.min), int(answer.max) + 1)}
    else:
        yield "levels need a declared nomenclature or integer bounds"
        return
    if not allowed <= levels:
        yield "an allowed answer is outside the levels"

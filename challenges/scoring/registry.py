"""List the metrics and check that a contract uses them, and audits, as they can be used."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from challenges.scoring.audit.declared import Measure
from challenges.scoring.contract import (
    TARGET,
    ColumnType,
    FileColumn,
    Form,
    Layout,
    MetricSpec,
    ScoringContract,
)
from challenges.scoring.fields import Definition, is_finite
from challenges.scoring.metric import Metric, MetricFault, Shape, parameter
from challenges.scoring.metrics import (
    class_probabilities,
    clusters,
    confusion,
    correlation,
    durations,
    formula,
    label_sets,
    labels,
    numbers,
    probabilities,
    ranking,
    thresholds,
)

_FAMILIES = (
    labels,
    confusion,
    probabilities,
    thresholds,
    class_probabilities,
    numbers,
    correlation,
    durations,
    label_sets,
    ranking,
    clusters,
    formula,
)
METRICS: dict[str, Metric] = {m.name: m for family in _FAMILIES for m in family.METRICS}
ALIASES = {
    "ap": "average_precision",
    "auc": "roc_auc",
    "logloss": "log_loss",
    "qwk": "kappa_quadratic",
}
LEVELLED = frozenset({"kappa", "kappa_quadratic"})
UNWEIGHTED = frozenset(
    {
        "ami",
        "ari",
        "average_precision",
        "concordance",
        "kendall_b",
        "medae",
        "n_clusters",
        "nmi",
        "pair_consistency",
        "roc_auc",
        "roc_auc_ovr",
        "spearman",
    }
)
BOUNDS: dict[str, tuple[float, float | None]] = {
    "brier": (0, 1),
    "log_loss": (0, 1),
    "rmsle": (0, None),
}


OF_LAYOUT = {
    Layout.RANKED_LIST: {Shape.LISTS, Shape.RANKED},
    Layout.CANDIDATE_SCORES: {Shape.LISTS},
}


def metric(name: str) -> Metric:
    """Return a metric by its name or alias; raises KeyError."""
    return METRICS[ALIASES.get(name, name)]


def problems(contract: ScoringContract) -> list[tuple[str, str]]:
    """List what makes a contract impossible to score, as (figure key, sentence in English)."""
    found = [(spec.key, text) for spec in contract.figures for text in _faults(contract, spec)]
    return found + [("audit", text) for text in _audit_faults(contract)]


def _faults(contract: ScoringContract, spec: MetricSpec) -> Iterable[str]:
    if ALIASES.get(spec.metric, spec.metric) not in METRICS:
        yield f"unknown metric {spec.metric}"
        return
    found = metric(spec.metric)
    for _, text in parameter_faults(found, spec.params, contract.answer.targets):
        yield text
    if found.shape is Shape.FORMULA:
        yield from _formula_faults(contract, spec)
    elif found.shape not in _shapes(contract):
        yield f"{spec.metric} cannot read this kind of answer"
    if spec.by is not None and spec.by not in {a.key for a in contract.attributes if not a.of}:
        yield f"unknown attribute {spec.by}"
    if contract.truth.weight and found.name in UNWEIGHTED:
        yield f"{spec.metric} knows no weights"
    yield from _answer_faults(contract, spec, found.name)


def parameters_of(found: Metric, targets: tuple[str, ...] | None) -> tuple[Definition, ...]:
    """Define what a metric is told; where an answer has several targets, which one it is of."""
    if targets is None or found.shape is Shape.FORMULA:
        return found.parameters
    return (*found.parameters, parameter(TARGET, choices=targets, is_needed=True))


def parameter_faults(
    found: Metric, params: Mapping[str, Any], targets: tuple[str, ...] | None = None
) -> list[tuple[str, str]]:
    """List what is wrong with the parameters of a metric: the name of each, and why in English."""
    known = {one.name: one for one in parameters_of(found, targets)}
    return [
        (name, text)
        for name in sorted({*known, *params})
        for text in _parameter_faults(name, known.get(name), params)
    ]


def _parameter_faults(
    name: str, definition: Definition | None, params: Mapping[str, Any]
) -> Iterator[str]:
    if definition is None:
        yield f"unknown parameter {name}"
    elif definition.is_needed and params.get(name) in (None, "", []):
        yield f"parameter {name} is missing"
    elif params.get(name) is not None:
        yield from _value_faults(definition, params[name])


def _value_faults(definition: Definition, value: Any) -> Iterator[str]:
    """Yield what is wrong with the value of a parameter."""
    name = definition.name
    if definition.choices and value not in definition.choices:
        yield f"{name} must be one of {', '.join(definition.choices)}"
    if definition.is_many and not isinstance(value, list | tuple):
        yield f"{name} must be a list"
    if definition.kind in (int, float):
        yield from _number_faults(definition, value)
    if name == "formula":
        try:
            formula.read_formula(value)
        except MetricFault as fault:
            yield str(fault)


def _number_faults(definition: Definition, value: Any) -> Iterator[str]:
    name, low, high = definition.name, definition.rule.low, definition.rule.high
    if definition.kind is float:
        if not is_finite(value) or not low < value < high:
            yield f"{name} must lie between {low:g} and {high:g}"
    elif isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        yield f"{name} must be a whole number of at least {low:g}"


def _several_faults(contract: ScoringContract) -> Iterable[str]:
    """Refuse probabilities whose bounds are not declared."""
    answer = contract.answer
    bounded = [c.min is not None and c.max is not None for c in answer.answers]
    inside = [(c.min or 0) >= 0 and (c.max or 0) <= 1 for c in answer.answers]
    if not all(bounded + inside):
        yield "probabilities are declared between 0 and 1"


def _answer_faults(contract: ScoringContract, spec: MetricSpec, name: str) -> Iterable[str]:
    answer = contract.answer.answer
    if contract.answer.targets is not None:
        answer = contract.answer.by_target.get(str(spec.params.get("target")), answer)
    elif contract.answer.is_several:
        yield from _several_faults(contract)
        return
    if name in LEVELLED and "labels" in spec.params:
        yield from _uncovered_levels(answer, spec)
    if name == "hamming" and answer.domain is None:
        yield f"{spec.metric} needs a declared nomenclature"
    if name in BOUNDS:
        low, high = BOUNDS[name]
        if answer.min is None or answer.min < low:
            yield f"{spec.metric} needs answers of at least {low:g}"
        if high is not None and (answer.max is None or answer.max > high):
            yield f"{spec.metric} needs answers of at most {high:g}"


def _formula_faults(contract: ScoringContract, spec: MetricSpec) -> Iterable[str]:
    """Refuse a formula over anything but plain figures that the contract declares."""
    if spec.by is not None:
        yield "a formula is not computed by group"
    try:
        names = formula.read_formula(spec.params.get("formula", "")).names
    except MetricFault:
        return
    plain = {s.key for s in contract.figures if s.by is None and s.metric != "formula"}
    for name in sorted(names - plain):
        yield f"the formula names {name}, which is no plain figure"


def _shapes(contract: ScoringContract) -> set[Shape]:
    if contract.answer.layout in OF_LAYOUT:
        return OF_LAYOUT[contract.answer.layout]
    if contract.answer.form is Form.TARGETS:
        return {Shape.ANY, Shape.NUMBERS}
    if contract.answer.form is Form.PROBABILITIES:
        return {Shape.PROBABILITIES}
    answer = contract.answer.answer
    if answer.type is ColumnType.LABEL_SET:
        return {Shape.LABEL_SETS}
    return {Shape.ANY, Shape.NUMBERS} if answer.is_number else {Shape.ANY}


def _uncovered_levels(answer: FileColumn, spec: MetricSpec) -> Iterable[str]:
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


NEED_AN_ANSWER = frozenset(
    {
        Measure.DEMOGRAPHIC_PARITY,
        Measure.EQUAL_OPPORTUNITY,
        Measure.EQUALISED_ODDS,
        Measure.PREDICTIVE_PARITY,
    }
)


def _audit_faults(contract: ScoringContract) -> Iterator[str]:
    """Yield, in English, what is wrong with the audit of a contract."""
    spec = contract.audit
    if spec is None:
        return
    answer = contract.answer
    if answer.is_listed or (answer.is_several and answer.classes is None):
        return
    classes = answer.classes if answer.is_several else answer.answer.domain
    if spec.positive is not None:
        if classes is not None and spec.positive not in classes:
            yield f"{spec.positive} is no possible answer"
        if classes is None and not answer.is_several and answer.answer.is_number:
            yield from _positive_number_faults(spec.positive)
        return
    if (answer.is_several or not answer.answer.is_number) and set(spec.measures) & NEED_AN_ANSWER:
        yield "the positive answer is missing"


def _positive_number_faults(positive: str) -> Iterator[str]:
    try:
        float(positive)
    except ValueError:
        yield f"{positive} is no possible answer"

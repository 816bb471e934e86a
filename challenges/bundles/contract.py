"""Read what decides a score out of challenge.yaml: what the engine cannot judge, or does not ask.

What is read, and by which definitions, stands in `challenges.scoring.contract`. Each fault is
noted at its key, in French.
"""

from collections.abc import Mapping

from challenges.scoring import registry
from challenges.scoring.contract import SPLIT, MetricSpec, ScoringContract, check_primary
from challenges.scoring.fields import Fields
from challenges.scoring.metric import Metric

TARGET = "target"  # the parameter that names one of several targets
UNKNOWN = "E_METRIC_UNKNOWN"


def read_contract(top: Fields) -> ScoringContract:
    """Read submission, truth, metrics and fairness; what is wrong in them is noted.

    The resamplings are those of the portal: a document does not choose them.
    """
    said = {key: value for key, value in top.values.items() if key != "interval"}
    top = Fields(top.findings, said, top.place, file=top.file)
    contract = ScoringContract.read(top)
    if top.has("truth"):
        truth = top.mapping("truth")
        truth.needed("file")
        split = truth.mapping("split")
        for name in ("column", "public", "private"):
            split.needed(name, code=SPLIT)
    _check_figures(top, contract.metrics)
    _check_figures(top.mapping("fairness"), contract.fairness)
    return contract


def read_metrics(top: Fields) -> tuple[MetricSpec, ...]:
    """Read the metrics of a board: known, keyed, one of them primary."""
    metrics = tuple(MetricSpec.read(one) for one in top.items("metrics"))
    check_primary(top, metrics)
    _check_figures(top, metrics)
    return metrics


def _check_figures(fields: Fields, metrics: tuple[MetricSpec, ...]) -> None:
    """Note metrics that are not known, or that are not used as they can be."""
    for one, spec in zip(fields.items("metrics"), metrics, strict=True):
        known = registry.METRICS.get(spec.metric)
        if known is not None:
            _check_parameters(one, known, spec.params)
            _check_direction(one, known, spec)
        elif spec.metric:
            said = f"mesures connues : {', '.join(sorted(registry.METRICS))}"
            one.refuse(UNKNOWN, said, key="metric", value=spec.metric)


def _check_parameters(one: Fields, known: Metric, params: Mapping[str, object]) -> None:
    for name in sorted(known.required):
        if params.get(name) in (None, "", []):
            one.refuse(UNKNOWN, "paramètre obligatoire absent", key=f"params.{name}")
    for name in sorted(set(params) - known.required - known.optional - {TARGET}):
        one.refuse(UNKNOWN, "paramètre inconnu", key=f"params.{name}", value=params[name])
    for name in sorted(registry.WHOLE & set(params)):
        value = params[name]
        if value is not None and not registry.is_positive(value):
            said = "un entier positif est attendu"
            one.refuse(UNKNOWN, said, key=f"params.{name}", value=value)


def _check_direction(one: Fields, known: Metric, spec: MetricSpec) -> None:
    written = one.raw("direction")
    if spec.aggregate is not None or written != spec.direction or known.direction == "none":
        return
    if spec.direction not in (known.direction, "none"):
        said = f"pour cette mesure le sens est {known.direction}"
        one.refuse("E_DIRECTION", said, key="direction", value=written)

"""Score an aligned answer: every declared figure, its interval, and the sums that rank."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import fairness, formula, intervals, registry
from challenges.scoring.buckets import Buckets
from challenges.scoring.contract import MetricSpec, ScoringContract
from challenges.scoring.metric import Floats, Metric, Part, Stats, is_binary
from challenges.scoring.predictions.align import Answer
from challenges.scoring.truth import Keys, Labels
from challenges.scoring.verdict import Evaluated, Verdict

Array = NDArray[Any]


@dataclass(frozen=True)
class Measured:
    """Hold one figure of one part.

    value: None when it cannot be computed. interval: (low, high, method) or None.
    replicates: the figure under each stored resampling. units: how many units of resampling
    the truth has, whatever the answer.
    """

    value: float | None
    interval: tuple[float, float, str] | None
    replicates: Floats
    buckets: Buckets
    units: int


def parts_of(labels: Labels, keys: Keys, answer: Answer) -> dict[str, Part]:
    """Cut the truth and an answer into their parts, in canonical order."""
    texts, p = _same_codes(labels, answer)
    whole = Part(
        y=labels.y,
        p=p,
        bucket=labels.bucket,
        buckets=0,
        texts=texts,
        names=keys.names,
        y_offsets=labels.offsets,
        p_offsets=answer.offsets,
        gains=labels.gains,
        ranks=answer.ranks,
        scores=answer.scores,
        groups=labels.groups,
        group_names=labels.group_names,
        numbers=labels.numbers,
        weight=labels.weight,
        items=labels.items,
        item_names=labels.item_names,
    )
    if len(labels.splits) == 1:
        return {labels.splits[0]: _with_buckets(whole, labels, labels.splits[0])}
    return {
        split: _with_buckets(whole.take(np.flatnonzero(labels.part == i)), labels, split)
        for i, split in enumerate(labels.splits)
    }


def measure(
    metric: Metric, spec: MetricSpec, part: Part, weights: Array, *, independent: bool, level: float
) -> Measured:
    """Compute one figure on one part, with its interval."""
    stats = metric.stats(part, spec.params).weighted(part.weight)
    buckets = Buckets.of(stats, part.bucket, part.buckets)
    value = near = finite(metric.value(buckets.total(), stats.context))
    if metric.exact is not None:
        value = finite(metric.exact(part, spec.params))
    units = _drawn(part, stats)
    if value is None or near is None or not metric.interval:
        return Measured(value, None, np.zeros(0), buckets, units)
    values = intervals.replicates(buckets, weights, metric, stats.context)
    if metric.exact is not None:
        values = np.clip(values + (value - near), metric.low, metric.high)
    values, bias = intervals.centred(values, value)
    interval = intervals.bound(
        metric,
        buckets,
        values,
        units=units,
        independent=independent,
        level=level,
        bias=bias,
        context=stats.context,
    )
    return Measured(value, interval, values, buckets, units)


def _drawn(part: Part, stats: Stats) -> int:
    """Count the buckets that hold a unit of resampling: a row, or what a figure takes for one."""
    carriers = stats.context.get("carriers")
    bucket = part.bucket if carriers is None else part.bucket[carriers]
    return int(np.count_nonzero(np.bincount(bucket)))


def finite(value: Any) -> float | None:
    """Return a number, or None when it is not finite; −0 becomes 0."""
    number = float(value)
    return number + 0.0 if np.isfinite(number) else None


def evaluate(
    contract: ScoringContract, keys: Keys, labels: Labels, answer: Answer, verdict: Verdict
) -> Evaluated:
    """Compute every figure of every part of an accepted answer."""
    return figures_of(contract, labels, parts_of(labels, keys, answer), verdict)


def figures_of(
    contract: ScoringContract, labels: Labels, parts: Mapping[str, Part], verdict: Verdict
) -> Evaluated:
    """Compute every figure of some parts."""
    values: dict[str, dict[str, Any]] = {}
    bounds: dict[str, dict[str, Any]] = {}
    sums: dict[str, bytes] = {}
    for split, part in parts.items():
        values[split], bounds[split] = {}, {}
        for spec, measured in _figures(contract, part, labels.weights[split]):
            values[split][spec.key] = measured.value
            if measured.interval is not None:
                bounds[split][spec.key] = list(measured.interval)
            if spec.key == contract.primary.key:
                sums[split] = _sealed_sums(contract, spec, part, measured)
    return Evaluated(verdict, values, bounds, sums, {s: len(p) for s, p in parts.items()})


def primary_of(contract: ScoringContract, weights: Array) -> Callable[[Part], Measured]:
    """Return what measures the metric that ranks on some rows."""
    spec = contract.primary
    if spec.metric != "formula":
        return lambda part: _plain(contract, spec, part, weights)
    names = formula.read(spec.params["formula"]).names
    used = [each for each in contract.figures if each.key in names]

    def composed(part: Part) -> Measured:
        found = {each.key: _plain(contract, each, part, weights) for each in used}
        return _composed(spec, found, contract.level)

    return composed


def _figures(contract: ScoringContract, part: Part, weights: Array) -> list[tuple[MetricSpec, Any]]:
    """Compute the figures in their declared order, formulas once the others are known."""
    found = {
        spec.key: _figure(contract, spec, part, weights)
        for spec in contract.figures
        if spec.metric != "formula"
    }
    return [
        (
            spec,
            _composed(spec, found, contract.level) if spec.metric == "formula" else found[spec.key],
        )
        for spec in contract.figures
    ]


def _composed(spec: MetricSpec, figures: Mapping[str, Any], level: float) -> Measured:
    """Compute a formula on figures, and on each of their shared resamplings."""
    read = formula.read(spec.params["formula"])
    used = {name: figures[name] for name in sorted(read.names)}
    buckets = Buckets.beside([measured.buckets for measured in used.values()])
    values = {name: measured.value for name, measured in used.items()}
    value = None if None in values.values() else finite(read.value(values))
    count = min(len(measured.replicates) for measured in used.values())
    units = min(measured.units for measured in used.values())
    if value is None or not count:
        return Measured(value, None, np.zeros(0), buckets, units)
    drawn = read.value({name: m.replicates[:count] for name, m in used.items()})
    replicates, _ = intervals.centred(drawn, value)
    interval = intervals.percentile(replicates, level) if units > 1 else None
    bounds = None if interval is None else (*interval, "bootstrap")
    return Measured(value, bounds, replicates, buckets, units)


def _figure(contract: ScoringContract, spec: MetricSpec, part: Part, weights: Array) -> Any:
    def one(chosen: Part) -> Measured:
        return _plain(contract, spec, chosen, weights)

    if spec.by is None:
        return one(part)
    return fairness.figure(spec, contract, part, one)


def _plain(contract: ScoringContract, spec: MetricSpec, part: Part, weights: Array) -> Measured:
    independent = contract.truth.is_plain
    return measure(
        registry.metric(spec.metric),
        spec,
        part.of_target(contract.target(spec)),
        weights,
        independent=independent,
        level=contract.level,
    )


def _sealed_sums(
    contract: ScoringContract, spec: MetricSpec, part: Part, measured: Measured
) -> bytes:
    meta = {
        "metric": spec.metric,
        "params": dict(spec.params),
        "units": measured.units,
        "rows": len(part),
        "rarest": _rarest(part.of_target(contract.target(spec)), spec),
        "value": measured.value,
        "interval": list(measured.interval) if measured.interval else None,
        "contract": contract.digest,
    }
    return measured.buckets.to_bytes(meta, replicates=measured.replicates)


def _rarest(part: Part, spec: MetricSpec) -> int | None:
    """Return the rows of the rarer side of a yes-or-no truth, None for any other truth.

    part: as of one target.
    """
    if part.gains is not None or part.y.ndim != 1 or part.y_offsets is not None:
        return None
    if part.texts and "positive" in spec.params:
        positive = np.array([text == str(spec.params["positive"]) for text in part.texts])
        positives = int(positive[part.y].sum())
    elif not part.texts and is_binary(part.y):
        positives = int(part.y.sum())
    else:
        return None
    return min(positives, len(part) - positives)


def _same_codes(labels: Labels, answer: Answer) -> tuple[list[str], Array]:
    """Give the labels of the answer the codes of the truth, and new ones to the others."""
    if not answer.texts or answer.texts == labels.texts:
        return labels.texts, answer.p
    texts = list(labels.texts)
    code = {t: i for i, t in enumerate(texts)}
    for text in answer.texts:
        if text not in code:
            code[text] = len(texts)
            texts.append(text)
    table = np.array([code[t] for t in answer.texts], np.int32)
    return texts, table[answer.p]


def _with_buckets(part: Part, labels: Labels, split: str) -> Part:
    fields: Mapping[str, Any] = {**part.__dict__, "buckets": labels.weights[split].shape[1]}
    return Part(**fields)

"""Score an aligned answer: every declared figure, its interval, the sums that rank, the audit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import intervals, ladder, registry
from challenges.scoring.audit.disclosure import groups_to_show
from challenges.scoring.audit.run import audit
from challenges.scoring.compilation import CompiledTruth
from challenges.scoring.contract import (
    AnswerSpec,
    Layout,
    Limits,
    MetricSpec,
    ScoringContract,
    TruthFault,
)
from challenges.scoring.intervals import Buckets
from challenges.scoring.metric import Floats, Metric, MetricFault, Part, Stats, is_binary, units_of
from challenges.scoring.metrics import formula
from challenges.scoring.truth import Answer, Keys, Labels, load_keys, load_labels
from challenges.scoring.verdict import Evaluated, Verdict


class Measurement(Protocol):
    """Describe what the measure of one group gives."""

    @property
    def value(self) -> float | None:
        """Return the figure, None when it cannot be computed."""

    @property
    def interval(self) -> tuple[float, float, str] | None:
        """Return the interval and its method."""

    @property
    def replicates(self) -> Floats:
        """Return the figure under each resampling."""


class GroupFigure(NamedTuple):
    """Hold a figure over groups and its interval.

    value: a number, {"groups": {name: facts}}, or {"withheld": number} where showing it would
    tell a group too small to be shown.
    """

    value: Any
    interval: tuple[float, float, str] | None


def _group_figure(
    spec: MetricSpec, contract: ScoringContract, part: Part, measure: Callable[[Part], Measurement]
) -> GroupFigure:
    """Compute a figure that has ``by``: group, or aggregate table, gap or worst.

    A group that cannot be computed counts for nothing in gap and worst. In a table each
    group has value, n, low, high and shown: False where it is not to be displayed.
    """
    may_show = groups_to_show(contract, part, str(spec.by), spec.params.get("positive"))
    found = {
        name: (len(rows), measure(rows), name in may_show)
        for name, rows in _groups(spec, part)
        if len(rows) > 0
    }
    if spec.group is not None:
        if spec.group not in found:
            return GroupFigure(None, None)
        _, measured, shows = found[spec.group]
        return GroupFigure(_unless(shows, measured.value), measured.interval)
    if spec.aggregate == "table":
        table = {name: _facts(*facts) for name, facts in found.items()}
        return GroupFigure({"groups": table}, None)
    known = [(m, shows) for _, m, shows in found.values() if m.value is not None]
    if not known:
        return GroupFigure(None, None)
    return _aggregate(spec, [m for m, _ in known], all(shows for _, shows in known))


def _aggregate(spec: MetricSpec, known: list[Measurement], shows: bool) -> GroupFigure:
    numbers = [m.value for m in known if m.value is not None]
    if spec.aggregate == "worst":
        worst = (min if spec.direction == "max" else max)(numbers)
        interval = next(m.interval for m in known if m.value == worst)
        return GroupFigure(_unless(shows, worst), interval)
    return GroupFigure(_unless(shows, max(numbers) - min(numbers)), _gap_interval(known))


def _unless(shows: bool, value: float | None) -> Any:
    return value if shows or value is None else {"withheld": value}


def _groups(spec: MetricSpec, part: Part) -> Iterator[tuple[str, Part]]:
    codes = part.groups[str(spec.by)]
    for code, name in enumerate(part.group_names[str(spec.by)]):
        where = np.flatnonzero(codes == code)
        if len(where) >= spec.min_n:
            yield name, part.take(where)


def _facts(n: int, measured: Measurement, shows: bool) -> dict[str, Any]:
    low, high = measured.interval[:2] if measured.interval else (None, None)
    return {"value": measured.value, "n": n, "low": low, "high": high, "shown": shows}


def _gap_interval(known: list[Measurement]) -> tuple[float, float, str] | None:
    """Bound the gap of two groups by the paired resamplings; more groups have no interval."""
    if len(known) != 2 or not all(len(m.replicates) for m in known):
        return None
    apart = known[0].replicates - known[1].replicates
    apart = apart[np.isfinite(apart)]
    if len(apart) < 2:
        return None
    low, high = (float(v) for v in np.percentile(apart, [2.5, 97.5]))
    if low <= 0 <= high:
        return 0.0, max(-low, high), "bootstrap"
    return min(abs(low), abs(high)), max(abs(low), abs(high)), "bootstrap"


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
    values = intervals.resampled_figure(buckets, weights, metric, stats.context)
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
    names = formula.read_formula(spec.params["formula"]).names
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
    read = formula.read_formula(spec.params["formula"])
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
    return _group_figure(spec, contract, part, one)


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


def examine(
    contract: ScoringContract,
    keys: Keys,
    labels: Labels,
    answer: Answer,
    verdict: Verdict,
    *,
    losses: bool = False,
) -> Evaluated:
    """Compute every figure, then what is told once all is revealed; all of it to be sealed.

    The audit is that of the last part, the private one where there is one; the column of the
    board that it declares is a figure of that part. losses: keep the unit losses of the public
    part, which a Ladder compares.
    """
    parts = parts_of(labels, keys, answer)
    found = figures_of(contract, labels, parts, verdict)
    last = contract.truth.splits[-1]
    weights = labels.weights[last]
    values, audited = dict(found.values), None
    if contract.audit is not None:
        audited = audit(contract, parts[last], weights, primary_of(contract, weights))
        if contract.audit.column is not None:
            values[last] = {**values[last], contract.audit.column.key: audited["column"]}
    return replace(
        found,
        values=values,
        audit=audited,
        losses=_losses(contract, parts["public"]) if losses else {},
    )


def _losses(contract: ScoringContract, part: Part) -> dict[str, bytes]:
    """Pack the unit losses of the public part, unless several rows make one cluster."""
    if contract.truth.cluster is not None and len(np.unique(part.bucket)) < len(part):
        return {}
    spec = contract.primary
    part = part.of_target(contract.target(spec))
    kept = ladder.unit_losses(registry.metric(spec.metric), spec.params, part, spec.direction)
    return {} if kept is None else {"public": kept}


class FileReader(Protocol):
    """Read a prediction file: child.read for a stranger's, reader.read_file for one's own."""

    def __call__(
        self,
        path: Path | str,
        spec: AnswerSpec,
        keys: bytes,
        limits: Limits | None = None,
        *,
        name: str | None = None,
    ) -> tuple[Verdict, Answer | None]:
        """Return the verdict, and the answer when accepted; raises OSError."""


def evaluate_file(
    path: Path | str,
    contract: ScoringContract,
    keys: bytes,
    labels: bytes,
    limits: Limits | None = None,
    *,
    read: FileReader,
) -> Evaluated:
    """Read a prediction file, then compute its figures here, where the labels are."""
    verdict, answer = read(path, contract.answer, keys, limits)
    if answer is None:
        return Evaluated(verdict)
    return evaluate(contract, load_keys(keys), load_labels(labels), answer, verdict)


def examine_file(
    path: Path | str,
    contract: ScoringContract,
    keys: bytes,
    labels: bytes,
    *,
    read: FileReader,
    name: str | None = None,
    losses: bool = False,
) -> Evaluated:
    """Read a prediction file and score it, with the fairness audit.

    name: the file name its authors gave. losses: with the unit losses of the public part too,
    which a Ladder compares.
    """
    verdict, answer = read(path, contract.answer, keys, name=name)
    if answer is None:
        return Evaluated(verdict)
    known = load_keys(keys), load_labels(labels)
    return examine(contract, *known, answer, verdict, losses=losses)


OF_THE_ANSWER = frozenset({"attribute_distance", "formula", "n_clusters", "share_other_prefix"})


def require_defined(contract: ScoringContract, truth: CompiledTruth) -> None:
    """Refuse a contract that cannot be scored on its truth.

    Raises TruthFault: E_METRIC (the figure is badly declared), E_METRIC_UNDEFINED.
    """
    for key, _ in registry.problems(contract):
        raise TruthFault("E_METRIC", key)
    for key, split, why in undefined_figures(
        contract, load_keys(truth.keys), load_labels(truth.labels)
    ):
        raise TruthFault("E_METRIC_UNDEFINED", f"{key}, {split} : {why}")


def undefined_figures(
    contract: ScoringContract, keys: Keys, labels: Labels
) -> list[tuple[str, str, str]]:
    """List the figures that a part of the truth leaves undefined: (key, split, why).

    Figures by group are left out: a group without a value reads « non calculable ».
    """
    return list(_undefined(contract, keys, labels))


def _undefined(
    contract: ScoringContract, keys: Keys, labels: Labels
) -> Iterator[tuple[str, str, str]]:
    known = [s for s in contract.figures if s.by is None and s.metric not in OF_THE_ANSWER]
    for split, part in parts_of(labels, keys, perfect_answer(contract, labels)).items():
        for spec in known:
            why = _why(spec, part.of_target(contract.target(spec)))
            if why:
                yield spec.key, split, why


def perfect_answer(contract: ScoringContract, labels: Labels) -> Answer:
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

"""Run a declared audit on one part of an answer, and write what may be read of it.

Gaps are judged together: the largest studentised deviation in an attribute, Holm across them.
What is published is rounded once, without small cells nor what tells them."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit import figures as group_figures
from challenges.scoring.audit.declared import AuditSpec, Kind, Measure
from challenges.scoring.audit.disclosure import (
    Floors,
    Slice,
    Table,
    cells_to_hide,
    counted_tables,
    floors,
    groups_to_hide,
    positives,
    singles_out,
)
from challenges.scoring.audit.figures import (
    Figure,
    Rows,
    areas,
    calibration_error,
    cube,
    mean,
    of_metric,
    rate,
)
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Floats, Part

Array = NDArray[Any]
SURE = 1e-12
OVERALL = -1
MANY_GROUPS = 60
FEW_UNITS = 30


@dataclass(frozen=True)
class Contrast:
    """Hold the difference of two groups, or of a group and all rows (second: OVERALL).

    value: first − second. error: its standard error, 0 when it is known for sure. figure: the
    place of the figure in its family.
    """

    figure: int
    first: int
    second: int
    value: float
    error: float

    @property
    def t(self) -> float:
        """Return |difference| / error."""
        return abs(self.value) / self.error if self.error > SURE else 0.0


@dataclass(frozen=True)
class Family:
    """Hold every contrast of an attribute and, per resampling, the largest deviation."""

    contrasts: tuple[Contrast, ...]
    largest: Floats

    @property
    def p(self) -> float:
        """Return the share of resamplings that deviate as much as the largest contrast seen."""
        seen = max((each.t for each in self.contrasts), default=0.0)
        if seen <= 0:
            return 1.0
        return float((1 + (self.largest >= seen).sum()) / (len(self.largest) + 1))

    def limit(self, alpha: float) -> float:
        """Return the deviation that exactly the contrasts with p ≤ alpha pass."""
        spare = int(np.floor(alpha * (len(self.largest) + 1) + 1e-9)) - 1
        if spare < 0 or not len(self.largest):
            return float("inf")
        ordered = np.sort(self.largest)[::-1]
        return float(ordered[min(spare, len(ordered) - 1)])


@dataclass(frozen=True)
class Verdict:
    """Hold the judgment of a family: the limit of its intervals, and whether a gap is claimed."""

    limit: float
    gap: bool
    p: float


def eligible(figure: Figure, allowed: Array, units: Array) -> Array:
    """Return the groups whose gaps may be judged: shown, computed, on enough rows and units.

    units: (groups,) independent units: a handful of clusters tells nothing, however many rows.
    """
    enough = (figure.support >= FEW_UNITS) & (units >= FEW_UNITS)
    known = np.isfinite(figure.values) & enough & allowed
    drawn = np.isfinite(figure.replicates).mean(0) if len(figure.replicates) else 0.0
    return known & (drawn > 0.95)


def family(figures: Sequence[Figure], allowed: Sequence[Array], *, complete: bool = True) -> Family:
    """Compare groups two by two and each with all rows, for every figure.

    allowed: for each figure, the groups to compare. complete: every row has a known group;
    else all rows are no fair reference, and groups are compared two by two only. Above 60
    groups, with all rows only.
    """
    contrasts: list[Contrast] = []
    times = max((len(each.of_all) for each in figures), default=0)
    largest = np.zeros(times)
    for at, figure in enumerate(figures):
        groups = np.flatnonzero(allowed[at])
        if len(groups) < 2 or not figure.tested:
            continue
        drawn = figure.replicates[:, groups].T
        for place, group in enumerate(groups):
            values: list[float] = []
            others: list[int] = []
            apart: list[Floats] = []
            if complete or len(groups) > MANY_GROUPS:
                values, others, apart = [figure.overall], [OVERALL], [figure.of_all[None, :]]
            if len(groups) <= MANY_GROUPS and place + 1 < len(groups):
                values += figure.values[groups[place + 1 :]].tolist()
                others += groups[place + 1 :].tolist()
                apart.append(drawn[place + 1 :])
            if not apart:
                continue
            differences = drawn[place] - np.concatenate(apart)
            errors = _studentise(differences, largest)
            contrasts += [
                Contrast(at, int(group), int(other), float(figure.values[group] - value), error)
                for other, value, error in zip(others, values, errors.tolist(), strict=True)
            ]
    return Family(tuple(contrasts), largest)


def _studentise(differences: Floats, largest: Floats) -> Floats:
    """Raise largest to the deviations of some differences; return their standard errors."""
    known = np.isfinite(differences)
    if not known.all():
        count = np.maximum(known.sum(1, keepdims=True), 1)
        means = np.where(known, differences, 0.0).sum(1, keepdims=True) / count
        differences = np.where(known, differences, means)
    errors = np.asarray(differences.std(1, ddof=1), np.float64)
    sure = np.isfinite(errors) & (errors > SURE)
    if sure.any():
        centred = differences[sure] - differences[sure].mean(1, keepdims=True)
        np.maximum(largest, (np.abs(centred) / errors[sure][:, None]).max(0), out=largest)
    return np.where(sure, errors, 0.0)


def holm(families: Sequence[Family], alpha: float) -> list[Verdict]:
    """Judge families together: the smallest p first, at alpha over how many are left.

    The level at which one stops is also that of the intervals of all that follow, so that an
    interval holds 0 exactly where no gap is claimed.
    """
    found: list[Verdict | None] = [None] * len(families)
    going, level = True, alpha
    order = sorted(range(len(families)), key=lambda i: (families[i].p, i))
    for rank, at in enumerate(order):
        if going:
            level = alpha / (len(families) - rank)
            going = families[at].p <= level
        found[at] = Verdict(families[at].limit(level), going, families[at].p)
    return [each for each in found if each is not None]


Primary = Callable[[Part], Any]
VERSION = 1
BY_MEASURE: dict[Measure, tuple[str, ...]] = {
    Measure.DEMOGRAPHIC_PARITY: ("selection",),
    Measure.EQUAL_OPPORTUNITY: ("tpr",),
    Measure.EQUALISED_ODDS: ("tpr", "fpr"),
    Measure.PREDICTIVE_PARITY: ("ppv", "npv"),
    Measure.CALIBRATION: ("calibration", "ece"),
    Measure.AUC_BY_GROUP: ("auc", "bpsn", "bnsp"),
    Measure.WORST_GROUP: ("metric",),
    Measure.SIGNED_ERROR: ("error",),
    Measure.EXPOSURE: ("exposure",),
}
RATES = ("selection", "tpr", "fpr", "ppv", "npv")


@dataclass(frozen=True)
class _Cut:
    """Hold one slice under audit: its counts, what may be shown, its figures.

    persons, labels: (groups,) bool, whether the group may be shown at all, and whether figures
    that read the truth may. usual: the usual form of the metric, for groups of items.
    """

    table: Table
    persons: Array
    labels: Array
    figures: tuple[Figure, ...]
    usual: Array | None = None

    @property
    def cut(self) -> Slice:
        """Return the slice."""
        return self.table.cut

    @property
    def complete(self) -> bool:
        """Say whether every row has a known group."""
        return not self.cut.missing.any() and not self.table.rest[0]

    def allowed(self, figure: Figure) -> Array:
        """Return the groups for which a figure may be shown."""
        return self.persons if figure.key == "selection" else self.labels


def audit(contract: ScoringContract, part: Part, weights: Array, primary: Primary) -> Any:
    """Compute a declared audit, small cells included: JSON values, to be sealed.

    part: the rows audited. weights: (resamplings, buckets), stored with the truth. primary:
    gives the challenge's own metric of some rows. None when the contract declares no audit.
    """
    spec = contract.audit
    if spec is None:
        return None
    kind, rows = _rows(contract, spec, part, weights)
    with np.errstate(all="ignore"):
        cuts = list(_cuts(contract, spec, kind, part, rows, primary))
    chosen = [
        [eligible(f, c.allowed(f) & ~c.cut.missing, c.table.units) for f in c.figures] for c in cuts
    ]
    with np.errstate(all="ignore"):
        families = [
            family(c.figures, allowed, complete=c.complete)
            for c, allowed in zip(cuts, chosen, strict=True)
        ]
    verdicts = holm(families, 1 - contract.level)
    found = [
        _slice(each, family.contrasts, verdict)
        for each, family, verdict in zip(cuts, families, verdicts, strict=True)
    ]
    record = {"version": VERSION, "kind": kind.value, "n": len(part), "slices": found}
    return record | {"column": _column(contract, spec, record)}


def _rows(
    contract: ScoringContract, spec: AuditSpec, part: Part, weights: Array
) -> tuple[Kind, Rows]:
    seed = hashlib.sha256(np.ascontiguousarray(weights).tobytes()).digest()
    rows = Rows(
        bucket=part.bucket,
        weights=weights.astype(np.float64),
        independent=contract.truth.cluster is None,
        level=contract.level,
        draw=np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big"))),
        weight=part.weight,
    )
    if part.ranks is not None:
        return Kind.RANKED, rows
    if part.y_offsets is not None or part.p.ndim > 2:
        return Kind.OTHER, rows
    if spec.positive is not None:
        return _of_labels(spec.positive, contract, part, rows)
    if part.texts or part.p.ndim != 1:
        return Kind.OTHER, rows
    if not np.isin(part.y, (0.0, 1.0)).all():
        return Kind.NUMBERS, replace(rows, score=part.p)
    selected = (part.p >= spec.threshold).astype(np.int8)
    return Kind.SCORES, replace(rows, y=part.y.astype(np.int8), selected=selected, score=part.p)


def _of_labels(
    positive: str, contract: ScoringContract, part: Part, rows: Rows
) -> tuple[Kind, Rows]:
    answered = part.p
    if part.p.ndim == 2:
        if contract.answer.classes is None:
            return Kind.OTHER, rows
        answered = part.p.argmax(1)
    y = positives(part, positive)
    selected = positives(replace(part, y=answered), positive)
    return Kind.LABELS, replace(rows, y=y, selected=selected)


def _cuts(
    contract: ScoringContract,
    spec: AuditSpec,
    kind: Kind,
    part: Part,
    rows: Rows,
    primary: Primary,
) -> Iterator[_Cut]:
    measures = _told(spec.measured(kind), part, rows, contract.least_group)
    wanted = {(key,) for key in contract.audited} | set(spec.crossings)
    counted = counted_tables(contract, part, rows.y)
    hid = groups_to_hide(contract, counted, labelled=rows.y is not None)
    for each, persons, labels in zip(counted, *hid, strict=True):
        if each.cut.attributes in wanted:
            figures = tuple(_figures(measures, each.cut, part, rows, primary))
            yield _Cut(each, ~persons, ~labels, figures)
    for key in contract.audited:
        if key in part.items and part.ranks is not None:
            least = floors(contract, labelled=False)
            yield _of_items(key, part, rows, primary, measures, least)


def _told(measures: tuple[Measure, ...], part: Part, rows: Rows, least: int) -> tuple[Measure, ...]:
    """Leave out what would tell the group of a few persons that an answer singles out."""
    if part.ranks is None and part.p.ndim == 1 and singles_out(part.p, least):
        return ()
    if rows.selected is not None and singles_out(rows.selected, least):
        return tuple(each for each in measures if not set(BY_MEASURE[each]) & set(RATES))
    return measures


def _figures(
    measures: Sequence[Measure], cut: Slice, part: Part, rows: Rows, primary: Primary
) -> Iterator[Figure]:
    wanted = {name for measure in measures for name in BY_MEASURE[measure]}
    if rows.y is not None and wanted & set(RATES):
        found = cube(rows, cut)
        yield from (rate(name, found, rows) for name in RATES if name in wanted)
    if rows.score is not None and rows.y is not None:
        inside = bool(len(rows.score) and rows.score.min() >= 0 and rows.score.max() <= 1)
        if "calibration" in wanted and inside:
            yield mean("calibration", rows.score - rows.y, cut, rows)
            yield calibration_error(cut, rows)
        if "auc" in wanted and rows.weight is None:
            yield from areas(cut, rows)
    if "error" in wanted and rows.score is not None:
        yield mean("error", rows.score - part.y, cut, rows)
    if "metric" in wanted:
        support = np.bincount(cut.codes[cut.codes >= 0], minlength=len(cut))
        yield of_metric(
            "metric",
            cut,
            primary(part),
            lambda group: primary(part.take(np.flatnonzero(cut.codes == group))),
            rows,
            support,
        )


def _of_items(
    key: str,
    part: Part,
    rows: Rows,
    primary: Primary,
    measures: Sequence[Measure],
    least: Floors,
) -> _Cut:
    names = part.item_names[key]
    codes = np.full(max(len(part.texts), 1), -1, np.int32)
    codes[: len(part.items[key])] = part.items[key][: len(codes)]
    missing = np.array([name == "" for name in names], bool)
    cut = Slice((key,), tuple((name,) for name in names), codes, missing)
    ranking = group_figures.Ranking(part, cut)
    counted = ranking.table()
    shown = ~cells_to_hide([counted], least)[0]
    figures, usual = [], None
    if Measure.EXPOSURE in measures:
        figures.append(group_figures.exposure_of_items(ranking, rows, counted.rows))
    if Measure.WORST_GROUP in measures:
        found, usual = group_figures.worst_of_items(ranking, primary, rows, counted.rows)
        figures.append(found)
    return _Cut(counted, shown, shown, tuple(figures), usual)


def _slice(each: _Cut, contrasts: Sequence[Contrast], verdict: Verdict) -> dict[str, Any]:
    cut, counted = each.cut, each.table
    groups = [
        {
            "key": list(cut.groups[g]),
            "n": int(counted.rows[g]),
            "positives": int(counted.counts[g, 1]),
            "missing": bool(cut.missing[g]),
            "shown": bool(each.persons[g]),
            "labels": bool(each.labels[g]),
            "usual": None if each.usual is None else _number(each.usual[g]),
        }
        for g in range(len(cut))
    ]
    figures = [
        _figure(each, figure, [c for c in contrasts if c.figure == at], verdict.limit)
        for at, figure in enumerate(each.figures)
    ]
    judged = any(figure["verdict"] in {"gap", "no_gap"} for figure in figures)
    said = "gap" if verdict.gap else "no_gap" if judged else "few"
    return {
        "attributes": list(cut.attributes),
        "verdict": said,
        "p": verdict.p,
        "groups": groups,
        "figures": figures,
    }


def _figure(
    each: _Cut, figure: Figure, contrasts: Sequence[Contrast], limit: float
) -> dict[str, Any]:
    pairs = [c for c in contrasts if c.second != OVERALL]
    apart = [c for c in contrasts if c.second == OVERALL]
    widest = max(pairs, key=lambda c: abs(c.value), default=None)
    surest = max(contrasts, key=lambda c: c.t, default=None)
    claimed = surest is not None and surest.t > limit
    said = "gap" if claimed else "no_gap" if contrasts else "few"
    return {
        "key": figure.key,
        "overall": _number(figure.overall),
        "verdict": said if figure.tested else "untested",
        "groups": [
            {
                "value": _number(figure.values[g]),
                "low": _end(figure.bounds[g], 0),
                "high": _end(figure.bounds[g], 1),
                "support": int(figure.support[g]),
                "shown": bool(each.allowed(figure)[g]),
            }
            for g in range(len(each.cut))
        ],
        "gap": _contrast(widest, limit),
        "claim": _contrast(surest, limit) if claimed else None,
        "apart": [_contrast(c, limit) for c in apart],
    }


def _contrast(found: Contrast | None, limit: float) -> dict[str, Any] | None:
    """Write a difference with its simultaneous interval, the larger group first."""
    if found is None:
        return None
    turned = found.value < 0 and found.second != OVERALL
    first, second = (found.second, found.first) if turned else (found.first, found.second)
    value, half = (-found.value if turned else found.value), limit * found.error
    known = np.isfinite(half) and (found.error > 0 or not value)
    return {
        "of": [first, second],
        "value": value + 0.0,
        "low": value - half if known else None,
        "high": value + half if known else None,
        "significant": bool(found.t > limit),
    }


def _column(contract: ScoringContract, spec: AuditSpec, record: dict[str, Any]) -> float | None:
    """Give the value of the column « Équité », over the groups that may be shown."""
    if spec.column is None:
        return None
    column = spec.column
    chosen = [
        each
        for each in record["slices"]
        if len(each["attributes"]) == 1 and column.attribute in (None, each["attributes"][0])
    ]
    wanted = BY_MEASURE[column.measure]
    spans = [
        _shown_values(each, f) for each in chosen for f in each["figures"] if f["key"] in wanted
    ]
    worst_group = column.measure is Measure.WORST_GROUP
    spans = [values for values in spans if len(values) >= (1 if worst_group else 2)]
    if not spans:
        return None
    if worst_group:
        worst = min if contract.primary.direction == "max" else max
        return float(worst(worst(values) for values in spans))
    return float(max(max(values) - min(values) for values in spans))


def _shown_values(each: dict[str, Any], figure: dict[str, Any]) -> list[float]:
    return [
        cell["value"]
        for cell, group in zip(figure["groups"], each["groups"], strict=True)
        if cell["shown"] and not group["missing"] and cell["value"] is not None
    ]


def _number(value: Any) -> float | None:
    return float(value) + 0.0 if np.isfinite(value) else None


def _end(bounds: tuple[float, float] | None, side: int) -> float | None:
    return None if bounds is None else float(bounds[side])


DECIMALS = 3
FEW = 100
ALERT = 0.8
ROUNDED_TO = 5


def published_audit(contract: ScoringContract, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of a sealed audit that pages, files and the API show: JSON values.

    Group sizes are rounded to 5; a hidden group keeps its name and nothing else. The gap of a
    figure is over the groups compared, its alert over the groups shown.
    """
    spec = contract.audit
    if spec is None:
        raise ValueError("the contract declares no audit")
    decimals = contract.primary.decimals
    column = None
    if spec.column is not None:
        value = _rounded(record["column"], _column_decimals(spec.column.measure, decimals))
        column = {"value": value, "barred": spec.column.bars(value, contract.primary.direction)}
    return {
        "version": record["version"],
        "kind": record["kind"],
        "n": rounded_count(record["n"]),
        "level": contract.level,
        "shown": spec.shown.value,
        "slices": [_published_slice(each, decimals) for each in record["slices"]],
        "column": column,
    }


def rounded_count(n: int) -> int:
    """Round a number of rows to the nearest 5."""
    return ROUNDED_TO * ((n + ROUNDED_TO // 2) // ROUNDED_TO)


def decimals_of(figure: str, decimals: int) -> int:
    """Return the decimals of a figure: the metric's own, else 3."""
    return decimals if figure in {"metric", "error"} else DECIMALS


def _column_decimals(measure: Measure, decimals: int) -> int:
    return decimals_of(BY_MEASURE[measure][0], decimals)


def _published_slice(each: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    return {
        "attributes": each["attributes"],
        "verdict": each["verdict"],
        "groups": [_published_group(group, decimals) for group in each["groups"]],
        "figures": [
            _published_figure(figure, each["groups"], decimals_of(figure["key"], decimals))
            for figure in each["figures"]
        ],
    }


def _published_group(group: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    if not group["shown"]:
        return {"key": group["key"], "state": "hidden"}
    told = {
        "key": group["key"],
        "state": "few" if group["n"] < FEW else "shown",
        "n": rounded_count(group["n"]),
    }
    if group["labels"] and group["usual"] is not None:
        told["usual"] = _rounded(group["usual"], decimals)
    return told


def _published_figure(
    figure: Mapping[str, Any], groups: list[Mapping[str, Any]], decimals: int
) -> dict[str, Any]:
    cells = [_published_cell(cell, decimals) for cell in figure["groups"]]
    ratio = _published_ratio(figure, groups) if figure["key"] in {"selection", "exposure"} else None
    return {
        "key": figure["key"],
        "decimals": decimals,
        "verdict": figure["verdict"],
        "overall": _rounded(figure["overall"], decimals),
        "groups": cells,
        "gap": _published_contrast(figure["gap"], decimals),
        "claim": _published_contrast(figure["claim"], decimals),
        "apart": [_published_contrast(each, decimals) for each in figure["apart"]],
        "ratio": _rounded(ratio, DECIMALS),
        "alert": ratio is not None and round(ratio, DECIMALS) < ALERT,
        "zero": [
            g for g, cell in enumerate(cells) if figure["key"] == "tpr" and cell["value"] == 0
        ],
    }


def _published_ratio(figure: Mapping[str, Any], groups: list[Mapping[str, Any]]) -> float | None:
    """Divide the lowest by the highest of the groups shown, two at least, before any rounding."""
    known = [
        cell["value"]
        for cell, group in zip(figure["groups"], groups, strict=True)
        if cell["shown"] and cell["value"] is not None and not group["missing"]
    ]
    return min(known) / max(known) if len(known) > 1 and max(known) > 0 else None


def _published_cell(cell: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    if not cell["shown"]:
        return {"state": "hidden", "value": None, "low": None, "high": None}
    return {
        "state": "undefined" if cell["value"] is None else "shown",
        **{name: _rounded(cell[name], decimals) for name in ("value", "low", "high")},
    }


def _published_contrast(found: Mapping[str, Any] | None, decimals: int) -> dict[str, Any] | None:
    if found is None:
        return None
    ends = {name: _rounded(found[name], decimals) for name in ("value", "low", "high")}
    return {"of": found["of"], **ends, "significant": found["significant"]}


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals) + 0.0

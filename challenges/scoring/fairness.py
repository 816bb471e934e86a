"""Compute the declared figures per group: one group, the table, the gap, the worst group."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from challenges.scoring.contract import MetricSpec
from challenges.scoring.metric import Floats, MetricFault, Part


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
    """Hold a figure over groups: a number, or {"groups": {name: facts}}, and its interval."""

    value: Any
    interval: tuple[float, float, str] | None


def figure(
    spec: MetricSpec, min_rows: int, part: Part, measure: Callable[[Part], Measurement]
) -> GroupFigure:
    """Compute a figure that has ``by``: group, or aggregate table, gap or worst.

    A group that cannot be computed counts for nothing in gap and worst. In a table each
    group has value, n, low, high and shown: False below min_rows rows, not to be displayed.
    """
    found = {
        name: (len(rows), measure(rows)) for name, rows in _groups(spec, part) if len(rows) > 0
    }
    if spec.group is not None:
        if spec.group not in found:
            return GroupFigure(None, None)
        return GroupFigure(found[spec.group][1].value, found[spec.group][1].interval)
    if spec.aggregate == "table":
        table = {name: _facts(n, m, min_rows) for name, (n, m) in found.items()}
        return GroupFigure({"groups": table}, None)
    known = [m for _, m in found.values() if m.value is not None]
    if not known:
        return GroupFigure(None, None)
    numbers = [m.value for m in known if m.value is not None]
    if spec.aggregate == "worst":
        worst = (min if spec.direction == "max" else max)(numbers)
        return GroupFigure(worst, next(m.interval for m in known if m.value == worst))
    if spec.aggregate == "gap":
        return GroupFigure(max(numbers) - min(numbers), _gap_interval(known))
    raise MetricFault(f"unknown aggregate {spec.aggregate}")


def shown_groups(table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Keep of a table's groups what may be displayed, without the internal mark."""
    return {
        name: {k: v for k, v in facts.items() if k != "shown"}
        for name, facts in table["groups"].items()
        if facts["shown"]
    }


def _groups(spec: MetricSpec, part: Part) -> Iterator[tuple[str, Part]]:
    codes = part.groups[str(spec.by)]
    for code, name in enumerate(part.group_names[str(spec.by)]):
        where = np.flatnonzero(codes == code)
        if len(where) >= spec.min_n:
            yield name, part.take(where)


def _facts(n: int, measured: Measurement, min_rows: int) -> dict[str, Any]:
    low, high = measured.interval[:2] if measured.interval else (None, None)
    return {"value": measured.value, "n": n, "low": low, "high": high, "shown": n >= min_rows}


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

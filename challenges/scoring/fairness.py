"""Compute the declared figures per group: one group, the table, the gap, the worst group."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from challenges.scoring.audit.shown import shown
from challenges.scoring.contract import MetricSpec, ScoringContract
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
    """Hold a figure over groups and its interval.

    value: a number, {"groups": {name: facts}}, or {"withheld": number} where showing it would
    tell a group too small to be shown.
    """

    value: Any
    interval: tuple[float, float, str] | None


def figure(
    spec: MetricSpec, contract: ScoringContract, part: Part, measure: Callable[[Part], Measurement]
) -> GroupFigure:
    """Compute a figure that has ``by``: group, or aggregate table, gap or worst.

    A group that cannot be computed counts for nothing in gap and worst. In a table each
    group has value, n, low, high and shown: False where it is not to be displayed.
    """
    may_show = shown(contract, part, str(spec.by), spec.params.get("positive"))
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
    if spec.aggregate == "gap":
        return GroupFigure(_unless(shows, max(numbers) - min(numbers)), _gap_interval(known))
    raise MetricFault(f"unknown aggregate {spec.aggregate}")


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

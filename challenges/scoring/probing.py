"""Look for the traits of entries that are sent to learn the answers, not to give any.

Any one of them may be honest: a first constant file, a mended row, a spent quota. Three of
them together are worth a question (docs/decisions/0025).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from challenges.scoring.leakage import ALLOWED
from challenges.scoring.signals import Known
from challenges.scoring.sketch import LEAST_TERMS, Sketch

SMALL_CHANGE = 0.005
LEAST_CHANGES = 3
LEAST_FLAT = 2
LONG_VALUES = 20
NEAR_TRIVIAL = 0.05
HABITS_WANTED = 3


class Habit(StrEnum):
    """Name a trait of entries sent to learn the answers."""

    SMALL_CHANGES = "small_changes"
    FLAT = "flat"
    PROGRESSION = "progression"
    LONG_VALUES = "long_values"
    FALL = "fall"
    BUDGET = "budget"


@dataclass(frozen=True)
class Attempt:
    """Hold one entry of a team in order of receipt; score: exact public one, None without."""

    entry: str
    digest: str
    sketch: Sketch | None
    score: float | None = None


@dataclass(frozen=True)
class Spending:
    """Hold what a team was told and may be: share of the bits of the answers, attempts used."""

    share: float = 0.0
    used: int = 0
    allowed: int | None = None


@dataclass(frozen=True)
class Probing:
    """Hold the traits found in the entries of a team, each with the entries that show it."""

    habits: Mapping[Habit, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_flagged(self) -> bool:
        """Say whether there are enough of them to ask."""
        return len(self.habits) >= HABITS_WANTED


def probing(
    attempts: Sequence[Attempt],
    known: Known,
    spending: Spending,
    *,
    direction: str,
    trivial: float | None,
    number_classes: int | None = None,
) -> Probing:
    """Look for the traits of probing in a team's entries, in order of receipt.

    trivial: the public score of the published answer, None when there is none.
    number_classes: how many answers a row may have, None for free numbers: two values are
    then no trait where two are all there is.
    """
    own = [each for each in attempts if each.digest not in known.digests]
    least = 1 if number_classes is not None and number_classes <= 2 else 2
    found: dict[Habit, tuple[str, ...]] = {}
    changed = _small_changes(own)
    if len(changed) >= LEAST_CHANGES:
        found[Habit.SMALL_CHANGES] = changed
    flat = tuple(e.entry for e in own if e.sketch and e.sketch.shape.distinct <= least)
    if len(flat) >= LEAST_FLAT:
        found[Habit.FLAT] = flat
    for habit, shows in (
        (Habit.PROGRESSION, _progresses),
        (Habit.LONG_VALUES, _is_long),
    ):
        entries = tuple(e.entry for e in own if e.sketch is not None and shows(e.sketch))
        if entries:
            found[habit] = entries
    falls = _falls(own, direction, trivial)
    if falls:
        found[Habit.FALL] = falls
    used_up = spending.allowed is not None and 0 < spending.allowed <= spending.used
    if used_up or spending.share > ALLOWED:
        found[Habit.BUDGET] = ()
    return Probing(found)


def _progresses(sketch: Sketch) -> bool:
    return sketch.shape.terms >= LEAST_TERMS


def _is_long(sketch: Sketch) -> bool:
    return sketch.shape.long > LONG_VALUES


def _small_changes(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Return the entries that differ from the one before on few rows, or on one alone."""
    found = []
    for before, after in itertools.pairwise(attempts):
        if before.sketch is None or after.sketch is None or before.digest == after.digest:
            continue
        rows = (before.sketch.values != after.sketch.values).any(1)
        if np.count_nonzero(rows) <= 1 or rows.mean() < SMALL_CHANGE:
            found.append(after.entry)
    return tuple(found)


def _falls(attempts: Sequence[Attempt], direction: str, trivial: float | None) -> tuple[str, ...]:
    """Return the entries at the trivial score, or below, sent after a good one."""
    if trivial is None or direction not in ("max", "min"):
        return ()
    sign = 1.0 if direction == "max" else -1.0
    best, found = 0.0, []
    for each in attempts:
        if each.score is None:
            continue
        gain = sign * (each.score - trivial)
        if best > 0 and gain <= NEAR_TRIVIAL * best:
            found.append(each.entry)
        best = max(best, gain)
    return tuple(found)

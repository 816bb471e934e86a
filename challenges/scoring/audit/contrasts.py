"""Judge gaps together: the largest studentised deviation in an attribute, Holm across them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.figures import Figure
from challenges.scoring.metric import Floats

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

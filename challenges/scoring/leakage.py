"""Weigh what public scores can tell about the answers against what there is to tell.

Leak budget = attempts × log2(levels shown) ≤ 10 % of n·H(label) on the public part. One score
of a rounded figure tells at most log2 of how many values it may take; under a Ladder what a
team reads never gets worse, so that q attempts over L levels tell at most log2 C(q + L − 1, q).
An upper bound: what is out of reach by counting needs no cleverness to be safe.
Example: 2,000 rows, 23 % of positives: 1,557 bits; 60 attempts at 3 decimals: 598, 38 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, exp2, inf, isfinite, lgamma, log, log2, tanh
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import privacy, registry
from challenges.scoring.contract import MetricSpec, ScoringContract
from challenges.scoring.ladder import Form, Ladder
from challenges.scoring.metric import Step
from challenges.scoring.truth import Labels

ALLOWED = 0.10
STEP_PROPOSED = 0.01
PUBLIC = "public"


class Remedy(StrEnum):
    """Name a way to tell less."""

    DECIMALS = "decimals"
    LADDER = "ladder"
    STEP = "step"
    PART = "part"
    ATTEMPTS = "attempts"


@dataclass(frozen=True)
class Column:
    """Hold one public figure: how wide its useful range is, as a power of two, and decimals.

    most: how many values it can take whatever its decimals, None without such a bound. delta:
    the most that one answer moves it, None when that is not declared.
    """

    key: str
    range_bits: float
    decimals: int
    most: int | None = None
    delta: float | None = None

    @property
    def levels(self) -> float:
        """Return how many values the figure may show."""
        found = exp2(self.range_bits) * 10.0**self.decimals + 1
        return found if self.most is None else min(found, self.most)

    @property
    def bits(self) -> float:
        """Return what one figure tells at most, in bits."""
        return log2(self.levels)

    def blurred_bits(self, epsilon: float) -> float:
        """Return what one figure tells at most through Laplace noise that spends epsilon.

        A number of width w through noise of scale b tells log2(1 + w/2b) at most: of all laws
        of one mean absolute value, Laplace's has the most entropy.
        """
        if self.delta is None:
            return self.bits
        return min(self.bits, log2(1 + exp2(self.range_bits) / (2 * self.delta / epsilon)))


@dataclass(frozen=True)
class Facts:
    """Hold what the budget needs of a challenge; no answer is in it.

    units: rows or queries of the public part. label_bits: n·H(label) there. columns: the
    public figures, the one that ranks first. epsilon: what one entry spends where noise is
    added to them, a fact of the phase that is not written.
    """

    units: int
    label_bits: float
    columns: tuple[Column, ...]
    epsilon: float | None = None

    @property
    def entry_bits(self) -> float:
        """Return what one entry tells at most."""
        if self.epsilon is None:
            return sum(column.bits for column in self.columns)
        share = self.epsilon / len(self.columns)
        shown = sum(column.blurred_bits(share) for column in self.columns)
        # Of each of independent answers, the divergence of its neighbours: ε·tanh(ε/2) nats.
        told = self.units * self.epsilon * tanh(self.epsilon / 2) / log(2)
        return min(shown, told)

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        return {
            "units": self.units,
            "label_bits": self.label_bits,
            "columns": [
                {"key": c.key, "range_bits": c.range_bits, "decimals": c.decimals, "most": c.most}
                | ({} if c.delta is None else {"delta": c.delta})
                for c in self.columns
            ],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Facts":
        """Read what to_json wrote."""
        return cls(
            units=int(raw["units"]),
            label_bits=float(raw["label_bits"]),
            columns=tuple(Column(**column) for column in raw["columns"]),
        )


@dataclass(frozen=True)
class Proposal:
    """Tell what a remedy would leave: its number (decimals, step, rows, attempts), the share."""

    remedy: Remedy
    number: float
    share: float


@dataclass(frozen=True)
class Budget:
    """Hold the leak budget of a phase.

    attempts: None without a limit. told: bits that all attempts of a team may tell, infinite
    without a limit. share: of the bits there are to tell. proposals: what would tell less.
    """

    facts: Facts
    attempts: int | None
    told: float
    share: float
    proposals: tuple[Proposal, ...] = ()

    @property
    def is_exceeded(self) -> bool:
        """Say whether more may be told than is wise."""
        return self.share > ALLOWED


def facts_of(contract: ScoringContract, labels: Labels) -> Facts:
    """Read what the budget needs in a compiled truth."""
    where = labels.part == labels.splits.index(PUBLIC)
    units = int(np.count_nonzero(where))
    spread = _spread(_elements(labels, where, labels.gains))
    ranked = sorted(contract.metrics, key=lambda spec: spec.key != contract.primary.key)
    return Facts(
        units=units,
        label_bits=round(label_bits(labels, where), 1),
        columns=tuple(_column(spec, units, spread) for spec in ranked),
    )


def label_bits(labels: Labels, where: NDArray[np.bool_]) -> float:
    """Return n·H(label) over some units, in bits; over their elements where they hold several.

    H is the entropy of the answers found there: numbers that are all different have log2(n).
    """
    found = _elements(labels, where, labels.y)
    if not len(found):
        return 0.0
    _, counts = np.unique(found, return_counts=True, axis=0)
    share = counts / counts.sum()
    return float(-(counts * np.log2(share)).sum()) + 0.0


def _elements(
    labels: Labels, where: NDArray[np.bool_], values: NDArray[Any] | None
) -> NDArray[Any]:
    """Return the answers of some units, laid end to end where a unit holds several."""
    if values is None:
        values = labels.y
    if labels.offsets is None:
        return values[where]
    return values[np.repeat(where, np.diff(labels.offsets))]


def _spread(values: NDArray[Any]) -> float:
    return float(values.max() - values.min()) if len(values) else 0.0


def _column(spec: MetricSpec, units: int, spread: float) -> Column:
    """Bound the useful range of a figure; where it has none, by the spread of the truth."""
    metric = registry.metric(spec.metric)
    width = metric.high - metric.low
    if metric.name == "log_loss":
        width = -log(float(spec.params.get("clip", 1e-6)))
    elif not isfinite(width):
        squared = metric.name == "mse"
        width = 1.0 if isfinite(metric.high) else max(spread ** (2 if squared else 1), 1.0)
    # Rounded up to a power of two: the exact spread is the truth's own.
    most = units + 1 if metric.proportion and metric.step is Step.UNIT else None
    delta = privacy.sensitivity(spec, units) if units else None
    return Column(spec.key, float(ceil(log2(width))), spec.decimals, most, delta)


def told(facts: Facts, attempts: int | None, ladder: Ladder | None) -> float:
    """Return the bits that some attempts tell at most."""
    if not attempts:
        return 0.0 if attempts == 0 else inf
    if ladder is None:
        return attempts * facts.entry_bits
    first, others = facts.columns[0], facts.columns[1:]
    beside = sum(column.bits for column in others)
    levels = first.levels
    if ladder.step is not None:
        levels = min(levels, exp2(first.range_bits) / ladder.step + 1)
    climbed = min(attempts, max(1.0, levels - 1))  # what is shown changes no more often
    return _monotone(attempts, levels) + climbed * beside


def _monotone(attempts: int, levels: float) -> float:
    """Return log2 of how many sequences of shown values never get worse: C(q + L − 1, q)."""
    chosen = lgamma(attempts + levels) - lgamma(attempts + 1) - lgamma(levels)
    return max(0.0, chosen / log(2))


def budget(facts: Facts, attempts: int | None, ladder: Ladder | None = None) -> Budget:
    """Weigh what a team may be told against what there is to tell.

    attempts: of a team in all, None without a limit. Proposals are made when it exceeds 10 %:
    fewer decimals, a Ladder, a larger public part, fewer attempts.
    """
    share = _share(facts, attempts, ladder)
    made = Budget(facts, attempts, told(facts, attempts, ladder), share)
    if not made.is_exceeded:
        return made
    return replace(made, proposals=tuple(_proposals(facts, attempts, ladder)))


def _share(facts: Facts, attempts: int | None, ladder: Ladder | None) -> float:
    spent = told(facts, attempts, ladder)
    if not spent:
        return 0.0
    return spent / facts.label_bits if facts.label_bits > 0 else inf


def _proposals(facts: Facts, attempts: int | None, ladder: Ladder | None) -> Sequence[Proposal]:
    found: list[Proposal] = []
    if attempts is not None:
        found += _fewer_decimals(facts, attempts, ladder)
        exact = facts.epsilon is None  # a Ladder compares exact scores
        if ladder is None and exact:
            share = _share(facts, attempts, Ladder())
            found.append(Proposal(Remedy.LADDER, 0, share))
        if exact and (ladder is None or ladder.form is Form.FREE):
            step = Ladder(Form.STEP, STEP_PROPOSED)
            found.append(Proposal(Remedy.STEP, STEP_PROPOSED, _share(facts, attempts, step)))
        found += _larger_part(facts, attempts, ladder)
    found += _fewer_attempts(facts, ladder)
    return found


def _fewer_decimals(facts: Facts, attempts: int, ladder: Ladder | None) -> Sequence[Proposal]:
    """Propose the first number of decimals, fewer than now, that is enough, else the least."""
    best: list[Proposal] = []
    for decimals in range(facts.columns[0].decimals - 1, 0, -1):
        columns = [replace(c, decimals=min(c.decimals, decimals)) for c in facts.columns]
        share = _share(replace(facts, columns=tuple(columns)), attempts, ladder)
        best = [Proposal(Remedy.DECIMALS, decimals, share)]
        if share <= ALLOWED:
            break
    return best


def _larger_part(facts: Facts, attempts: int, ladder: Ladder | None) -> Sequence[Proposal]:
    """Propose how many public units would do, the answers being as varied there."""
    if facts.label_bits <= 0 or not facts.units:
        return []
    units = facts.units
    for _ in range(8):  # a share of right rows has more levels on more rows
        larger = replace(
            facts,
            units=units,
            columns=tuple(
                replace(
                    c,
                    most=None if c.most is None else units + 1,
                    delta=None if c.delta is None else c.delta * facts.units / units,
                )
                for c in facts.columns
            ),
        )
        needed = told(larger, attempts, ladder) / ALLOWED / facts.label_bits * facts.units
        units = ceil(needed)
    return [Proposal(Remedy.PART, units, ALLOWED)]


def _fewer_attempts(facts: Facts, ladder: Ladder | None) -> Sequence[Proposal]:
    """Propose the largest number of attempts that is allowed, when there is one."""
    low, high = 0, 1
    while _share(facts, high, ladder) <= ALLOWED and high < 2**20:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _share(facts, middle, ladder) <= ALLOWED:
            low = middle
        else:
            high = middle
    return [Proposal(Remedy.ATTEMPTS, low, _share(facts, low, ladder))] if low else []

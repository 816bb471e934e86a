"""Tiers and rank intervals on simulated boards: how often they err."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from challenges.scoring import blob
from challenges.scoring.intervals import draw_weights
from challenges.scoring.tiers import Listed, Placed, tiers

N = 500
TEAMS = 20
REPLICATES = 1000


@cache
def weights(n: int) -> Any:
    """Return the resamplings of n units, ready to multiply."""
    return draw_weights(n, REPLICATES, b"tiers").astype(np.float64)


def board(right: Any) -> list[Listed]:
    """Make the sums that evaluations would seal. right: (units, teams) 0 or 1."""
    n = len(right)
    drawn = weights(n) @ right / n
    listed = []
    for team, value in enumerate(right.mean(0).tolist()):
        meta = {"units": n, "rarest": None, "value": value, "interval": None}
        sums = blob.pack(meta, {"replicates": np.ascontiguousarray(drawn[:, team])})
        listed.append(Listed(team, round(value, 4), sums))
    return listed


def answers(rng: np.random.Generator, n: int, shares: Any, shared: float = 0.7) -> Any:
    """Draw who is right where: teams find the same rows hard."""
    limits = np.quantile(rng.normal(size=200_000), shares)
    hard = rng.normal(size=(n, 1)) * shared**0.5
    return (hard + rng.normal(size=(n, len(shares))) * (1 - shared) ** 0.5 < limits).astype(float)


def placed(rng: np.random.Generator, n: int, shares: Any) -> list[Placed]:
    """Rank a simulated board."""
    return tiers(board(answers(rng, n, shares)), "max")


def split(simulations: int) -> float:
    """Return how often a board of equal teams shows more than one tier."""
    rng = np.random.default_rng(7)
    shares = np.full(TEAMS, 0.8)
    return sum(placed(rng, N, shares)[-1].tier > 1 for _ in range(simulations)) / simulations


def held(simulations: int, n: int) -> tuple[float, float]:
    """Return how often all rank intervals hold the true ranks, and tier 1 the true best."""
    rng = np.random.default_rng(8)
    shares = 0.8 - 0.005 * np.arange(TEAMS)
    every = best = 0
    for _ in range(simulations):
        found = placed(rng, n, shares)
        every += all(p.rank_low <= p.id + 1 <= p.rank_high for p in found)
        best += next(p for p in found if p.id == 0).tier == 1
    return every / simulations, best / simulations


def separated(simulations: int) -> float:
    """Return how often two teams 7 standard errors apart are in two tiers."""
    rng = np.random.default_rng(9)
    apart = 0
    for _ in range(simulations):
        one, two = rng.random((2, N)) < 0.7
        right = np.stack([one, two], 1).astype(float)
        gap = right[:, 0] - right[:, 1]
        error = gap.std(ddof=1) / N**0.5
        lost = round((7 * error - gap.mean()) * N)
        flip = np.flatnonzero(right[:, 1] == 1)[: max(lost, 0)]
        right[flip, 1] = 0.0
        apart += tiers(board(right), "max")[-1].tier > 1
    return apart / simulations


@pytest.mark.slow
def test_equal_teams_are_rarely_split() -> None:
    assert split(40) <= 0.15


@pytest.mark.slow
def test_intervals_of_ranks_rarely_miss() -> None:
    every, best = held(20, N)
    assert every >= 0.85
    assert best >= 0.85


@pytest.mark.slow
def test_seven_standard_errors_are_two_tiers() -> None:
    assert separated(20) == 1.0


@pytest.mark.full
@pytest.mark.slow
def test_equal_teams_are_split_in_seven_percent_of_boards_at_most() -> None:
    assert split(2000) <= 0.07


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 2000])
def test_intervals_hold_the_true_ranks_in_95_percent_of_boards(n: int) -> None:
    every, best = held(400, n)
    assert every >= 0.95
    assert best >= 0.95


@pytest.mark.full
@pytest.mark.slow
def test_seven_standard_errors_are_told_apart_in_99_percent_of_boards() -> None:
    assert separated(1000) >= 0.99

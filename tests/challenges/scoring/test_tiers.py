"""Tiers and rank intervals: ties are shown, differences are not invented."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import kendalltau

from challenges.scoring.buckets import Buckets
from challenges.scoring.tiers import Listed, Ranking, ranking, tiers
from tests.challenges.scoring.boards import board


def first(n: int, count: int) -> list[bool]:
    return [i < count for i in range(n)]


def test_one_row_of_53_apart_is_the_same_tier() -> None:
    placed = tiers(board(53, [first(53, 40), first(53, 39)]), "max")
    assert [(p.id, p.rank, p.tier) for p in placed] == [("team0", 1, 1), ("team1", 1, 1)]
    assert [(p.rank_low, p.rank_high) for p in placed] == [(1, 2), (1, 2)]
    assert all(p.few for p in placed)


def test_identical_files_share_their_rank() -> None:
    rng = np.random.default_rng(3)
    same, worse = rng.random(2000) < 0.8, rng.random(2000) < 0.5
    placed = tiers(board(2000, [same, worse, same]), "max")
    assert [(p.id, p.rank, p.tier) for p in placed] == [
        ("team0", 1, 1),
        ("team2", 1, 1),
        ("team1", 3, 2),
    ]
    assert [(p.rank_low, p.rank_high) for p in placed] == [(1, 2), (1, 2), (3, 3)]


def test_upload_order_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    entries = board(500, [rng.random(500) < share for share in (0.9, 0.8, 0.79, 0.5)])
    wanted = tiers(entries, "max")
    assert all(tiers(list(some), "max") == wanted for some in permutations(entries))


def test_a_wide_gap_is_separated() -> None:
    rng = np.random.default_rng(5)
    placed = tiers(board(1000, [rng.random(1000) < 0.6, rng.random(1000) < 0.9]), "max")
    assert [(p.id, p.rank, p.tier, p.rank_low, p.rank_high) for p in placed] == [
        ("team1", 1, 1, 1, 1),
        ("team0", 2, 2, 2, 2),
    ]
    assert not placed[0].few


def test_direction_min_puts_the_least_first() -> None:
    rng = np.random.default_rng(5)
    placed = tiers(board(1000, [rng.random(1000) < 0.6, rng.random(1000) < 0.9]), "min")
    assert [p.id for p in placed] == ["team0", "team1"]
    assert [p.tier for p in placed] == [1, 2]


def test_below_thirty_units_there_is_one_tier() -> None:
    right = [first(580, 570), first(580, 100)]
    placed = tiers(board(580, right, clusters=29), "max")
    assert [p.tier for p in placed] == [1, 1]
    assert [p.rank for p in placed] == [1, 1]
    assert all(p.few for p in placed)
    placed = tiers(board(600, [first(600, 590), first(600, 100)], clusters=30), "max")
    assert [p.tier for p in placed] == [1, 2]


def test_equal_released_values_share_their_rank_whatever_is_hidden() -> None:
    rng = np.random.default_rng(6)
    entries = board(2000, [rng.random(2000) < 0.9, rng.random(2000) < 0.5])
    rounded = [Listed(e.id, 0.7, e.sums) for e in entries]
    assert [p.rank for p in tiers(rounded, "max")] == [1, 1]


def test_an_empty_board_and_a_board_of_one() -> None:
    assert tiers([], "max") == []
    placed = tiers(board(400, [first(400, 300)]), "max")
    assert [(p.rank, p.tier, p.rank_low, p.rank_high) for p in placed] == [(1, 1, 1, 1)]
    assert placed[0].low == pytest.approx(0.7053, abs=5e-4)
    assert placed[0].high == pytest.approx(0.7900, abs=5e-4)


def test_stability_counts_the_resamplings_that_keep_the_order() -> None:
    rng = np.random.default_rng(9)
    entries = board(400, [rng.random(400) < share for share in (0.9, 0.86, 0.4)])
    found = ranking(entries, "max")
    drawn = np.stack([Buckets.from_bytes(e.sums)[2]["replicates"] for e in entries])
    seen = [Buckets.from_bytes(e.sums)[1]["value"] for e in entries]
    order = np.argsort([-value for value in seen])
    leader = drawn[order[0]] >= drawn[order[1:]].max(0)
    taus = [kendalltau(seen, drawn[:, b]).statistic for b in range(drawn.shape[1])]
    assert found.leader_first == leader.mean()
    assert found.tau == pytest.approx(np.nanmean(taus), abs=1e-12)
    assert 0.5 < found.leader_first < 1.0


def test_a_twin_does_not_take_the_first_place() -> None:
    rng = np.random.default_rng(3)
    same, worse = rng.random(2000) < 0.9, rng.random(2000) < 0.4
    found = ranking(board(2000, [same, worse, same]), "max")
    assert (found.leader_first, found.tau) == (1.0, 1.0)


def test_a_board_of_one_has_no_stability() -> None:
    found = ranking(board(400, [first(400, 300)]), "max")
    assert (found.leader_first, found.tau) == (None, None)
    assert ranking([], "max") == Ranking([])

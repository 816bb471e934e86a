"""Tiers and rank intervals: ties are shown, differences are not invented."""

from itertools import permutations

import numpy as np
import pytest

from challenges.scoring.arrays import blob
from challenges.scoring.intervals import Buckets
from challenges.scoring.tiers import Listed, tiers
from tests.challenges.scoring.boards import board, contract, evaluated, truth_of


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


@pytest.mark.parametrize(("units", "few"), [(199, True), (200, False)])
def test_fewer_than_200_units_are_few(units: int, few: bool) -> None:
    right = [first(units, 180), first(units, 20)]
    assert [p.few for p in tiers(board(units, right), "max")] == [few, few]


def test_few_units_ask_for_more_to_be_told_apart() -> None:
    """Five rows of 150 would separate two files among many rows; a small part asks for 99 %."""
    placed = tiers(board(150, [first(150, 80), first(150, 75)]), "max")
    assert [p.tier for p in placed] == [1, 1]
    placed = tiers(board(200, [first(200, 80), first(200, 75)]), "max")
    assert [p.tier for p in placed] == [1, 2]


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


def positives(count: int, rows: int, missed: list[tuple[int, int]]) -> list[Listed]:
    """Make a board of F1: rows of which some are positive; missed and added by each team."""
    chosen = contract("f1", params={"positive": "1"})
    names = [f"r{i}" for i in range(rows)]
    truth = truth_of(chosen, {"id": names, "y": [int(i < count) for i in range(rows)]})
    listed = []
    for team, (without, more) in enumerate(missed):
        given = [int(without <= i < count or count <= i < count + more) for i in range(rows)]
        done = evaluated(chosen, truth, dict(zip(names, map(str, given), strict=True)))
        value = round(done.values["public"]["score"], 4)
        listed.append(Listed(f"team{team}", value, done.sums["public"]))
    return listed


def test_an_answer_without_a_positive_changes_nothing_for_the_others() -> None:
    good, fair, weak = positives(60, 1000, [(1, 2), (30, 60), (60, 0)])
    wanted = tiers([good, fair], "max")
    assert [(p.id, p.rank, p.few) for p in wanted] == [("team0", 1, False), ("team1", 2, False)]
    assert tiers([good, fair, weak], "max")[:2] == wanted
    assert [blob.unpack(each.sums)[0]["units"] for each in (good, fair, weak)] == [1000] * 3


def test_few_positives_are_few_whatever_the_rows() -> None:
    entries = positives(25, 1000, [(1, 2), (15, 300)])
    assert blob.unpack(entries[0].sums)[0]["rarest"] == 25
    assert all(p.few for p in tiers(entries, "max"))


def test_sums_sealed_before_units_were_those_of_the_truth_are_still_ranked() -> None:
    """They counted the buckets in which an answer had something: 59, 90 and 0 here."""
    entries = positives(60, 1000, [(1, 2), (30, 60), (60, 0)])
    old = []
    for entry, units in zip(entries, (62, 120, 60), strict=True):
        buckets, meta, arrays = Buckets.from_bytes(entry.sums)
        meta = {k: v for k, v in meta.items() if k not in ("rows", "width", "buckets")}
        kept = {"replicates": arrays["replicates"]}
        sums = buckets.to_bytes(meta | {"units": units, "rarest": None}, **kept)
        old.append(Listed(entry.id, entry.value, sums))
    assert [(p.id, p.rank, p.few) for p in tiers(old, "max")] == [
        ("team0", 1, True),
        ("team1", 2, True),
        ("team2", 3, True),
    ]

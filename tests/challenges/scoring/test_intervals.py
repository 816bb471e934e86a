"""Intervals: named vectors, what is never certain, what widens them."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from challenges.scoring import arrays
from challenges.scoring.intervals import draw_weights, wilson
from challenges.scoring.tiers import Listed, tiers
from tests.challenges.scoring.boards import board, contract, evaluated, truth_of


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(34, 40, 0.709, 0.929), (15, 53, 0.180, 0.416), (16, 16, 0.806, 1.0), (0, 16, 0.0, 0.194)],
)
def test_wilson_vectors(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-4)


def test_weights_are_drawn_once_and_sum_to_the_buckets() -> None:
    weights = draw_weights(150, 1000, b"seed")
    assert weights.dtype == np.uint8
    assert (weights.sum(1, dtype=np.int64) == 150).all()
    assert (weights == draw_weights(150, 1000, b"seed")).all()
    assert not (weights == draw_weights(150, 1000, b"other")).all()
    assert (draw_weights(1, 10, b"x") == 1).all()


def interval(
    y: list[Any], p: list[Any], metric: str = "accuracy", c: list[Any] | None = None, **params: Any
) -> list[Any]:
    """Return (low, high, method) of an answer to a truth of these rows, in these clusters."""
    chosen = contract(
        metric,
        "string" if isinstance(p[0], str) else "float",
        params=params,
        **({} if c is None else {"cluster": "c"}),
    )
    ids = [f"r{i}" for i in range(len(y))]
    columns = {"id": ids, "y": y} | ({} if c is None else {"c": c})
    done = evaluated(chosen, truth_of(chosen, columns), dict(zip(ids, p, strict=True)))
    return list(done.intervals["public"]["score"])


@pytest.mark.parametrize(("n", "clusters"), [(16, None), (32, [i // 2 for i in range(32)])])
def test_a_perfect_answer_is_not_certain(n: int, clusters: list[int] | None) -> None:
    found = interval(["a"] * n, ["a"] * n, c=clusters)
    assert found == [pytest.approx(0.806, abs=5e-4), 1.0, "wilson"]


YES = [int(i < 16) for i in range(300)]  # 16 yes in 300 rows


def perfect(metric: str, kind: type = str, **params: Any) -> list[Any]:
    return interval(YES, [kind(v) for v in YES], metric, **params)


def opposite(metric: str, kind: type = str, **params: Any) -> list[Any]:
    return interval(YES, [kind(1 - v) for v in YES], metric, **params)


@pytest.mark.parametrize(("metric", "counted"), [("precision", 284), ("recall", 16), ("f1", 16)])
def test_a_perfect_share_of_16_is_not_certain(metric: str, counted: int) -> None:
    assert perfect(metric, positive="1") == [pytest.approx(0.806, abs=5e-4), 1.0, "wilson"]
    few = wilson(0, counted)[1]
    assert opposite(metric, positive="1") == [0.0, pytest.approx(few), "wilson"]


@pytest.mark.parametrize("metric", ["f1_macro", "balanced_accuracy", "f1_weighted"])
def test_a_perfect_answer_over_300_rows_is_not_certain(metric: str) -> None:
    assert perfect(metric) == [pytest.approx(wilson(300, 300)[0]), 1.0, "wilson"]
    assert opposite(metric) == [0.0, pytest.approx(wilson(0, 300)[1]), "wilson"]


def test_an_end_of_another_range_and_a_perfect_order_are_not_certain_either() -> None:
    assert perfect("mcc") == [pytest.approx(2 * wilson(300, 300)[0] - 1), 1.0, "wilson"]
    assert perfect("brier", float) == [0.0, pytest.approx(wilson(0, 300)[1]), "wilson"]
    rests_on = wilson(16, 16)[0]  # the rows it counts
    assert perfect("average_precision", float) == [pytest.approx(rests_on), 1.0, "wilson"]
    even = [i % 2 for i in range(40)]
    low, high, _ = interval(even, [float(v) for v in even], "roc_auc")
    assert low < 0.9
    assert high == 1.0


def test_precision_is_bounded_by_the_rows_it_counts() -> None:
    y = [1] * 40 + [0] * 260
    p = ["1" if i < 15 or 40 <= i < 78 else "0" for i in range(300)]
    assert interval(y, p, "precision", positive="1") == [*wilson(15, 53), "wilson"]


def test_clusters_of_rows_widen_the_interval() -> None:
    y, p = ["a"] * 1000, ["a" if i // 5 % 4 else "b" for i in range(1000)]
    alone, joint = interval(y, p), interval(y, p, c=[i // 5 for i in range(1000)])
    assert joint[2] == "bootstrap"
    assert (joint[1] - joint[0]) / (alone[1] - alone[0]) == pytest.approx(5**0.5, rel=0.1)


def test_auc_has_delong_and_agrees_with_the_buckets() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 2000)
    p = np.round(y * 0.5 + rng.normal(size=2000), 2).tolist()
    delong = interval(y.tolist(), p, "roc_auc")
    boot = interval(y.tolist(), p, "roc_auc", c=list(range(2000)))
    assert (delong[2], boot[2]) == ("delong", "bootstrap")
    assert delong[:2] == pytest.approx(boot[:2], abs=0.004)


# --- Tiers and rank intervals: ties are shown, differences are not invented


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


def test_a_wide_gap_is_separated_whichever_is_the_best() -> None:
    rng = np.random.default_rng(5)
    placed = tiers(board(1000, [rng.random(1000) < 0.6, rng.random(1000) < 0.9]), "max")
    assert [(p.id, p.rank, p.tier, p.rank_low, p.rank_high) for p in placed] == [
        ("team1", 1, 1, 1, 1),
        ("team0", 2, 2, 2, 2),
    ]
    assert not placed[0].few
    least = tiers(board(1000, [rng.random(1000) < 0.6, rng.random(1000) < 0.9]), "min")
    assert [(p.id, p.tier) for p in least] == [("team0", 1), ("team1", 2)]


def test_fewer_than_200_units_are_few_and_ask_for_more_to_be_told_apart() -> None:
    """Five rows of 150 would separate two files among many rows; a small part asks for 99 %."""
    for units, few in ((199, True), (200, False)):
        right = [first(units, 180), first(units, 20)]
        assert [p.few for p in tiers(board(units, right), "max")] == [few, few]
    placed = tiers(board(150, [first(150, 80), first(150, 75)]), "max")
    assert [p.tier for p in placed] == [1, 1]
    placed = tiers(board(200, [first(200, 80), first(200, 75)]), "max")
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
    assert [arrays.unpack(each.sums)[0]["units"] for each in (good, fair, weak)] == [1000] * 3
    entries = positives(25, 1000, [(1, 2), (15, 300)])
    assert arrays.unpack(entries[0].sums)[0]["rarest"] == 25
    assert all(p.few for p in tiers(entries, "max"))  # whatever the rows

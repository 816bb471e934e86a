"""Strata keep their number of clusters in every resampling: a rare one never vanishes."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring.contract import ScoringContract
from challenges.scoring.intervals import draw_weights, draw_within
from challenges.scoring.truth import Labels, TruthFault, compile_truth, load_labels
from challenges.scoring.truth.compile import LEAST_BUCKETS, MAX_BUCKETS
from tests.challenges.scoring.boards import SALT, contract, evaluated, truth_of

COMMON, RARE = 180, 20


def compiled(columns: dict[str, list[Any]], **truth: Any) -> Labels:
    return load_labels(truth_of(contract(replicates=200, **truth), columns).labels)


def rows(count: int, strata: list[str]) -> dict[str, list[Any]]:
    return {"id": [f"r{i}" for i in range(count)], "y": ["a"] * count, "s": strata}


def test_each_stratum_keeps_its_buckets_in_every_resampling() -> None:
    columns = rows(COMMON + RARE, ["common"] * COMMON + ["rare"] * RARE)
    labels = compiled(columns, strata="s")
    weights = labels.weights["public"]
    assert weights.shape == (200, COMMON + RARE)
    assert len(set(labels.bucket.tolist())) == COMMON + RARE
    assert set(weights[:, :COMMON].sum(1).tolist()) == {COMMON}
    assert set(weights[:, COMMON:].sum(1).tolist()) == {RARE}
    free = compiled(columns).weights["public"]
    assert len(set(free[:, COMMON:].sum(1).tolist())) > 5


def test_a_stratum_explains_what_it_tells() -> None:
    """Where answers are right in one stratum and wrong in the other, nothing is left to vary."""
    columns = rows(COMMON + RARE, ["common"] * COMMON + ["rare"] * RARE)
    answers = {f"r{i}": "a" if i < COMMON else "b" for i in range(COMMON + RARE)}
    chosen, free = contract(strata="s"), contract()
    found = evaluated(chosen, truth_of(chosen, columns), answers).intervals["public"]["score"]
    assert found == [pytest.approx(0.9), pytest.approx(0.9), "bootstrap"]
    found = evaluated(free, truth_of(free, columns), answers).intervals["public"]["score"]
    assert found[1] - found[0] > 0.07


def test_strata_of_one_cluster_are_drawn_together() -> None:
    labels = compiled(rows(14, ["big"] * 10 + ["x", "y", "z", "w"]), strata="s")
    weights = labels.weights["public"]
    assert set(weights[:, 10:].sum(1).tolist()) == {4}
    assert weights[:, 10:].max() > 1


def test_parts_have_strata_of_their_own() -> None:
    columns = rows(60, ["u", "v"] * 30) | {"part": ["public", "private", "private"] * 20}
    split = {"column": "part", "public": "public", "private": "private"}
    labels = compiled(columns, strata="s", split=split)
    assert {split: w.shape[1] for split, w in labels.weights.items()} == {
        "public": 20,
        "private": 40,
    }


def test_a_rare_stratum_keeps_enough_buckets_among_many() -> None:
    count = 6000
    labels = compiled(rows(count, ["rare"] * 40 + ["common"] * (count - 40)), strata="s")
    common = MAX_BUCKETS * (count - 40) // count
    assert labels.weights["public"].shape[1] == common + LEAST_BUCKETS
    assert set(labels.weights["public"][:, common:].sum(1).tolist()) == {LEAST_BUCKETS}


def test_a_cluster_in_two_strata_is_refused() -> None:
    columns = rows(20, ["u"] * 10 + ["v"] * 10) | {"c": [f"c{i % 10}" for i in range(20)]}
    with pytest.raises(TruthFault, match="E_VALUE s : une seule valeur par groupe, 10 en trop"):
        compiled(columns, strata="s", cluster="c")


def test_more_strata_than_one_can_draw_are_refused() -> None:
    with pytest.raises(TruthFault, match="E_VALUE s : 1001 strates, 1000 au plus"):
        compiled(rows(2002, [f"s{i // 2}" for i in range(2002)]), strata="s")
    columns = rows(3000, [f"s{i // 3}" for i in range(3000)])
    assert compiled(columns, strata="s").weights["public"].shape[1] == 2000


def test_an_absent_column_is_refused() -> None:
    with pytest.raises(TruthFault, match="E_COLUMN_MISSING"):
        compile_truth(contract(strata="z"), b"id,y\n1,a\n", {}, salt=SALT)


def test_without_strata_the_draws_are_those_of_before() -> None:
    assert (draw_within([50], 20, b"seed") == draw_weights(50, 20, b"seed")).all()
    drawn = draw_within([50, 3], 20, b"seed")
    assert drawn.shape == (20, 53)
    assert np.array_equal(drawn[:, :50].sum(1), np.full(20, 50))


def test_the_contract_holds_its_strata_and_an_older_one_its_digest() -> None:
    stratified = contract(strata="s")
    assert ScoringContract.from_json(stratified.to_json()) == stratified
    assert stratified.digest != contract().digest
    assert "strata" not in contract().to_json()["truth"]

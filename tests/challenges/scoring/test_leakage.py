"""The leak budget: what public scores may tell, against what there is to tell."""

from itertools import combinations_with_replacement
from math import comb, log2
from typing import Any

import numpy as np
import pytest

from challenges.scoring.contract import ScoringContract
from challenges.scoring.ladder import Form, Ladder
from challenges.scoring.leakage import (
    ALLOWED,
    Column,
    Facts,
    Proposal,
    Remedy,
    budget,
    facts_of,
    label_bits,
    told,
)
from challenges.scoring.truth import load_labels
from tests.challenges.scoring import boards

THREE = Column("score", 0.0, 3)
STEP = Ladder(Form.STEP, 0.01)


def truth(metric: str, y: list[Any], kind: str = "string", **more: Any) -> Any:
    """Compile rows (id, y), all of them public."""
    chosen = boards.contract(metric, kind)
    if more:
        chosen = ScoringContract.from_json(
            chosen.to_json() | {"metrics": [chosen.metrics[0].to_json() | more]}
        )
    compiled = boards.truth_of(chosen, {"id": [f"r{i}" for i in range(len(y))], "y": y})
    return chosen, load_labels(compiled.labels)


COLUMN = Column("score", 0.0, 3, 2001, 1 / 2000)


def test_the_example_of_the_design() -> None:
    """n 2,000, 23 % of positives: 1,557 bits; 60 attempts at 3 decimals: about 600, 38 %."""
    contract, labels = truth("accuracy", ["1"] * 460 + ["0"] * 1540)
    facts = facts_of(contract, labels)
    assert facts == Facts(2000, pytest.approx(1557, abs=1), (COLUMN,))
    found = budget(facts, 60)
    assert found.told == pytest.approx(598, abs=1)
    assert round(found.share, 2) == 0.38
    assert found.is_exceeded
    shares = {each.remedy: (each.number, round(each.share, 3)) for each in found.proposals}
    assert shares[Remedy.DECIMALS] == (1, 0.133)
    assert shares[Remedy.LADDER][1] == pytest.approx(0.211, abs=0.001)
    assert shares[Remedy.STEP] == (0.01, pytest.approx(0.096, abs=0.001))
    assert shares[Remedy.PART] == (pytest.approx(7685, abs=5), 0.1)
    assert shares[Remedy.ATTEMPTS] == (15, pytest.approx(0.096, abs=0.001))


def test_few_rows_have_few_levels() -> None:
    contract, labels = truth("accuracy", ["a", "b"] * 25)
    (column,) = facts_of(contract, labels).columns
    assert (column.most, column.levels) == (51, 51)
    assert column.bits == log2(51)


def test_what_is_told_grows_with_the_attempts_and_the_figures() -> None:
    one, two = Facts(100, 100, (THREE,)), Facts(100, 100, (THREE, Column("mae", 3.0, 2)))
    assert told(one, 10, None) == 10 * log2(1001)
    assert told(two, 10, None) == 10 * (log2(1001) + log2(801))
    assert told(one, 0, None) == 0
    assert told(one, None, None) == float("inf")
    assert budget(one, None).share == float("inf")
    assert [each.remedy for each in budget(one, None).proposals] == [Remedy.ATTEMPTS]


def test_a_ladder_shows_sequences_that_never_get_worse() -> None:
    """Counted one by one: q attempts over L levels."""
    for attempts, decimals in ((1, 0), (3, 0), (2, 1), (4, 1)):
        levels = 10**decimals + 1
        shown = list(combinations_with_replacement(range(levels), attempts))
        assert len(shown) == comb(attempts + levels - 1, attempts)
        facts = Facts(100, 100, (Column("score", 0.0, decimals),))
        assert told(facts, attempts, Ladder()) == pytest.approx(log2(len(shown)))
    facts = Facts(100, 100, (THREE,))
    assert told(facts, 60, STEP) == pytest.approx(log2(comb(160, 60)))
    assert told(facts, 60, STEP) < told(facts, 60, Ladder()) < told(facts, 60, None)


def test_under_a_ladder_the_other_figures_change_with_the_first() -> None:
    beside = Column("mae", 0.0, 2)
    alone, both = Facts(100, 100, (THREE,)), Facts(100, 100, (THREE, beside))
    assert told(both, 200, STEP) == pytest.approx(told(alone, 200, STEP) + 100 * beside.bits)
    assert told(both, 5, STEP) == pytest.approx(told(alone, 5, STEP) + 5 * beside.bits)


def test_a_small_budget_proposes_nothing() -> None:
    found = budget(Facts(10_000, 10_000, (THREE,)), 60)
    assert (found.is_exceeded, found.proposals) == (False, ())
    assert budget(Facts(10, 0.0, (THREE,)), 5).share == float("inf")  # nothing is left to learn
    assert budget(Facts(10, 0.0, (THREE,)), 0).share == 0.0


def test_each_proposal_holds_what_it_says() -> None:
    facts = Facts(500, 500, (Column("score", 0.0, 4, 501), Column("b", 2.0, 3)))
    for proposal in budget(facts, 100).proposals:
        if proposal.remedy == Remedy.ATTEMPTS:
            attempts = int(proposal.number)
            assert not budget(facts, attempts).is_exceeded
            assert budget(facts, attempts + 1).is_exceeded
        if proposal.remedy == Remedy.PART:
            more = int(proposal.number)
            columns = (Column("score", 0.0, 4, more + 1), Column("b", 2.0, 3))
            larger = Facts(more, more, columns)
            assert budget(larger, 100).share == pytest.approx(ALLOWED, abs=0.001)
        if proposal.remedy == Remedy.LADDER:
            assert proposal == Proposal(Remedy.LADDER, 0, budget(facts, 100, Ladder()).share)
    climbing = {each.remedy for each in budget(facts, 100, Ladder()).proposals}
    assert Remedy.LADDER not in climbing
    assert Remedy.STEP in climbing
    assert Remedy.STEP not in {each.remedy for each in budget(facts, 100, STEP).proposals}


def test_nothing_is_proposed_that_cannot_help() -> None:
    poor = budget(Facts(5, 1.0, (Column("score", 0.0, 1),)), 10)
    assert {each.remedy for each in poor.proposals} == {Remedy.LADDER, Remedy.STEP, Remedy.PART}
    empty = budget(Facts(0, 0.0, (THREE,)), 10)
    assert Remedy.PART not in {each.remedy for each in empty.proposals}


@pytest.mark.parametrize(
    ("metric", "more", "bits"),
    [
        ("rmse", {}, 4),  # a spread of 15
        ("mse", {}, 8),
        ("r2", {}, 0),
        ("pearson", {}, 1),  # from −1 to 1
    ],
)
def test_the_range_of_a_figure(metric: str, more: dict[str, Any], bits: int) -> None:
    contract, labels = truth(metric, [float(i) for i in range(16)], "float", **more)
    (column,) = facts_of(contract, labels).columns
    assert (column.range_bits, column.decimals, column.most) == (bits, 3, None)


def test_the_log_loss_is_bounded_by_its_clip() -> None:
    contract = boards.scores(
        {"key": "brier", "metric": "brier", "direction": "min"},
        {
            "key": "perte",
            "metric": "log_loss",
            "direction": "min",
            "primary": True,
            "params": {"clip": 0.01},
        },
    )
    compiled = boards.truth_of(contract, {"id": list("abcd"), "y": [0, 1, 0, 1]})
    facts = facts_of(contract, load_labels(compiled.labels))
    assert [(c.key, c.range_bits) for c in facts.columns] == [("perte", 3.0), ("brier", 0.0)]
    assert facts.label_bits == 4.0
    assert Facts.from_json(facts.to_json()) == facts


def test_what_there_is_to_tell() -> None:
    def bits(y: list[Any], kind: str = "string", metric: str = "accuracy") -> float:
        _, labels = truth(metric, y, kind)
        return label_bits(labels, np.ones(len(y), bool))

    assert bits(["a"] * 10) == 0.0
    assert bits(["a", "b"] * 8) == 16.0
    assert bits(list("abcd") * 4) == 32.0
    assert bits([float(i) for i in range(16)], "float", "rmse") == 64.0
    _, labels = truth("accuracy", ["a", "b"] * 8)
    assert label_bits(labels, np.zeros(16, bool)) == 0.0


def test_lists_count_by_their_elements() -> None:
    contract = ScoringContract.from_json(
        {
            "submission": {
                "layout": "one_row_per_id",
                "columns": [
                    {"name": "id", "role": "id", "type": "string"},
                    {"name": "p", "role": "target", "type": "label_set", "separator": " "},
                ],
            },
            "truth": {
                "id": "id",
                "target": "y",
                "split": {"column": "jeu", "public": "public", "private": "private"},
            },
            "metrics": [{"key": "f1", "metric": "f1_samples", "primary": True}],
        }
    )
    rows = {
        "id": list("abcd"),
        "y": ["u v", "v", "u", "w"],
        "jeu": ["public", "public", "public", "private"],
    }
    facts = facts_of(contract, load_labels(boards.truth_of(contract, rows).labels))
    assert (facts.units, facts.label_bits) == (3, 4.0)  # u v v u

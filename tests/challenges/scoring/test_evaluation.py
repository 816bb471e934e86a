"""Evaluations: figures of groups, of several targets, of classes, of candidates, of formulas."""

import json
from typing import Any

import numpy as np
import pytest

from challenges.scoring.contract import ScoringContract, TruthFault
from challenges.scoring.evaluation import examine
from challenges.scoring.metric import MetricFault
from challenges.scoring.metrics import formula
from challenges.scoring.predictions.reader import read_predictions
from challenges.scoring.truth import load_keys
from challenges.scoring.verdict import Evaluated, Verdict
from tests.challenges.scoring.answers import SHARE, one_row, scores, several, table
from tests.challenges.scoring.boards import (
    ROWS,
    compiled,
    contract,
    contract_of,
    evaluated,
    scored,
    truth_of,
)

# --- groups

BY = {"metric": "mae", "by": "g"}
GROUPS = {
    "min_rows": 2,
    "attributes": [{"key": "g", "source": "truth", "column": "g", "ignore": ["x"]}],
    "metrics": [
        {"key": "one", "group": "a"} | BY,
        {"key": "none", "group": "zz"} | BY,
        {"key": "table", "aggregate": "table"} | BY,
        {"key": "gap", "aggregate": "gap", "direction": "min"} | BY,
        {"key": "worst", "aggregate": "worst", "direction": "min"} | BY,
        {"key": "kappa", "metric": "kappa_quadratic", "by": "g", "aggregate": "worst",
         "params": {"labels": [1, 2]}, "min_n": 2},
    ],
}  # fmt: skip
MAE = {"metric": "mae", "direction": "min", "primary": True}


def grouped(**fairness: Any) -> ScoringContract:
    shape = one_row(type="integer", min=1, max=2)
    return contract_of(shape, MAE, fairness=GROUPS | fairness)


def of_groups(chosen: ScoringContract) -> Evaluated:
    ids = [f"r{i}" for i in range(1, 7)]
    truth = table(id=ids, y="122111", g="aabbcx")
    return scored(chosen, truth, table(id=ids, p="112122"))


def test_figures_of_groups_are_withheld_when_they_are_small() -> None:
    done = of_groups(grouped())
    found = done.values["public"]
    assert found["mae"] == pytest.approx(0.5)
    assert found["one"] == {"withheld": 0.5}
    assert found["none"] is None
    groups = found["table"]["groups"]
    assert {name: (each["value"], each["n"], each["shown"]) for name, each in groups.items()} == {
        "a": (0.5, 2, False),
        "b": (0.0, 2, False),
        "c": (1.0, 1, False),
    }
    assert (found["gap"], found["worst"]) == ({"withheld": 1.0}, {"withheld": 1.0})
    assert found["kappa"] == {"withheld": 0.0}
    assert Verdict.from_json(json.loads(json.dumps(done.verdict.to_json()))) == done.verdict


def test_figures_over_large_groups_are_shown_as_they_are() -> None:
    ids = [f"r{i}" for i in range(90)]
    truth = table(id=ids, y=[i % 2 + 1 for i in range(90)], g="abc" * 30)
    answer = table(id=ids, p=[(i + (i % 3 == 2)) % 2 + 1 for i in range(90)])
    found = scored(grouped(), truth, answer).values["public"]
    assert (found["one"], found["gap"], found["worst"]) == (0.0, 1.0, 1.0)
    assert all(facts["shown"] for facts in found["table"]["groups"].values())


# --- one answer a row


def test_an_undefined_figure_is_none_and_has_no_interval() -> None:
    chosen = contract("roc_auc", "float")
    truth = truth_of(chosen, {"id": ["a", "b"], "y": [1, 1]})
    found = evaluated(chosen, truth, {"a": 0.1, "b": 0.2})
    assert (found.values, found.intervals) == ({"public": {"score": None}}, {"public": {}})


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_an_error_of_0_on_every_row_has_no_interval(metric: str) -> None:
    """It does not say how far other rows would lie: [0, 0] would be a promise."""
    chosen = contract(metric, "float")
    ids = [f"r{i}" for i in range(60)]
    truth = truth_of(chosen, {"id": ids, "y": [i * 0.5 for i in range(60)]})
    found = evaluated(chosen, truth, {name: i * 0.5 for i, name in enumerate(ids)})
    assert (found.values, found.intervals) == ({"public": {"score": 0.0}}, {"public": {}})
    found = evaluated(chosen, truth, {name: i * 0.51 for i, name in enumerate(ids)})
    assert found.intervals["public"]["score"][0] > 0


def test_free_labels_unknown_to_the_truth_are_wrong_answers() -> None:
    answer = table(id="1234", p=["a", "zz", "b", "b"])
    assert scored(contract(), table(id="1234", y="abab"), answer).values["public"]["score"] == 0.5


@pytest.mark.parametrize("weight", ["3", "0", "x", "-1", "nan"])
def test_weights_of_the_truth_count_rows(weight: str) -> None:
    chosen = contract_of(one_row(), MAE, truth=ROWS | {"weight": "w"})
    truth = table(id="ab", y="11", w=[weight, "1"])
    if weight != "3":
        with pytest.raises(TruthFault, match="E_VALUE"):
            truth_of(chosen, truth)
        return
    found = scored(chosen, truth, table(id="ab", p=[0.5, 1.0]))
    assert found.values["public"]["mae"] == pytest.approx(3 * 0.5 / 4)


# --- several numbers a row

RNG = np.random.default_rng(7)
HELD = np.column_stack([RNG.normal(size=200), RNG.integers(0, 2, 200)])
GIVEN = np.column_stack([HELD[:, 0] + 0.5, RNG.random(200)])
IDS = [str(at) for at in range(200)]


@pytest.mark.parametrize("primary", ["formula", "mae"])
def test_each_figure_reads_its_own_target(primary: str) -> None:
    shape = several("targets", "a", "b", a={"label": "vrai_a"}, b={"label": "vrai_b"} | SHARE)
    figures = [
        {"metric": metric, "direction": "min", "primary": metric == primary, "params": params}
        for metric, params in (
            ("formula", {"formula": "(mae + brier) / 2"}),
            ("mae", {"target": "vrai_a"}),
            ("brier", {"target": "vrai_b"}),
        )
    ]
    split = {"column": "jeu", "public": "public", "private": "private"}
    truth = {"id": "id", "target": "vrai_a", "split": split}
    chosen = contract_of(shape, *figures, truth=truth)
    columns = {"vrai_a": HELD[:, 0], "vrai_b": HELD[:, 1], "jeu": ["private", "public"] * 100}
    keys, labels = compiled(chosen, table(id=IDS, **columns))
    answer = table(id=IDS, a=GIVEN[:, 0], b=GIVEN[:, 1]).encode()
    verdict, laid = read_predictions(answer, "p.csv", chosen.answer, keys)
    assert laid is not None, verdict.faults

    found = examine(chosen, keys, labels, laid, verdict, losses=True)

    for part, rows in (("public", slice(1, None, 2)), ("private", slice(0, None, 2))):
        mae = np.abs(GIVEN - HELD)[rows, 0].mean()
        brier = ((GIVEN - HELD)[rows, 1] ** 2).mean()
        wanted = {"mae": mae, "brier": brier, "formula": (mae + brier) / 2}
        assert found.values[part] == pytest.approx(wanted, abs=1e-12)
        low, high = found.intervals[part]["formula"][:2]
        assert low < wanted["formula"] < high
    assert ("public" in found.losses) is (primary == "mae")


def test_class_probabilities_are_scored_by_the_labels_of_their_columns() -> None:
    labels = {"p1": {"label": "oui"}, "p2": {"label": "non"}, "p3": {"label": "peut-être"}}
    top = {"metric": "top_k_accuracy", "params": {"k": 1}}
    chosen = contract_of(several("probabilities", *labels, **labels), "brier_multi", top)
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3]])
    truth = table(id="abcd", y=["oui", "non", "peut-être", "oui"])
    found = scored(chosen, truth, table(id="abcd", p1=p[:, 0], p2=p[:, 1], p3=p[:, 2]))
    own = p - np.eye(3)[[0, 1, 2, 0]]
    assert found.values["public"]["brier_multi"] == pytest.approx((own**2).sum(1).mean())
    assert found.values["public"]["top_k_accuracy"] == 0.75
    with pytest.raises(TruthFault, match="E_DOMAIN c"):
        truth_of(chosen, table(id="1", y="c"))


# --- scores of candidates

GAINS = {"query": "q", "item": "i", "gain": "g"}


def of_candidates(policy: str, *metrics: Any, **truth: Any) -> ScoringContract:
    return contract_of(scores(policy), *(metrics or ["map_at_k"]), truth=GAINS | truth)


def test_keys_hold_the_candidates_and_nothing_of_their_gains() -> None:
    chosen = of_candidates("complete")
    one = truth_of(chosen, table(q=["q1"] * 2, i="ba", g="10"))
    other = truth_of(chosen, table(q=["q1"] * 2, i="ab", g="10"))
    assert one.keys == other.keys
    assert load_keys(one.keys).candidates == [["a", "b"]]
    free = truth_of(of_candidates("top_k"), table(q=["q1"], i="b", g="1"))
    assert load_keys(free.keys).candidates == []


@pytest.mark.parametrize(
    ("truth", "fault"),
    [
        ("q,i,g\nq1,b,1\nq1,b,0\n", "E_IDS q1"),
        ("q,i,g\nq1,b,-1\n", "E_VALUE gain"),
        ("q,i,g\nq1,b,x\n", "E_VALUE x"),
        ("q,i\nq1,b\n", "E_COLUMN_MISSING g"),
    ],
)
def test_a_truth_that_cannot_be_is_refused(truth: str, fault: str) -> None:
    with pytest.raises(TruthFault, match=fault):
        truth_of(of_candidates("complete"), truth)


@pytest.mark.parametrize("column", ["weight", "cluster"])
def test_rows_of_one_query_share_their_weight_and_their_cluster(column: str) -> None:
    chosen = of_candidates("complete", **{column: "c"})
    fine = "q,i,g,c\nq1,a,1,2\nq1,b,0,2\nq2,a,1,5\n"
    truth_of(chosen, fine)
    with pytest.raises(TruthFault, match="E_VALUE c : une seule valeur par identifiant"):
        truth_of(chosen, fine.replace("q1,b,0,2", "q1,b,0,3"))


def test_weights_count_queries() -> None:
    chosen = of_candidates("complete", "mrr_at_k", weight="w")
    pairs = {"q": ["q1", "q1", "q2", "q2"], "i": "abab"}
    found = scored(chosen, table(**pairs, g="1010", w="3311"), table(**pairs, s="1001"))
    assert found.values["public"]["mrr_at_k"] == pytest.approx((3 * 1 + 1 * 0.5) / 4)
    assert found.intervals["public"]["mrr_at_k"][2] == "bootstrap"


# --- formulas


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + b", 0.75),
        ("0.5 * a − b", 0.0),
        ("(a + b) ÷ 2", 0.375),
        ("min(a, b, 0.1) × max(a, 1)", 0.1),
        ("-a", -0.5),
        ("1 - a / b", -1.0),
        ("2 * a * b / (a + b)", 1 / 3),
    ],
)
def test_a_formula_is_computed(text: str, value: float) -> None:
    assert float(formula.read_formula(text).value({"a": 0.5, "b": 0.25})) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "1 + 2", "a +", "a ** 2", "a if b else a", "a.real", "a[0]", "__import__('os')",
        "abs(a)", "min(a)", "min(a, b, key=a)", "'x'", "a + True", "a + 1e999", "a and b", "a < b",
        "a + 0x" + "f" * 290,
        "lambda: a", "a" + " + a" * 74, "a" * 301,
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MetricFault):
        formula.read_formula(text)


def of_formula(text: str, *, primary: bool = False) -> Evaluated:
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 60)
    chosen = contract_of(
        one_row(**SHARE),
        {"key": "auc", "metric": "roc_auc", "primary": not primary},
        {"key": "all", "metric": "formula", "params": {"formula": text}, "primary": primary},
        {"key": "err", "metric": "brier", "direction": "min"},
    )
    answer = table(id=IDS[:60], p=y * 0.4 + rng.random(60) * 0.6)
    return scored(chosen, table(id=IDS[:60], y=y), answer)


def test_a_formula_of_figures_has_its_value_and_interval_and_ranks_by_its_own_resamplings() -> None:
    done = of_formula("0.75 * auc + 0.25 * (1 - err)")
    values = done.values["public"]
    assert list(values) == ["auc", "all", "err"]
    assert values["all"] == pytest.approx(0.75 * values["auc"] + 0.25 * (1 - values["err"]))
    low, high, method = done.intervals["public"]["all"]
    assert method == "bootstrap"
    assert low < values["all"] < high
    assert of_formula("auc - err", primary=True).sums["public"]
    assert of_formula("auc / (err - err)").values["public"]["all"] is None

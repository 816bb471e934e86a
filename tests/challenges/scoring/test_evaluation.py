"""Evaluations: groups, undefined figures, perfect answers, equal bits."""

import json
from typing import Any

import pytest

from challenges.scoring import evaluation, registry
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import MetricFault
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import compile_truth, load_keys, load_labels
from challenges.scoring.verdict import Evaluated, Verdict
from tests.challenges.scoring.boards import SALT, contract, evaluated, truth_of

GROUPS = {
    "submission": {
        "layout": "one_row_per_id",
        "columns": [
            {"name": "id", "role": "id", "type": "string"},
            {"name": "p", "role": "target", "type": "integer", "min": 1, "max": 2},
        ],
    },
    "truth": {"id": "id", "target": "y"},
    "metrics": [{"key": "mae", "metric": "mae", "direction": "min", "primary": True}],
    "fairness": {
        "min_rows": 2,
        "attributes": [{"key": "g", "source": "truth", "column": "g", "ignore": ["x"]}],
        "metrics": [
            {"key": "one", "metric": "mae", "by": "g", "group": "a"},
            {"key": "none", "metric": "mae", "by": "g", "group": "zz"},
            {"key": "table", "metric": "mae", "by": "g", "aggregate": "table"},
            {"key": "gap", "metric": "mae", "by": "g", "aggregate": "gap", "direction": "min"},
            {"key": "worst", "metric": "mae", "by": "g", "aggregate": "worst", "direction": "min"},
            {
                "key": "kappa",
                "metric": "kappa_quadratic",
                "by": "g",
                "aggregate": "worst",
                "direction": "max",
                "params": {"labels": [1, 2]},
                "min_n": 2,
            },
        ],
    },
}
ROWS = {
    "r1": ("1", "a", 1),
    "r2": ("2", "a", 1),
    "r3": ("2", "b", 2),
    "r4": ("1", "b", 1),
    "r5": ("1", "c", 2),
    "r6": ("1", "x", 2),
}


def scored(raw: dict[str, Any]) -> Evaluated:
    chosen = ScoringContract.from_json(raw)
    text = "id,y,g\n" + "".join(f"{k},{y},{g}\n" for k, (y, g, _) in ROWS.items())
    truth = compile_truth(chosen, text.encode(), {}, salt=SALT)
    content = "id,p\n" + "".join(f"{k},{p}\n" for k, (_, _, p) in ROWS.items())
    keys = load_keys(truth.keys)
    verdict, answer = read(content.encode(), "p.csv", chosen.answer, keys)
    assert answer is not None
    return evaluation.evaluate(chosen, keys, load_labels(truth.labels), answer, verdict)


def test_figures_of_groups() -> None:
    found = scored(GROUPS).values["public"]
    assert found["mae"] == pytest.approx(0.5)
    assert found["one"] == {"withheld": 0.5}
    assert found["none"] is None
    table = found["table"]["groups"]
    assert {name: (facts["value"], facts["n"]) for name, facts in table.items()} == {
        "a": (0.5, 2),
        "b": (0.0, 2),
        "c": (1.0, 1),
    }
    assert found["gap"] == {"withheld": 1.0}
    assert found["worst"] == {"withheld": 1.0}
    assert found["kappa"] == {"withheld": 0.0}


def test_small_groups_are_marked_and_not_shown() -> None:
    table = scored(GROUPS).values["public"]["table"]["groups"]
    assert {name: facts["shown"] for name, facts in table.items()} == {
        "a": False,
        "b": False,
        "c": False,
    }


def test_figures_over_large_groups_are_shown_as_they_are() -> None:
    ids = [f"r{i}" for i in range(90)]
    raw = json.loads(json.dumps(GROUPS)) | {"task": "wide"}
    chosen = ScoringContract.from_json(raw)
    lines = "".join(f"{name},{i % 2 + 1},{'abc'[i % 3]}\n" for i, name in enumerate(ids))
    truth = compile_truth(chosen, f"id,y,g\n{lines}".encode(), {}, salt=SALT)
    answers = {name: float((i + (i % 3 == 2)) % 2 + 1) for i, name in enumerate(ids)}
    found = evaluated(chosen, truth, answers).values["public"]
    assert (found["one"], found["gap"], found["worst"]) == (0.0, 1.0, 1.0)
    assert all(facts["shown"] for facts in found["table"]["groups"].values())


def test_an_unknown_aggregate_is_refused() -> None:
    raw = json.loads(json.dumps(GROUPS))
    raw["fairness"]["metrics"][2]["aggregate"] = "mean"
    with pytest.raises(MetricFault):
        scored(raw)


def test_an_undefined_figure_is_none_and_has_no_interval() -> None:
    chosen = contract("roc_auc", "float")
    truth = truth_of(chosen, {"id": ["a", "b"], "y": [1, 1]})
    found = evaluated(chosen, truth, {"a": 0.1, "b": 0.2})
    assert found.values == {"public": {"score": None}}
    assert found.intervals == {"public": {}}


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


def test_same_answer_same_bits() -> None:
    chosen = contract("rmse", "float")
    ids = [f"r{i}" for i in range(300)]
    truth = truth_of(chosen, {"id": ids, "y": [i * 0.1 for i in range(300)]})
    answers = {name: i * 0.1001 for i, name in enumerate(ids)}
    one = evaluated(chosen, truth, answers)
    two = evaluated(chosen, truth, dict(reversed(answers.items())))
    assert one == two
    assert one.sums["public"] == two.sums["public"]


def test_free_labels_unknown_to_the_truth_are_wrong_answers() -> None:
    chosen = contract()
    truth = truth_of(chosen, {"id": ["1", "2", "3", "4"], "y": ["a", "b", "a", "b"]})
    found = evaluated(chosen, truth, {"1": "a", "2": "zz", "3": "b", "4": "b"})
    assert found.values["public"]["score"] == 0.5


def test_a_verdict_survives_json() -> None:
    done = scored(GROUPS)
    assert Verdict.from_json(json.loads(json.dumps(done.verdict.to_json()))) == done.verdict


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"metric": "beauty"}, "unknown metric beauty"),
        ({"metric": "f1_samples"}, "f1_samples cannot read this kind of answer"),
        ({"metric": "kappa_quadratic"}, "parameter labels is missing"),
        ({"params": {"z": 1}}, "unknown parameter z"),
        ({"by": "h"}, "unknown attribute h"),
        (
            {"metric": "kappa_quadratic", "params": {"labels": [1]}},
            "an allowed answer is outside the levels",
        ),
    ],
)
def test_problems_of_a_contract(change: dict[str, Any], text: str) -> None:
    raw = json.loads(json.dumps(GROUPS))
    raw["metrics"][0] |= change
    assert registry.problems(ScoringContract.from_json(raw)) == [("mae", text)]


def test_levels_need_bounds() -> None:
    raw = json.loads(json.dumps(GROUPS))
    raw["submission"]["columns"][1] = {"name": "p", "role": "target", "type": "float"}
    found = registry.problems(ScoringContract.from_json(raw))
    assert ("kappa", "levels need a declared nomenclature or integer bounds") in found

"""Declared formulas: what is read, what is refused, the value and its interval."""

import math
from typing import Any

import numpy as np
import pytest

from challenges.scoring import formula, registry
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import MetricFault
from challenges.scoring.verdict import Evaluated
from tests.challenges.scoring.boards import evaluated, scores, truth_of


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
    assert float(formula.read(text).value({"a": 0.5, "b": 0.25})) == pytest.approx(value)


def test_a_formula_is_computed_on_resamplings() -> None:
    found = formula.read("a / b").value({"a": np.array([1.0, 2.0]), "b": np.array([2.0, 0.0])})
    assert found[0] == 0.5
    assert math.isnan(found[1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 + 2",
        "a +",
        "a ** 2",
        "a if b else a",
        "a.real",
        "a[0]",
        "__import__('os')",
        "abs(a)",
        "min(a)",
        "min(a, b, key=a)",
        "'x'",
        "a + True",
        "a + 1e999",
        "a and b",
        "a < b",
        "lambda: a",
        "a" + " + a" * 74,
        "a" * 301,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MetricFault):
        formula.read(text)


def scored(text: str, *, primary: bool = False, n: int = 60) -> Evaluated:
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, n)
    ids = [f"r{i}" for i in range(n)]
    p = dict(zip(ids, y * 0.4 + rng.random(n) * 0.6, strict=True))
    chosen = declared(text, primary=primary)
    return evaluated(chosen, truth_of(chosen, {"id": ids, "y": y.tolist()}), p)


def declared(text: str, *, primary: bool = False, **more: Any) -> ScoringContract:
    whole = {"key": "all", "metric": "formula", "params": {"formula": text}, "primary": primary}
    return scores(
        {"key": "auc", "metric": "roc_auc", "primary": not primary},
        whole | more,
        {"key": "err", "metric": "brier", "direction": "min"},
    )


def test_a_formula_of_figures_has_its_value_and_interval() -> None:
    done = scored("0.75 * auc + 0.25 * (1 - err)")
    values = done.values["public"]
    assert list(values) == ["auc", "all", "err"]
    assert values["all"] == pytest.approx(0.75 * values["auc"] + 0.25 * (1 - values["err"]))
    low, high, method = done.intervals["public"]["all"]
    assert method == "bootstrap"
    assert low < values["all"] < high


def test_a_formula_ranks_by_its_own_resamplings() -> None:
    assert scored("auc - err", primary=True).sums["public"]


def test_a_formula_that_divides_by_zero_cannot_be_computed() -> None:
    assert scored("auc / (err - err)").values["public"]["all"] is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("auc + beauty", "the formula names beauty, which is no plain figure"),
        ("auc + all", "the formula names all, which is no plain figure"),
        ("auc ** 2", "only + − × ÷ min max, numbers and keys are known"),
    ],
)
def test_a_wrong_formula_is_refused(text: str, fault: str) -> None:
    assert ("all", fault) in registry.problems(declared(text))


def test_a_formula_has_no_groups() -> None:
    found = registry.problems(declared("auc", by="g"))
    assert ("all", "a formula is not computed by group") in found

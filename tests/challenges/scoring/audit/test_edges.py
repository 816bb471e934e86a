"""Audits at their edges: one group, rare answers, figures that no resampling moves."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring.audit.disclosure import groups_to_show
from challenges.scoring.audit.run import published_audit
from tests.challenges.scoring.audit.parts import contract, figure, part, run


def told(chosen: Any, y: Any, p: Any, groups: dict[str, Any], **more: Any) -> Any:
    """Return the published audit of an answer."""
    return published_audit(chosen, run(chosen, part(np.asarray(y), np.asarray(p), groups, **more)))


def test_too_few_to_judge_is_never_said_to_be_no_gap() -> None:
    y = np.tile([0.0, 1.0], 20)
    found = told(contract(), y, y, {"sexe": ["f"] * 20 + ["h"] * 20})
    assert found["slices"][0]["verdict"] == "few"


def test_one_group_has_neither_ratio_nor_gap() -> None:
    y = np.tile([0.0, 1.0], 100)
    chosen = contract(column={"measure": "demographic_parity", "limit": 0.1})
    found = told(chosen, y, y, {"sexe": ["f"] * 200})
    assert figure(found, "selection")["ratio"] is None
    assert found["column"] == {"value": None, "barred": False}


def test_a_ratio_is_taken_before_figures_are_rounded() -> None:
    """12 and 14 in 8,000: 0.0015 and 0.00175 are written 0.002 and 0.002, 10 and 14 0.001."""
    y = np.tile([0.0, 1.0], 8000)
    p = np.concatenate([np.arange(8000) < 12, np.arange(8000) < 14]).astype(float)
    found = figure(told(contract(), y, p, {"sexe": ["f"] * 8000 + ["h"] * 8000}), "selection")
    assert [cell["value"] for cell in found["groups"]] == [0.002, 0.002]
    assert (found["ratio"], found["alert"]) == (0.857, False)


def test_a_group_all_right_and_one_all_wrong_are_a_gap() -> None:
    """No resampling moves either, so the difference had no error and was claimed by nothing."""
    y = np.tile([0, 1], 100)
    p = np.where(np.arange(200) < 100, y, 1 - y)
    chosen = contract(kind="string", measures=["worst_group"])
    groups = {"sexe": ["f"] * 100 + ["h"] * 100}
    found = figure(told(chosen, y, p, groups, texts=["non", "oui"]), "metric")
    assert found["verdict"] == "gap"
    assert found["gap"]["value"] == 1.0
    assert 0.9 < found["gap"]["low"] < 1.0


def test_a_perfect_area_is_not_known_for_sure() -> None:
    y = np.tile([0.0, 1.0], 40)
    found = figure(told(contract("roc_auc"), y, y, {"sexe": ["f"] * 40 + ["h"] * 40}), "auc")
    assert [(c["low"], c["high"]) for c in found["groups"]] == [(0.839, 1.0)] * 2


def test_an_error_that_no_resampling_moves_has_no_interval() -> None:
    y = np.linspace(2.0, 9.0, 200)
    p = y + np.where(np.arange(200) < 100, 0.5, 0.0)
    groups = {"sexe": ["f"] * 100 + ["h"] * 100}
    found = figure(told(contract("rmse", direction="min"), y, p, groups), "error")
    assert [(c["value"], c["low"], c["high"]) for c in found["groups"]] == [
        (0.5, None, None),
        (0.0, None, None),
    ]
    assert (found["gap"]["value"], found["gap"]["low"]) == (0.5, None)


def test_errors_too_large_to_square_claim_nothing() -> None:
    rng = np.random.default_rng(0)
    p = rng.choice([-1e306, 1e306], 200)
    groups = {"sexe": ["f", "h"] * 100}
    found = told(contract("mae", direction="min"), np.linspace(0.2, 0.9, 200), p, groups)
    assert figure(found, "error")["verdict"] != "gap"


@pytest.mark.parametrize(
    ("apart", "measured"), [(0, True), (1, False), (10, False), (11, True), (200, True)]
)
def test_an_answer_that_singles_out_a_few_rows_is_told_of_no_group(
    apart: int, measured: bool
) -> None:
    """One positive answer in all: the only group with a positive answer is that person's."""
    y = np.tile([0.0, 1.0], 200)
    p = (np.arange(400) >= 400 - apart).astype(float)
    column = {"measure": "worst_group"}
    groups = {"sexe": ["f"] * 200 + ["h"] * 200}
    found = told(contract(column=column), y, p, groups)
    assert bool(found["slices"][0]["figures"]) is measured
    assert (found["column"]["value"] is not None) is measured
    if not measured:
        assert found["slices"][0]["verdict"] == "few"


def test_figures_by_group_of_an_answer_that_singles_out_are_withheld() -> None:
    y = np.tile([0.0, 1.0], 200)
    groups = {"sexe": ["f"] * 200 + ["h"] * 200}
    one, many = ((np.arange(400) < apart).astype(float) for apart in (1, 100))
    assert groups_to_show(contract(), part(y, one, groups), "sexe") == frozenset()
    assert groups_to_show(contract(), part(y, many, groups), "sexe") == {"f", "h"}


def test_few_scores_over_the_threshold_leave_out_the_rates_only() -> None:
    y = np.tile([0.0, 1.0], 200)
    p = np.linspace(0.0, 0.49, 400)
    p[17] = 0.9
    found = told(contract(), y, p, {"sexe": ["f"] * 200 + ["h"] * 200})
    keys = [each["key"] for each in found["slices"][0]["figures"]]
    assert keys == ["calibration", "ece", "auc", "bpsn", "bnsp", "metric"]

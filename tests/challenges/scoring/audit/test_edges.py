"""Audits at their edges: one group, rare answers, figures that no resampling moves."""

from typing import Any

import numpy as np

from challenges.scoring.audit.published import published
from tests.challenges.scoring.audit.parts import contract, figure, part, run


def told(chosen: Any, y: Any, p: Any, groups: dict[str, Any], **more: Any) -> Any:
    """Return the published audit of an answer."""
    return published(chosen, run(chosen, part(np.asarray(y), np.asarray(p), groups, **more)))


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

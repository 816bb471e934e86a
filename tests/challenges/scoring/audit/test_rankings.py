"""Groups of items in ranked lists: supported queries only, the usual form beside."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring import registry
from challenges.scoring.audit.run import audit, published_audit
from challenges.scoring.contract import ScoringContract
from challenges.scoring.evaluation import measure
from challenges.scoring.intervals import draw_weights
from challenges.scoring.metric import Part
from tests.challenges.scoring.audit.parts import figure
from tests.challenges.scoring.parts import lists


def contract(**more: Any) -> ScoringContract:
    """Declare ranked lists of CVs judged by MAP, audited by the gender of the CVs."""
    return ScoringContract.from_json(
        {
            "submission": {
                "layout": "ranked_list",
                "columns": [
                    {"name": "offre", "role": "query", "type": "string"},
                    {"name": "rang", "role": "rank", "type": "integer"},
                    {"name": "cv", "role": "item", "type": "string"},
                ],
            },
            "truth": {"query": "offre", "item": "cv", "gain": "gain"},
            "metrics": [{"key": "map", "metric": "map_at_k", "params": {"k": 10}}],
            "fairness": {
                "min_rows": 11,
                "attributes": [
                    {"key": "genre", "source": "cv.csv", "id": "cv", "column": "g", "of": "items"}
                ],
                "audit": more,
            },
        }
    )


def ranked(truth: list[list[int]], answer: list[list[int]], of_items: list[str]) -> Part:
    """Make a part: relevant items and listed items of each query, gender of each item."""
    y, y_offsets = lists(truth)
    p, p_offsets = lists(answer)
    names = sorted(set(of_items))
    n = len(truth)
    return Part(
        y=y,
        p=p,
        bucket=np.arange(n),
        buckets=n,
        texts=[f"cv{i}" for i in range(len(of_items))],
        names=[f"offre{i}" for i in range(n)],
        y_offsets=y_offsets,
        p_offsets=p_offsets,
        gains=np.ones(len(y)),
        ranks=np.concatenate([np.arange(1, len(row) + 1) for row in answer]),
        items={"genre": np.array([names.index(g) for g in of_items], np.int32)},
        item_names={"genre": names},
    )


def run(chosen: ScoringContract, part: Part) -> Any:
    """Run the declared audit."""
    weights = draw_weights(part.buckets, 200, b"audit")
    spec = chosen.primary

    def primary(rows: Part) -> Any:
        metric = registry.metric(spec.metric)
        return measure(metric, spec, rows, weights, independent=True, level=chosen.level)

    return audit(chosen, part, weights, primary)


def test_a_perfect_list_has_no_gap_on_three_vacancies() -> None:
    toy = ranked([[0], [1], [2]], [[0, 3], [1, 3], [2, 3]], ["h", "h", "f", "h"])
    found = run(contract(), toy)
    groups = found["slices"][0]["groups"]
    assert [(each["key"], each["n"]) for each in groups] == [(["f"], 1), (["h"], 2)]
    assert [cell["value"] for cell in figure(found, "metric")["groups"]] == [1.0, 1.0]
    assert [each["usual"] for each in groups] == pytest.approx([1 / 3, 2 / 3], abs=1e-4)
    assert found["slices"][0]["verdict"] == "few"
    assert figure(found, "metric")["gap"] is None
    told = published_audit(contract(), found)
    assert [each["state"] for each in told["slices"][0]["groups"]] == ["hidden", "hidden"]


def test_relevant_items_of_another_group_do_not_push_down() -> None:
    mixed = ranked([[0, 1], [2, 3]], [[0, 1, 4], [4, 2, 3]], ["h", "f", "h", "f", "h"])
    found = run(contract(), mixed)
    values = [cell["value"] for cell in figure(found, "metric")["groups"]]
    assert values == pytest.approx([0.75, 0.75], abs=1e-12)


def test_a_group_ranked_last_is_flagged() -> None:
    rng = np.random.default_rng(3)
    n = 200
    truth = [[2 * i, 2 * i + 1] for i in range(n)]
    other = [2 * n + i for i in range(5)]
    answer = [[h, *other, f] if rng.random() < 0.8 else [f, *other, h] for f, h in truth]
    genders = ["f", "h"] * n + ["h"] * 5
    found = run(contract(), ranked(truth, answer, genders))
    assert found["slices"][0]["verdict"] == "gap"
    assert figure(found, "metric")["gap"]["of"] == [1, 0]
    exposure = figure(found, "exposure")
    assert exposure["verdict"] == "gap"
    assert exposure["groups"][0]["value"] < exposure["groups"][1]["value"]


def test_exposure_is_the_discount_per_relevant_item() -> None:
    toy = ranked([[0], [1, 2]], [[0, 3], [1, 2]], ["f", "h", "f", "h"])
    found = run(contract(measures=["exposure"]), toy)
    discount = 1 / np.log2(np.array([2.0, 3.0]))
    wanted = [(discount[0] + discount[1]) / 2, (discount[1] + discount[0]) / 1]
    values = [cell["value"] for cell in figure(found, "exposure")["groups"]]
    assert values == pytest.approx(wanted, abs=1e-12)

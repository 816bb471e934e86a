"""The audit: what fairlearn finds, what it claims, what it does not, in rows and in lists."""

from typing import Any

import fairlearn.metrics as fair
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from challenges.scoring.audit.disclosure import groups_to_show
from challenges.scoring.audit.run import published_audit
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Part
from tests.challenges.scoring.audit.parts import contract, figure, part, run
from tests.challenges.scoring.boards import contract_of
from tests.challenges.scoring.parts import CASES, lists, rngs

ORACLES = {
    "selection": fair.selection_rate,
    "tpr": fair.true_positive_rate,
    "fpr": fair.false_positive_rate,
}
RATES = ["demographic_parity", "equal_opportunity", "equalised_odds", "predictive_parity"]
YES_NO = np.tile([0.0, 1.0], 200)
HALVES = ["f"] * 200 + ["h"] * 200  # one after the other
TWINS = ["f", "f", "h", "h"] * 100  # as many yes and no in each


def drawn(rng: np.random.Generator, n: int, groups: int) -> tuple[Any, Any, list[str]]:
    """Draw a truth, scores and groups that all hold both answers."""
    y = rng.integers(0, 2, n)
    p = np.round(rng.random(n) * 0.6 + 0.4 * rng.random() * y, 3)
    group = [f"g{i}" for i in rng.integers(0, groups, n)]
    return y.astype(float), p, group


def audited(y: Any, p: Any, group: list[str], chosen: Any = None, **more: Any) -> Any:
    """Return the record of an answer of one attribute."""
    return run(chosen or contract(), part(np.asarray(y), np.asarray(p), {"sexe": group}, **more))


def told(y: Any, p: Any, group: list[str], chosen: Any = None, **more: Any) -> Any:
    """Return what is published of it."""
    return published_audit(chosen or contract(), audited(y, p, group, chosen, **more))


def values(record: Any, key: str) -> list[Any]:
    return [cell["value"] for cell in figure(record, key)["groups"]]


# --- against fairlearn and scikit-learn


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(CASES // 2), id="lean"),
        pytest.param(range(CASES * 40), id="full", marks=(pytest.mark.full, pytest.mark.slow)),
    ],
)
def test_point_estimates_equal_fairlearn(seeds: range) -> None:
    chosen = contract(measures=RATES)
    for rng in rngs(21, seeds):
        y, p, group = drawn(rng, int(rng.integers(150, 400)), int(rng.integers(2, 6)))
        found = run(chosen, part(y, p, {"sexe": group}), replicates=20)
        frame = fair.MetricFrame(
            metrics=ORACLES,
            y_true=y,
            y_pred=(p >= 0.5).astype(float),
            sensitive_features=np.array(group),
        )
        names = [each["key"][0] for each in found["slices"][0]["groups"]]
        for key in ORACLES:
            wanted = frame.by_group[key].reindex(names).to_numpy(float)
            known = [value is not None for value in values(found, key)]
            given = np.array([value for value in values(found, key) if value is not None])
            assert given == pytest.approx(wanted[known], abs=1e-12)
            overall = float(frame.overall[key])
            assert figure(found, key)["overall"] == pytest.approx(overall, abs=1e-12)


def test_disparities_equal_fairlearn() -> None:
    y, p, group = drawn(np.random.default_rng(3), 3000, 3)
    record = told(y, p, group, contract(measures=RATES))
    given = {"y_pred": (p >= 0.5).astype(float), "sensitive_features": np.array(group)}
    gap = fair.demographic_parity_difference(y, **given)
    ratio = fair.demographic_parity_ratio(y, **given)
    odds = fair.equalized_odds_difference(y, **given)
    assert figure(record, "selection")["gap"]["value"] == round(gap, 3)
    assert figure(record, "selection")["ratio"] == round(ratio, 3)
    assert max(figure(record, key)["gap"]["value"] for key in ("tpr", "fpr")) == round(odds, 3)


def test_areas_equal_their_oracle() -> None:
    y, p, group = drawn(np.random.default_rng(9), 900, 3)
    found = audited(y, p, group, contract(measures=["auc_by_group"]))
    for at, name in enumerate(["g0", "g1", "g2"]):
        mine = np.array(group) == name
        chosen = {
            "auc": mine,
            "bpsn": (mine & (y == 0)) | (~mine & (y == 1)),
            "bnsp": (mine & (y == 1)) | (~mine & (y == 0)),
        }
        for key, rows in chosen.items():
            wanted = roc_auc_score(y[rows], p[rows])
            assert values(found, key)[at] == pytest.approx(wanted, abs=1e-12)


# --- gaps


def test_a_planted_gap_is_flagged_and_told() -> None:
    rng = np.random.default_rng(4)
    y = np.tile(YES_NO, 2)
    right = rng.random(800) < np.where(np.arange(800) < 400, 0.6, 0.8)
    found = audited(y, np.where(right, y, 1 - y), ["f"] * 400 + ["h"] * 400)
    assert found["slices"][0]["verdict"] == "gap"
    metric = figure(found, "metric")
    assert (metric["verdict"], metric["gap"]["of"]) == ("gap", [1, 0])
    assert metric["gap"]["low"] > 0
    assert metric["gap"]["value"] == pytest.approx(0.2, abs=0.08)


def claims(seeds: int, gap: float, attributes: int = 1) -> int:
    """Count how often a gap of recall between two groups of 400 positives each is claimed."""
    claimed = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        y = np.tile([1.0, 1.0, 0.0, 0.0], 400)
        groups = {"a0": np.where(np.arange(1600) % 2 == 0, "f", "h")}
        for i in range(1, attributes):
            groups[f"a{i}"] = np.array(["f", "h"])[rng.integers(0, 2, 1600)]
        share = np.where(y == 0, 0.3, np.where(groups["a0"] == "f", 0.6 - gap, 0.6))
        p = (rng.random(1600) < share).astype(float)
        rows = part(y, p, {k: v.tolist() for k, v in groups.items()})
        found = run(contract(groups=tuple(groups), measures=RATES), rows, replicates=300)
        claimed += any(each["verdict"] == "gap" for each in found["slices"])
    return claimed


@pytest.mark.slow
def test_planted_gaps_are_found_most_of_the_time() -> None:
    assert claims(40, 0.2) >= 38


@pytest.mark.slow
@pytest.mark.parametrize("attributes", [1, pytest.param(3, marks=pytest.mark.full)])
def test_without_a_gap_few_seeds_claim_one(attributes: int) -> None:
    assert claims(200, 0.0, attributes) <= 18


def test_an_answer_that_finds_nobody_is_flagged_in_every_group() -> None:
    record = told(YES_NO, np.zeros(400), TWINS)
    tpr = figure(record, "tpr")
    assert (values(record, "tpr"), tpr["zero"], tpr["verdict"]) == ([0.0, 0.0], [0, 1], "no_gap")
    assert all(cell["high"] < 0.05 for cell in tpr["groups"])
    selection = figure(record, "selection")
    assert (selection["ratio"], selection["alert"]) == (None, False)
    assert [cell["state"] for cell in figure(record, "ppv")["groups"]] == ["undefined"] * 2


def test_one_group_found_and_the_other_never() -> None:
    gap = figure(audited(YES_NO, (np.arange(400) % 4 == 3) * 1.0, TWINS), "tpr")["gap"]
    assert (gap["value"], gap["significant"]) == (1.0, True)
    assert 0.7 < gap["low"] < 1.0


def test_a_group_all_right_and_one_all_wrong_are_a_gap() -> None:
    """No resampling moves either, so the difference had no error and was claimed by nothing."""
    y = np.tile([0, 1], 100)
    p = np.where(np.arange(200) < 100, y, 1 - y)
    chosen = contract(kind="string", measures=["worst_group"])
    groups = ["f"] * 100 + ["h"] * 100
    found = figure(told(y, p, groups, chosen, texts=["non", "oui"]), "metric")
    assert (found["verdict"], found["gap"]["value"]) == ("gap", 1.0)
    assert 0.9 < found["gap"]["low"] < 1.0


def test_clusters_of_rows_widen_the_gaps() -> None:
    rng = np.random.default_rng(5)
    y = np.repeat(rng.integers(0, 2, 300), 5).astype(float)
    p = np.where(np.repeat(rng.random(300) < 0.7, 5), y, 1 - y)
    group = np.repeat(np.array(["f", "h"])[rng.integers(0, 2, 300)], 5).tolist()
    bucket = np.repeat(np.arange(300), 5)
    alone, joint = (
        figure(found, "metric")["gap"]
        for found in (
            audited(y, p, group),
            audited(y, p, group, contract(cluster="c"), bucket=bucket),
        )
    )
    ratio = (joint["high"] - joint["low"]) / (alone["high"] - alone["low"])
    assert ratio == pytest.approx(5**0.5, rel=0.25)


# --- kinds of answers


def test_regression_has_its_signed_error() -> None:
    rng = np.random.default_rng(6)
    y = rng.normal(10, 2, 800)
    p = y + np.where(np.arange(800) % 2 == 0, -1.0, 0.0) + rng.normal(0, 0.5, 800)
    found = audited(y, p, ["f", "h"] * 400, contract("mae", direction="min"))
    assert (found["kind"], figure(found, "error")["verdict"]) == ("numbers", "gap")
    assert values(found, "error")[0] == pytest.approx(np.mean((p - y)[::2]), abs=1e-12)


def test_labels_have_rates_of_the_declared_answer() -> None:
    rng = np.random.default_rng(7)
    y, p = rng.integers(0, 2, (2, 600)).astype(np.int32)
    rows = (y, p, ["f", "h"] * 300)
    found = audited(*rows, contract(kind="string", positive="oui"), texts=["non", "oui"])
    assert (found["kind"], values(found, "selection")[0]) == ("labels", p[::2].mean())
    plain = audited(*rows, contract(kind="string"), texts=["non", "oui"])
    assert [each["key"] for each in plain["slices"][0]["figures"]] == ["metric"]


# --- edges


def test_a_group_without_positives_has_no_recall() -> None:
    y = np.concatenate([np.zeros(100), np.tile([0.0, 1.0], 100)])
    group = ["a"] * 100 + ["b"] * 100 + ["c"] * 100
    tpr = figure(audited(y, np.tile([0.0, 1.0], 150), group), "tpr")
    assert (tpr["groups"][0]["value"], tpr["groups"][0]["shown"]) == (None, False)
    assert tpr["gap"] is None or 0 not in tpr["gap"]["of"]


def test_a_missing_attribute_is_a_group_that_is_never_compared() -> None:
    y = np.tile([0.0, 1.0], 300)
    group = ["f", "f", "h", "h", "", ""] * 100
    found = audited(y, np.where([name == "" for name in group], 1 - y, y), group)
    groups = found["slices"][0]["groups"]
    keys = [(each["key"], each["missing"]) for each in groups]
    assert keys == [([""], True), (["f"], False), (["h"], False)]
    assert found["slices"][0]["verdict"] == "no_gap"
    assert values(found, "metric")[0] == 0.0


def test_too_few_to_judge_is_never_said_to_be_no_gap() -> None:
    record = told(YES_NO[:40], YES_NO[:40], ["f"] * 20 + ["h"] * 20)
    assert record["slices"][0]["verdict"] == "few"


def test_one_group_has_neither_ratio_nor_gap() -> None:
    chosen = contract(column={"measure": "demographic_parity", "limit": 0.1})
    record = told(YES_NO, YES_NO, ["f"] * 400, chosen)
    assert figure(record, "selection")["ratio"] is None
    assert record["column"] == {"value": None, "barred": False}


def test_a_ratio_is_taken_before_figures_are_rounded() -> None:
    """12 and 14 in 8,000: 0.0015 and 0.00175 are written 0.002 and 0.002, 10 and 14 0.001."""
    p = np.concatenate([np.arange(8000) < 12, np.arange(8000) < 14]).astype(float)
    record = told(np.tile([0.0, 1.0], 8000), p, ["f"] * 8000 + ["h"] * 8000)
    found = figure(record, "selection")
    assert values(record, "selection") == [0.002, 0.002]
    assert (found["ratio"], found["alert"]) == (0.857, False)


def test_a_perfect_area_is_not_known_for_sure() -> None:
    groups = ["f"] * 40 + ["h"] * 40
    found = figure(told(YES_NO[:80], YES_NO[:80], groups, contract("roc_auc")), "auc")
    assert [(c["low"], c["high"]) for c in found["groups"]] == [(0.839, 1.0)] * 2


def test_an_error_that_no_resampling_moves_has_no_interval() -> None:
    y = np.linspace(2.0, 9.0, 200)
    p = y + np.where(np.arange(200) < 100, 0.5, 0.0)
    groups = ["f"] * 100 + ["h"] * 100
    found = figure(told(y, p, groups, contract("rmse", direction="min")), "error")
    assert [(c["value"], c["low"], c["high"]) for c in found["groups"]] == [
        (0.5, None, None),
        (0.0, None, None),
    ]
    assert (found["gap"]["value"], found["gap"]["low"]) == (0.5, None)


@pytest.mark.parametrize(
    ("apart", "measured"), [(0, True), (1, False), (10, False), (11, True), (200, True)]
)
def test_an_answer_that_singles_out_a_few_rows_is_told_of_no_group(
    apart: int, measured: bool
) -> None:
    """One positive answer in all: the only group with a positive answer is that person's."""
    p = (np.arange(400) >= 400 - apart).astype(float)
    found = told(YES_NO, p, HALVES, contract(column={"measure": "worst_group"}))
    assert bool(found["slices"][0]["figures"]) is measured
    assert (found["column"]["value"] is not None) is measured
    assert (found["slices"][0]["verdict"] == "few") is (not measured)


def test_figures_by_group_of_an_answer_that_singles_out_are_withheld() -> None:
    one, many = ((np.arange(400) < apart).astype(float) for apart in (1, 100))
    assert groups_to_show(contract(), part(YES_NO, one, {"sexe": HALVES}), "sexe") == frozenset()
    assert groups_to_show(contract(), part(YES_NO, many, {"sexe": HALVES}), "sexe") == {"f", "h"}


def test_few_scores_over_the_threshold_leave_out_the_rates_only() -> None:
    p = np.linspace(0.0, 0.49, 400)
    p[17] = 0.9
    keys = [each["key"] for each in told(YES_NO, p, HALVES)["slices"][0]["figures"]]
    assert keys == ["calibration", "ece", "auc", "bpsn", "bnsp", "metric"]


# --- ranked lists: groups of items, supported queries only, the usual form beside


def of_items(**more: Any) -> ScoringContract:
    """Declare ranked lists of CVs judged by MAP, audited by the gender of the CVs."""
    genre = {"key": "genre", "source": "cv.csv", "id": "cv", "column": "g", "of": "items"}
    roles = (("offre", "query", "string"), ("rang", "rank", "integer"), ("cv", "item", "string"))
    columns = [{"name": name, "role": role, "type": kind} for name, role, kind in roles]
    return contract_of(
        {"layout": "ranked_list", "columns": columns},
        {"metric": "map_at_k", "params": {"k": 10}},
        truth={"query": "offre", "item": "cv", "gain": "gain"},
        fairness={"min_rows": 11, "attributes": [genre], "audit": more},
    )


def ranked(truth: list[list[int]], answer: list[list[int]], genders: list[str]) -> Part:
    """Make a part: relevant items and listed items of each query, gender of each item."""
    y, y_offsets = lists(truth)
    p, p_offsets = lists(answer)
    names = sorted(set(genders))
    n = len(truth)
    return Part(
        y=y,
        p=p,
        bucket=np.arange(n),
        buckets=n,
        texts=[f"cv{i}" for i in range(len(genders))],
        names=[f"offre{i}" for i in range(n)],
        y_offsets=y_offsets,
        p_offsets=p_offsets,
        gains=np.ones(len(y)),
        ranks=np.concatenate([np.arange(1, len(row) + 1) for row in answer]),
        items={"genre": np.array([names.index(g) for g in genders], np.int32)},
        item_names={"genre": names},
    )


def test_a_perfect_list_has_no_gap_on_three_vacancies() -> None:
    toy = ranked([[0], [1], [2]], [[0, 3], [1, 3], [2, 3]], ["h", "h", "f", "h"])
    found = run(of_items(), toy, replicates=200)
    groups = found["slices"][0]["groups"]
    assert [(each["key"], each["n"]) for each in groups] == [(["f"], 1), (["h"], 2)]
    assert values(found, "metric") == [1.0, 1.0]
    assert [each["usual"] for each in groups] == pytest.approx([1 / 3, 2 / 3], abs=1e-4)
    assert found["slices"][0]["verdict"] == "few"
    assert figure(found, "metric")["gap"] is None
    record = published_audit(of_items(), found)
    assert [each["state"] for each in record["slices"][0]["groups"]] == ["hidden", "hidden"]


def test_relevant_items_of_another_group_do_not_push_down() -> None:
    mixed = ranked([[0, 1], [2, 3]], [[0, 1, 4], [4, 2, 3]], ["h", "f", "h", "f", "h"])
    found = run(of_items(), mixed, replicates=200)
    assert values(found, "metric") == pytest.approx([0.75, 0.75], abs=1e-12)


def test_a_group_ranked_last_is_flagged() -> None:
    rng = np.random.default_rng(3)
    truth = [[2 * i, 2 * i + 1] for i in range(200)]
    other = [400 + i for i in range(5)]
    answer = [[h, *other, f] if rng.random() < 0.8 else [f, *other, h] for f, h in truth]
    found = run(of_items(), ranked(truth, answer, ["f", "h"] * 200 + ["h"] * 5), replicates=200)
    assert found["slices"][0]["verdict"] == "gap"
    assert figure(found, "metric")["gap"]["of"] == [1, 0]
    assert figure(found, "exposure")["verdict"] == "gap"
    women, men = values(found, "exposure")
    assert women < men


def test_exposure_is_the_discount_per_relevant_item() -> None:
    toy = ranked([[0], [1, 2]], [[0, 3], [1, 2]], ["f", "h", "f", "h"])
    found = run(of_items(measures=["exposure"]), toy, replicates=200)
    discount = 1 / np.log2(np.array([2.0, 3.0]))
    wanted = [(discount[0] + discount[1]) / 2, (discount[1] + discount[0]) / 1]
    assert values(found, "exposure") == pytest.approx(wanted, abs=1e-12)

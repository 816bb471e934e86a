"""The audit: what fairlearn finds, what it claims, what it does not."""

from typing import Any

import fairlearn.metrics as fair
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from challenges.scoring.audit.run import published_audit
from tests.challenges.scoring.audit.parts import contract, figure, part, run
from tests.challenges.scoring.parts import CASES, rngs

ORACLES = {
    "selection": fair.selection_rate,
    "tpr": fair.true_positive_rate,
    "fpr": fair.false_positive_rate,
}
RATES = ["demographic_parity", "equal_opportunity", "equalised_odds", "predictive_parity"]


def drawn(rng: np.random.Generator, n: int, groups: int) -> tuple[Any, Any, list[str]]:
    """Draw a truth, scores and groups that all hold both answers."""
    y = rng.integers(0, 2, n)
    p = np.round(rng.random(n) * 0.6 + 0.4 * rng.random() * y, 3)
    group = [f"g{i}" for i in rng.integers(0, groups, n)]
    return y.astype(float), p, group


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(CASES // 4), id="lean"),
        pytest.param(range(CASES * 10), id="full", marks=(pytest.mark.full, pytest.mark.slow)),
    ],
)
def test_point_estimates_equal_fairlearn(seeds: range) -> None:
    chosen = contract(measures=RATES)
    for rng in rngs(21, seeds):
        y, p, group = drawn(rng, int(rng.integers(150, 400)), int(rng.integers(2, 6)))
        answer = (p >= 0.5).astype(float)
        found = run(chosen, part(y, p, {"sexe": group}), replicates=20)
        frame = fair.MetricFrame(
            metrics=ORACLES, y_true=y, y_pred=answer, sensitive_features=np.array(group)
        )
        names = [each["key"][0] for each in found["slices"][0]["groups"]]
        for key in ORACLES:
            values = [cell["value"] for cell in figure(found, key)["groups"]]
            wanted = frame.by_group[key].reindex(names).to_numpy(float)
            known = [value is not None for value in values]
            assert np.array([v for v in values if v is not None]) == pytest.approx(
                wanted[known], abs=1e-12
            )
            assert figure(found, key)["overall"] == pytest.approx(
                float(frame.overall[key]), abs=1e-12
            )


def test_disparities_equal_fairlearn() -> None:
    rng = np.random.default_rng(3)
    y, p, group = drawn(rng, 3000, 3)
    answer = (p >= 0.5).astype(float)
    features = np.array(group)
    chosen = contract(measures=RATES)
    told = published_audit(chosen, run(chosen, part(y, p, {"sexe": group})))
    gap = fair.demographic_parity_difference(y, answer, sensitive_features=features)
    ratio = fair.demographic_parity_ratio(y, answer, sensitive_features=features)
    assert figure(told, "selection")["gap"]["value"] == round(gap, 3)
    assert figure(told, "selection")["ratio"] == round(ratio, 3)
    odds = fair.equalized_odds_difference(y, answer, sensitive_features=features)
    assert max(figure(told, key)["gap"]["value"] for key in ("tpr", "fpr")) == round(odds, 3)


def test_a_planted_gap_is_flagged_and_told() -> None:
    rng = np.random.default_rng(4)
    y = np.tile([0.0, 1.0], 400)
    group = ["f"] * 400 + ["h"] * 400
    right = rng.random(800) < np.where(np.arange(800) < 400, 0.6, 0.8)
    p = np.where(right, y, 1 - y)
    found = run(contract(), part(y, p, {"sexe": group}))
    assert found["slices"][0]["verdict"] == "gap"
    metric = figure(found, "metric")
    assert metric["verdict"] == "gap"
    assert metric["gap"]["of"] == [1, 0]
    assert metric["gap"]["low"] > 0
    assert metric["gap"]["value"] == pytest.approx(0.2, abs=0.08)


@pytest.mark.slow
def test_planted_gaps_are_found_most_of_the_time() -> None:
    flagged = sum(_flagged(seed, 0.2) for seed in range(40))
    assert flagged >= 38


def _flagged(seed: int, gap: float, attributes: int = 1) -> bool:
    """Say whether a gap of recall between two groups of 400 positives each is claimed."""
    rng = np.random.default_rng(seed)
    y = np.tile([1.0, 1.0, 0.0, 0.0], 400)
    groups = {f"a{i}": np.where(np.arange(1600) % 2 == 0, "f", "h") for i in range(attributes)}
    for i in range(1, attributes):
        groups[f"a{i}"] = np.array(["f", "h"])[rng.integers(0, 2, 1600)]
    share = np.where(y == 0, 0.3, np.where(groups["a0"] == "f", 0.6 - gap, 0.6))
    p = (rng.random(1600) < share).astype(float)
    chosen = contract(groups=tuple(groups), measures=RATES)
    rows = part(y, p, {k: v.tolist() for k, v in groups.items()})
    found = run(chosen, rows, replicates=300)
    return any(each["verdict"] == "gap" for each in found["slices"])


@pytest.mark.slow
@pytest.mark.parametrize("attributes", [1, pytest.param(3, marks=pytest.mark.full)])
def test_without_a_gap_few_seeds_claim_one(attributes: int) -> None:
    flagged = sum(_flagged(seed, 0.0, attributes) for seed in range(200))
    assert flagged <= 18


def test_an_answer_that_finds_nobody_is_flagged_in_every_group() -> None:
    y = np.tile([0.0, 1.0], 200)
    group = ["f", "f", "h", "h"] * 100
    told = published_audit(contract(), run(contract(), part(y, np.zeros(400), {"sexe": group})))
    tpr = figure(told, "tpr")
    assert [cell["value"] for cell in tpr["groups"]] == [0.0, 0.0]
    assert tpr["zero"] == [0, 1]
    assert all(cell["high"] < 0.05 for cell in tpr["groups"])
    assert tpr["verdict"] == "no_gap"
    selection = figure(told, "selection")
    assert (selection["ratio"], selection["alert"]) == (None, False)
    assert [cell["state"] for cell in figure(told, "ppv")["groups"]] == ["undefined"] * 2


def test_one_group_found_and_the_other_never() -> None:
    y = np.tile([0.0, 1.0], 200)
    group = ["f", "f", "h", "h"] * 100
    p = np.where(np.arange(400) % 4 == 3, 1.0, 0.0)
    found = run(contract(), part(y, p, {"sexe": group}))
    gap = figure(found, "tpr")["gap"]
    assert gap["value"] == 1.0
    assert gap["significant"]
    assert 0.7 < gap["low"] < 1.0


def test_a_group_without_positives_has_no_recall() -> None:
    y = np.concatenate([np.zeros(100), np.tile([0.0, 1.0], 100)])
    group = ["a"] * 100 + ["b"] * 100 + ["c"] * 100
    found = run(contract(), part(y, np.tile([0.0, 1.0], 150), {"sexe": group}))
    cells = figure(found, "tpr")["groups"]
    assert cells[0]["value"] is None
    assert not cells[0]["shown"]
    assert figure(found, "tpr")["gap"] is None or 0 not in figure(found, "tpr")["gap"]["of"]


def test_a_missing_attribute_is_a_group_that_is_never_compared() -> None:
    y = np.tile([0.0, 1.0], 300)
    group = ["f", "f", "h", "h", "", ""] * 100
    p = np.where([name == "" for name in group], 1 - y, y)
    found = run(contract(), part(y, p, {"sexe": group}))
    groups = found["slices"][0]["groups"]
    assert [(each["key"], each["missing"]) for each in groups] == [
        ([""], True),
        (["f"], False),
        (["h"], False),
    ]
    assert found["slices"][0]["verdict"] == "no_gap"
    assert figure(found, "metric")["groups"][0]["value"] == 0.0


def test_clusters_of_rows_widen_the_gaps() -> None:
    rng = np.random.default_rng(5)
    persons = 300
    y = np.repeat(rng.integers(0, 2, persons), 5).astype(float)
    right = np.repeat(rng.random(persons) < 0.7, 5)
    p = np.where(right, y, 1 - y)
    group = np.repeat(np.array(["f", "h"])[rng.integers(0, 2, persons)], 5).tolist()
    bucket = np.repeat(np.arange(persons), 5)
    alone = run(contract(), part(y, p, {"sexe": group}))
    joint = run(contract(cluster="c"), part(y, p, {"sexe": group}, bucket=bucket))

    def width(found: Any) -> float:
        gap = figure(found, "metric")["gap"]
        return float(gap["high"] - gap["low"])

    assert width(joint) / width(alone) == pytest.approx(5**0.5, rel=0.25)


def test_regression_has_its_signed_error() -> None:
    rng = np.random.default_rng(6)
    y = rng.normal(10, 2, 800)
    group = ["f", "h"] * 400
    p = y + np.where(np.arange(800) % 2 == 0, -1.0, 0.0) + rng.normal(0, 0.5, 800)
    chosen = contract("mae", direction="min")
    found = run(chosen, part(y, p, {"sexe": group}))
    assert found["kind"] == "numbers"
    error = figure(found, "error")
    assert error["groups"][0]["value"] == pytest.approx(np.mean((p - y)[::2]), abs=1e-12)
    assert error["verdict"] == "gap"


def test_labels_have_rates_of_the_declared_answer() -> None:
    rng = np.random.default_rng(7)
    texts = ["non", "oui"]
    y, p = rng.integers(0, 2, 600), rng.integers(0, 2, 600)
    group = ["f", "h"] * 300
    labels = part(y.astype(np.int32), p.astype(np.int32), {"sexe": group}, texts=texts)
    found = run(contract(kind="string", positive="oui"), labels)
    assert found["kind"] == "labels"
    assert figure(found, "selection")["groups"][0]["value"] == p[::2].mean()
    plain = run(contract(kind="string"), labels)
    assert [each["key"] for each in plain["slices"][0]["figures"]] == ["metric"]


def test_the_same_part_gives_the_same_record() -> None:
    rng = np.random.default_rng(8)
    y, p, group = drawn(rng, 500, 3)
    one, two = (run(contract(), part(y, p, {"sexe": group})) for _ in range(2))
    assert one == two


def test_areas_equal_their_oracle() -> None:
    rng = np.random.default_rng(9)
    y, p, group = drawn(rng, 900, 3)
    of = np.array(group)
    found = run(contract(measures=["auc_by_group"]), part(y, p, {"sexe": group}))
    for at, name in enumerate(["g0", "g1", "g2"]):
        mine = of == name
        chosen = {
            "auc": mine,
            "bpsn": (mine & (y == 0)) | (~mine & (y == 1)),
            "bnsp": (mine & (y == 1)) | (~mine & (y == 0)),
        }
        for key, rows in chosen.items():
            wanted = roc_auc_score(y[rows], p[rows])
            assert figure(found, key)["groups"][at]["value"] == pytest.approx(wanted, abs=1e-12)

"""What a contract may not declare, and the figures a truth leaves undefined."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring import definedness, registry
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Shape
from challenges.scoring.truth import TruthFault, load_keys, load_labels
from tests.challenges.scoring.boards import evaluated, scores, truth_of

LABELS = {"type": "category", "domain": ["a", "b", "c"], "min": None, "max": None}
PLAIN = {"min": None, "max": None}


def one(metric: str, target: dict[str, Any] | None = None, **params: Any) -> ScoringContract:
    return scores({"key": "m", "metric": metric, "params": params}, **(target or {}))


def undefined(chosen: ScoringContract, y: list[Any], **columns: list[Any]) -> list[str]:
    rows = {"id": [f"r{i}" for i in range(len(y))], "y": y, **columns}
    truth = truth_of(chosen, rows)
    keys, labels = load_keys(truth.keys), load_labels(truth.labels)
    return [why for _, _, why in definedness.undefined(chosen, keys, labels)]


NO_VALUE = "the metric has no value on this part"


def test_durations_without_a_comparable_pair_are_refused() -> None:
    chosen = one("concordance", PLAIN, event="done")
    assert undefined(chosen, [1, 2, 3], done=[0, 0, 0]) == [NO_VALUE]
    assert undefined(chosen, [1, 2, 3], done=[1, 0, 0]) == []
    assert undefined(chosen, [1, 2, 3], done=["x", 0, 0]) == ["the event must be 0 or 1"]


def test_durations_are_scored_from_a_column_of_the_truth() -> None:
    chosen = one("concordance", PLAIN, event="done")
    ids = [f"r{i}" for i in range(4)]
    rows = {"id": ids, "y": [1, 2, 3, 5], "done": [1, 0, 1, 1]}
    answers = dict(zip(ids, [2.0, 2.0, 4.0, 3.0], strict=True))
    done = evaluated(chosen, truth_of(chosen, rows), answers)
    assert done.values["public"]["m"] == 0.625
    assert done.intervals["public"]["m"][2] == "bootstrap"


def test_a_missing_column_of_the_truth_is_named() -> None:
    with pytest.raises(TruthFault) as caught:
        truth_of(one("concordance", PLAIN, event="done"), {"id": ["a"], "y": [1]})
    assert (caught.value.code, caught.value.detail) == ("E_COLUMN_MISSING", "done")


def weighted(metric: str) -> ScoringContract:
    truth = {"id": "id", "target": "y", "weight": "w"}
    return ScoringContract.from_json(one(metric).to_json() | {"truth": truth})


def test_weights_of_the_truth_count_rows() -> None:
    chosen = weighted("mae")
    assert ScoringContract.from_json(chosen.to_json()) == chosen
    rows = {"id": ["a", "b"], "y": [1, 1], "w": [3, 1]}
    done = evaluated(chosen, truth_of(chosen, rows), {"a": 0.5, "b": 1.0})
    assert done.values["public"]["m"] == pytest.approx(3 * 0.5 / 4)
    for wrong in (0, "x", -1, "nan"):
        with pytest.raises(TruthFault) as caught:
            truth_of(chosen, rows | {"w": [1, wrong]})
        assert caught.value.code == "E_VALUE"


def test_a_metric_of_ranks_knows_no_weights() -> None:
    assert registry.problems(weighted("roc_auc")) == [("m", "roc_auc knows no weights")]


def test_publication_is_refused_by_the_key_of_the_figure() -> None:
    rows = {"id": ["a", "b"], "y": [1, 1]}
    for chosen, code, detail in (
        (one("roc_auc"), "E_METRIC_UNDEFINED", "m, public"),
        (one("beauty"), "E_METRIC", "m"),
    ):
        truth = truth_of(chosen, rows)
        with pytest.raises(TruthFault) as caught:
            definedness.require(chosen, truth)
        assert (caught.value.code, caught.value.detail) == (code, detail)
    fine = one("mae")
    definedness.require(fine, truth_of(fine, rows))


def told(metric: str, target: dict[str, Any] | None = None, **params: Any) -> list[str]:
    return [text for _, text in registry.problems(one(metric, target, **params))]


@pytest.mark.parametrize(
    ("metric", "params", "fault"),
    [
        ("pinball", {"tau": 1}, "tau must lie between 0 and 1"),
        ("pinball", {"tau": True}, "tau must lie between 0 and 1"),
        ("log_loss", {"clip": 0.7}, "clip must lie between 0 and 0.5"),
        ("concordance", {"event": "e", "score": "x"}, "score must be duration or risk"),
        ("accuracy", {"prefix": 0}, "prefix must be a whole number of at least 1"),
        ("accuracy", {"z": 0}, "unknown parameter z"),
        ("pinball", {}, "parameter tau is missing"),
    ],
)
def test_parameters_are_checked(metric: str, params: dict[str, Any], fault: str) -> None:
    assert told(metric, **params) == [fault]


def test_every_shape_of_answer_has_a_file() -> None:
    shapes = set().union(*registry.OF_LAYOUT.values())
    one = {
        Shape.PROBABILITIES,
        Shape.ANY,
        Shape.NUMBERS,
        Shape.LABEL_SETS,
        Shape.FORMULA,
    }
    assert shapes | one == set(Shape)


@pytest.mark.parametrize("metric", ["brier", "log_loss"])
def test_probabilities_are_declared_between_0_and_1(metric: str) -> None:
    assert told(metric) == []
    low, high = f"{metric} needs answers of at least 0", f"{metric} needs answers of at most 1"
    assert told(metric, PLAIN) == [low, high]
    assert told(metric, {"min": -1, "max": 2}) == [low, high]


def test_a_logarithmic_error_declares_its_minimum() -> None:
    assert told("rmsle", PLAIN) == ["rmsle needs answers of at least 0"]
    assert told("rmsle", {"min": 0, "max": None}) == []


def test_a_share_of_a_nomenclature_needs_one() -> None:
    free = {"type": "label_set", "min": None, "max": None}
    assert told("hamming", free) == ["hamming needs a declared nomenclature"]
    assert told("hamming", free | {"domain": ["a", "b"]}) == []


def test_an_exact_figure_is_the_centre_of_its_resamplings() -> None:
    rng = np.random.default_rng(3)
    n = 5000
    ids = [f"r{i}" for i in range(n)]
    y = (rng.random(n) < 0.3).astype(int)
    p = np.clip(0.2 * y + 0.8 * rng.random(n), 0, 1)
    chosen = one("average_precision")
    done = evaluated(
        chosen, truth_of(chosen, {"id": ids, "y": y.tolist()}), dict(zip(ids, p, strict=True))
    )
    order = np.argsort(-p)
    precision = np.cumsum(y[order]) / np.arange(1, n + 1)
    exact = float((precision * y[order]).sum() / y.sum())
    low, high, _ = done.intervals["public"]["m"]
    assert done.values["public"]["m"] == pytest.approx(exact, abs=1e-12)
    assert low < exact < high
    assert high - low < 0.1

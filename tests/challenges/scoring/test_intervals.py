"""Intervals: named vectors, coverage, determinism."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring.buckets import Buckets
from challenges.scoring.intervals import (
    centred,
    draw_weights,
    percentile,
    wilson,
)
from challenges.scoring.metric import dense
from tests.challenges.scoring.boards import contract, evaluated, truth_of


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(34, 40, 0.709, 0.929), (15, 53, 0.180, 0.416), (16, 16, 0.806, 1.0), (0, 16, 0.0, 0.194)],
)
def test_wilson_vectors(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(hits, n)
    assert found == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(("hits", "n"), [(-1, 4), (5, 4), (0, 0)])
def test_wilson_refuses_impossible_counts(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="hits"):
        wilson(hits, n)


def test_weights_are_drawn_once_and_sum_to_the_buckets() -> None:
    weights = draw_weights(150, 1000, b"seed")
    assert weights.dtype == np.uint8
    assert (weights.sum(1, dtype=np.int64) == 150).all()
    assert (weights == draw_weights(150, 1000, b"seed")).all()
    assert not (weights == draw_weights(150, 1000, b"other")).all()
    assert (draw_weights(1, 10, b"x") == 1).all()


def test_percentile_of_mostly_undefined_figures_is_none() -> None:
    assert percentile(np.array([np.nan, np.nan, 1.0]), 0.95) is None
    assert percentile(np.array([np.nan, 1.0, 3.0]), 0.95) == pytest.approx((1.05, 2.95))


def test_dense_and_sparse_sums_travel() -> None:
    rng = np.random.default_rng(1)
    stats = dense(np.ones(300), rng.random(300))
    small = Buckets.of(stats, np.arange(300) % 40, 40)
    again, meta, arrays = Buckets.from_bytes(small.to_bytes({"a": 1}, replicates=np.ones(3)))
    assert meta == {"a": 1, "buckets": 40, "width": 2}
    assert "dense" in arrays
    assert (again.total() == small.total()).all()
    wide = Buckets(2000, 500, np.array([3, 1999]), np.array([7, 499]), np.array([1.5, 2.0]))
    again, _, arrays = Buckets.from_bytes(wide.to_bytes({}))
    assert "dense" not in arrays
    assert (again.total() == wide.total()).all()
    weights = draw_weights(2000, 20, b"w")
    resampled = np.concatenate(list(again.resampled(weights)))
    assert (resampled[:, 7] == weights[:, 3] * 1.5).all()
    assert (resampled[:, 499] == weights[:, 1999] * 2.0).all()


def accuracy_of(hits: int, n: int, **truth: str) -> list[object]:
    chosen = contract(**truth)
    columns = {"id": [f"r{i}" for i in range(n)], "y": ["a"] * n}
    if truth:
        columns["c"] = [f"c{i // 2}" for i in range(n)]
    answers = {f"r{i}": "a" if i < hits else "b" for i in range(n)}
    done = evaluated(chosen, truth_of(chosen, columns), answers)
    return list(done.intervals["public"]["score"])


def test_a_proportion_of_independent_rows_has_wilson() -> None:
    low, high, method = accuracy_of(16, 16)
    assert method == "wilson"
    assert (low, high) == pytest.approx((0.806, 1.0), abs=5e-4)


def test_a_perfect_answer_on_clusters_is_not_certain() -> None:
    low, high, method = accuracy_of(32, 32, cluster="c")
    assert method == "wilson"
    assert (low, high) == pytest.approx((0.806, 1.0), abs=5e-4)


def perfect(metric: str, kind: str = "string", **params: Any) -> list[list[object]]:
    """Return the interval of a perfect answer, then of the opposite one: 16 yes in 300 rows."""
    chosen = contract(metric, kind, params=params)
    yes = {f"r{i}": i < 16 for i in range(300)}
    truth = truth_of(chosen, {"id": list(yes), "y": [int(v) for v in yes.values()]})
    written = str if kind == "string" else float
    good = {name: written(int(v)) for name, v in yes.items()}
    bad = {name: written(int(not v)) for name, v in yes.items()}
    return [
        list(evaluated(chosen, truth, each).intervals["public"]["score"]) for each in (good, bad)
    ]


@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_a_perfect_share_of_16_is_not_certain(metric: str) -> None:
    good, bad = perfect(metric, positive="1")
    assert good == [pytest.approx(0.806, abs=5e-4), 1.0, "wilson"]
    few = wilson(0, {"precision": 284, "recall": 16, "f1": 16}[metric])[1]
    assert bad == [0.0, pytest.approx(few), "wilson"]


@pytest.mark.parametrize("metric", ["f1_macro", "balanced_accuracy", "f1_weighted"])
def test_a_perfect_answer_over_300_rows_is_not_certain(metric: str) -> None:
    good, bad = perfect(metric)
    assert good == [pytest.approx(wilson(300, 300)[0]), 1.0, "wilson"]
    assert bad == [0.0, pytest.approx(wilson(0, 300)[1]), "wilson"]


def test_an_end_of_another_range_is_not_certain_either() -> None:
    good, _ = perfect("mcc")
    assert good == [pytest.approx(2 * wilson(300, 300)[0] - 1), 1.0, "wilson"]
    good, _ = perfect("brier", "float")
    assert good == [0.0, pytest.approx(wilson(0, 300)[1]), "wilson"]


def test_a_perfect_order_rests_on_the_rows_it_counts() -> None:
    good, _ = perfect("average_precision", "float")
    assert good == [pytest.approx(wilson(16, 16)[0]), 1.0, "wilson"]


def test_precision_is_bounded_by_the_rows_it_counts() -> None:
    chosen = contract("precision", params={"positive": "1"})
    truth = truth_of(chosen, {"id": [f"r{i}" for i in range(300)], "y": [1] * 40 + [0] * 260})
    answers = {f"r{i}": "1" if i < 15 or 40 <= i < 78 else "0" for i in range(300)}
    low, high, method = evaluated(chosen, truth, answers).intervals["public"]["score"]
    assert (low, high, method) == (*wilson(15, 53), "wilson")


def test_a_bias_is_taken_off_unless_it_is_negligible() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan])
    found, bias = centred(values, 1.0)
    assert bias == 1.0
    assert found[:3].tolist() == [0.0, 1.0, 2.0]
    same, none = centred(values, 1.9)
    assert none == 0.0
    assert same is values


def test_clusters_of_rows_widen_the_interval() -> None:
    chosen, grouped = contract(), contract(cluster="c")
    n = 1000
    columns = {"id": [f"r{i}" for i in range(n)], "y": ["a"] * n}
    columns["c"] = [f"c{i // 5}" for i in range(n)]
    answers = {f"r{i}": "a" if i // 5 % 4 else "b" for i in range(n)}
    alone = evaluated(chosen, truth_of(chosen, columns), answers).intervals["public"]["score"]
    joint = evaluated(grouped, truth_of(grouped, columns), answers).intervals["public"]["score"]
    ratio = (joint[1] - joint[0]) / (alone[1] - alone[0])
    assert joint[2] == "bootstrap"
    assert ratio == pytest.approx(5**0.5, rel=0.1)


def test_auc_has_delong_and_agrees_with_the_buckets() -> None:
    rng = np.random.default_rng(2)
    n = 2000
    y = rng.integers(0, 2, n)
    p = np.round(y * 0.5 + rng.normal(size=n), 2)
    columns = {"id": [f"r{i}" for i in range(n)], "y": y.tolist()}
    columns["c"] = columns["id"]
    answers = {f"r{i}": float(v) for i, v in enumerate(p)}
    alone, grouped = contract("roc_auc", "float"), contract("roc_auc", "float", cluster="c")
    delong = evaluated(alone, truth_of(alone, columns), answers).intervals["public"]["score"]
    boot = evaluated(grouped, truth_of(grouped, columns), answers).intervals["public"]["score"]
    assert (delong[2], boot[2]) == ("delong", "bootstrap")
    assert delong[:2] == pytest.approx(boot[:2], abs=0.004)


def test_perfect_auc_keeps_an_interval() -> None:
    chosen = contract("roc_auc", "float")
    columns = {"id": [f"r{i}" for i in range(40)], "y": [i % 2 for i in range(40)]}
    answers = {f"r{i}": float(i % 2) for i in range(40)}
    done = evaluated(chosen, truth_of(chosen, columns), answers)
    assert done.values["public"]["score"] == 1.0
    low, high, _ = done.intervals["public"]["score"]
    assert low < 0.9
    assert high == 1.0


def _coverage(metric: str, boards: int, n: int) -> float:
    """Return how often the interval of a mean error holds the true error."""
    rng = np.random.default_rng(8)
    chosen = contract(metric, "float", replicates=300)
    columns = {"id": [f"r{i}" for i in range(n)], "y": [0.0] * n}
    truth = truth_of(chosen, columns)
    true = {"mae": (2 / np.pi) ** 0.5, "rmse": 1.0}[metric]
    held = 0
    for _ in range(boards):
        answers = {f"r{i}": float(v) for i, v in enumerate(rng.normal(size=n))}
        low, high, _ = evaluated(chosen, truth, answers).intervals["public"]["score"]
        held += low <= true <= high
    return held / boards


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_coverage_is_near_its_level(metric: str) -> None:
    assert 0.90 <= _coverage(metric, 150, 500) <= 0.99


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_coverage_is_between_93_and_97_percent(metric: str) -> None:
    assert 0.93 <= _coverage(metric, 2000, 500) <= 0.97

"""Intervals: named vectors, what is never certain, what widens them."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring.intervals import Buckets, centred, draw_weights, percentile, wilson
from challenges.scoring.metric import dense
from tests.challenges.scoring.boards import contract, evaluated, truth_of


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(34, 40, 0.709, 0.929), (15, 53, 0.180, 0.416), (16, 16, 0.806, 1.0), (0, 16, 0.0, 0.194)],
)
def test_wilson_vectors(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-4)


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


def test_a_bias_is_taken_off_unless_it_is_negligible() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan])
    found, bias = centred(values, 1.0)
    assert bias == 1.0
    assert found[:3].tolist() == [0.0, 1.0, 2.0]
    same, none = centred(values, 1.9)
    assert none == 0.0
    assert same is values


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


def interval(
    y: list[Any], p: list[Any], metric: str = "accuracy", c: list[Any] | None = None, **params: Any
) -> list[Any]:
    """Return (low, high, method) of an answer to a truth of these rows, in these clusters."""
    chosen = contract(
        metric,
        "string" if isinstance(p[0], str) else "float",
        params=params,
        **({} if c is None else {"cluster": "c"}),
    )
    ids = [f"r{i}" for i in range(len(y))]
    columns = {"id": ids, "y": y} | ({} if c is None else {"c": c})
    done = evaluated(chosen, truth_of(chosen, columns), dict(zip(ids, p, strict=True)))
    return list(done.intervals["public"]["score"])


@pytest.mark.parametrize(("n", "clusters"), [(16, None), (32, [i // 2 for i in range(32)])])
def test_a_perfect_answer_is_not_certain(n: int, clusters: list[int] | None) -> None:
    found = interval(["a"] * n, ["a"] * n, c=clusters)
    assert found == [pytest.approx(0.806, abs=5e-4), 1.0, "wilson"]


YES = [int(i < 16) for i in range(300)]  # 16 yes in 300 rows


def perfect(metric: str, kind: type = str, **params: Any) -> list[Any]:
    return interval(YES, [kind(v) for v in YES], metric, **params)


def opposite(metric: str, kind: type = str, **params: Any) -> list[Any]:
    return interval(YES, [kind(1 - v) for v in YES], metric, **params)


@pytest.mark.parametrize(("metric", "counted"), [("precision", 284), ("recall", 16), ("f1", 16)])
def test_a_perfect_share_of_16_is_not_certain(metric: str, counted: int) -> None:
    assert perfect(metric, positive="1") == [pytest.approx(0.806, abs=5e-4), 1.0, "wilson"]
    few = wilson(0, counted)[1]
    assert opposite(metric, positive="1") == [0.0, pytest.approx(few), "wilson"]


@pytest.mark.parametrize("metric", ["f1_macro", "balanced_accuracy", "f1_weighted"])
def test_a_perfect_answer_over_300_rows_is_not_certain(metric: str) -> None:
    assert perfect(metric) == [pytest.approx(wilson(300, 300)[0]), 1.0, "wilson"]
    assert opposite(metric) == [0.0, pytest.approx(wilson(0, 300)[1]), "wilson"]


def test_an_end_of_another_range_and_a_perfect_order_are_not_certain_either() -> None:
    assert perfect("mcc") == [pytest.approx(2 * wilson(300, 300)[0] - 1), 1.0, "wilson"]
    assert perfect("brier", float) == [0.0, pytest.approx(wilson(0, 300)[1]), "wilson"]
    rests_on = wilson(16, 16)[0]  # the rows it counts
    assert perfect("average_precision", float) == [pytest.approx(rests_on), 1.0, "wilson"]
    even = [i % 2 for i in range(40)]
    low, high, _ = interval(even, [float(v) for v in even], "roc_auc")
    assert low < 0.9
    assert high == 1.0


def test_precision_is_bounded_by_the_rows_it_counts() -> None:
    y = [1] * 40 + [0] * 260
    p = ["1" if i < 15 or 40 <= i < 78 else "0" for i in range(300)]
    assert interval(y, p, "precision", positive="1") == [*wilson(15, 53), "wilson"]


def test_clusters_of_rows_widen_the_interval() -> None:
    y, p = ["a"] * 1000, ["a" if i // 5 % 4 else "b" for i in range(1000)]
    alone, joint = interval(y, p), interval(y, p, c=[i // 5 for i in range(1000)])
    assert joint[2] == "bootstrap"
    assert (joint[1] - joint[0]) / (alone[1] - alone[0]) == pytest.approx(5**0.5, rel=0.1)


def test_auc_has_delong_and_agrees_with_the_buckets() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 2000)
    p = np.round(y * 0.5 + rng.normal(size=2000), 2).tolist()
    delong = interval(y.tolist(), p, "roc_auc")
    boot = interval(y.tolist(), p, "roc_auc", c=list(range(2000)))
    assert (delong[2], boot[2]) == ("delong", "bootstrap")
    assert delong[:2] == pytest.approx(boot[:2], abs=0.004)

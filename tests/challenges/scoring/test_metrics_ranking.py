"""Ranked lists against trec_eval and scikit-learn, and by hand."""

import math
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from sklearn.metrics import ndcg_score

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import cases, close, figure, lists, part, rngs

ITEMS = [f"{letter}{number}" for letter in "ABCD" for number in range(6)]


def ranked(truth: list[dict[int, float]], given: list[list[int]], **more: Any) -> Any:
    y, y_offsets = lists([list(row) for row in truth])
    p, p_offsets = lists(given)
    ranks = np.array([i + 1 for row in given for i in range(len(row))], np.int32)
    return part(
        y,
        p,
        n=len(truth),
        texts=ITEMS,
        y_offsets=y_offsets,
        p_offsets=p_offsets,
        gains=np.array([g for row in truth for g in row.values()], np.float64),
        ranks=more.pop("ranks", ranks),
        names=[ITEMS[i] for i in range(len(truth))],
        **more,
    )


def case(rng: np.random.Generator) -> tuple[list[dict[int, float]], list[list[int]]]:
    truth, given = [], []
    for _ in range(int(rng.integers(1, 12))):
        held = rng.choice(24, rng.integers(1, 14), replace=False)
        truth.append({int(i): float(rng.integers(0, 4)) for i in held})
        given.append(rng.choice(24, rng.integers(0, 14), replace=False).tolist())
    return truth, given


def trec(truth: list[dict[int, float]], given: list[list[int]], measure: str) -> list[float]:
    qrel = {str(q): {f"d{i}": int(g) for i, g in row.items()} for q, row in enumerate(truth)}
    run = {
        str(q): {f"d{i}": float(100 - at) for at, i in enumerate(row)}
        for q, row in enumerate(given)
    }
    found = pytrec_eval.RelevanceEvaluator(qrel, {measure}).evaluate(run)
    name = measure.replace(".", "_")
    return [found.get(str(q), {}).get(name, 0.0) for q in range(len(truth))]


@cases
@pytest.mark.parametrize("gain", ["linear", "exponential"])
def test_ndcg_equals_trec_eval(gain: str, seeds: range) -> None:
    for rng in rngs(21, seeds):
        truth, given = case(rng)
        shown = truth
        if gain == "exponential":
            shown = [{i: 2**g - 1 for i, g in row.items()} for row in truth]
        held = [any(g > 0 for g in row.values()) for row in truth]
        wanted = [
            v for v, keep in zip(trec(shown, given, "ndcg_cut.10"), held, strict=True) if keep
        ]
        found = figure("ndcg", ranked(truth, given), k=10, gain=gain)
        close(found, float(np.mean(wanted)) if wanted else math.nan)


@cases
def test_ndcg_equals_scikit_learn(seeds: range) -> None:
    for rng in rngs(22, seeds):
        gains = rng.random(12)
        order = rng.permutation(12)
        scores = np.empty(12)
        scores[order] = np.arange(12, 0, -1)
        wanted = ndcg_score([gains], [scores], k=10)
        truth = [{i: float(g) for i, g in enumerate(gains)}]
        found = figure("ndcg", ranked(truth, [order.tolist()]), k=10)
        close(found, wanted)


@cases
def test_recall_equals_trec_eval_capped(seeds: range) -> None:
    for rng in rngs(23, seeds):
        truth, given = case(rng)
        relevant = [sum(g > 0 for g in row.values()) for row in truth]
        recall = trec(truth, given, "recall.10")
        wanted = [
            r * count / min(10, count) for r, count in zip(recall, relevant, strict=True) if count
        ]
        found = figure("recall_at_k", ranked(truth, given), k=10)
        close(found, float(np.mean(wanted)) if wanted else math.nan)


@cases
def test_gain_covered_adds_the_gains_of_the_top(seeds: range) -> None:
    for rng in rngs(24, seeds):
        truth, given = case(rng)
        wanted = np.mean(
            [
                sum(row.get(i, 0.0) for i in items[:5])
                for row, items in zip(truth, given, strict=True)
            ]
        )
        found = figure("gain_covered", ranked(truth, given), k=5)
        assert found == pytest.approx(wanted, abs=1e-12)


def test_a_perfect_list_scores_exactly_one() -> None:
    truth = [{1: 3.0, 2: 1.0, 7: 1.0}, {4: 2.0}]
    chosen = ranked(truth, [[1, 7, 2], [4]])
    assert figure("ndcg", chosen, k=10, gain="exponential") == 1.0
    assert figure("recall_at_k", chosen, k=10) == 1.0


def test_a_query_without_relevant_item_is_left_out() -> None:
    chosen = ranked([{1: 1.0}, {2: 0.0}], [[1], [3]])
    assert figure("ndcg", chosen, k=10) == 1.0
    assert figure("recall_at_k", chosen, k=10) == 1.0


def test_ranks_may_leave_gaps() -> None:
    chosen = ranked([{1: 1.0}], [[1]], ranks=np.array([3], np.int32))
    assert figure("ndcg", chosen, k=10) == pytest.approx(0.5, abs=1e-12)
    assert figure("recall_at_k", chosen, k=2) == 0.0


def test_distance_of_an_attribute_skips_missing_values() -> None:
    items = np.full(24, np.nan)
    items[:4] = [10.0, 20.0, 40.0, 50.0]
    numbers = {"share": {"units": np.array([30.0, np.nan]), "items": items}}
    chosen = ranked([{0: 1.0, 3: 1.0}, {1: 1.0}], [[1, 2, 9], [1]], numbers=numbers)
    assert figure("attribute_distance", chosen, attribute="share", of="submission") == 10.0
    assert figure("attribute_distance", chosen, attribute="share", of="truth") == 20.0


def test_share_of_another_prefix() -> None:
    # the queries are A0 and A1
    chosen = ranked([{1: 1.0}, {2: 1.0}], [[2, 6, 7, 12], [3]])
    assert figure("share_other_prefix", chosen, prefix=1) == pytest.approx((0.75 + 0.0) / 2)


def test_lists_are_needed() -> None:
    with pytest.raises(MetricFault):
        figure("ndcg", part([1], [1]), k=10)

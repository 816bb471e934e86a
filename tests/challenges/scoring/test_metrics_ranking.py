"""Ranked lists and scored candidates against trec_eval, scikit-learn, every order of ties."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from sklearn.metrics import ndcg_score

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import cases, close, figure, lists, part, rng_of, rngs

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


def trec(truth: list[dict[int, float]], given: list[list[int]], *measures: str) -> dict[str, Any]:
    qrel = {str(q): {f"d{i}": int(g) for i, g in row.items()} for q, row in enumerate(truth)}
    run = {str(q): {f"d{i}": 100.0 - at for at, i in enumerate(row)} for q, row in enumerate(given)}
    found = pytrec_eval.RelevanceEvaluator(qrel, set(measures)).evaluate(run)
    held = [str(q) for q, row in enumerate(truth) if any(g > 0 for g in row.values())]
    return {m: [found.get(q, {}).get(m.replace(".", "_"), 0.0) for q in held] for m in measures}


def mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else math.nan


@cases
@pytest.mark.parametrize("gain", ["linear", "exponential"])
def test_ndcg_equals_trec_eval(gain: str, seeds: range) -> None:
    for rng in rngs(21, seeds):
        truth, given = case(rng)
        shown = truth
        if gain == "exponential":
            shown = [{i: 2**g - 1 for i, g in row.items()} for row in truth]
        wanted = trec(shown, given, "ndcg_cut.10")["ndcg_cut.10"]
        found = figure("ndcg", ranked(truth, given), k=10, gain=gain)
        close(found, mean(wanted))


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


@cases
def test_lists_equal_trec_eval(seeds: range) -> None:
    for rng in rngs(71, seeds):
        (truth, given), k = case(rng), int(rng.integers(1, 12))
        chosen = ranked(truth, given)
        names = (f"map_cut.{k}", f"P.{k}", f"recall.{k}")
        wanted = trec(truth, given, *names)
        relevant = [sum(g > 0 for g in row.values()) for row in truth]
        counts = [count for count in relevant if count]
        capped = [v * c / min(c, k) for v, c in zip(wanted[names[0]], counts, strict=True)]
        close(figure("map_r_at_k", chosen, k=k), mean(wanted[names[0]]))
        close(figure("map_at_k", chosen, k=k), mean(capped))
        close(figure("precision_at_k", chosen, k=k), mean(wanted[names[1]]))
        close(figure("recall_r_at_k", chosen, k=k), mean(wanted[names[2]]))
        capped = [v * c / min(c, k) for v, c in zip(wanted[names[2]], counts, strict=True)]
        close(figure("recall_at_k", chosen, k=k), mean(capped))
        first = trec(truth, [row[:k] for row in given], "recip_rank")["recip_rank"]
        close(figure("mrr_at_k", chosen, k=k), mean(first))


def test_nothing_relevant_retrieved_is_zero() -> None:
    chosen = ranked([{0: 1.0}], [[5, 6]])
    for name in ("map_at_k", "mrr_at_k", "precision_at_k", "recall_r_at_k"):
        assert figure(name, chosen, k=10) == 0.0
        assert math.isnan(figure(name, ranked([{0: 0.0}], [[0]]), k=10))


# Of tied scores, the mean over every order of the ranked lists.
AVERAGED = (
    "map_at_k",
    "map_r_at_k",
    "mrr_at_k",
    "precision_at_k",
    "recall_at_k",
    "recall_r_at_k",
)


def candidates(gains: list[list[float]], scores: list[list[float]], given: Any = None) -> Any:
    """Make a part; given: which candidates have the scores, all of them when None."""
    flat, offsets = lists([list(range(len(row))) for row in gains])
    p, p_offsets = (flat, offsets) if given is None else lists(given)
    return part(
        flat,
        p,
        n=len(gains),
        gains=np.array([g for row in gains for g in row], np.float64),
        scores=np.array([s for row in scores for s in row], np.float64),
        y_offsets=offsets,
        p_offsets=p_offsets,
        texts=ITEMS,
    )


@cases
def test_scored_candidates_equal_scikit_learn(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(73, i)
        gains = [rng.integers(0, 4, rng.integers(2, 20)) * 1.0 for _ in range(rng.integers(1, 6))]
        scores = [np.round(rng.random(len(row)), int(rng.integers(0, 3))) for row in gains]
        k = int(rng.integers(1, 12))
        held = [j for j, row in enumerate(gains) if row.any()]
        chosen = candidates([g.tolist() for g in gains], [s.tolist() for s in scores])
        wanted = [ndcg_score([gains[j]], [scores[j]], k=k) for j in held]
        close(figure("ndcg", chosen, k=k), mean(wanted))
        wanted = [ndcg_score([np.exp2(gains[j]) - 1], [scores[j]], k=k) for j in held]
        close(figure("ndcg", chosen, k=k, gain="exponential"), mean(wanted))


@cases
def test_scores_without_ties_equal_trec_eval(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(75, i)
        gains = [rng.integers(0, 3, rng.integers(1, 20)) * 1.0 for _ in range(rng.integers(1, 6))]
        orders = [rng.permutation(len(row)) for row in gains]
        k = int(rng.integers(1, 12))
        truth = [{at: float(g) for at, g in enumerate(row)} for row in gains]
        given = [order.tolist() for order in orders]
        names = (f"map_cut.{k}", f"P.{k}", f"recall.{k}")
        wanted = trec(truth, given, *names)
        scores = [(-np.argsort(order)).tolist() for order in orders]
        chosen = candidates([g.tolist() for g in gains], scores)
        close(figure("map_r_at_k", chosen, k=k), mean(wanted[names[0]]))
        close(figure("precision_at_k", chosen, k=k), mean(wanted[names[1]]))
        close(figure("recall_r_at_k", chosen, k=k), mean(wanted[names[2]]))
        first = trec(truth, given, "recip_rank")["recip_rank"]
        close(figure("mrr_at_k", chosen), mean(first))
        whole = trec(truth, given, "map")["map"]
        close(figure("map_at_k", chosen), mean(whole))


def every_order(scores: list[float]) -> list[tuple[int, ...]]:
    """List each order of the candidates that goes by decreasing score."""
    groups = itertools.groupby(np.argsort(-np.array(scores), kind="stable"), lambda i: scores[i])
    blocks = [list(itertools.permutations([int(i) for i in block])) for _, block in groups]
    return [sum(chosen, ()) for chosen in itertools.product(*blocks)]


@cases
def test_tied_scores_give_the_mean_over_every_order(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(76, i)
        count = int(rng.integers(1, 6))
        gains = (rng.random(count) < 0.5) * 1.0
        scores = rng.integers(0, 3, count).astype(float).tolist()
        k = int(rng.integers(1, 7))
        chosen = candidates([gains.tolist()], [scores])
        truth = [{at: float(g) for at, g in enumerate(gains)}]
        orders = [ranked(truth, [list(order)]) for order in every_order(scores)]
        for name in AVERAGED:
            wanted = np.mean([figure(name, order, k=k) for order in orders])
            close(figure(name, chosen, k=k), float(wanted))


@cases
def test_the_best_found_alone_may_have_a_score(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(77, i)
        gains = [rng.integers(0, 3, 8) * 1.0 for _ in range(rng.integers(1, 5))]
        given = [rng.choice(24, rng.integers(0, 6), replace=False).tolist() for _ in gains]
        scores = [[float(-at) for at in range(len(row))] for row in given]
        k = int(rng.integers(1, 8))
        chosen = candidates([g.tolist() for g in gains], scores, given)
        truth = [{at: float(g) for at, g in enumerate(row)} for row in gains]
        lists_of = ranked(truth, given)
        for name in AVERAGED:
            close(figure(name, chosen, k=k), figure(name, lists_of, k=k))
        found = figure("ndcg", chosen, k=k)
        close(found, figure("ndcg", lists_of, k=k, gain="linear"))


def test_a_tie_is_won_by_identifier_in_trec_eval_and_by_nobody_here() -> None:
    for rel, wanted in (({"a": 0, "b": 1}, 1.0), ({"a": 1, "b": 0}, 0.5)):
        run = dict.fromkeys(rel, 0.5)
        theirs = pytrec_eval.RelevanceEvaluator({"q": rel}, {"recip_rank"}).evaluate({"q": run})
        assert theirs["q"]["recip_rank"] == wanted
        chosen = candidates([[float(g) for g in rel.values()]], [[0.5, 0.5]])
        assert figure("mrr_at_k", chosen) == 0.75
        assert figure("map_at_k", chosen) == 0.75
        assert figure("precision_at_k", chosen, k=1) == 0.5


def test_queries_left_out_of_scored_candidates() -> None:
    chosen = candidates([[1.0], [0.0, 0.0], [1.0, 0.0]], [[0.1], [0.2, 0.3], [0.1, 0.9]])
    alone = figure("ndcg", candidates([[1.0, 0.0]], [[0.1, 0.9]]))
    assert figure("ndcg", chosen) == pytest.approx(alone)
    for name in AVERAGED:
        assert math.isnan(figure(name, candidates([[0.0, 0.0]], [[0.2, 0.3]]), k=1))
        with pytest.raises(MetricFault):
            figure(name, candidates([[-1.0, 2.0]], [[0.5, 0.4]]), k=1)


def test_a_large_tie_stays_exact() -> None:
    gains = [1.0] * 300 + [0.0] * 700
    chosen = candidates([gains], [[0.5] * 1000])
    chosen = type(chosen)(**(chosen.__dict__ | {"texts": [str(i) for i in range(1000)]}))
    assert figure("precision_at_k", chosen, k=10) == pytest.approx(0.3, abs=1e-12)
    first = sum(
        math.comb(1000 - place, 299) / math.comb(1000, 300) / place for place in range(1, 702)
    )
    assert figure("mrr_at_k", chosen) == pytest.approx(first, abs=1e-12)

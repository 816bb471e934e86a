"""Candidates with scores against scikit-learn, trec_eval, and every order of their ties."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from sklearn import metrics as oracle

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import cases, close, figure, lists, part, rng_of
from tests.challenges.scoring.test_metrics_lists import ITEMS, mean, ranked, trec

# The figure of scores, and the one of ranked lists that it averages over every order.
AVERAGES = {
    "map_scored": "map_at_k",
    "map_r_scored": "map_r_at_k",
    "mrr_scored": "mrr_at_k",
    "precision_scored": "precision_at_k",
    "hit_scored": "hit_at_k",
    "recall_scored": "recall_r_at_k",
    "recall_capped_scored": "recall_at_k",
}


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
        wanted = [oracle.ndcg_score([gains[j]], [scores[j]], k=k) for j in held]
        close(figure("ndcg_scored", chosen, k=k), mean(wanted))
        wanted = [oracle.ndcg_score([np.exp2(gains[j]) - 1], [scores[j]], k=k) for j in held]
        close(figure("ndcg_scored", chosen, k=k, gain="exponential"), mean(wanted))


@cases
def test_scores_without_ties_equal_trec_eval(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(75, i)
        gains = [rng.integers(0, 3, rng.integers(1, 20)) * 1.0 for _ in range(rng.integers(1, 6))]
        orders = [rng.permutation(len(row)) for row in gains]
        k = int(rng.integers(1, 12))
        truth = [{at: float(g) for at, g in enumerate(row)} for row in gains]
        given = [order.tolist() for order in orders]
        names = (f"map_cut.{k}", f"P.{k}", f"success.{k}", f"recall.{k}")
        wanted = trec(truth, given, *names)
        scores = [(-np.argsort(order)).tolist() for order in orders]
        chosen = candidates([g.tolist() for g in gains], scores)
        close(figure("map_r_scored", chosen, k=k), mean(wanted[names[0]]))
        close(figure("precision_scored", chosen, k=k), mean(wanted[names[1]]))
        close(figure("hit_scored", chosen, k=k), mean(wanted[names[2]]))
        close(figure("recall_scored", chosen, k=k), mean(wanted[names[3]]))
        first = trec(truth, given, "recip_rank")["recip_rank"]
        close(figure("mrr_scored", chosen), mean(first))
        whole = trec(truth, given, "map")["map"]
        close(figure("map_scored", chosen), mean(whole))


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
        for ours, theirs in AVERAGES.items():
            wanted = np.mean([figure(theirs, order, k=k) for order in orders])
            close(figure(ours, chosen, k=k), float(wanted))


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
        for ours, theirs in AVERAGES.items():
            close(figure(ours, chosen, k=k), figure(theirs, lists_of, k=k))
        found = figure("ndcg_scored", chosen, k=k)
        close(found, figure("ndcg", lists_of, k=k, gain="linear"))


def test_tied_scores_share_the_mean_gain_whatever_the_identifiers() -> None:
    rel = {"a": 3, "b": 0, "c": 1}
    run = dict.fromkeys(rel, 0.5)
    theirs = pytrec_eval.RelevanceEvaluator({"q": rel}, {"ndcg_cut.10"}).evaluate({"q": run})
    assert theirs["q"]["ndcg_cut_10"] == pytest.approx(0.6885, abs=1e-4)
    found = figure("ndcg_scored", candidates([[3.0, 0.0, 1.0]], [[0.5] * 3]))
    assert found == pytest.approx(0.7825, abs=1e-4)
    assert found == pytest.approx(oracle.ndcg_score([[3, 0, 1]], [[0.5] * 3]), abs=1e-12)


def test_a_tie_is_won_by_identifier_in_trec_eval_and_by_nobody_here() -> None:
    for rel, wanted in (({"a": 0, "b": 1}, 1.0), ({"a": 1, "b": 0}, 0.5)):
        run = dict.fromkeys(rel, 0.5)
        theirs = pytrec_eval.RelevanceEvaluator({"q": rel}, {"recip_rank"}).evaluate({"q": run})
        assert theirs["q"]["recip_rank"] == wanted
        chosen = candidates([[float(g) for g in rel.values()]], [[0.5, 0.5]])
        assert figure("mrr_scored", chosen) == 0.75
        assert figure("map_scored", chosen) == 0.75
        assert figure("precision_scored", chosen, k=1) == 0.5


def test_queries_left_out_of_scored_candidates() -> None:
    chosen = candidates([[1.0], [0.0, 0.0], [1.0, 0.0]], [[0.1], [0.2, 0.3], [0.1, 0.9]])
    alone = figure("ndcg_scored", candidates([[1.0, 0.0]], [[0.1, 0.9]]))
    assert figure("ndcg_scored", chosen) == pytest.approx(alone)
    assert figure("ndcg_scored", chosen, single=True) == pytest.approx((1 + alone) / 2)
    for name in AVERAGES:
        assert math.isnan(figure(name, candidates([[0.0, 0.0]], [[0.2, 0.3]]), k=1))
        with pytest.raises(MetricFault):
            figure(name, candidates([[-1.0, 2.0]], [[0.5, 0.4]]), k=1)
        with pytest.raises(MetricFault):
            figure(name, ranked([{0: 1.0}], [[0]]), k=1)


def test_a_large_tie_stays_exact() -> None:
    gains = [1.0] * 300 + [0.0] * 700
    chosen = candidates([gains], [[0.5] * 1000])
    chosen = type(chosen)(**(chosen.__dict__ | {"texts": [str(i) for i in range(1000)]}))
    assert figure("precision_scored", chosen, k=10) == pytest.approx(0.3, abs=1e-12)
    none = math.comb(700, 10) / math.comb(1000, 10)
    assert figure("hit_scored", chosen, k=10) == pytest.approx(1 - none, abs=1e-12)
    first = sum(
        math.comb(1000 - place, 299) / math.comb(1000, 300) / place for place in range(1, 702)
    )
    assert figure("mrr_scored", chosen) == pytest.approx(first, abs=1e-12)

"""Ranked lists, sets of labels against trec_eval and scikit-learn."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from sklearn import metrics as oracle

from tests.challenges.scoring.parts import cases, close, figure, lists, part, rng_of, size

ITEMS = [f"d{i:02}" for i in range(24)]


def ranked(truth: list[dict[int, float]], given: list[list[int]], **more: Any) -> Any:
    y, y_offsets = lists([list(row) for row in truth])
    p, p_offsets = lists(given)
    ranks = np.array([i + 1 for row in given for i in range(len(row))], np.int32)
    facts = {"gains": np.array([g for row in truth for g in row.values()], np.float64)}
    facts |= {"y_offsets": y_offsets, "p_offsets": p_offsets, "ranks": ranks, "texts": ITEMS}
    return part(y, p, n=len(truth), **(facts | more))


def case(rng: np.random.Generator) -> tuple[list[dict[int, float]], list[list[int]]]:
    truth, given = [], []
    for _ in range(int(rng.integers(1, 9))):
        held = rng.choice(24, rng.integers(1, 14), replace=False)
        truth.append({int(i): float(rng.integers(0, 3)) for i in held})
        given.append(rng.choice(24, rng.integers(0, 14), replace=False).tolist())
    return truth, given


def trec(truth: list[dict[int, float]], given: list[list[int]], *measures: str) -> dict[str, Any]:
    qrel = {str(q): {ITEMS[i]: int(g) for i, g in row.items()} for q, row in enumerate(truth)}
    run = {
        str(q): {ITEMS[i]: 100.0 - at for at, i in enumerate(row)} for q, row in enumerate(given)
    }
    found = pytrec_eval.RelevanceEvaluator(qrel, set(measures)).evaluate(run)
    held = [str(q) for q, row in enumerate(truth) if any(g > 0 for g in row.values())]
    return {m: [found.get(q, {}).get(m.replace(".", "_"), 0.0) for q in held] for m in measures}


def mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else math.nan


@cases
def test_lists_equal_trec_eval(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(71, i)
        (truth, given), k = case(rng), int(rng.integers(1, 12))
        chosen = ranked(truth, given)
        names = (f"map_cut.{k}", f"P.{k}", f"success.{k}", f"recall.{k}")
        wanted = trec(truth, given, *names)
        relevant = [sum(g > 0 for g in row.values()) for row in truth]
        counts = [count for count in relevant if count]
        capped = [v * c / min(c, k) for v, c in zip(wanted[names[0]], counts, strict=True)]
        close(figure("map_r_at_k", chosen, k=k), mean(wanted[names[0]]))
        close(figure("map_at_k", chosen, k=k), mean(capped))
        close(figure("precision_at_k", chosen, k=k), mean(wanted[names[1]]))
        close(figure("hit_at_k", chosen, k=k), mean(wanted[names[2]]))
        close(figure("recall_r_at_k", chosen, k=k), mean(wanted[names[3]]))
        first = trec(truth, [row[:k] for row in given], "recip_rank")["recip_rank"]
        close(figure("mrr_at_k", chosen, k=k), mean(first))


def test_an_absent_relevant_item_counts_in_both_forms_of_map() -> None:
    chosen = ranked([{0: 1.0, 1: 1.0, 2: 1.0}], [[0]])
    assert figure("map_at_k", chosen, k=1) == 1.0
    assert figure("map_r_at_k", chosen, k=1) == pytest.approx(1 / 3)
    assert figure("map_at_k", chosen, k=5) == pytest.approx(1 / 3)


def test_nothing_relevant_retrieved_is_zero() -> None:
    chosen = ranked([{0: 1.0}], [[5, 6]])
    for name in ("map_at_k", "mrr_at_k", "precision_at_k", "hit_at_k", "recall_r_at_k"):
        assert figure(name, chosen, k=10) == 0.0
        assert math.isnan(figure(name, ranked([{0: 0.0}], [[0]]), k=10))


@cases
def test_exposure_by_definition(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(72, i)
        (truth, given), k = case(rng), int(rng.integers(1, 12))
        shown = np.bincount([i for row in given for i in row[:k]], minlength=24)
        chosen = ranked(truth, given)
        close(figure("catalogue_coverage", chosen, k=k), float(np.mean(shown > 0)))
        apart = np.abs(shown[:, None] - shown[None, :]).sum()
        wanted = apart / (2 * 24 * shown.sum()) if shown.sum() else 1.0
        close(figure("gini_exposure", chosen, k=k), wanted)


def sets_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    shape = (size(rng, 60), int(rng.integers(2, 12)))
    y = rng.random(shape) < rng.random()
    p = np.where(rng.random(shape) < rng.random(), y, rng.random(shape) < 0.3)
    return y.astype(int), p.astype(int)


def as_part(y: np.ndarray, p: np.ndarray) -> Any:
    facts = {}
    flat = {}
    for name, table in (("y", y), ("p", p)):
        rows = [np.flatnonzero(row).tolist() for row in table]
        flat[name], facts[f"{name}_offsets"] = lists(rows)
    return part(flat["y"], flat["p"], n=len(y), texts=ITEMS[: y.shape[1]], **facts)


@cases
def test_sets_of_labels_equal_the_oracle(seeds: range) -> None:
    for i in seeds:
        y, p = sets_of(rng_of(74, i))
        chosen = as_part(y, p)
        close(figure("hamming", chosen), oracle.hamming_loss(y, p), 1e-12)
        close(figure("subset_accuracy", chosen), oracle.accuracy_score(y, p), 1e-12)
        for name in ("precision", "recall"):
            micro = getattr(oracle, f"{name}_score")(y, p, average="micro", zero_division=0)
            wanted = micro if y.any() else math.nan
            close(figure(f"{name}_micro", chosen), wanted, 1e-12)
        wanted = oracle.jaccard_score(y, p, average="samples", zero_division=1)
        close(figure("jaccard_samples", chosen), wanted, 1e-12)
        held = np.flatnonzero(y.any(0))
        wanted = math.nan
        if len(held):
            wanted = oracle.f1_score(y, p, labels=held, average="macro", zero_division=0)
        close(figure("f1_macro_ml", chosen), wanted)


def test_rows_empty_on_both_sides_count_one_where_scikit_learn_says_zero() -> None:
    y = np.array([[0, 0], [1, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert oracle.jaccard_score(y, y, average="samples") == 0.5
    assert figure("jaccard_samples", as_part(y, y)) == 1.0
    assert figure("subset_accuracy", as_part(y, y)) == 1.0


@cases
def test_ranking_of_labels_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(75, i)
        y, _ = sets_of(rng)
        scores = np.round(rng.random(y.shape), int(rng.integers(0, 4)))
        flat, offsets = lists([np.flatnonzero(row).tolist() for row in y])
        chosen = part(flat, scores, n=len(y), y_offsets=offsets, texts=ITEMS[: y.shape[1]])
        close(figure("lrap", chosen), oracle.label_ranking_average_precision_score(y, scores))


def test_tied_labels_take_the_worst_rank() -> None:
    flat, offsets = lists([[0, 2]])
    chosen = part(flat, np.full((1, 3), 0.5), n=1, y_offsets=offsets, texts=ITEMS[:3])
    assert figure("lrap", chosen) == pytest.approx(2 / 3)

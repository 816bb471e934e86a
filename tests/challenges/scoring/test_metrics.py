"""Every metric equals its oracle on cases drawn at random, ties and lone classes among them."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from lifelines.utils import concordance_index
from scipy import stats
from sklearn import metrics as oracle

from challenges.scoring import intervals, manual, registry
from challenges.scoring.intervals import Buckets
from challenges.scoring.metric import MetricFault, Part, Shape, Step
from tests.challenges.scoring.parts import (
    ITEMS,
    approached,
    candidates,
    cases,
    close,
    durations,
    figure,
    label_sets,
    part,
    random_part,
    ranked,
    rngs,
    size,
    theirs,
)

Rng = np.random.Generator
# A figure, its parameters, what it is computed on, and what the oracle says.
Compared = Iterator[tuple[str, dict[str, Any], Part, float]]
CODES = [f"{'ABCD'[at % 4]}{at}" for at in range(50)]
# Sums in another order than the oracle's; all other figures agree to 1e-12.
TO_NINE_DIGITS = {
    "ami", "ari", "average_precision", "concordance", "kappa", "kappa_quadratic", "kendall_b",
    "nmi", "pearson", "r2", "rmsle", "roc_auc_ovr", "spearman",
}  # fmt: skip
BINNED = {"average_precision", "medae"}  # exact from their bins too, up to 1,024 rows


def classes(rng: Rng, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw codes of up to so many classes, answered right at a rate drawn too."""
    n = size(rng)
    y = rng.integers(0, most, n)
    p = np.where(rng.random(n) < rng.random(), y, rng.integers(0, most, n))
    return y.astype(np.int32), p.astype(np.int32)


def labels(rng: Rng) -> Compared:
    y, p = classes(rng, int(rng.integers(1, rng.choice([4, 13, 51]))))
    chosen, seen = part(y, p, texts=CODES), np.unique(y)
    first = np.array([text[0] for text in CODES])
    yield "accuracy", {}, chosen, oracle.accuracy_score(y, p)
    yield "accuracy", {"prefix": 1}, chosen, float(np.mean(first[y] == first[p]))
    macro = theirs(oracle.f1_score, y, p, labels=seen, average="macro", zero_division=0)
    yield "f1_macro", {}, chosen, macro
    yield "f1_macro", {}, part(y * 1.0, p * 1.0), macro
    told = theirs(oracle.f1_score, y, p, labels=seen, average="weighted", zero_division=0)
    yield "f1_weighted", {}, chosen, told
    yield "balanced_accuracy", {}, chosen, theirs(oracle.balanced_accuracy_score, y, p)
    told = theirs(oracle.matthews_corrcoef, y, p) if len(seen) > 1 else math.nan
    yield "mcc", {}, chosen, told
    told = theirs(oracle.cohen_kappa_score, y, p, labels=range(50))
    yield "kappa", {"labels": CODES}, chosen, told


def yes_or_no(rng: Rng) -> Compared:
    y, p = classes(rng, int(rng.integers(1, 13)))
    y[0] = 0
    for name in ("precision", "recall", "f1"):
        told = theirs(getattr(oracle, f"{name}_score"), y == 0, p == 0, zero_division=0)
        yield name, {"positive": CODES[0]}, part(y, p, texts=CODES), told
        yield name, {"positive": 0}, part(y * 1.0, p * 1.0), told


def levels(rng: Rng) -> Compared:
    y, p = (codes + 1.0 for codes in classes(rng, 5))
    known = [1, 2, 3, 4, 5]
    told = theirs(oracle.cohen_kappa_score, y, p, labels=known, weights="quadratic")
    yield "kappa_quadratic", {"labels": known}, part(y, p), told


def numbers(rng: Rng) -> Compared:
    """Draw a truth and an answer: any scale, often with ties, at times far from 0."""
    n = size(rng) + 1
    scale = 10.0 ** rng.integers(-8, 9)
    y = rng.normal(size=n) + (rng.random() < 0.3) * 1000
    p = y * rng.choice([0, 1, -1]) + rng.normal(size=n)
    if rng.random() < 0.4:
        y, p = np.round(y), np.round(p)
    y[0] += 1 if y.min() == y.max() else 0
    y, p, tau = y * scale, p * scale, float(rng.uniform(0.01, 0.99))
    chosen = part(y, p)
    yield "mae", {}, chosen, oracle.mean_absolute_error(y, p)
    yield "rmse", {}, chosen, oracle.root_mean_squared_error(y, p)
    yield "mse", {}, chosen, oracle.mean_squared_error(y, p)
    yield "medae", {}, chosen, oracle.median_absolute_error(y, p)
    yield "pinball", {"tau": tau}, chosen, oracle.mean_pinball_loss(y, p, alpha=tau)
    yield "r2", {}, chosen, oracle.r2_score(y, p)
    told = oracle.root_mean_squared_log_error(np.abs(y), np.abs(p))
    yield "rmsle", {}, part(np.abs(y), np.abs(p)), told
    for name, function in (
        ("pearson", stats.pearsonr),
        ("spearman", stats.spearmanr),
        ("kendall_b", stats.kendalltau),
    ):
        told = theirs(lambda f=function: f(y, p).statistic)
        yield name, {}, chosen, 0.0 if math.isnan(told) else told
    y = np.where(y == 0, 1.0, y)
    yield "mape", {}, part(y, p), oracle.mean_absolute_percentage_error(y, p)


def probabilities(rng: Rng) -> Compared:
    n = size(rng) + 1
    y = (rng.random(n) < rng.random()).astype(np.float64)
    y[:2] = [0.0, 1.0]
    p = np.clip(rng.choice([0, 0.3]) * y + 0.7 * rng.random(n), 0, 1)
    p = np.round(p, int(rng.integers(0, 3))) if rng.random() < 0.5 else p
    chosen = part(y, p)
    yield "roc_auc", {}, chosen, oracle.roc_auc_score(y, p)
    yield "average_precision", {}, chosen, oracle.average_precision_score(y, p)
    yield "log_loss", {}, chosen, oracle.log_loss(y, np.clip(p, 1e-6, 1 - 1e-6))
    yield "brier", {}, chosen, oracle.brier_score_loss(y, p)


def class_probabilities(rng: Rng) -> Compared:
    many = int(rng.integers(3, 7))
    y = np.concatenate([np.arange(many), rng.integers(0, many, size(rng))])
    p = rng.random((len(y), many)) + np.eye(many)[y] * rng.random()
    if rng.random() < 0.4:
        p = np.round(p * 3) + 1
    y, p, texts = y.astype(np.int32), p / p.sum(1, keepdims=True), CODES[:many]
    chosen = part(y, p, texts=texts)
    yield "roc_auc_ovr", {}, chosen, oracle.roc_auc_score(y, p, multi_class="ovr")
    own = np.clip(p[np.arange(len(y)), y], 1e-6, 1 - 1e-6)
    yield "log_loss_multi", {}, chosen, float(-np.log(own).mean())
    told = oracle.brier_score_loss(y, p, labels=range(many), scale_by_half=False)
    yield "brier_multi", {}, chosen, told
    free, k = rng.random((len(y), many)), int(rng.integers(1, many))  # without ties
    told = oracle.top_k_accuracy_score(y, free, k=k, labels=range(many))
    yield "top_k_accuracy", {"k": k}, part(y, free, texts=texts), told


def sets_of_labels(rng: Rng) -> Compared:
    shape = (size(rng, 60), int(rng.integers(2, 12)))
    y = rng.random(shape) < rng.random() * 0.7
    p = np.where(rng.random(shape) < rng.random(), y, rng.random(shape) < 0.3)
    rows = [[np.flatnonzero(row).tolist() for row in table] for table in (y, p)]
    chosen = label_sets(*rows, CODES[: shape[1]])
    true, given = y.astype(int), p.astype(int)
    yield "hamming", {}, chosen, oracle.hamming_loss(true, given)
    told = oracle.jaccard_score(true, given, average="samples", zero_division=1)
    yield "jaccard_samples", {}, chosen, told
    both_empty = float((~y.any(1) & ~p.any(1)).mean())  # such a row counts 1 here
    for name in ("precision", "recall", "f1"):
        function = getattr(oracle, f"{name}_score")
        told = theirs(function, true, given, average="samples", zero_division=0)
        yield f"{name}_samples", {}, chosen, told + both_empty
    told = oracle.f1_score(true, given, average="micro", zero_division=np.nan)
    yield "f1_micro", {}, chosen, told


def groupings(rng: Rng) -> Compared:
    y, p = classes(rng, int(rng.integers(1, 12)))
    yield "ari", {}, part(y, p), oracle.adjusted_rand_score(y, p)
    yield "nmi", {}, part(y, p), oracle.normalized_mutual_info_score(y, p)
    yield "n_clusters", {}, part(y, p), len(set(p.tolist()))
    while len(set(y)) == len(y) or len(set(p)) == len(p):  # singletons: by hand, below
        y, p = classes(rng, int(rng.integers(1, 8)))
    yield "ami", {}, part(y, p), oracle.adjusted_mutual_info_score(y, p)


def lives(rng: Rng) -> Compared:
    n = size(rng, 120)
    y = rng.exponential(10, n) + 0.5
    y = np.ceil(y) if rng.random() < 0.5 else y
    ended = rng.random(n) < rng.uniform(0.3, 1.0)
    p = y + rng.normal(size=n) * 10
    p = np.round(p, -1) if rng.random() < 0.5 else p
    try:
        told = concordance_index(y, p, ended)
    except ZeroDivisionError:
        told = math.nan
    yield "concordance", {"event": "event"}, durations(y, ended, p), told
    risk = {"event": "event", "score": "risk"}
    yield "concordance", risk, durations(y, ended, -p), told


def pairs(rng: Rng) -> Compared:
    """By definition: of the jobs whose two forms are there, the share answered alike."""
    n = size(rng, 60)
    jobs, answers = rng.integers(0, max(n // 3, 1), n), rng.integers(0, 3, n)
    forms = rng.integers(0, 3, n)
    # A form of a job stands once, or not at all.
    kept = sorted({pair: at for at, pair in enumerate(zip(jobs, forms, strict=True))}.values())
    jobs, answers, forms = jobs[kept], answers[kept], forms[kept]
    given: dict[int, dict[int, int]] = {}
    for job, form, answer in zip(jobs.tolist(), forms.tolist(), answers.tolist(), strict=True):
        given.setdefault(job, {})[form] = answer
    whole = [of for of in given.values() if {0, 1} <= set(of)]
    told = sum(of[0] == of[1] for of in whole) / len(whole) if whole else math.nan
    codes = {"column:job": jobs.astype(np.int32), "column:form": forms.astype(np.int32)}
    names = {"column:job": [str(job) for job in range(n)], "column:form": ["m", "f", "x"]}
    chosen = part(np.zeros(len(kept)), answers, texts=CODES, groups=codes, group_names=names)
    yield "pair_consistency", {"pair": "job", "member": "form", "members": ["m", "f"]}, chosen, told


# --- ranked lists and scored candidates


def queries(rng: Rng) -> tuple[list[dict[int, float]], list[list[int]]]:
    """Draw the gains of some items of each query, and a list for it, perhaps empty."""
    truth, given = [], []
    for _ in range(int(rng.integers(1, 12))):
        judged = rng.choice(24, rng.integers(1, 14), replace=False)
        truth.append({int(i): float(rng.integers(0, 4)) for i in judged})
        given.append(rng.choice(24, rng.integers(0, 14), replace=False).tolist())
    return truth, given


def trec(truth: list[dict[int, float]], given: list[list[int]], *measures: str) -> dict[str, Any]:
    qrel = {str(q): {f"d{i}": int(g) for i, g in row.items()} for q, row in enumerate(truth)}
    run = {str(q): {f"d{i}": 100.0 - at for at, i in enumerate(row)} for q, row in enumerate(given)}
    found = pytrec_eval.RelevanceEvaluator(qrel, set(measures)).evaluate(run)
    judged = [str(q) for q, row in enumerate(truth) if any(g > 0 for g in row.values())]
    return {m: [found.get(q, {}).get(m.replace(".", "_"), 0.0) for q in judged] for m in measures}


def mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def exponential(row: dict[int, float]) -> dict[int, float]:
    return {i: 2**g - 1 for i, g in row.items()}


def ranked_lists(rng: Rng) -> Compared:
    (truth, given), k = queries(rng), int(rng.integers(1, 12))
    chosen = ranked(truth, given)
    for gain, shown in (("linear", truth), ("exponential", [*map(exponential, truth)])):
        told = mean(trec(shown, given, "ndcg_cut.10")["ndcg_cut.10"])
        yield "ndcg", {"k": 10, "gain": gain}, chosen, told
    names = (f"map_cut.{k}", f"P.{k}", f"recall.{k}")
    average, precision, recall = trec(truth, given, *names).values()
    counts = [c for row in truth if (c := sum(g > 0 for g in row.values()))]
    # Capped: over the relevant items that k places can hold.
    capped = [
        [v * c / min(c, k) for v, c in zip(each, counts, strict=True)] for each in (average, recall)
    ]
    first = trec(truth, [row[:k] for row in given], "recip_rank")["recip_rank"]
    top = [sum(row.get(i, 0.0) for i in items[:k]) for row, items in zip(truth, given, strict=True)]
    for name, values in (
        ("map_r_at_k", average), ("map_at_k", capped[0]), ("precision_at_k", precision),
        ("recall_r_at_k", recall), ("recall_at_k", capped[1]), ("mrr_at_k", first),
        ("gain_covered", top),
    ):  # fmt: skip
        yield name, {"k": k}, chosen, mean(values)


def attributes(rng: Rng) -> Compared:
    """By definition, row by row: gaps of an attribute, items of another first letters."""
    truth, given = queries(rng)
    units, items = rng.normal(size=len(truth)), rng.normal(size=len(ITEMS))
    for values in (units, items):
        values[rng.random(len(values)) < 0.2] = np.nan
    chosen = ranked(truth, given, numbers={"share": {"units": units, "items": items}})
    for of, shown in (("submission", given), ("truth", [list(row) for row in truth])):
        means = []
        for unit, row in zip(units.tolist(), shown, strict=True):
            gaps = [gap for j in row if not math.isnan(gap := abs(items[j] - unit))]
            means += [math.fsum(gaps) / len(gaps)] if gaps else []
        yield "attribute_distance", {"attribute": "share", "of": of}, chosen, mean(means)
    length = int(rng.integers(1, 3))
    shares = [
        mean([ITEMS[j][:length] != ITEMS[query][:length] for j in row])
        for query, row in enumerate(given)
        if row
    ]
    yield "share_other_prefix", {"prefix": length}, chosen, mean(shares)


def scored_candidates(rng: Rng) -> Compared:
    """With ties, as scikit-learn averages them."""
    gains = [rng.integers(0, 4, rng.integers(2, 20)) * 1.0 for _ in range(rng.integers(1, 6))]
    scores = [np.round(rng.random(len(row)), int(rng.integers(0, 3))) for row in gains]
    k = int(rng.integers(1, 12))
    chosen = candidates([g.tolist() for g in gains], [s.tolist() for s in scores])
    for gain, shown in (("linear", gains), ("exponential", [np.exp2(g) - 1 for g in gains])):
        told = [
            oracle.ndcg_score([one], [given], k=k)
            for one, given in zip(shown, scores, strict=True)
            if one.any()
        ]
        yield "ndcg", {"k": k, "gain": gain}, chosen, mean(told)


def scores_without_ties(rng: Rng) -> Compared:
    gains = [rng.integers(0, 3, rng.integers(1, 20)) * 1.0 for _ in range(rng.integers(1, 6))]
    orders = [rng.permutation(len(row)) for row in gains]
    k = int(rng.integers(1, 12))
    truth = [dict(enumerate(row.tolist())) for row in gains]
    given = [order.tolist() for order in orders]
    told = trec(truth, given, f"map_cut.{k}", f"P.{k}", f"recall.{k}", "recip_rank", "map")
    scores = [(-np.argsort(order)).tolist() for order in orders]
    chosen = candidates([g.tolist() for g in gains], scores)
    for name, params, measure in (
        ("map_r_at_k", {"k": k}, f"map_cut.{k}"), ("precision_at_k", {"k": k}, f"P.{k}"),
        ("recall_r_at_k", {"k": k}, f"recall.{k}"), ("mrr_at_k", {}, "recip_rank"),
        ("map_at_k", {}, "map"),
    ):  # fmt: skip
        yield name, params, chosen, mean(told[measure])


AVERAGED = ("map_at_k", "map_r_at_k", "mrr_at_k", "precision_at_k", "recall_at_k", "recall_r_at_k")


def every_order(scores: list[float]) -> list[tuple[int, ...]]:
    """List each order of the candidates that goes by decreasing score."""
    groups = itertools.groupby(np.argsort(-np.array(scores), kind="stable"), lambda i: scores[i])
    blocks = [list(itertools.permutations([int(i) for i in block])) for _, block in groups]
    return [sum(chosen, ()) for chosen in itertools.product(*blocks)]


def tied_scores(rng: Rng) -> Compared:
    """The mean of the figure of ranked lists over every order of the ties."""
    count, k = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    gains = ((rng.random(count) < 0.5) * 1.0).tolist()
    scores = rng.integers(0, 3, count).astype(float).tolist()
    truth = [dict(enumerate(gains))]
    orders = [ranked(truth, [list(order)]) for order in every_order(scores)]
    for name in AVERAGED:
        told = float(np.mean([figure(name, order, k=k) for order in orders]))
        yield name, {"k": k}, candidates([gains], [scores]), told


def best_alone(rng: Rng) -> Compared:
    """The best candidates alone may have a score: they are a ranked list."""
    gains = [(rng.integers(0, 3, 8) * 1.0).tolist() for _ in range(rng.integers(1, 5))]
    given = [rng.choice(24, rng.integers(0, 6), replace=False).tolist() for _ in gains]
    scores = [[float(-at) for at in range(len(row))] for row in given]
    k = int(rng.integers(1, 8))
    chosen = candidates(gains, scores, given)
    as_lists = ranked([dict(enumerate(row)) for row in gains], given)
    for name in AVERAGED:
        yield name, {"k": k}, chosen, figure(name, as_lists, k=k)
    yield "ndcg", {"k": k}, chosen, figure("ndcg", as_lists, k=k, gain="linear")


OF_LISTS = (
    ranked_lists, attributes, scored_candidates, scores_without_ties,
    tied_scores, best_alone,
)  # fmt: skip
DRAWS: tuple[Callable[[Rng], Compared], ...] = (
    labels, yes_or_no, levels, numbers, probabilities, class_probabilities, sets_of_labels,
    groupings, lives, pairs, *OF_LISTS,
)  # fmt: skip


@cases
@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: draw.__name__)
def test_each_figure_equals_its_oracle(draw: Callable[[Rng], Compared], seeds: range) -> None:
    for rng in rngs(DRAWS.index(draw), seeds):
        for name, params, chosen, wanted in draw(rng):
            precision = 1e-9 if name in TO_NINE_DIGITS or draw in OF_LISTS else 1e-12
            close(figure(name, chosen, **params), wanted, precision)
            if name in BINNED and len(chosen) <= 1024:
                close(approached(name, chosen, **params), wanted)


def test_every_metric_has_its_oracle() -> None:
    compared = [{name for name, *_ in draw(next(rngs(9, range(1))))} for draw in DRAWS]
    wanted = {name for name, metric in registry.METRICS.items() if metric.shape != Shape.FORMULA}
    assert set().union(*compared) == wanted


def test_a_figure_computed_at_once_refuses_weights() -> None:
    """An exact figure is computed from its part, where weights of rows are not read."""
    exact = {name for name, metric in registry.METRICS.items() if metric.exact}
    assert exact - registry.UNWEIGHTED == set()


@pytest.mark.parametrize(("name", "within"), [("medae", 0.005), ("average_precision", 0.002)])
def test_a_figure_of_many_rows_is_approached_by_its_bins(name: str, within: float) -> None:
    rng = np.random.default_rng(45)
    y = (rng.random(20_000) < 0.2) * 1.0
    chosen = part(y, y + rng.normal(size=20_000))
    assert approached(name, chosen) == pytest.approx(figure(name, chosen), rel=within)


# --- The edges of the metrics, and what is answered there


ABC = ["a", "b", "c"]
NAN = math.nan
EVEN = np.full((2, 4), 0.25)
APART = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
THREE = np.array([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]])
TWO = np.array([[0.7, 0.3], [0.4, 0.6]])
LIVES = [1.0, 2.0, 3.0], [1, 1, 1], [0.5, 0.5, 0.9]
Ours = tuple[str, Part, dict[str, Any]]


def of(names: str, chosen: Part, **params: Any) -> list[Ours]:
    return [(name, chosen, params) for name in names.split()]


def coded(y: list[int], p: list[int]) -> Part:
    return part(y, p, texts=ABC)


def nearly(value: float) -> Any:
    return pytest.approx(value, abs=1e-12)


# The figures, and what each answers; an error stands by its type.
EDGES: dict[str, tuple[list[Ours], Any]] = {
    "no predicted positive": (of("precision", coded([1, 0], [0, 0]), positive="b"), 0.0),
    "ties of the top k": (of("top_k_accuracy", part([0, 1], EVEN, texts=list("abcd")), k=1), 0.25),
    "ties of the top k, the other way": (
        of("top_k_accuracy", part([3, 3], EVEN, texts=list("abcd")), k=1), 0.25),
    "a class of the answer only": (of("balanced_accuracy", coded([0, 1], [0, 2])), 0.5),
    "macro F1 over the classes of the truth": (
        of("f1_macro", coded([0, 1, 1], [0, 1, 2])), nearly(5 / 6)),
    "macro F1 and a class that no row has": (of("f1_macro", coded([0, 1, 1], [0, 1, 1])), 1.0),
    "a constant answer": (of("mcc", coded([0, 1, 1], [1, 1, 1])), 0.0),
    "one class": (of("kappa kappa_quadratic", coded([1, 1], [1, 1]), labels=ABC), NAN),
    "levels in the declared order": (
        of("kappa_quadratic", coded([0, 1, 2, 2, 0], [2, 1, 2, 2, 0]), labels=["a", "c", "b"]),
        nearly(0.8)),
    "scores of one class": (of("roc_auc", part([1.0, 1.0], [0.2, 0.3])), NAN),
    "scores all tied": (
        of("roc_auc average_precision", part([0.0, 1.0, 0.0, 1.0], [0.5] * 4)), 0.5),
    "area over the classes of the truth": (
        of("roc_auc_ovr", part([0, 1, 1], APART, texts=ABC)), 1.0),
    "no positive": (of("average_precision", part([0.0, 0.0], [0.2, 0.3])), NAN),
    "log loss of an answer sure and wrong, then right": (
        of("log_loss", part([1.0, 0.0], np.zeros(2))),
        nearly(-(math.log(1e-6) + math.log1p(-1e-6)) / 2)),
    "log loss clipped elsewhere": (
        of("log_loss", part([1.0], [0.0]), clip=1e-3), nearly(-math.log(1e-3))),
    "log loss of one class": (
        of("log_loss", part([1.0, 1.0], [0.8, 0.9])), nearly(-(math.log(0.8) + math.log(0.9)) / 2)),
    "Brier of several classes is not halved": (
        of("brier_multi", part([0, 1, 2], THREE, texts=ABC)), nearly(2 / 3)),
    "Brier of two classes": (of("brier", part([0.0, 1.0], TWO[:, 1])), nearly(0.125)),
    "Brier of two classes in two columns": (
        of("brier_multi", part([0, 1], TWO, texts=ABC[:2])), nearly(0.25)),
    "correlation with a constant truth": (
        of("pearson spearman kendall_b", part([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])), NAN),
    "correlation with a constant answer": (
        of("pearson spearman kendall_b", part([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])), 0.0),
    "correlation of enormous numbers": (
        of("pearson spearman kendall_b", part([1.0, 2, 4], [1e300, 2e300, 4e300])),
        pytest.approx(1.0)),
    "ties in Kendall's form b": (
        of("kendall_b", part([1.0, 1, 2], [1.0, 2, 3])), nearly((2 / 3) ** 0.5)),
    "a negative answer to a logarithmic error": (
        of("rmsle", part([1.0, 2.0], [1.0, -2.0])), MetricFault),
    "relative to zero": (of("mape", part([0.0, 10.0], [1.0, 10.0])), MetricFault),
    "R² of a constant truth": (of("r2", part([5.0, 5.0], [5.0, 6.0])), NAN),
    "R² of a constant truth, answered right": (of("r2", part([5.0, 5.0], [5.0, 5.0])), NAN),
    "R² of one row": (of("r2", part([5.0], [5.0])), NAN),
    "a perfect answer": (of("mae rmse", part([1.1, -3.0], [1.1, -3.0])), 0.0),
    "tied durations": (of("concordance", durations(*LIVES), event="event"), nearly(5 / 6)),
    "no comparable pair of durations": (
        of("concordance", durations([1.0, 2], [0, 0], [0.5, 0.6]), event="event"), NAN),
    "a query without a relevant item is left out": (
        [*of("ndcg", candidates([[1.0, 0.0], [0.0, 0.0]], [[0.9, 0.1], [0.5, 0.4]])),
         *of("ndcg", ranked([{1: 1.0}, {2: 0.0}], [[1], [3]]), k=10)],
        1.0),
    "no query has a relevant item": (
        [one for chosen in (candidates([[0.0, 0.0]], [[0.2, 0.3]]), ranked([{0: 0.0}], [[0]]))
         for one in of("map_at_k map_r_at_k mrr_at_k precision_at_k recall_at_k recall_r_at_k",
                       chosen, k=1)],
        NAN),
    "a query of one candidate is left out": (of("ndcg", candidates([[1.0]], [[0.5]])), NAN),
    "a negative relevance": (
        of("ndcg map_at_k map_r_at_k mrr_at_k precision_at_k recall_at_k recall_r_at_k",
           candidates([[-1.0, 2.0]], [[0.5, 0.4]]), k=1),
        MetricFault),
    "tied gains are averaged": (
        of("ndcg", candidates([[3.0, 0.0, 1.0]], [[0.5] * 3])), pytest.approx(0.7825, abs=1e-4)),
    "a tie is won by nobody": (
        of("mrr_at_k map_at_k", candidates([[0.0, 1.0]], [[0.5, 0.5]])), 0.75),
    "a tie for the only place": (
        of("precision_at_k", candidates([[1.0, 0.0]], [[0.5, 0.5]]), k=1), 0.5),
    "an unretrieved item counts": (of("map_r_at_k", ranked([{0: 1.0, 1: 1.0}], [[0]]), k=1), 0.5),
    "an unretrieved item that had no place": (
        of("map_at_k", ranked([{0: 1.0, 1: 1.0}], [[0]]), k=1), 1.0),
    "nothing relevant retrieved": (
        of("map_at_k mrr_at_k precision_at_k recall_r_at_k", ranked([{0: 1.0}], [[5, 6]]), k=10),
        0.0),
    "a perfect list": (
        of("ndcg recall_at_k", ranked([{1: 3.0, 2: 1.0, 7: 1.0}, {4: 2.0}], [[1, 7, 2], [4]]),
           k=10),
        1.0),
    "ranks that leave gaps": (
        of("ndcg", ranked([{1: 1.0}], [[1]], ranks=np.array([3], np.int32)), k=10), nearly(0.5)),
    "a rank past the last place": (
        of("recall_at_k", ranked([{1: 1.0}], [[1]], ranks=np.array([3], np.int32)), k=2), 0.0),
    "a row without label on both sides counts one": (
        of("jaccard_samples f1_samples precision_samples recall_samples",
           label_sets([[], [0]], [[], [0]], ABC)),
        1.0),
    "an answer without label": (
        of("f1_samples precision_samples recall_samples",
           label_sets([[1], [2]], [[], [2]], ABC)),
        0.5),
    "no label at all": (of("f1_micro", label_sets([[]], [[]], ABC)), NAN),
    "one group on both sides": (
        [one for y, p in (([0, 0], [1, 1]), ([1, 1, 1], [2, 2, 2]))
         for one in of("ari ami nmi", part(y, p))],
        1.0),
    "singletons against one group": (of("ari ami nmi", part([0, 1, 2], [0, 0, 0])), 0.0),
    "the same groups under other names": (
        [one for y, p in (([0, 1, 2], [2, 0, 1]), ([0, 0, 1, 1], [5, 5, 7, 7]))
         for one in of("ari ami nmi", part(y, p))],
        nearly(1.0)),
    "mutual information with one group": (of("ami", part([0, 0, 1], [0, 0, 0])), 0.0),
}  # fmt: skip


def require(call: Callable[[], Any], wanted: Any) -> None:
    """Require an answer, or an error by its type; nan is nan."""
    if isinstance(wanted, type):
        with pytest.raises(wanted):
            theirs(call)
        return
    found = theirs(call)
    assert found == wanted or (wanted is NAN and math.isnan(found)), found


@pytest.mark.parametrize("edge", EDGES)
def test_an_edge_is_answered_as_told(edge: str) -> None:
    ours, answered = EDGES[edge]
    for name, chosen, params in ours:
        require(lambda n=name, c=chosen, p=params: figure(n, c, **p), answered)


@pytest.mark.parametrize(
    ("name", "chosen", "params"),
    [
        ("accuracy", part([1.0], [1.0]), {"prefix": 2}),  # of numbers
        ("kappa_quadratic", part([1.0], [1.5]), {"labels": [1, 2]}),
        ("roc_auc", part([0.5], [0.5]), {}),
        ("log_loss", part([0.5], [0.5]), {}),
        ("brier", part([0.5], [0.5]), {}),
        ("brier_multi", part([0], [0.5], texts=ABC), {}),
        ("f1_samples", part([1], [1]), {}),
        ("ndcg", part([1], [1]), {"k": 10}),
    ],
)
def test_what_a_metric_cannot_read_is_refused(
    name: str, chosen: Part, params: dict[str, Any]
) -> None:
    with pytest.raises(MetricFault):
        figure(name, chosen, **params)


def test_a_large_tie_stays_exact() -> None:
    gains = [1.0] * 300 + [0.0] * 700
    chosen = candidates([gains], [[0.5] * 1000])
    chosen = type(chosen)(**(chosen.__dict__ | {"texts": [str(i) for i in range(1000)]}))
    assert figure("precision_at_k", chosen, k=10) == pytest.approx(0.3, abs=1e-12)
    first = sum(math.comb(1000 - at, 299) / math.comb(1000, 300) / at for at in range(1, 702))
    assert figure("mrr_at_k", chosen) == pytest.approx(first, abs=1e-12)


# --- What holds of every metric: order changes nothing, values stay in range, the page tells it


PAGE = Path(__file__).resolve().parents[3] / "docs" / "metriques.md"
COMPUTED = [n for n, m in registry.METRICS.items() if m.shape is not Shape.FORMULA]
each_metric = pytest.mark.parametrize("name", COMPUTED)


def example(name: str) -> tuple[Part, dict[str, object]]:
    """Return the example of the page: its part and parameters."""
    note = manual.notes()[name]
    _, part = manual.EXAMPLES[note.get("example", registry.METRICS[name].shape.value)]()
    return part, dict(note.get("params", {}))


@each_metric
def test_the_order_of_units_changes_nothing_and_values_are_in_range(name: str) -> None:
    part, params = example(name)
    value = figure(name, part, **params)
    backwards = figure(name, part.take(np.arange(len(part))[::-1]), **params)
    assert backwards == pytest.approx(value, rel=1e-12, abs=1e-15)
    assert registry.METRICS[name].low <= value <= registry.METRICS[name].high


@each_metric
def test_resamplings_are_in_the_range_told_and_once_each_gives_the_value(name: str) -> None:
    metric, (part, params) = registry.METRICS[name], example(name)
    n = len(part)
    stats = metric.stats(part, params)
    buckets = Buckets.of(stats, np.arange(n), n)
    weights = np.concatenate([np.ones((1, n), np.uint8), intervals.draw_weights(n, 50, b"s")])
    found = intervals.resampled_figure(buckets, weights, metric, stats.context)
    assert found[0] == pytest.approx(float(metric.value(buckets.total(), stats.context)))
    finite = found[np.isfinite(found)]
    assert found.shape == (51,)
    if not metric.name.startswith(("kendall", "spearman", "concordance", "roc_auc")):
        assert finite.min() >= metric.low - 1e-12
        assert finite.max() <= metric.high + 1e-12


@pytest.mark.parametrize("name", [n for n in COMPUTED if n not in registry.UNWEIGHTED])
def test_a_weight_of_two_is_the_unit_twice(name: str) -> None:
    metric, (part, params) = registry.METRICS[name], example(name)
    weight = np.ones(len(part))
    weight[0] = 2.0
    stats = metric.stats(part, params).weighted(weight)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    found = float(metric.value(sums, stats.context))
    twice = figure(name, part.take(np.array([0, *range(len(part))])), **params)
    assert found == pytest.approx(twice, rel=1e-12, abs=1e-15)


@each_metric
def test_an_empty_part_has_no_value(name: str) -> None:
    part, params = example(name)
    metric = registry.METRICS[name]
    stats = metric.stats(part.take(np.zeros(0, np.int64)), params)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    found = float(metric.value(sums, stats.context)) if stats.width else float("nan")
    assert not np.isfinite(found) or name == "n_clusters"


# How many units each metric with a smallest step is a share of, on a part; the page tells it so.
COUNTED = {
    "accuracy": len,
    "hamming": lambda part: len(part) * len(part.texts),
    "n_clusters": lambda _part: 1,
    "pair_consistency": lambda part: len(part) // 2,
    "recall": lambda part: int((part.y == 0).sum()),
}


def test_every_step_is_counted() -> None:
    stepped = {name for name, one in registry.METRICS.items() if one.step is not Step.DATA}
    assert stepped == set(COUNTED)
    for name, metric in registry.METRICS.items():
        # The rows that precision is a share of depend on the answer.
        assert not metric.proportion or metric.step is Step.UNIT or name == "precision", name


@pytest.mark.parametrize("name", COUNTED)
def test_no_two_values_are_nearer_than_a_step_and_some_are_as_near(name: str) -> None:
    part, params = random_part(name, np.random.default_rng(95), 14)
    params |= {"positive": part.texts[0]} if name == "recall" else {}
    found = []
    for case in range(400):
        other, _ = random_part(name, np.random.default_rng([95, case]), 14)
        given = replace(part, p=other.p, p_offsets=other.p_offsets)
        found.append(figure(name, given, **params) * COUNTED[name](part))
    whole = np.round(found)
    assert np.abs(found - whole).max() < 1e-9
    assert np.diff(np.unique(whole)).min() == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spearman", "kendall_b", "concordance", "roc_auc_ovr"])
def test_figures_of_pairs_spread_as_those_of_rows_drawn(name: str) -> None:
    """They are resampled by their first-order terms."""
    n = 300
    part, params = random_part(name, np.random.default_rng(9), n)
    metric = registry.metric(name)
    stats = metric.stats(part, params)
    weights = intervals.draw_weights(n, 1000, b"w")
    ours = intervals.resampled_figure(
        Buckets.of(stats, part.bucket, n), weights, metric, stats.context
    )
    drawn = [figure(name, part.take(np.repeat(np.arange(n), w)), **params) for w in weights[:400]]
    assert np.std(ours) == pytest.approx(np.std(drawn), rel=0.06)
    assert np.corrcoef(ours[:400], drawn)[0, 1] > 0.97


def test_the_page_is_the_one_made_from_the_code() -> None:
    assert PAGE.read_text("utf-8") == manual.page()


def test_every_metric_is_told_once_with_an_example_of_what_it_needs() -> None:
    assert set(manual.notes()) == set(registry.METRICS)
    assert set(registry.ALIASES.values()) <= set(registry.METRICS)
    assert not set(registry.ALIASES) & set(registry.METRICS)
    for name, metric in registry.METRICS.items():
        params = manual.notes()[name].get("params", {})
        assert list(registry.parameter_faults(metric, params)) == []

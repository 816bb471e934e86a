"""Every metric equals its oracle on cases drawn at random, ties and lone classes among them."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from lifelines.utils import concordance_index
from scipy import stats
from sklearn import metrics as oracle

from challenges.scoring import registry
from challenges.scoring.metric import Part, Shape
from tests.challenges.scoring.parts import (
    CASES,
    ITEMS,
    approached,
    candidates,
    cases,
    close,
    durations,
    figure,
    label_sets,
    part,
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


def ranked_real_gains(rng: Rng) -> Compared:
    gains, order = rng.random(12), rng.permutation(12)
    scores = np.empty(12)
    scores[order] = np.arange(12, 0, -1)
    chosen = ranked([dict(enumerate(gains.tolist()))], [order.tolist()])
    yield "ndcg", {"k": 10}, chosen, oracle.ndcg_score([gains], [scores], k=10)


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
    ranked_lists, ranked_real_gains, attributes, scored_candidates, scores_without_ties,
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
    lean, full = (each.values[0] for each in cases.args[1])
    assert (len(lean), len(full)) == (CASES, 10 * CASES) == (200, 2000)


@pytest.mark.parametrize(("name", "within"), [("medae", 0.005), ("average_precision", 0.002)])
def test_a_figure_of_many_rows_is_approached_by_its_bins(name: str, within: float) -> None:
    rng = np.random.default_rng(45)
    y = (rng.random(20_000) < 0.2) * 1.0
    chosen = part(y, y + rng.normal(size=20_000))
    assert approached(name, chosen) == pytest.approx(figure(name, chosen), rel=within)

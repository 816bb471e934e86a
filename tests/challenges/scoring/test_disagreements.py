"""The edges of the metrics: what each library answers there, and what is answered here.

The library's own answer is asserted too, so that a new version that changes its mind is noticed.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from lifelines.utils import concordance_index
from scipy import stats
from sklearn import metrics as oracle

from challenges.scoring.metric import MetricFault, Part
from tests.challenges.scoring.parts import (
    candidates,
    durations,
    figure,
    label_sets,
    part,
    ranked,
    theirs,
)

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


def labels(y: list[int], p: list[int]) -> Part:
    return part(y, p, texts=ABC)


def trec(rel: dict[str, int], run: dict[str, float], measure: str) -> float:
    found = pytrec_eval.RelevanceEvaluator({"q": rel}, {measure}).evaluate({"q": run})
    return float(found["q"][measure.replace(".", "_")])


def about(value: float) -> Any:
    return pytest.approx(value, abs=1e-4)


def nearly(value: float) -> Any:
    return pytest.approx(value, abs=1e-12)


# What a library answers, and the figures here with what they answer. An error stands by its type.
EDGES: dict[str, tuple[Callable[[], Any], Any, list[Ours], Any]] = {
    "no predicted positive": (
        lambda: oracle.precision_score([1, 0], [0, 0]), 0.0,
        of("precision", labels([1, 0], [0, 0]), positive="b"), 0.0),
    "ties of the top k: scikit-learn takes the last classes": (
        lambda: oracle.top_k_accuracy_score([0, 1], EVEN, k=1, labels=range(4)), 0.0,
        of("top_k_accuracy", part([0, 1], EVEN, texts=list("abcd")), k=1), 0.25),
    "ties of the top k, the other way": (
        lambda: oracle.top_k_accuracy_score([3, 3], EVEN, k=1, labels=range(4)), 1.0,
        of("top_k_accuracy", part([3, 3], EVEN, texts=list("abcd")), k=1), 0.25),
    "a class of the answer only": (
        lambda: oracle.balanced_accuracy_score([0, 1], [0, 2]), 0.5,
        of("balanced_accuracy", labels([0, 1], [0, 2])), 0.5),
    "macro F1 over the classes of the truth": (
        lambda: oracle.f1_score([0, 1, 1], [0, 1, 2], average="macro"), about(5 / 9),
        of("f1_macro", labels([0, 1, 1], [0, 1, 2])), nearly(5 / 6)),
    "macro F1 and a class that no row has": (
        lambda: oracle.f1_score([0, 1, 1], [0, 1, 1], average="macro", labels=[0, 1, 2]),
        about(2 / 3), of("f1_macro", labels([0, 1, 1], [0, 1, 1])), 1.0),
    "a constant answer": (
        lambda: oracle.matthews_corrcoef([0, 1, 1], [1, 1, 1]), 0.0,
        of("mcc", labels([0, 1, 1], [1, 1, 1])), 0.0),
    "one class": (
        lambda: oracle.cohen_kappa_score([1, 1], [1, 1]), NAN,
        of("kappa kappa_quadratic", labels([1, 1], [1, 1]), labels=ABC), NAN),
    "levels in the declared order": (
        lambda: oracle.cohen_kappa_score([0, 2, 1, 1, 0], [1, 2, 1, 1, 0], weights="quadratic"),
        about(0.8), of("kappa_quadratic", labels([0, 1, 2, 2, 0], [2, 1, 2, 2, 0]),
                       labels=["a", "c", "b"]), nearly(0.8)),
    "scores of one class": (
        lambda: oracle.roc_auc_score([1, 1], [0.2, 0.3]), NAN,
        of("roc_auc", part([1.0, 1.0], [0.2, 0.3])), NAN),
    "scores all tied": (
        lambda: oracle.roc_auc_score([0, 1, 0, 1], [0.5] * 4), 0.5,
        of("roc_auc average_precision", part([0.0, 1.0, 0.0, 1.0], [0.5] * 4)), 0.5),
    "area over the classes of the truth": (
        lambda: oracle.roc_auc_score([0, 1, 1], APART, multi_class="ovr", labels=[0, 1, 2]), NAN,
        of("roc_auc_ovr", part([0, 1, 1], APART, texts=ABC)), 1.0),
    "no positive": (
        lambda: oracle.average_precision_score([0, 0], [0.2, 0.3]), 0.0,
        of("average_precision", part([0.0, 0.0], [0.2, 0.3])), NAN),
    "log loss by the width of floats: 64 bits": (
        lambda: oracle.log_loss([1, 0], np.zeros(2)), about(18.0218),
        of("log_loss", part([1.0, 0.0], np.zeros(2))),
        nearly(-(math.log(1e-6) + math.log1p(-1e-6)) / 2)),
    "log loss by the width of floats: 32 bits": (
        lambda: oracle.log_loss([1, 0], np.zeros(2, np.float32)), about(7.9712),
        of("log_loss", part([1.0], [0.0]), clip=1e-3), nearly(-math.log(1e-3))),
    "log loss of one class": (
        lambda: oracle.log_loss([1, 1], [0.8, 0.9]), ValueError,
        of("log_loss", part([1.0, 1.0], [0.8, 0.9])), nearly(-(math.log(0.8) + math.log(0.9)) / 2)),
    "Brier of several classes is not halved": (
        lambda: oracle.brier_score_loss(ABC, THREE), about(2 / 3),
        of("brier_multi", part([0, 1, 2], THREE, texts=ABC)), nearly(2 / 3)),
    "Brier of two classes": (
        lambda: oracle.brier_score_loss([0, 1], TWO[:, 1]), about(0.125),
        of("brier", part([0.0, 1.0], TWO[:, 1])), nearly(0.125)),
    "Brier of two classes in two columns": (
        lambda: oracle.brier_score_loss([0, 1], TWO), about(0.125),
        of("brier_multi", part([0, 1], TWO, texts=ABC[:2])), nearly(0.25)),
    "correlation with a constant truth": (
        lambda: stats.spearmanr([1, 1, 1], [1, 2, 3]).statistic, NAN,
        of("pearson spearman kendall_b", part([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])), NAN),
    "correlation with a constant answer": (
        lambda: stats.spearmanr([1, 2, 3], [1, 1, 1]).statistic, NAN,
        of("pearson spearman kendall_b", part([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])), 0.0),
    "correlation of enormous numbers": (
        lambda: stats.spearmanr([1, 2, 4], [1e300, 2e300, 4e300]).statistic, about(1.0),
        of("pearson spearman kendall_b", part([1.0, 2, 4], [1e300, 2e300, 4e300])),
        pytest.approx(1.0)),
    "ties in Kendall's form b": (
        lambda: stats.kendalltau([1, 1, 2], [1, 2, 3]).statistic, about(0.8165),
        of("kendall_b", part([1.0, 1, 2], [1.0, 2, 3])), nearly((2 / 3) ** 0.5)),
    "a negative answer to a logarithmic error": (
        lambda: oracle.root_mean_squared_log_error([1, 2], [1, -2]), ValueError,
        of("rmsle", part([1.0, 2.0], [1.0, -2.0])), MetricFault),
    "relative to zero: scikit-learn is enormous": (
        lambda: oracle.mean_absolute_percentage_error([0, 10], [1, 10]) > 2e15, 1.0,
        of("mape", part([0.0, 10.0], [1.0, 10.0])), MetricFault),
    "R² of a constant truth": (
        lambda: oracle.r2_score([5, 5], [5, 6]), 0.0, of("r2", part([5.0, 5.0], [5.0, 6.0])), NAN),
    "R² of a constant truth, answered right": (
        lambda: oracle.r2_score([5, 5], [5, 5]), 1.0, of("r2", part([5.0, 5.0], [5.0, 5.0])), NAN),
    "R² of one row": (
        lambda: oracle.r2_score([5], [5]), NAN, of("r2", part([5.0], [5.0])), NAN),
    "a perfect answer": (
        lambda: oracle.mean_absolute_error([1.1, -3], [1.1, -3]), 0.0,
        of("mae rmse", part([1.1, -3.0], [1.1, -3.0])), 0.0),
    "tied durations": (
        lambda: concordance_index(LIVES[0], LIVES[2], LIVES[1]), about(0.8333),
        of("concordance", durations(*LIVES), event="event"), nearly(5 / 6)),
    "no comparable pair of durations": (
        lambda: concordance_index([1, 2], [0.5, 0.6], [0, 0]), ZeroDivisionError,
        of("concordance", durations([1.0, 2], [0, 0], [0.5, 0.6]), event="event"), NAN),
    "a query without a relevant item is left out": (
        lambda: oracle.ndcg_score([[0, 0, 0]], [[0.5, 0.4, 0.3]]), 0.0,
        [*of("ndcg", candidates([[1.0, 0.0], [0.0, 0.0]], [[0.9, 0.1], [0.5, 0.4]])),
         *of("ndcg", ranked([{1: 1.0}, {2: 0.0}], [[1], [3]]), k=10)], 1.0),
    "no query has a relevant item": (
        lambda: oracle.ndcg_score([[0, 0]], [[0.2, 0.3]]), 0.0,
        [one for chosen in (candidates([[0.0, 0.0]], [[0.2, 0.3]]), ranked([{0: 0.0}], [[0]]))
         for one in of("map_at_k map_r_at_k mrr_at_k precision_at_k recall_at_k recall_r_at_k",
                       chosen, k=1)], NAN),
    "a query of one candidate is left out": (
        lambda: oracle.ndcg_score([[1]], [[0.5]]), ValueError,
        of("ndcg", candidates([[1.0]], [[0.5]])), NAN),
    "a negative relevance": (
        lambda: oracle.ndcg_score([[-1, 2]], [[0.5, 0.4]]), ValueError,
        of("ndcg map_at_k map_r_at_k mrr_at_k precision_at_k recall_at_k recall_r_at_k",
           candidates([[-1.0, 2.0]], [[0.5, 0.4]]), k=1), MetricFault),
    "tied gains are averaged, trec_eval goes by identifier": (
        lambda: trec({"a": 3, "b": 0, "c": 1}, dict.fromkeys("abc", 0.5), "ndcg_cut.10"),
        about(0.6885), of("ndcg", candidates([[3.0, 0.0, 1.0]], [[0.5] * 3])), about(0.7825)),
    "a tie is won by the last identifier in trec_eval": (
        lambda: trec({"a": 0, "b": 1}, {"a": 0.5, "b": 0.5}, "recip_rank"), 1.0,
        of("mrr_at_k map_at_k", candidates([[0.0, 1.0]], [[0.5, 0.5]])), 0.75),
    "and by nobody here": (
        lambda: trec({"a": 1, "b": 0}, {"a": 0.5, "b": 0.5}, "recip_rank"), 0.5,
        of("precision_at_k", candidates([[1.0, 0.0]], [[0.5, 0.5]]), k=1), 0.5),
    "an unretrieved item counts": (
        lambda: trec({"a": 1, "b": 1}, {"a": 0.5}, "map"), 0.5,
        of("map_r_at_k", ranked([{0: 1.0, 1: 1.0}], [[0]]), k=1), 0.5),
    "an unretrieved item that had no place": (
        lambda: trec({"a": 1, "b": 1}, {"a": 0.5}, "P.1"), 1.0,
        of("map_at_k", ranked([{0: 1.0, 1: 1.0}], [[0]]), k=1), 1.0),
    "nothing relevant retrieved": (
        lambda: trec({"a": 1}, {"z": 0.5}, "recip_rank"), 0.0,
        of("map_at_k mrr_at_k precision_at_k recall_r_at_k", ranked([{0: 1.0}], [[5, 6]]), k=10),
        0.0),
    "a perfect list": (
        lambda: oracle.ndcg_score([[3, 1, 1]], [[3, 2, 1]]), 1.0,
        of("ndcg recall_at_k", ranked([{1: 3.0, 2: 1.0, 7: 1.0}, {4: 2.0}], [[1, 7, 2], [4]]),
           k=10), 1.0),
    "ranks that leave gaps": (
        lambda: oracle.ndcg_score([[0, 0, 1]], [[3, 2, 1]]), about(0.5),
        of("ndcg", ranked([{1: 1.0}], [[1]], ranks=np.array([3], np.int32)), k=10), nearly(0.5)),
    "a rank past the last place": (
        lambda: trec({"c": 1}, {"a": 3.0, "b": 2.0, "c": 1.0}, "recall.2"), 0.0,
        of("recall_at_k", ranked([{1: 1.0}], [[1]], ranks=np.array([3], np.int32)), k=2), 0.0),
    "a row without label on both sides counts one": (
        lambda: oracle.jaccard_score([[0, 0], [1, 0]], [[0, 0], [1, 0]], average="samples"), 0.5,
        of("jaccard_samples f1_samples precision_samples recall_samples",
           label_sets([[], [0]], [[], [0]], ABC)), 1.0),
    "an answer without label": (
        lambda: oracle.f1_score([[1, 0], [0, 1]], [[0, 0], [0, 1]], average="samples"), 0.5,
        of("f1_samples precision_samples recall_samples",
           label_sets([[1], [2]], [[], [2]], ABC)), 0.5),
    "no label at all": (
        lambda: oracle.f1_score([[0, 0]], [[0, 0]], average="micro"), 0.0,
        of("f1_micro", label_sets([[]], [[]], ABC)), NAN),
    "one group on both sides": (
        lambda: oracle.adjusted_rand_score([0, 0], [1, 1]), 1.0,
        [one for y, p in (([0, 0], [1, 1]), ([1, 1, 1], [2, 2, 2]))
         for one in of("ari ami nmi", part(y, p))], 1.0),
    "singletons against one group": (
        lambda: oracle.adjusted_rand_score([0, 1, 2], [0, 0, 0]), 0.0,
        of("ari ami nmi", part([0, 1, 2], [0, 0, 0])), 0.0),
    "the same groups under other names": (
        lambda: oracle.adjusted_mutual_info_score([0, 1, 2], [2, 0, 1]), about(1.0),
        [one for y, p in (([0, 1, 2], [2, 0, 1]), ([0, 0, 1, 1], [5, 5, 7, 7]))
         for one in of("ari ami nmi", part(y, p))], nearly(1.0)),
    "mutual information with one group": (
        lambda: oracle.adjusted_mutual_info_score([0, 0, 1], [0, 0, 0]), 0.0,
        of("ami", part([0, 0, 1], [0, 0, 0])), 0.0),
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
    library, told, ours, answered = EDGES[edge]
    require(library, told)
    for name, chosen, params in ours:
        require(lambda n=name, c=chosen, p=params: figure(n, c, **p), answered)


@pytest.mark.parametrize(
    ("name", "chosen", "params"),
    [
        ("accuracy", part([1.0], [1.0]), {"prefix": 2}),  # of numbers
        ("kappa_quadratic", part([1.0], [1.5]), {"labels": [1, 2]}),
        ("ami", part([0, 1], [0, 1]), {"average": "max"}),
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

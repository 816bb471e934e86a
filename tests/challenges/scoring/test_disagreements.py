"""Where the libraries surprise: what each of them answers, and what is answered here.

One test for each edge case of the metrics; the library's own answer is asserted too, so that
a new version that changes its mind is noticed.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from lifelines.utils import concordance_index
from scipy import stats
from sklearn import metrics as oracle

from challenges.scoring.answer import AnswerSpec
from challenges.scoring.metric import MetricFault
from challenges.scoring.predictions.reader import read
from tests.challenges.scoring.answers import first, keys, spec, verdict
from tests.challenges.scoring.parts import figure, lists, part
from tests.challenges.scoring.test_metrics_durations import lives
from tests.challenges.scoring.test_metrics_ranking import candidates, ranked
from tests.challenges.scoring.test_several_numbers import spec as several

ABC = ["a", "b", "c"]


def theirs(function: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
    """Ask a library, its warnings silenced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*args, **kwargs))


def labels(y: list[int], p: list[int]) -> Any:
    return part(y, p, texts=ABC)


def sets(y: list[list[int]], p: list[list[int]]) -> Any:
    """Make rows of labels."""
    (true, y_offsets), (given, p_offsets) = lists(y), lists(p)
    return part(true, given, n=len(y), texts=ABC, y_offsets=y_offsets, p_offsets=p_offsets)


# --- labels


def test_no_predicted_positive_is_precision_zero_as_in_scikit_learn() -> None:
    assert theirs(oracle.precision_score, [1, 0], [0, 0]) == 0.0
    assert figure("precision", labels([1, 0], [0, 0]), positive="b") == 0.0


def test_a_constant_answer_is_told() -> None:
    for text in ("id,p\n1,0\n2,0\n", "id,p\n1,0.0\n2,0.00\n"):
        found, _ = verdict(text, spec(), keys("1", "2"))
        assert [warning.code for warning in found.warnings] == ["W_CONSTANT"]


def test_ties_of_the_top_k_are_split_where_scikit_learn_takes_the_last_classes() -> None:
    p = np.full((2, 4), 0.25)
    assert theirs(oracle.top_k_accuracy_score, [0, 1], p, k=1, labels=range(4)) == 0.0
    assert theirs(oracle.top_k_accuracy_score, [3, 3], p, k=1, labels=range(4)) == 1.0
    for y in ([0, 1], [3, 3]):
        assert figure("top_k_accuracy", part(y, p, texts=list("abcd")), k=1) == 0.25


def test_balanced_accuracy_ignores_a_class_of_the_answer_only() -> None:
    assert theirs(oracle.balanced_accuracy_score, [0, 1], [0, 2]) == 0.5
    assert figure("balanced_accuracy", labels([0, 1], [0, 2])) == 0.5


def test_macro_f1_averages_over_the_classes_of_the_truth() -> None:
    y, p = [0, 1, 1], [0, 1, 2]
    assert theirs(oracle.f1_score, y, p, average="macro") == pytest.approx(5 / 9)
    assert theirs(oracle.f1_score, y, p, average="macro", labels=[0, 1]) == pytest.approx(5 / 6)
    assert figure("f1_macro", labels(y, p)) == pytest.approx(5 / 6, abs=1e-12)


def test_macro_f1_leaves_out_a_class_of_the_nomenclature_that_no_row_has() -> None:
    y = [0, 1, 1]
    wanted = theirs(oracle.f1_score, y, y, average="macro", labels=[0, 1, 2])
    assert wanted == pytest.approx(2 / 3)
    assert figure("f1_macro", labels(y, y)) == 1.0


def test_mcc_of_a_constant_answer_is_zero() -> None:
    assert theirs(oracle.matthews_corrcoef, [0, 1, 1], [1, 1, 1]) == 0.0
    assert figure("mcc", labels([0, 1, 1], [1, 1, 1])) == 0.0


def test_kappa_of_one_class_has_no_value() -> None:
    assert math.isnan(theirs(oracle.cohen_kappa_score, [1, 1], [1, 1]))
    for name in ("kappa", "kappa_quadratic"):
        assert math.isnan(figure(name, labels([1, 1], [1, 1]), labels=ABC))


# --- scores and probabilities


def test_auc_of_one_class_has_no_value() -> None:
    assert math.isnan(theirs(oracle.roc_auc_score, [1, 1], [0.2, 0.3]))
    assert math.isnan(figure("roc_auc", part([1.0, 1.0], [0.2, 0.3])))


def test_auc_of_scores_all_tied_is_one_half() -> None:
    assert theirs(oracle.roc_auc_score, [0, 1, 0, 1], [0.5] * 4) == 0.5
    assert figure("roc_auc", part([0.0, 1.0, 0.0, 1.0], [0.5] * 4)) == 0.5


@pytest.mark.parametrize("cell", ["nan", "inf", "-inf", "1e999"])
def test_a_score_that_is_not_finite_is_refused(cell: str) -> None:
    found = first(f"id,p\n1,0.5\n2,{cell}\n", spec(), keys("1", "2"))
    assert found[:2] == ("E_VALUE_NOT_FINITE", 3)


def test_auc_over_classes_means_over_those_of_the_truth() -> None:
    y, p = [0, 1, 1], np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
    wanted = theirs(oracle.roc_auc_score, y, p, multi_class="ovr", labels=[0, 1, 2])
    assert math.isnan(wanted)
    assert figure("roc_auc_ovr", part(y, p, texts=ABC)) == 1.0


def test_average_precision_without_a_positive_is_no_zero() -> None:
    assert theirs(oracle.average_precision_score, [0, 0], [0.2, 0.3]) == 0.0
    assert math.isnan(figure("average_precision", part([0.0, 0.0], [0.2, 0.3])))


def test_average_precision_groups_tied_scores() -> None:
    y, p = [0.0, 1.0, 0.0, 1.0], [0.5] * 4
    assert theirs(oracle.average_precision_score, y, p) == figure("average_precision", part(y, p))


def test_log_loss_does_not_punish_the_width_of_floats() -> None:
    wide, narrow = np.zeros(2), np.zeros(2, np.float32)
    assert theirs(oracle.log_loss, [1, 0], wide) == pytest.approx(18.0218, abs=1e-4)
    assert theirs(oracle.log_loss, [1, 0], narrow) == pytest.approx(7.9712, abs=1e-4)
    ours = [figure("log_loss", part([1.0, 0.0], p.astype(np.float64))) for p in (wide, narrow)]
    assert ours[0] == ours[1] == pytest.approx(-math.log(1e-6) / 2, rel=1e-6)


def test_log_loss_of_one_class_has_a_value() -> None:
    with pytest.raises(ValueError, match="only one label"):
        oracle.log_loss([1, 1], [0.8, 0.9])
    wanted = -(math.log(0.8) + math.log(0.9)) / 2
    assert figure("log_loss", part([1.0, 1.0], [0.8, 0.9])) == pytest.approx(wanted)


def test_probabilities_that_do_not_add_up_are_refused_not_rescaled() -> None:
    p = [[0.5, 0.2, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]
    assert theirs(oracle.log_loss, [0, 1, 2], p) == pytest.approx(0.4757, abs=1e-4)
    text = "id,a,b,c\n" + "".join(f"{i},{','.join(map(str, row))}\n" for i, row in enumerate(p))
    known = keys("0", "1", "2")
    shape = AnswerSpec.from_json(several("probabilities", "a", "b", "c"))
    found, answer = read(text.encode(), "p.csv", shape, known)
    assert answer is None
    assert (found.faults[0].code, found.faults[0].line) == ("E_PROBA_SUM", 2)


def test_brier_of_several_classes_is_not_halved() -> None:
    p = np.array([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]])
    assert theirs(oracle.brier_score_loss, ABC, p) == pytest.approx(2 / 3)
    assert figure("brier_multi", part([0, 1, 2], p, texts=ABC)) == pytest.approx(2 / 3)
    two = np.array([[0.7, 0.3], [0.4, 0.6]])
    assert theirs(oracle.brier_score_loss, [0, 1], two[:, 1]) == pytest.approx(0.125)
    assert figure("brier", part([0.0, 1.0], two[:, 1])) == pytest.approx(0.125)
    assert figure("brier_multi", part([0, 1], two, texts=ABC[:2])) == pytest.approx(0.25)


# --- numbers, durations


def test_a_correlation_with_a_constant_answer_is_zero_and_with_a_constant_truth_none() -> None:
    assert math.isnan(theirs(lambda: stats.spearmanr([1, 1, 1], [1, 2, 3]).statistic))
    for name in ("pearson", "spearman", "kendall_b"):
        assert figure(name, part([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])) == 0.0
        assert math.isnan(figure(name, part([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])))


def test_kendall_counts_ties_in_form_b() -> None:
    wanted = stats.kendalltau([1, 1, 2], [1, 2, 3]).statistic
    assert wanted == pytest.approx(0.8165, abs=1e-4)
    assert figure("kendall_b", part([1.0, 1, 2], [1.0, 2, 3])) == pytest.approx(wanted, abs=1e-12)


def test_a_negative_answer_to_a_logarithmic_error_is_refused_by_its_line() -> None:
    with pytest.raises(ValueError, match="less than or equal to -1"):
        oracle.root_mean_squared_log_error([1, 2], [1, -2])
    found = first("id,p\n1,1\n2,-2\n", spec(min=0), keys("1", "2"))
    assert found[:2] == ("E_VALUE_RANGE", 3)


def test_mape_against_zero_is_refused_where_scikit_learn_is_enormous() -> None:
    assert theirs(oracle.mean_absolute_percentage_error, [0, 10], [1, 10]) > 2e15
    with pytest.raises(MetricFault):
        figure("mape", part([0.0, 10.0], [1.0, 10.0]))


def test_r2_of_a_constant_truth_or_of_one_row_has_no_value() -> None:
    assert theirs(oracle.r2_score, [5, 5], [5, 6]) == 0.0
    assert theirs(oracle.r2_score, [5, 5], [5, 5]) == 1.0
    assert math.isnan(theirs(oracle.r2_score, [5], [5]))
    for y, p in (([5.0, 5.0], [5.0, 6.0]), ([5.0, 5.0], [5.0, 5.0]), ([5.0], [5.0])):
        assert math.isnan(figure("r2", part(y, p)))


def test_tied_durations_of_the_answer_count_one_half() -> None:
    wanted = concordance_index([1, 2, 3], [0.5, 0.5, 0.9], [1, 1, 1])
    assert wanted == pytest.approx(0.8333, abs=1e-4)
    found = figure("concordance", lives([1.0, 2, 3], [1, 1, 1], [0.5, 0.5, 0.9]), event="event")
    assert found == pytest.approx(wanted, abs=1e-12)


def test_no_comparable_pair_has_no_concordance() -> None:
    with pytest.raises(ZeroDivisionError):
        concordance_index([1, 2], [0.5, 0.6], [0, 0])
    assert math.isnan(figure("concordance", lives([1.0, 2], [0, 0], [0.5, 0.6]), event="event"))


# --- ranking


def trec(rel: dict[str, int], run: dict[str, float], measure: str) -> float:
    found = pytrec_eval.RelevanceEvaluator({"q": rel}, {measure}).evaluate({"q": run})
    return float(found["q"][measure.replace(".", "_")])


def test_a_query_without_a_relevant_item_is_left_out_not_zero() -> None:
    assert theirs(oracle.ndcg_score, [[0, 0, 0]], [[0.5, 0.4, 0.3]]) == 0.0
    kept = candidates([[1.0, 0.0], [0.0, 0.0]], [[0.9, 0.1], [0.5, 0.4]])
    assert figure("ndcg", kept) == 1.0
    assert figure("ndcg", ranked([{1: 1.0}, {2: 0.0}], [[1], [3]]), k=10) == 1.0


def test_a_query_of_one_candidate_is_left_out() -> None:
    with pytest.raises(ValueError, match="more than 1 document"):
        oracle.ndcg_score([[1]], [[0.5]])
    assert math.isnan(figure("ndcg", candidates([[1.0]], [[0.5]])))


def test_a_negative_relevance_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        oracle.ndcg_score([[-1, 2]], [[0.5, 0.4]])
    with pytest.raises(MetricFault):
        figure("ndcg", candidates([[-1.0, 2.0]], [[0.5, 0.4]]))


def test_tied_gains_are_averaged_where_trec_eval_goes_by_identifier() -> None:
    assert trec({"a": 3, "b": 0, "c": 1}, dict.fromkeys("abc", 0.5), "ndcg_cut.10") == (
        pytest.approx(0.6885, abs=1e-4)
    )
    assert figure("ndcg", candidates([[3.0, 0.0, 1.0]], [[0.5] * 3])) == (
        pytest.approx(0.7825, abs=1e-4)
    )


def test_an_unretrieved_item_counts_in_map() -> None:
    assert trec({"a": 1, "b": 1}, {"a": 0.5}, "map") == 0.5
    assert figure("map_r_at_k", ranked([{0: 1.0, 1: 1.0}], [[0]]), k=1) == 0.5
    assert figure("map_at_k", ranked([{0: 1.0, 1: 1.0}], [[0]]), k=1) == 1.0


def test_nothing_retrieved_is_zero() -> None:
    assert trec({"a": 1}, {"z": 0.5}, "recip_rank") == 0.0
    assert figure("mrr_at_k", ranked([{0: 1.0}], [[5]]), k=10) == 0.0


# --- lists of labels, groupings


def test_a_row_without_label_on_both_sides_counts_one() -> None:
    y = [[0, 0], [1, 0]]
    assert theirs(oracle.jaccard_score, y, y, average="samples") == 0.5
    assert theirs(oracle.f1_score, y, y, average="samples") == 0.5
    chosen = sets([[], [0]], [[], [0]])
    for name in ("jaccard_samples", "f1_samples", "precision_samples", "recall_samples"):
        assert figure(name, chosen) == 1.0


def test_groupings_of_one_cluster_and_of_singletons() -> None:
    one, apart = ([0, 0], [1, 1]), ([0, 1, 2], [0, 0, 0])
    assert theirs(oracle.adjusted_rand_score, *one) == 1.0
    assert theirs(oracle.adjusted_rand_score, *apart) == 0.0
    for name in ("ari", "ami", "nmi"):
        assert figure(name, part(*one)) == 1.0
        assert figure(name, part(*apart)) == 0.0


def test_mutual_information_with_one_cluster_is_zero() -> None:
    assert theirs(oracle.adjusted_mutual_info_score, [0, 0, 1], [0, 0, 0]) == 0.0
    assert figure("ami", part([0, 0, 1], [0, 0, 0])) == 0.0


def test_too_many_groups_are_refused() -> None:
    text = "id,p\n1,a\n2,b\n3,c\n"
    known = keys("1", "2", "3")
    assert first(text, spec(type="string", max_distinct=2), known)[0] == "E_GROUPS_TOO_MANY"
    assert verdict(text, spec(type="string", max_distinct=3), known)[0].accepted

"""Scores of a yes or no and class probabilities against scikit-learn, and their edges."""

import math
import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import approached, cases, close, figure, part, rng_of, size

TEXTS = list("abcdefgh")


def scores_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n = size(rng) + 1
    y = (rng.random(n) < rng.random()).astype(np.float64)
    y[:2] = [0.0, 1.0]
    p = np.clip(0.3 * y + 0.7 * rng.random(n), 0, 1)
    return y, np.round(p, int(rng.integers(0, 3))) if rng.random() < 0.5 else p


@cases
def test_average_precision_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        y, p = scores_of(rng_of(51, i))
        wanted = oracle.average_precision_score(y, p)
        close(figure("average_precision", part(y, p)), wanted)
        if len(y) <= 1024:
            close(approached("average_precision", part(y, p)), wanted)


def test_average_precision_without_a_positive_cannot_be_computed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert oracle.average_precision_score([0, 0], [0.2, 0.3]) == 0.0
    assert math.isnan(figure("average_precision", part([0.0, 0.0], [0.2, 0.3])))


def test_average_precision_of_many_scores_is_approached_by_its_bins() -> None:
    rng = rng_of(52, 0)
    y = (rng.random(20000) < 0.2).astype(np.float64)
    p = y + rng.normal(size=20000)
    exact = figure("average_precision", part(y, p))
    close(exact, oracle.average_precision_score(y, p))
    assert approached("average_precision", part(y, p)) == pytest.approx(exact, abs=0.002)


def precision_by_hand(y: np.ndarray, p: np.ndarray, share: float) -> float:
    """Average over the orders of ties: each tied row is taken as likely as any other."""
    wanted = math.ceil(share * len(y) * (1 - 1e-12))
    cut = np.sort(p)[::-1][wanted - 1]
    above, tied = p > cut, p == cut
    return float((y[above].sum() + (wanted - above.sum()) * y[tied].mean()) / wanted)


@cases
def test_precision_at_top_splits_ties(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(53, i)
        (y, p), share = scores_of(rng), float(rng.uniform(0.001, 1.0))
        wanted = precision_by_hand(y, p, share)
        close(figure("precision_at_top", part(y, p), share=share), wanted)


def recall_by_hand(y: np.ndarray, p: np.ndarray, level: float) -> float:
    best = hits = rows = 0.0
    for score in np.unique(p)[::-1]:
        block = y[p == score]
        for k in range(1, 1001):
            found, seen = hits + block.sum() * k / 1000, rows + len(block) * k / 1000
            if found >= level * seen - 1e-9:
                best = max(best, found)
        hits, rows = hits + block.sum(), rows + len(block)
    return best / y.sum()


def test_recall_at_precision_splits_ties() -> None:
    for i in range(30):
        rng = rng_of(54, i)
        (y, p), level = scores_of(rng), float(rng.choice([0.3, 0.5, 0.8, 1.0]))
        y, p = y[:40], p[:40]
        found = figure("recall_at_precision", part(y, p), precision=level)
        assert found == pytest.approx(recall_by_hand(y, p, level), abs=0.01 * len(y) / y.sum())


def test_recall_at_precision_by_hand() -> None:
    y, p = [1.0, 0.0, 1.0, 1.0, 0.0], [0.9, 0.8, 0.7, 0.6, 0.5]
    assert figure("recall_at_precision", part(y, p), precision=1.0) == pytest.approx(1 / 3)
    assert figure("recall_at_precision", part(y, p), precision=0.75) == 1.0
    assert figure("recall_at_precision", part([0.0, 1.0], [0.9, 0.1]), precision=0.9) == 0.0


@cases
def test_calibration_errors_by_definition(seeds: range) -> None:
    for i in seeds:
        y, p = scores_of(rng_of(55, i))
        bins = np.clip(np.ceil(p * 15) - 1, 0, 14)
        wanted = sum(abs(y[bins == b].sum() - p[bins == b].sum()) for b in range(15)) / len(y)
        close(figure("ece", part(y, p)), wanted)
        first = np.array([(p < score).sum() for score in p])
        bins = first * 15 // len(p)
        wanted = sum(abs(y[bins == b].sum() - p[bins == b].sum()) for b in range(15)) / len(y)
        close(figure("ece_adaptive", part(y, p)), wanted)


def test_calibration_by_hand() -> None:
    y, p = [1.0, 0.0, 1.0, 0.0], [0.9, 0.9, 0.1, 0.1]
    assert figure("ece", part(y, p)) == pytest.approx(0.4)
    assert figure("ece", part([1.0, 0.0], [1.0, 0.0])) == 0.0
    with pytest.raises(MetricFault):
        figure("ece", part([1.0], [1.2]))


def table_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    classes = int(rng.integers(3, 7))
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, size(rng))])
    p = rng.random((len(y), classes)) + np.eye(classes)[y] * rng.random()
    if rng.random() < 0.4:
        p = np.round(p * 3) + 1
    return y.astype(np.int32), p / p.sum(1, keepdims=True)


@cases
def test_class_probabilities_equal_the_oracle(seeds: range) -> None:
    for i in seeds:
        y, p = table_of(rng_of(56, i))
        chosen = part(y, p, texts=TEXTS[: p.shape[1]])
        for form in ("ovr", "ovo"):
            wanted = oracle.roc_auc_score(y, p, multi_class=form)
            close(figure(f"roc_auc_{form}", chosen), wanted)
        own = np.clip(p[np.arange(len(y)), y], 1e-6, 1 - 1e-6)
        close(figure("log_loss_multi", chosen), -np.log(own).mean(), 1e-12)
        wanted = oracle.brier_score_loss(y, p, labels=range(p.shape[1]), scale_by_half=False)
        close(figure("brier_multi", chosen), wanted, 1e-12)


@cases
def test_top_k_equals_the_oracle_without_ties(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(57, i)
        y, _ = table_of(rng)
        classes = int(y.max()) + 1
        p, k = rng.random((len(y), classes)), int(rng.integers(1, classes))
        wanted = oracle.top_k_accuracy_score(y, p, k=k, labels=range(classes))
        close(figure("top_k_accuracy", part(y, p, texts=TEXTS[:classes]), k=k), wanted, 1e-12)


def test_ties_at_the_cut_of_the_top_k_are_split() -> None:
    chosen = part(np.array([0, 1]), np.full((2, 4), 0.25), texts=TEXTS[:4])
    assert figure("top_k_accuracy", chosen, k=1) == 0.25
    assert figure("top_k_accuracy", chosen, k=3) == 0.75


def test_a_missing_class_leaves_the_mean_over_the_classes_of_the_truth() -> None:
    y, p = [0, 1, 1], [[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = oracle.roc_auc_score(y, p, multi_class="ovr", labels=[0, 1, 2])
    assert math.isnan(theirs)
    chosen = part(np.array(y), np.array(p), texts=TEXTS[:3])
    assert figure("roc_auc_ovr", chosen) == 1.0
    assert figure("roc_auc_ovo", chosen) == 1.0
    alone = part(np.array([1]), np.array([p[0]]), texts=TEXTS[:3])
    assert math.isnan(figure("roc_auc_ovr", alone))


def test_log_loss_does_not_depend_on_the_width_of_floats() -> None:
    single = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = oracle.log_loss([1, 0], np.array([0.0, 0.0], np.float32))
        assert theirs == pytest.approx(7.97, abs=0.01)
        assert oracle.log_loss([1, 0], [0.0, 0.0]) == pytest.approx(18.02, abs=0.01)
    ours = [
        figure("log_loss_multi", part(np.array([0, 0]), p, texts=TEXTS[:2]))
        for p in (single, single.astype(np.float64))
    ]
    assert ours[0] == ours[1] == pytest.approx(-(math.log(1e-6) + math.log(1 - 1e-6)) / 2)


def test_brier_is_halved_by_scikit_learn_for_two_classes_only() -> None:
    p = np.array([[0.7, 0.3], [0.4, 0.6]])
    assert figure("brier", part([0.0, 1.0], p[:, 1])) == pytest.approx(0.125)
    chosen = part(np.array([0, 1]), p, texts=TEXTS[:2])
    assert figure("brier_multi", chosen) == pytest.approx(0.25)


def test_calibration_of_the_most_probable_class() -> None:
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    assert figure("ece_top", part(np.array([0, 0]), p, texts=TEXTS[:3])) == pytest.approx(0.3)


def test_one_probability_per_class_is_needed() -> None:
    with pytest.raises(MetricFault):
        figure("brier_multi", part(np.array([0]), np.array([0.5]), texts=TEXTS[:3]))

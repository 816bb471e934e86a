"""Scores of a yes or no and class probabilities against scikit-learn, and their edges."""

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


def test_average_precision_of_many_scores_is_approached_by_its_bins() -> None:
    rng = rng_of(52, 0)
    y = (rng.random(20000) < 0.2).astype(np.float64)
    p = y + rng.normal(size=20000)
    exact = figure("average_precision", part(y, p))
    close(exact, oracle.average_precision_score(y, p))
    assert approached("average_precision", part(y, p)) == pytest.approx(exact, abs=0.002)


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
        close(figure("roc_auc_ovr", chosen), oracle.roc_auc_score(y, p, multi_class="ovr"))
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


def test_one_probability_per_class_is_needed() -> None:
    with pytest.raises(MetricFault):
        figure("brier_multi", part(np.array([0]), np.array([0.5]), texts=TEXTS[:3]))

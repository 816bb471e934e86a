"""Numbers, probabilities and lists of labels against scikit-learn."""

import math
import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.preprocessing import MultiLabelBinarizer

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import cases, figure, lists, part, rngs, size

TEXTS = list("abcdefgh")


def numbers_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n = size(rng)
    scale = 10.0 ** rng.integers(-8, 9)
    return rng.normal(size=n) * scale, rng.normal(size=n) * scale


@cases
def test_errors_equal_the_oracle(seeds: range) -> None:
    for rng in rngs(11, seeds):
        y, p = numbers_of(rng)
        wanted = oracle.mean_absolute_error(y, p)
        assert figure("mae", part(y, p)) == pytest.approx(wanted, rel=1e-12)
        wanted = oracle.root_mean_squared_error(y, p)
        assert figure("rmse", part(y, p)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", ["mae", "rmse"])
def test_a_perfect_answer_has_no_error(name: str) -> None:
    assert figure(name, part([1.1, -3.0], [1.1, -3.0])) == 0.0


def scores_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n = size(rng) + 1
    y = rng.integers(0, 2, n).astype(np.float64)
    y[:2] = [0.0, 1.0]
    p = rng.random(n)
    if rng.random() < 0.5:
        p = np.round(p, int(rng.integers(0, 3)))
    return y, p


@cases
def test_probabilities_equal_the_oracle(seeds: range) -> None:
    for rng in rngs(12, seeds):
        y, p = scores_of(rng)
        assert figure("roc_auc", part(y, p)) == pytest.approx(oracle.roc_auc_score(y, p), abs=1e-12)
        clipped = np.clip(p, 1e-6, 1 - 1e-6)
        assert figure("log_loss", part(y, p)) == pytest.approx(
            oracle.log_loss(y, clipped), rel=1e-12
        )
        assert figure("brier", part(y, p)) == pytest.approx(
            oracle.brier_score_loss(y, p), abs=1e-12
        )


def test_a_zero_on_the_true_class_costs_the_declared_clip() -> None:
    found = figure("log_loss", part([1.0], [0.0]), clip=1e-6)
    assert found == pytest.approx(-math.log(1e-6), rel=1e-12)


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "brier"])
def test_the_truth_is_zero_or_one(name: str) -> None:
    with pytest.raises(MetricFault):
        figure(name, part([0.5], [0.5]))


def sets_of(rng: np.random.Generator) -> tuple[list[list[int]], list[list[int]]]:
    n = size(rng, 60)
    y = [sorted(rng.choice(8, rng.integers(0, 4), replace=False).tolist()) for _ in range(n)]
    p = [
        row if rng.random() < 0.3 else sorted(rng.choice(8, rng.integers(0, 5), replace=False))
        for row in y
    ]
    return y, [[int(code) for code in row] for row in p]


def set_figure(name: str, y: list[list[int]], p: list[list[int]]) -> float:
    flat_y, y_offsets = lists(y)
    flat_p, p_offsets = lists(p)
    chosen = part(flat_y, flat_p, n=len(y), texts=TEXTS, y_offsets=y_offsets, p_offsets=p_offsets)
    return figure(name, chosen)


@cases
def test_lists_of_labels_equal_the_oracle(seeds: range) -> None:
    binarizer = MultiLabelBinarizer(classes=range(8))
    for rng in rngs(13, seeds):
        y, p = sets_of(rng)
        true, given = binarizer.fit_transform(y), binarizer.fit_transform(p)
        both_empty = (true.sum(1) == 0) & (given.sum(1) == 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = oracle.precision_recall_fscore_support(
                true, given, average="samples", zero_division=0
            )
        names = ("precision_samples", "recall_samples", "f1_samples")
        for name, value in zip(names, wanted[:3], strict=True):
            assert set_figure(name, y, p) == pytest.approx(value + both_empty.mean(), abs=1e-12)
        pooled = oracle.f1_score(true, given, average="micro", zero_division=np.nan)
        assert set_figure("f1_micro", y, p) == pytest.approx(pooled, abs=1e-12, nan_ok=True)


def test_empty_lists() -> None:
    for name in ("f1_samples", "precision_samples", "recall_samples"):
        assert set_figure(name, [[], [1]], [[], [1]]) == 1.0
        assert set_figure(name, [[1], [2]], [[], [2]]) == 0.5
    assert math.isnan(set_figure("f1_micro", [[]], [[]]))


def test_lists_are_needed() -> None:
    with pytest.raises(MetricFault):
        figure("f1_samples", part([1], [1]))

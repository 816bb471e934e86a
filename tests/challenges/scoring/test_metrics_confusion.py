"""Precision, recall, F, balanced accuracy, MCC and kappas against scikit-learn."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as oracle

from tests.challenges.scoring.parts import cases, close, figure, part, rng_of, size

TEXTS = ["a", *(f"t{i}" for i in range(49))]


def labels_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n, classes = size(rng), int(rng.integers(1, rng.choice([4, 13, 51])))
    y = rng.integers(0, classes, n)
    p = np.where(rng.random(n) < rng.random(), y, rng.integers(0, classes, n))
    return y.astype(np.int32), p.astype(np.int32)


@cases
def test_yes_or_no_figures_equal_the_oracle(seeds: range) -> None:
    for rng in (rng_of(31, i) for i in seeds):
        y, p = labels_of(rng)
        y[0] = 0
        beta = float(rng.choice([0.5, 2.0, 3.0]))
        true, given = y == 0, p == 0
        wanted = {
            "precision": oracle.precision_score(true, given, zero_division=0),
            "recall": oracle.recall_score(true, given, zero_division=0),
            "f1": oracle.f1_score(true, given, zero_division=0),
        }
        chosen = part(y, p, texts=TEXTS)
        for name, value in wanted.items():
            assert figure(name, chosen, positive="a") == pytest.approx(value, abs=1e-12)
        value = oracle.fbeta_score(true, given, beta=beta, zero_division=0)
        found = figure("fbeta", part(y * 1.0, p * 1.0), positive=0, beta=beta)
        assert found == pytest.approx(value, abs=1e-12)


def test_no_predicted_positive_has_precision_zero() -> None:
    assert figure("precision", part([0, 1], [1, 1], texts=TEXTS), positive="a") == 0.0
    assert figure("f1", part([0, 1], [1, 1], texts=TEXTS), positive="a") == 0.0


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_a_truth_without_a_positive_cannot_be_measured(name: str) -> None:
    assert math.isnan(figure(name, part([1, 1], [0, 1], texts=TEXTS), positive="a"))


def quietly(function: Callable[..., float], *args: Any, **kwargs: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*args, **kwargs))


@cases
def test_figures_over_classes_equal_the_oracle(seeds: range) -> None:
    for rng in (rng_of(32, i) for i in seeds):
        y, p = labels_of(rng)
        chosen = part(y, p, texts=TEXTS)
        classes = np.unique(y)
        for name, average in (("micro_f1", "micro"), ("weighted_f1", "weighted")):
            labels = None if average == "micro" else classes
            value = quietly(oracle.f1_score, y, p, average=average, labels=labels, zero_division=0)
            assert figure(name, chosen) == pytest.approx(value, abs=1e-12)
        value = quietly(oracle.balanced_accuracy_score, y, p)
        assert figure("balanced_accuracy", chosen) == pytest.approx(value, abs=1e-12)
        value = quietly(oracle.matthews_corrcoef, y, p) if len(classes) > 1 else math.nan
        assert figure("mcc", chosen) == pytest.approx(value, abs=1e-12, nan_ok=True)


@cases
def test_kappas_equal_the_oracle(seeds: range) -> None:
    for rng in (rng_of(33, i) for i in seeds):
        y, p = labels_of(rng)
        chosen = part(y, p, texts=TEXTS)
        for name, weights in (("kappa", None), ("kappa_linear", "linear")):
            value = quietly(oracle.cohen_kappa_score, y, p, labels=range(50), weights=weights)
            found = figure(name, chosen, labels=TEXTS)
            close(found, value)


def test_a_class_of_the_answer_only_leaves_balanced_accuracy_as_it_is() -> None:
    assert figure("balanced_accuracy", part([0, 1], [0, 2], texts=TEXTS)) == 0.5


def test_one_stray_label_does_not_turn_macro_f1_from_833_into_556() -> None:
    y, p = np.array([0, 1, 1]), np.array([0, 1, 2])
    assert quietly(oracle.f1_score, y, p, average="macro") == pytest.approx(0.5555555555555555)
    found = figure("f1_macro", part(y, p, texts=TEXTS))
    assert found == pytest.approx(0.8333333333333333, abs=1e-12)


def test_a_constant_answer_has_mcc_zero_and_a_constant_truth_none() -> None:
    assert figure("mcc", part([0, 1, 1], [1, 1, 1], texts=TEXTS)) == 0.0
    assert quietly(oracle.matthews_corrcoef, [1, 1], [0, 1]) == 0.0
    assert math.isnan(figure("mcc", part([1, 1], [0, 1], texts=TEXTS)))


@pytest.mark.parametrize("name", ["kappa", "kappa_linear"])
def test_a_kappa_of_one_class_cannot_be_computed(name: str) -> None:
    assert math.isnan(figure(name, part([1.0, 1.0], [1.0, 1.0]), labels=[1, 2]))

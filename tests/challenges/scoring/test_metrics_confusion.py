"""Precision, recall, F, balanced accuracy, MCC and kappa against scikit-learn."""

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
        true, given = y == 0, p == 0
        wanted = {
            "precision": oracle.precision_score(true, given, zero_division=0),
            "recall": oracle.recall_score(true, given, zero_division=0),
            "f1": oracle.f1_score(true, given, zero_division=0),
        }
        chosen = part(y, p, texts=TEXTS)
        for name, value in wanted.items():
            assert figure(name, chosen, positive="a") == pytest.approx(value, abs=1e-12)
        found = figure("f1", part(y * 1.0, p * 1.0), positive=0)
        assert found == pytest.approx(wanted["f1"], abs=1e-12)


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
        value = quietly(oracle.f1_score, y, p, average="weighted", labels=classes, zero_division=0)
        assert figure("f1_weighted", chosen) == pytest.approx(value, abs=1e-12)
        value = quietly(oracle.balanced_accuracy_score, y, p)
        assert figure("balanced_accuracy", chosen) == pytest.approx(value, abs=1e-12)
        value = quietly(oracle.matthews_corrcoef, y, p) if len(classes) > 1 else math.nan
        assert figure("mcc", chosen) == pytest.approx(value, abs=1e-12, nan_ok=True)


@cases
def test_kappa_equals_the_oracle(seeds: range) -> None:
    for rng in (rng_of(33, i) for i in seeds):
        y, p = labels_of(rng)
        chosen = part(y, p, texts=TEXTS)
        value = quietly(oracle.cohen_kappa_score, y, p, labels=range(50))
        close(figure("kappa", chosen, labels=TEXTS), value)

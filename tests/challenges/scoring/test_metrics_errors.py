"""Errors of numbers and correlations against scikit-learn and scipy, and their edges."""

import math
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as oracle

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import approached, cases, close, figure, part, rng_of, size


def numbers_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a truth and an answer: any scale, often with ties, at times far from 0."""
    n = size(rng) + 1
    scale = 10.0 ** rng.integers(-8, 9)
    y = rng.normal(size=n) + (rng.random() < 0.3) * 1000
    p = y * rng.choice([0, 1, -1]) + rng.normal(size=n)
    if rng.random() < 0.4:
        y, p = np.round(y), np.round(p)
    y[0] += 1 if y.min() == y.max() else 0
    return y * scale, p * scale


def drawn(seed: int, seeds: range) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for i in seeds:
        yield numbers_of(rng_of(seed, i))


@cases
def test_errors_equal_the_oracle(seeds: range) -> None:
    for y, p in drawn(41, seeds):
        chosen = part(y, p)
        close(figure("mse", chosen), oracle.mean_squared_error(y, p), 1e-12)
        close(figure("medae", chosen), oracle.median_absolute_error(y, p), 1e-12)
        if len(y) <= 1024:
            close(approached("medae", chosen), oracle.median_absolute_error(y, p))
        close(figure("r2", chosen), oracle.r2_score(y, p))


@cases
def test_relative_errors_equal_the_oracle(seeds: range) -> None:
    for y, p in drawn(42, seeds):
        size_y, size_p = np.abs(y), np.abs(p)
        wanted = oracle.root_mean_squared_log_error(size_y, size_p)
        close(figure("rmsle", part(size_y, size_p)), wanted)
        y = np.where(y == 0, 1.0, y)
        wanted = oracle.mean_absolute_percentage_error(y, p)
        close(figure("mape", part(y, p)), wanted, 1e-12)


@cases
def test_pinball_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(43, i)
        (y, p), tau = numbers_of(rng), float(rng.uniform(0.01, 0.99))
        wanted = oracle.mean_pinball_loss(y, p, alpha=tau)
        close(figure("pinball", part(y, p), tau=tau), wanted, 1e-12)


@cases
def test_correlations_equal_the_oracle(seeds: range) -> None:
    for y, p in drawn(44, seeds):
        chosen = part(y, p)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = {
                "pearson": stats.pearsonr(y, p).statistic,
                "spearman": stats.spearmanr(y, p).statistic,
                "kendall_b": stats.kendalltau(y, p).statistic,
            }
        for name, value in wanted.items():
            close(figure(name, chosen), 0.0 if math.isnan(value) else value)


@pytest.mark.parametrize("name", ["pearson", "spearman", "kendall_b"])
def test_correlations_at_the_edges(name: str) -> None:
    assert math.isnan(figure(name, part([5.0, 5.0], [1.0, 2.0])))
    assert figure(name, part([1.0, 2.0], [5.0, 5.0])) == 0.0
    assert figure(name, part([1.0, 2.0, 4.0], [1e300, 2e300, 4e300])) == pytest.approx(1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert math.isnan(stats.spearmanr([1, 2], [5, 5]).statistic)


def test_a_logarithmic_error_refuses_negative_numbers() -> None:
    with pytest.raises(MetricFault):
        figure("rmsle", part([1.0, 2.0], [1.0, -2.0]))


def test_median_of_many_errors_is_approached_by_its_bins() -> None:
    rng = rng_of(45, 0)
    y, p = rng.normal(size=20000), rng.normal(size=20000)
    exact = figure("medae", part(y, p))
    assert exact == float(np.median(np.abs(y - p)))
    assert approached("medae", part(y, p)) == pytest.approx(exact, rel=0.005)

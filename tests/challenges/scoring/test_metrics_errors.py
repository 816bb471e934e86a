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
        wanted = np.mean(2 * np.abs(y - p) / (np.abs(y) + np.abs(p)))
        close(figure("smape", part(y, p)), wanted, 1e-12)


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


def test_r2_of_a_constant_truth_cannot_be_computed() -> None:
    assert oracle.r2_score([5, 5], [5, 6]) == 0.0
    assert math.isnan(figure("r2", part([0.1, 0.1, 0.1], [0.1, 0.1, 0.2])))
    assert math.isnan(figure("r2", part([5.0], [5.0])))


def test_mape_refuses_a_true_zero_which_scikit_learn_makes_enormous() -> None:
    assert oracle.mean_absolute_percentage_error([0, 10], [1, 10]) > 1e15
    with pytest.raises(MetricFault):
        figure("mape", part([0.0, 10.0], [1.0, 10.0]))


def test_smape_of_zero_against_zero_is_zero() -> None:
    assert figure("smape", part([0.0, 1.0], [0.0, -1.0])) == 1.0
    assert figure("smape", part([0.0], [3.0])) == 2.0


def test_a_logarithmic_error_refuses_negative_numbers() -> None:
    with pytest.raises(MetricFault):
        figure("rmsle", part([1.0, 2.0], [1.0, -2.0]))


def test_median_of_many_errors_is_approached_by_its_bins() -> None:
    rng = rng_of(45, 0)
    y, p = rng.normal(size=20000), rng.normal(size=20000)
    exact = figure("medae", part(y, p))
    assert exact == float(np.median(np.abs(y - p)))
    assert approached("medae", part(y, p)) == pytest.approx(exact, rel=0.005)


def scaled(names: list[str]) -> float:
    groups = {"column:naive": np.array([0, 0, 1], np.int32)}
    chosen = part(
        [1.0, 2.0, 3.0], [2.0, 2.0, 7.0], groups=groups, group_names={"column:naive": names}
    )
    return figure("mase", chosen, scale="naive")


def test_scaled_error_divides_by_the_naive_error_of_the_series() -> None:
    assert scaled(["0.5", "2"]) == pytest.approx((1 / 0.5 + 0 + 4 / 2) / 3)


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "nan"])
def test_a_series_without_naive_error_is_refused(wrong: str) -> None:
    with pytest.raises(MetricFault):
        scaled(["0.5", wrong])

"""Intervals, quantiles and ensembles against scoringrules; durations against lifelines, sksurv."""

import math
from typing import Any

import numpy as np
import pytest
import scoringrules
from lifelines.utils import concordance_index
from sksurv import metrics as survival
from sksurv.util import Surv

from challenges.scoring.metric import MetricFault
from challenges.scoring.metrics.durations import censoring_law
from tests.challenges.scoring.parts import cases, close, figure, part, rng_of, size


@cases
def test_interval_scores_equal_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(61, i)
        n, alpha = size(rng), float(rng.uniform(0.02, 0.9))
        y, low = rng.normal(size=n) * 10, rng.normal(size=n) * 10
        high = low + rng.random(n) * 10
        wanted = np.mean(scoringrules.interval_score(y, low, high, alpha))
        p = np.stack([low, high], 1)
        close(figure("interval_score", part(y, p), alpha=alpha), wanted, 1e-12)
        close(figure("coverage", part(y, p)), np.mean((low <= y) & (y <= high)), 1e-12)
        close(figure("width", part(y, p)), np.mean(high - low), 1e-12)


@cases
def test_weighted_interval_score_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(62, i)
        n, pairs = size(rng), int(rng.integers(1, 5))
        alphas = np.sort(rng.choice(np.arange(1, 20), pairs, replace=False)) / 20
        levels = [*(alphas / 2), 0.5, *(1 - alphas / 2)[::-1]]
        y, p = rng.normal(size=n), np.sort(rng.normal(size=(n, len(levels))), axis=1)
        about = p - y[:, None]  # the oracle adds the median, not its distance to the truth
        wanted = scoringrules.weighted_interval_score(
            np.zeros(n),
            np.abs(about[:, pairs]),
            about[:, :pairs],
            about[:, pairs + 1 :][:, ::-1],
            alphas,
        )
        found = figure("wis", part(y, p), levels=levels)
        close(found, float(np.mean(wanted)))
        shuffled = rng.permuted(p, axis=1)
        close(figure("wis", part(y, shuffled), levels=levels, sort=True), found)
        close(2 * figure("pinball_levels", part(y, p), levels=levels), found * 1.0)


def test_weighted_interval_score_of_the_design() -> None:
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    found = figure("wis", part([3.0], np.array([[0.0, 1.0, 2.0, 4.0, 5.0]])), levels=levels)
    assert found == pytest.approx(0.6, abs=1e-12)
    alphas = np.array([0.5, 0.1])
    low, high = np.array([1.0, 0.0]), np.array([4.0, 5.0])
    plain = {"w_median": 0.0, "backend": "numpy"}
    theirs = scoringrules.weighted_interval_score(3.0, 2.0, low, high, alphas, **plain)
    assert theirs + 0.5 * abs(3 - 2) / 2.5 == pytest.approx(0.6)


def test_both_bounds_cover() -> None:
    p = np.array([[1.0, 2.0]] * 4)
    assert figure("coverage", part([1.0, 2.0, 2.25, 0.75], p)) == 0.5


def test_crossing_quantiles_are_counted() -> None:
    p = np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])
    assert figure("quantile_crossings", part([0.0, 0.0], p)) == 0.5


@cases
def test_ensembles_equal_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(63, i)
        n, members = size(rng, 60), int(rng.integers(2, 30))
        y, p = rng.normal(size=n), np.round(rng.normal(size=(n, members)), 2)
        for form in ("fair", "nrg"):
            wanted = np.mean(scoringrules.crps_ensemble(y, p, estimator=form))
            close(figure(f"crps_{form}", part(y, p)), wanted)


def test_two_forms_of_the_score_of_an_ensemble() -> None:
    chosen = part([1.0], np.array([[0.0, 1.0, 2.0, 5.0]]))
    assert figure("crps_nrg", chosen) == pytest.approx(0.5, abs=1e-12)
    assert figure("crps_fair", chosen) == pytest.approx(1 / 6, abs=1e-12)
    with pytest.raises(MetricFault):
        figure("crps_fair", part([1.0], np.array([[1.0]])))


def lives(y: Any, ended: Any, p: Any) -> Any:
    groups = {"column:event": np.asarray(ended, np.int32)}
    return part(y, p, groups=groups, group_names={"column:event": ["0", "1"]})


def lives_of(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    times = rng.exponential(10, n) + 0.5
    if rng.random() < 0.5:
        times = np.ceil(times)
    return times, rng.random(n) < rng.uniform(0.3, 1.0)


@cases
def test_concordance_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(64, i)
        y, ended = lives_of(rng, size(rng, 120))
        p = y + rng.normal(size=len(y)) * 10
        p = np.round(p, -1) if rng.random() < 0.5 else p
        try:
            wanted = concordance_index(y, p, ended)
        except ZeroDivisionError:
            wanted = math.nan
        close(figure("concordance", lives(y, ended, p), event="event"), wanted)
        found = figure("concordance", lives(y, ended, -p), event="event", score="risk")
        close(found, wanted)


def test_concordance_by_hand() -> None:
    chosen = lives([1.0, 2.0, 3.0], [1, 1, 1], [0.5, 0.5, 0.9])
    assert figure("concordance", chosen, event="event") == pytest.approx(0.8333333333333334)


def test_no_comparable_pair_has_no_concordance() -> None:
    chosen = lives([1.0, 2.0], [0, 0], [0.5, 0.6])
    assert math.isnan(figure("concordance", chosen, event="event"))


def followed(rng: np.random.Generator) -> tuple[Any, Any, dict[str, Any]]:
    """Draw a training part that outlasts the evaluated one, and the law of its cuts."""
    train, train_ended = lives_of(rng, int(rng.integers(20, 60)))
    y, ended = lives_of(rng, size(rng, 80) + 5)
    ended[0] = True
    train, train_ended = np.append(train, 1000.0), np.append(train_ended, True)
    law = censoring_law(train, train_ended)
    structured = Surv.from_arrays(train_ended, train)
    return structured, (y, ended), law


@cases
def test_uno_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(65, i)
        train, (y, ended), law = followed(rng)
        y[0], ended[0] = 0.25, True
        risk, tau = np.round(rng.normal(size=len(y)), 1), float(rng.integers(5, 20))
        wanted = survival.concordance_index_ipcw(train, Surv.from_arrays(ended, y), risk, tau)[0]
        found = figure(
            "uno_c", lives(y, ended, risk), event="event", tau=tau, censoring=law, score="risk"
        )
        close(found, wanted)


@cases
def test_weighted_brier_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(66, i)
        train, (y, ended), law = followed(rng)
        given = np.sort(rng.random((len(y), 3)), axis=1)[:, ::-1]
        times = np.quantile(y, [0.2, 0.5, 0.8]) + np.array([0, 1e-6, 2e-6])
        test = Surv.from_arrays(ended, y)
        times = np.clip(times, y.min(), np.nextafter(y.max(), 0))
        if len(np.unique(times)) < 3:
            continue
        _, wanted = survival.brier_score(train, test, given, times)
        told = {"event": "event", "times": times.tolist(), "censoring": law}
        for at, time in enumerate(times.tolist()):
            found = figure("ipcw_brier", lives(y, ended, given), time=time, **told)
            close(found, float(wanted[at]))
        total = survival.integrated_brier_score(train, test, given, times)
        found = figure("ibs", lives(y, ended, given), **told)
        close(found, total)


def test_ends_come_before_cuts_of_the_same_time() -> None:
    law = censoring_law(np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, False]))
    assert law == {"times": [1.0, 2.0, 3.0], "survival": [1.0, 0.5, 0.0]}


def test_a_tau_beyond_the_training_part_is_refused() -> None:
    law = {"times": [1.0, 2.0], "survival": [1.0, 0.0]}
    with pytest.raises(MetricFault):
        figure("uno_c", lives([3.0], [1], [1.0]), event="event", tau=5, censoring=law)

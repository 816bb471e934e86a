"""Intervals hold what they should as often as they say, on simulated boards."""

from collections.abc import Callable
from functools import cache
from math import erf
from typing import Any

import numpy as np
import pytest

from challenges.scoring import registry
from challenges.scoring.contract import MetricSpec
from challenges.scoring.evaluation import measure
from challenges.scoring.intervals import draw_weights
from challenges.scoring.metric import Part

Rng = np.random.Generator
Drawn = Callable[[Rng, int, int], Part]
N = 500
CLASSES = 4
HARD = (0.9, 0.75, 0.6, 0.5)
LIST = 12
SHARED = 0.5**0.5  # of the spread of a unit, what its cluster shares


@cache
def weights(buckets: int) -> Any:
    """Return the resamplings of so many buckets."""
    return draw_weights(buckets, 1000, b"coverage")


def noise(rng: Rng, n: int, cluster: int) -> Any:
    """Draw standard normal noise, half of whose variance clusters share when they hold several."""
    own = rng.normal(size=n)
    if cluster == 1:
        return own
    shared = np.repeat(rng.normal(size=n // cluster), cluster)
    return SHARED * shared + (1 - SHARED**2) ** 0.5 * own


def part(y: Any, p: Any, cluster: int, n: int, **more: Any) -> Part:
    """Make a part whose clusters are its buckets."""
    bucket = np.arange(n) // cluster
    return Part(y=y, p=p, bucket=bucket, buckets=n // cluster, **more)


def normal(x: Any) -> Any:
    """Return the standard normal distribution function."""
    return np.array([(1 + erf(v / 2**0.5)) / 2 for v in np.atleast_1d(x)])


def right_or_wrong(rng: Rng, n: int, cluster: int) -> Part:
    """Draw labels that are right eight times in ten."""
    right = normal(noise(rng, n, cluster)) < 0.8
    return part(np.zeros(n, np.int32), np.where(right, 0, 1), cluster, n, texts=["a", "b"])


def labels(rng: Rng, n: int, cluster: int) -> Part:
    """Draw four classes, each right at its own rate, else answered as the next."""
    y = rng.integers(0, CLASSES, n)
    right = normal(noise(rng, n, cluster)) < np.array(HARD)[y]
    texts = [f"k{i}" for i in range(CLASSES)]
    return part(y.astype(np.int32), np.where(right, y, (y + 1) % CLASSES), cluster, n, texts=texts)


def scores(rng: Rng, n: int, cluster: int) -> Part:
    """Draw a truth and scores one standard deviation apart."""
    y = (rng.random(n) < 0.4).astype(float)
    return part(y, y + noise(rng, n, cluster), cluster, n)


def numbers(rng: Rng, n: int, cluster: int) -> Part:
    """Draw errors of standard deviation 1."""
    return part(np.zeros(n), noise(rng, n, cluster), cluster, n)


def rankings(rng: Rng, n: int, cluster: int) -> Part:
    """Draw lists of twelve items, three of them relevant, ranked by noisy gains."""
    gains = np.tile([3.0, 2.0, 1.0, *[0.0] * (LIST - 3)], (n, 1))
    level = 1.5 + 0.7 * noise(rng, n, cluster)
    order = np.argsort(-(gains * level[:, None] + rng.normal(size=(n, LIST))), axis=1)
    offsets = np.arange(0, n * LIST + 1, LIST)
    return part(
        np.tile(np.arange(LIST, dtype=np.int32), n),
        order.ravel().astype(np.int32),
        cluster,
        n,
        texts=[f"i{i}" for i in range(LIST)],
        gains=gains.ravel(),
        ranks=np.tile(np.arange(1, LIST + 1), n),
        y_offsets=offsets,
        p_offsets=offsets,
    )


def macro_f1() -> float:
    """Return the macro F1 of the law of `labels`."""
    right = np.array(HARD)
    given = right + np.roll(1 - right, 1)
    return float((2 * right / (1 + given)).mean())


@cache
def mean_ndcg() -> float:
    """Return the mean NDCG of the law of `rankings`, to about 0.0004."""
    many = rankings(np.random.default_rng(1), 150_000, 1)
    spec = SPECS["ndcg"]
    metric = registry.metric("ndcg")
    stats = metric.stats(many, spec.params)
    held, total = np.bincount(stats.column, stats.value, 2)
    return float(total / held)


SPECS = {
    "accuracy": MetricSpec("score", "accuracy"),
    "f1_macro": MetricSpec("score", "f1_macro"),
    "roc_auc": MetricSpec("score", "roc_auc"),
    "rmse": MetricSpec("score", "rmse", direction="min"),
    "ndcg": MetricSpec("score", "ndcg", params={"k": 10, "gain": "linear"}),
}
LAWS: dict[str, tuple[Drawn, Callable[[], float]]] = {
    "accuracy": (right_or_wrong, lambda: 0.8),
    "f1_macro": (labels, macro_f1),
    "roc_auc": (scores, lambda: float(normal(0.5**0.5)[0])),
    "rmse": (numbers, lambda: 1.0),
    "ndcg": (rankings, mean_ndcg),
}


def coverage(name: str, cluster: int, boards: int, n: int = N) -> float:
    """Return how often the 95 % interval holds the true figure."""
    drawn, true = LAWS[name]
    rng = np.random.default_rng([8, cluster])
    held, wanted = 0, true()
    for _ in range(boards):
        found = measure(
            registry.metric(name),
            SPECS[name],
            drawn(rng, n, cluster),
            weights(n // cluster),
            independent=cluster == 1,
            level=0.95,
        ).interval
        assert found is not None
        held += found[0] <= wanted <= found[1]
    return held / boards


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [1, 5])
@pytest.mark.parametrize("name", sorted(LAWS))
def test_intervals_hold_about_as_often_as_they_say(name: str, cluster: int) -> None:
    assert coverage(name, cluster, 40) >= 0.82


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.parametrize("cluster", [1, 5])
@pytest.mark.parametrize("name", sorted(LAWS))
def test_intervals_hold_93_to_97_times_in_a_hundred(name: str, cluster: int) -> None:
    assert 0.93 <= coverage(name, cluster, 2000) <= 0.97

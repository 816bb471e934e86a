"""Make parts for the tests of metrics, and compute a figure on them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sklearn
from numpy.typing import NDArray

from challenges.scoring import registry
from challenges.scoring.buckets import Buckets
from challenges.scoring.metric import Part

Array = NDArray[Any]
CASES = 200
COMPUTED: Counter[str] = Counter()  # how often each metric was, for the test of the tests
# The oracles are called thousands of times on valid input.
sklearn.set_config(assume_finite=True, skip_parameter_validation=True)


def _seeds(count: int, *marks: Any) -> Any:
    return pytest.param(range(count), marks=(pytest.mark.slow, *marks), id=str(count))


# Each property is tried on 200 cases in `make test`, on 2,000 in `make test-full`.
cases = pytest.mark.parametrize("seeds", [_seeds(CASES), _seeds(10 * CASES, pytest.mark.full)])


def rng_of(seed: int, case: int) -> np.random.Generator:
    """Return the generator of one random case."""
    return np.random.default_rng([seed, case])


def rngs(seed: int, seeds: range) -> Iterator[np.random.Generator]:
    """Return one generator per random case."""
    for i in seeds:
        yield rng_of(seed, i)


def size(rng: np.random.Generator, most: int = 200) -> int:
    """Draw a number of rows, often small, at times 5,000."""
    if most > 100 and rng.random() < 0.01:
        return 5000
    return int(rng.integers(1, rng.choice([4, 30, most]) + 1))


def part(y: Any, p: Any, **more: Any) -> Part:
    """Make a part whose rows fall in a few buckets."""
    n = more.pop("n", None) or len(y)
    bucket = np.arange(n) % 7
    return Part(y=np.asarray(y), p=np.asarray(p), bucket=bucket, buckets=7, **more)


def lists(rows: list[list[int]]) -> tuple[Array, Array]:
    """Lay lists of codes end to end: (codes, offsets)."""
    flat = np.array([code for row in rows for code in row], np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return flat, offsets


def close(found: float, wanted: float, relative: float = 1e-9) -> None:
    """Require a figure to equal the oracle's, to a relative difference."""
    assert found == pytest.approx(wanted, rel=relative, abs=1e-12, nan_ok=True)


def figure(name: str, chosen: Part, **params: Any) -> float:
    """Compute a metric, from its bucket sums unless it has an exact form."""
    metric = registry.metric(name)
    COMPUTED[metric.name] += 1
    if metric.exact is not None:
        return metric.exact(chosen, params)
    stats = metric.stats(chosen, params)
    sums = Buckets.of(stats, chosen.bucket, chosen.buckets).total()
    return float(metric.value(sums, stats.context))


def approached(name: str, chosen: Part, **params: Any) -> float:
    """Compute a metric from its bucket sums alone."""
    metric = registry.metric(name)
    stats = metric.stats(chosen, params)
    sums = Buckets.of(stats, chosen.bucket, chosen.buckets).total()
    return float(metric.value(sums, stats.context))

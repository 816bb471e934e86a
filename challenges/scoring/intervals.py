"""Bound a figure: Wilson for proportions, DeLong for the AUC, resampled buckets otherwise."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.buckets import Buckets
from challenges.scoring.metric import Floats, Metric

Z95 = 1.959963984540054
Array = NDArray[Any]


def draw_weights(buckets: int, replicates: int, seed: bytes) -> NDArray[np.uint8]:
    """Draw how often each bucket is taken in each resampling.

    seed: any bytes. Returns (replicates, buckets) uint8, each row summing to buckets; a
    single bucket is always taken once. Drawn once, then stored: a later NumPy may differ.
    """
    if buckets <= 1:
        return np.ones((replicates, max(buckets, 1)), np.uint8)
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
    drawn = rng.multinomial(buckets, np.full(buckets, 1 / buckets), size=replicates)
    return np.minimum(drawn, 255).astype(np.uint8)


def wilson(hits: float, n: float, *, z: float = Z95) -> tuple[float, float]:
    """Bound a proportion by Wilson's score interval.

    hits, n: counts of rows, 0 <= hits <= n, n >= 1. z: normal quantile of the coverage.
    Returns (low, high), shares in [0, 1]; wilson(16, 16) is (0.8064, 1.0).
    Raises ValueError outside these ranges.
    Source: Wilson 1927, JASA 22, 209-212.
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError("0 <= hits <= n and n >= 1")
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if hits == 0 else max(0.0, float(centre - half))
    high = 1.0 if hits == n else min(1.0, float(centre + half))
    return low, high


def replicates(
    buckets: Buckets, weights: Array, metric: Metric, context: Mapping[str, Any]
) -> Floats:
    """Return the figure under each resampling, NaN where it is undefined."""
    chosen = weights[: metric.replicates]
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [metric.value(sums, context) for sums in buckets.resampled(chosen)]
    return np.concatenate(parts) if parts else np.zeros(0)


def percentile(values: Floats, level: float) -> tuple[float, float] | None:
    """Return the central interval of the finite replicates; None when half are undefined."""
    finite = values[np.isfinite(values)]
    if len(finite) * 2 < len(values) or not len(finite):
        return None
    tail = (1 - level) / 2 * 100
    low, high = np.percentile(finite, [tail, 100 - tail])
    return float(low), float(high)


def delong(buckets: Buckets) -> tuple[float, float] | None:
    """Bound a ROC AUC by DeLong's variance on the logit scale.

    buckets: one unit each or not; only its totals are used: columns (positives, V10,
    negatives, V01, V10 squared, V01 squared) as roc_auc lays them. Returns None when a class
    has fewer than two rows. Source: DeLong et al. 1988, Biometrics 44, 837-845.
    """
    positives, v10, negatives, v01, v10_2, v01_2 = buckets.total()[:6]
    if positives < 2 or negatives < 2:
        return None
    auc = v10 / positives
    if not 0 < auc < 1:
        return wilson(auc * min(positives, negatives), min(positives, negatives))
    spread10 = max(0.0, (v10_2 - v10 * v10 / positives) / (positives - 1))
    spread01 = max(0.0, (v01_2 - v01 * v01 / negatives) / (negatives - 1))
    error = np.sqrt(spread10 / positives + spread01 / negatives) / (auc * (1 - auc))
    centre = np.log(auc / (1 - auc))
    low, high = 1 / (1 + np.exp(-(centre + np.array([-1, 1]) * Z95 * error)))
    return float(low), float(high)


def bound(
    metric: Metric,
    buckets: Buckets,
    values: Floats,
    *,
    units: int,
    independent: bool,
    level: float = 0.95,
) -> tuple[float, float, str] | None:
    """Choose the interval of a figure and name its method: wilson, delong or bootstrap.

    values: replicates of the figure. units: of resampling. independent: each row is its own
    cluster. Returns None when there is nothing to bound it with (one unit, mostly undefined
    replicates).
    """
    total = buckets.total()
    if metric.proportion and independent and total[0] >= 1:
        return (*wilson(total[1], total[0]), "wilson")
    if metric.name == "roc_auc" and independent:
        found = delong(buckets)
        return None if found is None else (*found, "delong")
    found = percentile(values, level) if units > 1 else None
    if found is None:
        return None
    if metric.proportion and total[0] >= 1 and total[1] in (0.0, total[0]):
        return (*wilson(units if total[1] else 0, units), "wilson")
    return (*found, "bootstrap")

"""Sum statistics into buckets of clusters, resample them, and bound a figure by them.

A figure that an organiser's program computed is bounded from what each row contributed to it:
it is then the mean of the rows, weighted if they have weights (`rows.csv` of a program). Its sums
are those of a mean of ours, so that boards make tiers of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import arrays
from challenges.scoring.contract import LEVEL, REPLICATES
from challenges.scoring.metric import Floats, Metric, Piece, Stats

DENSE_CELLS = 200_000
CHUNK_CELLS = 4_000_000
MAX_BUCKETS = 2000  # of a part
CHUNK_WEIGHTS = 2**18  # those of some resamplings, which then stay near the processor
Array = NDArray[Any]


@dataclass(frozen=True)
class Buckets:
    """Hold sums per (bucket, column), sorted by bucket then column, zeros left out."""

    buckets: int
    width: int
    row: Array
    column: Array
    value: Floats

    @classmethod
    def of(cls, stats: Stats, bucket: Array, buckets: int) -> "Buckets":
        """Add up statistics; bucket: number of each unit, below buckets."""
        if buckets * stats.width <= 4 * DENSE_CELLS:
            sums = stats.cells(bucket, buckets)
            where = np.flatnonzero(sums)
            value = sums[where]
        else:
            cell = bucket[stats.unit].astype(np.int64) * stats.width + stats.column
            where, at = np.unique(cell, return_inverse=True)
            value = np.asarray(np.bincount(at, weights=stats.value), np.float64)
        return cls(buckets, stats.width, where // stats.width, where % stats.width, value)

    @classmethod
    def beside(cls, many: Sequence["Buckets"]) -> "Buckets":
        """Lay the columns of several sums, over the same buckets, one after the other."""
        starts = np.cumsum([0, *(one.width for one in many)])
        row = np.concatenate([one.row for one in many])
        column = np.concatenate([one.column + at for one, at in zip(many, starts, strict=False)])
        value = np.concatenate([one.value for one in many])
        order = np.lexsort((column, row))
        return cls(many[0].buckets, int(starts[-1]), row[order], column[order], value[order])

    def total(self) -> Floats:
        """Return the sums over all buckets, in bucket order, shape (width,)."""
        sums = np.bincount(self.column, weights=self.value, minlength=self.width)
        return np.asarray(sums, np.float64)

    def used(self) -> int:
        """Return how many buckets hold something."""
        return len(np.unique(self.row))

    def resampled(self, weights: Array) -> Iterator[Floats]:
        """Yield sums under resampling weights (replicates, buckets), some rows at a time.

        The sums are exact before they are rounded, so that no library, processor or number
        of threads changes a bit of them.
        """
        kind = np.float32 if self._is_small_count() else np.float64
        most = max(float(weights.sum(1, dtype=np.int64).max(initial=1)), 2.0)
        narrow = self.buckets * self.width <= CHUNK_CELLS
        kept = [*self._blocks(kind, most)] if narrow else []
        step = max(1, (CHUNK_WEIGHTS if narrow else CHUNK_CELLS) // max(self.width, self.buckets))
        for start in range(0, len(weights), step):
            chosen = weights[start : start + step].astype(kind)
            found = [_product(chosen, tables) for tables in kept or self._blocks(kind, most)]
            yield np.concatenate(found, 1, dtype=np.float64)

    def _blocks(self, kind: type, most: float) -> Iterator[tuple[Array, ...]]:
        """Yield the sums as tables (buckets, some columns) of not too many cells.

        Counts as they are; others as two halves whose products with weights are exact.
        """
        order = np.argsort(self.column, kind="stable")
        row, column, value = self.row[order], self.column[order], self.value[order]
        block = max(1, CHUNK_CELLS // self.buckets)
        for left in range(0, self.width, block):
            a, b = np.searchsorted(column, [left, left + block])
            cells: Array = np.zeros((self.buckets, min(block, self.width - left)), kind)
            cells[row[a:b], column[a:b] - left] = value[a:b]
            yield (cells,) if kind is np.float32 else _halves(cells, most)

    def _is_small_count(self) -> bool:
        """Tell whether every resampled sum is a whole number that 32 bits hold exactly.

        The weights of a resampling add up to the number of buckets.
        """
        value = self.value
        if not len(value) or value.min() < 0 or value.max() * self.buckets >= 2**24:
            return False
        return bool((value == np.floor(value)).all())

    def to_bytes(self, meta: Mapping[str, Any], **named: Array) -> bytes:
        """Write the sums, dense when small, with more arrays and JSON meta beside."""
        meta = dict(meta) | {"buckets": self.buckets, "width": self.width}
        if self.buckets * self.width <= DENSE_CELLS:
            cells = np.zeros((self.buckets, self.width))
            cells[self.row, self.column] = self.value
            return arrays.pack(meta, named | {"dense": cells})
        sparse = {"row": self.row, "column": self.column, "value": self.value}
        return arrays.pack(meta, named | sparse)

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple["Buckets", dict[str, Any], dict[str, Array]]:
        """Read what to_bytes wrote: the sums, the meta, all arrays."""
        meta, named = arrays.unpack(data)
        if "dense" in named:
            row, column = np.nonzero(named["dense"])
            value = named["dense"][row, column]
        else:
            row, column, value = named["row"], named["column"], named["value"]
        return cls(meta["buckets"], meta["width"], row, column, value), meta, named


def _product(weights: Array, tables: tuple[Array, ...]) -> Array:
    first, *others = (weights @ table for table in tables)
    for other in others:
        first += other
    return np.asarray(first)


def _halves(cells: Array, most: float) -> tuple[Array, Array]:
    """Cut each cell in two numbers of so few digits that all sums of products are exact.

    cells: (m, width). most: greatest sum of whole weights. Their products may be added up in
    any order; what is left of a cell is below 2^-84 of the largest of its column.
    """
    digits = 52 - int(np.ceil(np.log2(most)))
    _, exponent = np.frexp(np.abs(cells).max(0, initial=0.0))
    unit = np.ldexp(1.0, np.maximum(exponent - digits, -1000))
    high = np.rint(cells / unit) * unit
    unit = np.ldexp(unit, -digits)
    low = np.rint((cells - high) / unit) * unit
    return high, low


Z95 = 1.959963984540054
NEGLIGIBLE = 0.25  # of the standard error, for a bias
SURE = 1e-12


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


def draw_within(sizes: Sequence[int], replicates: int, seed: bytes) -> NDArray[np.uint8]:
    """Draw how often each bucket is taken, each stratum keeping its number of buckets.

    sizes: buckets of each stratum, numbered one stratum after the other. Returns (replicates,
    buckets) uint8; a stratum alone is drawn as draw_weights does.
    """
    if len(sizes) <= 1:
        return draw_weights(sum(sizes), replicates, seed)
    drawn = [
        draw_weights(size, replicates, seed + at.to_bytes(4, "big"))
        for at, size in enumerate(sizes)
    ]
    return np.concatenate(drawn, axis=1)


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


def resampled_figure(
    buckets: Buckets, weights: Array, metric: Metric, context: Mapping[str, Any]
) -> Floats:
    """Return the figure under each resampling, NaN where it is undefined."""
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [metric.value(sums, context) for sums in buckets.resampled(weights)]
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


def centred(values: Floats, value: float) -> tuple[Floats, float]:
    """Bring replicates about the figure they are of; return them and the bias taken off.

    A figure of absolute values, or of rare classes, is larger or smaller when rows repeat. A
    bias below a quarter of the standard error is left, as Efron and Tibshirani advise
    (An Introduction to the Bootstrap, 1993, section 10.3): 0.0 is returned.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return values, 0.0
    bias = float(finite.mean() - value)
    if abs(bias) <= NEGLIGIBLE * float(finite.std(ddof=1)):
        return values, 0.0
    return values - bias, bias


def bound(
    metric: Metric,
    buckets: Buckets,
    values: Floats,
    *,
    units: int,
    independent: bool,
    level: float = 0.95,
    bias: float = 0.0,
    context: Mapping[str, Any],
) -> tuple[float, float, str] | None:
    """Choose the interval of a figure and name its method: wilson, delong or bootstrap.

    values: replicates of the figure, centred on it. units: of resampling. independent: each
    row is its own cluster. bias: taken off the replicates; the interval reaches from there to
    where the bias of the figure itself would be taken off too. Returns None when there is
    nothing to bound it with: one unit, mostly undefined replicates, or a figure without an upper
    bound that no resampling moves (an error of 0 on every row does not say how far others lie).
    """
    total = buckets.total()
    counted, hits = _trials(metric, total, context)
    if metric.proportion and independent and counted >= 1:
        return (*wilson(hits, counted), "wilson")
    if metric.name == "roc_auc" and independent:
        found = delong(buckets)
        return None if found is None else (*found, "delong")
    found = percentile(values, level) if units > 1 else None
    if found is None:
        return None
    still = found[1] - found[0] < SURE
    if still and not (np.isfinite(metric.low) and np.isfinite(metric.high)):
        return None
    if still and min(abs(found[0] - e) for e in _ends(metric)) < SURE:
        return (*_certain(metric, found[0], min(units, counted or units)), "wilson")
    low, high = found[0] - max(bias, 0.0), found[1] - min(bias, 0.0)
    return max(low, metric.low), min(high, metric.high), "bootstrap"


def _trials(metric: Metric, total: Floats, context: Mapping[str, Any]) -> tuple[float, float]:
    """Return how many rows a figure counts and how many are right, (0, 0) when it cannot tell."""
    if metric.trials is not None:
        return metric.trials(total, context)
    if metric.proportion:
        return float(total[0]), float(total[1])
    return 0.0, 0.0


def _ends(metric: Metric) -> tuple[float, float]:
    """Return the ends of a range bounded on both sides, else none that a figure can reach."""
    whole = np.isfinite(metric.low) and np.isfinite(metric.high)
    return (metric.low, metric.high) if whole else (np.inf, np.inf)


def _certain(metric: Metric, value: float, n: float) -> tuple[float, float]:
    """Bound a figure at an end of its range in every resampling, as n rows all alike."""
    width = metric.high - metric.low
    hits = n if value > metric.low + width / 2 else 0
    low, high = wilson(hits, n)
    return metric.low + width * low, metric.low + width * high


TOLERANCE = 1e-4  # programs often round what they write
NAME = "rows"


class NotTheMean(ValueError):
    """Rows whose mean is not the figure that the program wrote; mean: theirs."""

    def __init__(self, mean: float) -> None:
        super().__init__(f"the mean of the rows is {mean!r}")
        self.mean = mean


@dataclass(frozen=True)
class Contributed:
    """What rows tell: their number, the interval (low, high, method) or None, the sealed sums."""

    rows: int
    interval: tuple[float, float, str] | None
    sums: bytes


def contributed(
    ids: Sequence[str],
    values: Sequence[float],
    weights: Sequence[float],
    *,
    figure: float,
    contract: str,
) -> Contributed:
    """Sum up rows into buckets and resample them.

    ids: unique, of n >= 1 rows; values: finite, (n,); weights: (n,) of 0 or more, empty when each
    row counts once. figure: the score that the program wrote. contract: names the scoring; two
    answers over the same identifiers have the same resamplings, so that they compare in pairs.
    Raises NotTheMean when the figure is further than 1e-4, absolute and relative, from the mean.
    """
    order = sorted(range(len(ids)), key=lambda at: _mark(contract, ids[at]))
    value = np.array([values[at] for at in order], np.float64)
    weight = np.array([weights[at] for at in order], np.float64) if weights else np.ones(len(order))
    total = float(weight.sum())
    mean = float((weight * value).sum() / total) if total > 0 else float("nan")
    if not abs(mean - figure) <= TOLERANCE * max(1.0, abs(figure)):
        raise NotTheMean(mean)
    count = min(len(order), MAX_BUCKETS)
    bucket = np.arange(len(order)) % count
    stats = Stats.of(len(order), 2, Piece(0, weight), Piece(1, weight * value))
    buckets = Buckets.of(stats, bucket, count)
    seed = _seed(contract, [ids[at] for at in order])
    sums = np.concatenate([*buckets.resampled(draw_weights(count, REPLICATES, seed))])
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn, _bias = centred(sums[:, 1] / sums[:, 0] + (figure - mean), figure)
    interval = _interval(value, drawn, is_plain=not weights)
    meta = {
        "metric": NAME,
        "params": {},
        "units": len(order),
        "rows": len(order),
        "rarest": None,
        "value": figure,
        "interval": list(interval) if interval else None,
        "contract": contract,
    }
    return Contributed(len(order), interval, buckets.to_bytes(meta, replicates=drawn))


def _mark(contract: str, id_: str) -> bytes:
    return hashlib.sha256(f"{contract}\n{id_}".encode()).digest()


def _seed(contract: str, ids: Sequence[str]) -> bytes:
    digest = hashlib.sha256(f"{contract}\n{NAME}\n".encode())
    for one in ids:
        digest.update(one.encode() + b"\0")
    return digest.digest()


def _interval(value: Floats, drawn: Floats, *, is_plain: bool) -> tuple[float, float, str] | None:
    if len(value) < 2:
        return None
    if is_plain and np.isin(value, (0.0, 1.0)).all():
        return (*wilson(float(value.sum()), len(value)), "wilson")
    found = percentile(drawn, LEVEL)
    if found is None or found[0] == found[1]:  # rows all alike do not say how far others lie
        return None
    return (*found, "bootstrap")

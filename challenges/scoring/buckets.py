"""Sum statistics into buckets of clusters: small, additive, sealed, enough for all ranks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import blob
from challenges.scoring.metric import Floats, Stats

DENSE_CELLS = 200_000
CHUNK_CELLS = 4_000_000
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

    def to_bytes(self, meta: Mapping[str, Any], **arrays: Array) -> bytes:
        """Write the sums, dense when small, with more arrays and JSON meta beside."""
        meta = dict(meta) | {"buckets": self.buckets, "width": self.width}
        if self.buckets * self.width <= DENSE_CELLS:
            cells = np.zeros((self.buckets, self.width))
            cells[self.row, self.column] = self.value
            return blob.pack(meta, arrays | {"dense": cells})
        sparse = {"row": self.row, "column": self.column, "value": self.value}
        return blob.pack(meta, arrays | sparse)

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple["Buckets", dict[str, Any], dict[str, Array]]:
        """Read what to_bytes wrote: the sums, the meta, all arrays."""
        meta, arrays = blob.unpack(data)
        if "dense" in arrays:
            row, column = np.nonzero(arrays["dense"])
            value = arrays["dense"][row, column]
        else:
            row, column, value = arrays["row"], arrays["column"], arrays["value"]
        return cls(meta["buckets"], meta["width"], row, column, value), meta, arrays


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

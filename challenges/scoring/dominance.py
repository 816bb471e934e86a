"""Count, for many queries at once, the earlier-ranked members of a run of positions.

A wavelet matrix: one level per bit of the ranks, each level a stable partition by that bit.
Building and each batch of queries cost O((n + q) log n).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Dominance:
    """Hold ranks laid along positions 0 to n − 1, each with a weight."""

    def __init__(self, values: Array, weights: Array | None = None) -> None:
        self.values, ranks = np.unique(values, return_inverse=True)
        ranks = ranks.astype(np.int64)
        held = np.ones(len(ranks)) if weights is None else np.asarray(weights, np.float64)
        self.bits = max(len(self.values), 1).bit_length()
        self._zeros: list[Array] = []
        self._mass: list[Array] = []
        for bit in reversed(range(self.bits)):
            one = (ranks >> bit) & 1 == 1
            self._zeros.append(np.concatenate([[0], np.cumsum(~one)]))
            self._mass.append(np.concatenate([[0.0], np.cumsum(np.where(one, 0.0, held))]))
            order = np.argsort(one, kind="stable")
            ranks, held = ranks[order], held[order]

    def below(self, left: Array, right: Array, limits: Array, *, ties: bool = False) -> Array:
        """Return the weight of positions left ≤ i < right whose value is below each limit.

        left, right, limits: one per query. ties: count values equal to the limit as well.
        """
        rank = np.searchsorted(self.values, limits, "right" if ties else "left").astype(np.int64)
        low, high = np.asarray(left, np.int64), np.asarray(right, np.int64)
        total = np.zeros(len(rank))
        for level, bit in enumerate(reversed(range(self.bits))):
            zeros, mass = self._zeros[level], self._mass[level]
            one = (rank >> bit) & 1 == 1
            total += np.where(one, mass[high] - mass[low], 0.0)
            low = np.where(one, low - zeros[low] + zeros[-1], zeros[low])
            high = np.where(one, high - zeros[high] + zeros[-1], zeros[high])
        return total

    def half_below(self, left: Array, right: Array, limits: Array) -> Array:
        """Return the weight below each limit, plus half the weight equal to it."""
        strictly = self.below(left, right, limits)
        return (strictly + self.below(left, right, limits, ties=True)) / 2

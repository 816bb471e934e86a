"""Rank entries by what the data can tell apart: tiers and rank intervals by an all-pairs max-t.

With D the value of each entry under each shared resampling, c is the 1 − α quantile of the
largest |Δ* − Δ| / se over all pairs. A tier ends just before the first entry whose
difference to the leader of the tier exceeds c·se.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.buckets import Buckets
from challenges.scoring.metric import Floats

ALPHA = 0.05
ALPHA_FEW = 0.01
FEW_UNITS = 200
FEW_POSITIVES = 30
ONE_TIER_UNITS = 30
BLOCK = 100
Array = NDArray[Any]


@dataclass(frozen=True)
class Listed:
    """Hold one entry to rank: its released value, and the sums its evaluation sealed."""

    id: Any
    value: float
    sums: bytes


@dataclass(frozen=True)
class Placed:
    """Hold the place of one entry.

    rank: 1 + entries in better tiers, shared inside a tier. tier: from 1. rank_low,
    rank_high: simultaneous interval of the rank. low, high: interval of the value, None when
    there is none. few: too few units (« effectif faible »).
    """

    id: Any
    rank: int
    tier: int
    rank_low: int
    rank_high: int
    low: float | None
    high: float | None
    few: bool = False


@dataclass(frozen=True)
class _Board:
    entries: list[Listed]
    values: Floats
    replicates: Floats
    bounds: list[tuple[float | None, float | None]]
    units: int
    few: bool


def tiers(entries: Sequence[Listed], direction: str) -> list[Placed]:
    """Place entries, best first; the order of the input changes nothing.

    entries: all scored on the same held-out version with the same metric. direction: max or
    min. Equal values share their rank. The resamplings are those stored in the sums, drawn
    once with the held-out version. Returns the places in board order.
    """
    if not entries:
        return []
    board = _board(entries, direction)
    apart = _pairs_apart(board, ALPHA_FEW if board.few else ALPHA)
    tier_of = _cut(board, apart)
    better = apart.sum(0)
    worse = apart.sum(1)
    count = len(board.entries)
    first: dict[int, int] = {}
    for position, tier in enumerate(tier_of):
        first.setdefault(tier, position + 1)
    return [
        Placed(
            id=entry.id,
            rank=first[tier_of[i]],
            tier=tier_of[i],
            rank_low=int(1 + better[i]),
            rank_high=int(count - worse[i]),
            low=board.bounds[i][0],
            high=board.bounds[i][1],
            few=board.few,
        )
        for i, entry in enumerate(board.entries)
    ]


def _board(entries: Sequence[Listed], direction: str) -> _Board:
    sign = -1.0 if direction == "min" else 1.0
    read = {id(e): Buckets.from_bytes(e.sums) for e in entries}
    exact = {k: float(meta["value"]) for k, (_, meta, _) in read.items()}
    ordered = sorted(entries, key=lambda e: (-sign * e.value, -sign * exact[id(e)], str(e.id)))
    metas = [read[id(e)][1] for e in ordered]
    length = min(len(read[id(e)][2]["replicates"]) for e in ordered)
    drawn = np.stack([read[id(e)][2]["replicates"][:length] for e in ordered], 1)
    bounds = [tuple(m["interval"][:2]) if m["interval"] else (None, None) for m in metas]
    units = min(m["units"] for m in metas)
    rarest = [m["rarest"] for m in metas if m["rarest"] is not None]
    few = units < FEW_UNITS or (bool(rarest) and min(rarest) < FEW_POSITIVES)
    values = sign * np.array([exact[id(e)] for e in ordered])
    return _Board(ordered, values, sign * drawn, bounds, units, few)


def _pairs_apart(board: _Board, alpha: float) -> Array:
    """Return (entries, entries) bool: the first is better than the second beyond chance."""
    count = len(board.entries)
    kept = board.replicates[np.isfinite(board.replicates).all(1)]
    if count < 2 or board.units < ONE_TIER_UNITS or len(kept) < 2:
        return np.zeros((count, count), bool)
    largest = np.zeros(len(kept))
    error = np.zeros((count, count))
    for start in range(0, count, BLOCK):
        for i in range(start, min(start + BLOCK, count)):
            drawn = kept[:, i : i + 1] - kept[:, i + 1 :]
            if not drawn.shape[1]:
                continue
            spread = drawn.std(0, ddof=1)
            seen = board.values[i] - board.values[i + 1 :]
            sure = spread > 1e-12
            if sure.any():
                t = np.abs(drawn[:, sure] - seen[sure]) / spread[sure]
                np.maximum(largest, t.max(1), out=largest)
            error[i, i + 1 :] = np.where(sure, spread, np.inf)
    error += error.T
    np.fill_diagonal(error, np.inf)
    limit = float(np.quantile(largest, 1 - alpha))
    gap = board.values[:, None] - board.values[None, :]
    # Where the spread is nil nothing can be told apart, even if the limit is nil too.
    needed = np.where(np.isinf(error), np.inf, limit * np.where(np.isinf(error), 1.0, error))
    return np.asarray(gap > needed)


def _cut(board: _Board, apart: Array) -> list[int]:
    tier, leader = 1, 0
    found = [1]
    for i in range(1, len(board.entries)):
        same = board.entries[i].value == board.entries[i - 1].value
        if apart[leader, i] and not same:
            tier, leader = tier + 1, i
        found.append(tier)
    return found

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

from challenges.scoring import arrays
from challenges.scoring.metric import Floats

ALPHA = 0.05
ALPHA_FEW = 0.01
FEW_UNITS = 200
FEW_POSITIVES = 30
ONE_TIER_UNITS = 30
SURE = 1e-12
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
    """Place entries, best first.

    entries: all scored on the same held-out version with the same metric; their order changes
    nothing. direction: max or min. Equal values share their rank. The resamplings are those
    stored in the sums, drawn once with the held-out version.
    """
    if not entries:
        return []
    board = _board(entries, direction)
    return _places(board, _apart(board, _pairs(board), ALPHA_FEW if board.few else ALPHA))


def _places(board: _Board, apart: Array) -> list[Placed]:
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
    read = {id(e): arrays.unpack(e.sums) for e in entries}
    exact = {k: float(meta["value"]) for k, (meta, _) in read.items()}
    ordered = sorted(entries, key=lambda e: (-sign * e.value, -sign * exact[id(e)], str(e.id)))
    metas = [read[id(e)][0] for e in ordered]
    length = min(len(read[id(e)][1]["replicates"]) for e in ordered)
    drawn = np.stack([sign * read[id(e)][1]["replicates"][:length] for e in ordered])
    bounds = [tuple(m["interval"][:2]) if m["interval"] else (None, None) for m in metas]
    # The same truth has the same units, but older sums left out those an answer had nothing in.
    units = max(m["units"] for m in metas)
    rarest = [m["rarest"] for m in metas if m["rarest"] is not None]
    few = units < FEW_UNITS or (bool(rarest) and min(rarest) < FEW_POSITIVES)
    values = sign * np.array([exact[id(e)] for e in ordered])
    kept = np.ascontiguousarray(drawn[:, np.isfinite(drawn).all(0)])
    return _Board(ordered, values, kept, bounds, units, few)


@dataclass(frozen=True)
class _Pairs:
    """Hold what the pairs of a board tell.

    error: (entries, entries) spread of each difference, infinite where nothing can be told.
    largest: of each resampling, the largest |Δ* − Δ| / se.
    """

    error: Floats
    largest: Floats


def _pairs(board: _Board) -> _Pairs:
    """Compare all entries two by two, one row of differences at a time."""
    drawn, values = board.replicates, board.values
    count, times = drawn.shape
    error = np.full((count, count), np.inf)
    largest = np.zeros(times)
    if times < 2:
        return _Pairs(error, largest)
    for i in range(count - 1):
        apart = drawn[i] - drawn[i + 1 :]
        seen = values[i] - values[i + 1 :]
        spread = apart.std(1, ddof=1)
        sure = spread > SURE
        if sure.any():
            apart -= seen[:, None]
            np.abs(apart, out=apart)
            apart *= np.where(sure, 1 / np.where(sure, spread, 1.0), 0.0)[:, None]
            np.maximum(largest, apart.max(0), out=largest)
        error[i, i + 1 :] = error[i + 1 :, i] = np.where(sure, spread, np.inf)
    return _Pairs(error, largest)


def _apart(board: _Board, pairs: _Pairs, alpha: float) -> Array:
    """Return (entries, entries) bool: the first is better than the second beyond chance."""
    count, times = board.replicates.shape
    if count < 2 or board.units < ONE_TIER_UNITS or times < 2:
        return np.zeros((count, count), bool)
    limit = float(np.quantile(pairs.largest, 1 - alpha))
    gap = board.values[:, None] - board.values[None, :]
    # Where the spread is nil nothing can be told apart, even if the limit is nil too.
    nil = np.isinf(pairs.error)
    needed = np.where(nil, np.inf, limit * np.where(nil, 1.0, pairs.error))
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

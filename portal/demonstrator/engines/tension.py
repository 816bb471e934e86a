"""How hard it is to recruit for an occupation in a zone: a level from 1 to 5, and its doubt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 5
COVERED = 0.8  # of the chances, by an interval


@dataclass(frozen=True)
class Tension:
    """A level, the least and the most of those that hold 80 % of the chances."""

    level: int
    low: int
    high: int


class Tensions:
    """Levels by occupation and zone. chances: n × LEVELS, each row adds up to 1; places: rows."""

    def __init__(self, chances: NDArray[np.float32], places: Mapping[tuple[str, str], int]) -> None:
        """Take what was learnt; raises ValueError for rows that are no chances."""
        if chances.shape[1:] != (LEVELS,) or np.abs(chances.sum(axis=1) - 1).max(initial=0) > 1e-3:
            raise ValueError(f"chances of shape {chances.shape}")
        self.chances, self.places = chances, places

    @classmethod
    def read(cls, stored: Mapping[str, NDArray[Any]]) -> "Tensions":
        """Read named arrays: chances, and of each of its rows codes and places (zones)."""
        pairs = zip(stored["codes"], stored["places"], strict=True)
        places = {(str(code), str(zone)): at for at, (code, zone) in enumerate(pairs)}
        return cls(stored["chances"], places)

    def level(self, code: str, zone: str) -> Tension | None:
        """Give the level of an occupation in a zone; None where nothing is known of it."""
        at = self.places.get((code, zone))
        if at is None:
            return None
        row = self.chances[at].astype(float)
        level = int((row.cumsum() < 0.5).sum())
        low = high = level
        while row[low : high + 1].sum() < COVERED:
            below = row[low - 1] if low else -1.0
            above = row[high + 1] if high + 1 < LEVELS else -1.0
            low, high = (low - 1, high) if below >= above else (low, high + 1)
        return Tension(level + 1, low + 1, high + 1)

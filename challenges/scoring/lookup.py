"""Find texts by a static keyed hash: a cascade of tables of powers of two, each half full.

The hash only finds a candidate: equality is then verified on the bytes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.words import Words, text_of

Array = NDArray[Any]
Positions = NDArray[np.int32]
LEVELS = 24
LEAST_BITS = 4


@dataclass(frozen=True)
class Lookup:
    """Hold texts, as words (n, count) in rows, and where to find them.

    multipliers: (levels, count) odd numbers. tables: per level, position of a text or -1. The
    texts that no level holds, at most a few, are in rest, compared one by one.
    """

    words: Words
    multipliers: Words
    tables: tuple[Positions, ...]
    rest: Positions = field(default_factory=lambda: np.zeros(0, np.int32))

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def of(cls, words: Words, seed: bytes = b"") -> "Lookup":
        """Build the tables of different texts given as words (count, n).

        seed: of the multipliers; the same seed gives the same tables.
        """
        held = np.ascontiguousarray(words.T)
        multipliers = multipliers_of(seed, LEVELS, words.shape[0])
        left = np.arange(len(held), dtype=np.int32)
        tables = []
        for level in range(LEVELS):
            if not len(left):
                break
            bits = max(LEAST_BITS, (2 * len(left) - 1).bit_length())
            slot = _slots(words[:, left], multipliers[level], bits)
            table = np.full(1 << bits, -1, np.int32)
            table[slot] = left
            tables.append(table)
            left = left[table[slot] != left]
        return cls(held, multipliers[: len(tables)], tuple(tables), left)

    def find(self, words: Words) -> Positions:
        """Return the position of each text given as words (count, n), -1 when unknown."""
        count = self.words.shape[1]
        if words.shape[0] > count:
            extra = words[count:].any(0)
            found = self.find(words[:count])
            found[extra] = -1
            return found
        if words.shape[0] < count:
            words = np.concatenate([words, np.zeros((count - len(words), words.shape[1]), "u8")])
        if not len(self):
            return np.full(words.shape[1], -1, np.int32)
        found = self._candidates(words, 0)
        missed = np.flatnonzero(~self.matches(found, words))
        for level in range(1, len(self.tables)):
            if not len(missed):
                return found
            asked = words[:, missed]
            other = self._candidates(asked, level)
            found[missed] = other
            missed = missed[~self.matches(other, asked)]
        found[missed] = -1
        for position in self.rest:
            same = (words[:, missed] == self.words[position][:, None]).all(0)
            found[missed[same]] = position
        return found

    @property
    def count(self) -> int:
        """Return how many words a text has."""
        return int(self.words.shape[1])

    @property
    def laid(self) -> Words:
        """Return the texts as words (count, n), in their order."""
        return self.words.T

    def follow(self, first: int, words: Words) -> bool:
        """Tell whether texts given as words (count, n) are those from the first on."""
        return np.array_equal(self.words[first : first + words.shape[1]], words.T)

    def text(self, at: int) -> bytes:
        """Return one of the texts."""
        return text_of(self.words[at])

    def matches(self, position: Array, words: Words) -> Array:
        """Tell whether the text at each position is the one given as words (count, n)."""
        held = self.words.take(
            position, axis=0
        )  # position -1 is the last text: compared like any other
        same = held[:, 0] == words[0]
        for j in range(1, len(words)):
            same &= held[:, j] == words[j]
        return np.asarray(same)

    def _candidates(self, words: Words, level: int) -> Positions:
        table = self.tables[level]
        slot = _slots(words, self.multipliers[level], len(table).bit_length() - 1)
        return np.asarray(table[slot])

    def arrays(self) -> dict[str, Array]:
        """Return what a blob keeps."""
        kept: dict[str, Array] = {"words": self.words, "multipliers": self.multipliers}
        return kept | {"rest": self.rest} | {f"table.{i}": t for i, t in enumerate(self.tables)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Lookup":
        """Read what arrays gave; raises KeyError."""
        levels = len(arrays["multipliers"])
        tables = tuple(arrays[f"table.{i}"] for i in range(levels))
        return cls(arrays["words"], arrays["multipliers"], tables, arrays["rest"])


def multipliers_of(seed: bytes, levels: int, count: int) -> Words:
    """Draw odd numbers (levels, count) from a seed."""
    drawn = hashlib.shake_256(seed).digest(8 * levels * count)
    return np.frombuffer(drawn, "<u8").reshape(levels, count) | np.uint64(1)


def _slots(words: Words, multipliers: Words, bits: int) -> Array:
    """Hash words (count, n) to slots (n,) of some bits; the high bits are the good ones."""
    mixed = words[0] >> np.uint64(32)
    mixed ^= words[0]
    mixed *= multipliers[0]
    for word, multiplier in zip(words[1:], multipliers[1:], strict=True):
        other = word >> np.uint64(32)
        other ^= word
        other *= multiplier
        mixed += other
    mixed >>= np.uint64(64 - bits)
    return np.asarray(mixed.view(np.int64))

"""Find texts whose words hold few varying bits: one number each, one look-up for most.

Identifiers of digits vary in four bits a byte: those of two words fit in one number, and two
texts are equal exactly when their numbers are. The number is mixed by a bijection: its high
bits say where it stands in a table, the others stand there beside its position, so that one
read of the memory both compares and finds. Those whose place was taken go to smaller tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.lookup import LEVELS, multipliers_of
from challenges.scoring.words import Ints, Words, text_of

Array = NDArray[Any]
LEAST_BITS = 4
HALF = np.uint64(32)
EMPTY = np.uint64(2**64 - 1)


@dataclass(frozen=True)
class Packing:
    """Make one number of the words of a text.

    base: (count,) words of one of the texts. varying: (count,) bits in which the texts differ
    from it. shift: (count,) places, to the left where positive, that lay these bits apart.
    """

    base: Words
    varying: Words
    shift: Ints

    @classmethod
    def of(cls, words: Words) -> "Packing | None":
        """Return the packing of texts given as words (count, n); None when it is too wide."""
        if not words.shape[1]:
            return None
        base = np.ascontiguousarray(words[:, 0])
        varying = np.array([np.bitwise_or.reduce(w ^ b) for w, b in zip(words, base, strict=True)])
        shift, taken = [], 0
        for bits in varying.tolist():
            places = (at for at in range(-63, 64) if _fits(bits, at, taken))
            found = min(places, key=abs, default=None)
            if found is None:
                return None
            shift.append(found)
            taken |= _moved(bits, found)
        return cls(base, varying, np.array(shift, np.int64))

    def pack(self, words: Words) -> tuple[Words, Array]:
        """Return the number of each text given as words (count, n), and where it is another's.

        A text that differs from the base in other bits is none of those packed: the second
        array is not 0 there.
        """
        packed = strange = np.zeros(0, np.uint64)
        for j, word in enumerate(words):
            differs = word ^ self.base[j]
            other = differs & ~self.varying[j]
            moved = _shifted(differs, int(self.shift[j]))
            packed = moved if j == 0 else np.bitwise_or(packed, moved, out=packed)
            strange = other if j == 0 else np.bitwise_or(strange, other, out=strange)
        return packed, strange

    def unpack(self, packed: Words) -> Words:
        """Return the words (count, n) of numbers."""
        parts = zip(self.base, self.varying, self.shift.tolist(), strict=True)
        return np.stack([(_shifted(packed, -at) & bits) ^ base for base, bits, at in parts])


def _fits(bits: int, at: int, taken: int) -> bool:
    moved = _moved(bits, at)
    return _moved(moved, -at) == bits and not moved & taken


def _moved(bits: int, at: int) -> int:
    return (bits << at) % 2**64 if at >= 0 else bits >> -at


def _shifted(word: Words, at: int) -> Words:
    return word << np.uint64(at) if at >= 0 else word >> np.uint64(-at)


@dataclass(frozen=True)
class Level:
    """Hold the numbers that no earlier table holds: (slots,) the mixed number, its position."""

    mixed: Words
    position: NDArray[np.int32]


@dataclass(frozen=True)
class Packed:
    """Hold texts as numbers and where to find them.

    packed: (n,) numbers of the texts, in their order. multipliers: (levels,) odd numbers.
    table: (2^bits,) the mixed number without its high bits, then a position in bits places.
    """

    packing: Packing
    packed: Words
    multipliers: Words
    table: Words
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, words: Words, position: NDArray[np.int32], seed: bytes = b"") -> "Packed | None":
        """Build the tables of different texts given as words (count, n), n below 2^31.

        position: (n,) what find returns for each, 0 to n − 1. Returns None where the texts vary
        too much, or where no table holds one of them.
        """
        packing = Packing.of(words)
        if packing is None:
            return None
        packed, _ = packing.pack(words)
        multipliers = multipliers_of(seed, LEVELS, 1)[:, 0]
        mixed = _mix(packed, multipliers[0])
        bits = max(LEAST_BITS, (2 * len(packed)).bit_length())
        table = np.full(1 << bits, EMPTY)
        slot, entry = _slot(mixed, bits), _rest(mixed, bits) | position.astype(np.uint64)
        table[slot] = entry
        left = np.flatnonzero(table[slot] != entry)
        levels: list[Level] = []
        while len(left) and len(levels) < LEVELS - 1:
            mixed = _mix(packed[left], multipliers[len(levels) + 1])
            bits = max(LEAST_BITS, (2 * len(left)).bit_length())
            slot = _slot(mixed, bits)
            level = Level(np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int32))
            level.mixed[slot], level.position[slot] = mixed, position[left]
            levels.append(level)
            left = left[level.position[slot] != position[left]]
        if len(left):
            return None
        return cls(packing, packed, multipliers[: len(levels) + 1], table, tuple(levels))

    def __len__(self) -> int:
        return len(self.packed)

    def find(self, words: Words) -> Ints:
        """Return the position of each text given as words (count, n), -1 when unknown."""
        packed, strange = self.packing.pack(words)
        bits = len(self.table).bit_length() - 1
        mixed = _mix(packed, self.multipliers[0])
        found = self.table.take(_slot(mixed, bits), mode="clip")
        found ^= _rest(mixed, bits)
        missed = np.flatnonzero(found >= len(self))
        position = found.view(np.int64)
        if len(missed):
            position[missed] = self._in_levels(packed[missed])
        if strange.any():
            position[strange != 0] = -1
        return position

    def _in_levels(self, packed: Words) -> Ints:
        found = np.full(len(packed), -1, np.int64)
        left = np.arange(len(packed))
        for level, multiplier in zip(self.levels, self.multipliers[1:], strict=True):
            if not len(left):
                break
            mixed = _mix(packed[left], multiplier)
            slot = _slot(mixed, len(level.mixed).bit_length() - 1)
            same = level.mixed.take(slot, mode="clip") == mixed
            found[left[same]] = level.position.take(slot[same], mode="clip")
            left = left[~same]
        return found

    @property
    def count(self) -> int:
        """Return how many words a text has."""
        return len(self.packing.base)

    @property
    def laid(self) -> Words:
        """Return the texts as words (count, n), in their order."""
        return self.packing.unpack(self.packed)

    def follow(self, first: int, words: Words) -> bool:
        """Tell whether texts given as words (count, n) are those from the first on."""
        packed, strange = self.packing.pack(words)
        held = self.packed[first : first + len(packed)]
        return not strange.any() and np.array_equal(held, packed)

    def text(self, at: int) -> bytes:
        """Return one of the texts."""
        return text_of(self.packing.unpack(self.packed[at : at + 1]))

    def arrays(self) -> dict[str, Array]:
        """Return what a blob keeps."""
        kept: dict[str, Array] = {"packed": self.packed, "multipliers": self.multipliers}
        kept |= {"table": self.table, "base": self.packing.base}
        kept |= {"varying": self.packing.varying, "shift": self.packing.shift}
        for i, level in enumerate(self.levels):
            kept |= {f"mixed.{i}": level.mixed, f"position.{i}": level.position}
        return kept

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Packed":
        """Read what arrays gave; raises KeyError."""
        packing = Packing(arrays["base"], arrays["varying"], arrays["shift"])
        levels = tuple(
            Level(arrays[f"mixed.{i}"], arrays[f"position.{i}"])
            for i in range(len(arrays["multipliers"]) - 1)
        )
        return cls(packing, arrays["packed"], arrays["multipliers"], arrays["table"], levels)


def _mix(packed: Words, multiplier: Any) -> Words:
    """Mix numbers by a bijection whose high bits depend on every bit."""
    mixed = packed >> HALF
    mixed ^= packed
    mixed *= multiplier
    return mixed


def _slot(mixed: Words, bits: int) -> Ints:
    return (mixed >> np.uint64(64 - bits)).view(np.int64)


def _rest(mixed: Words, bits: int) -> Words:
    return mixed << np.uint64(bits)

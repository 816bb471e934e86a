"""Find texts by a static keyed hash, or packed in one number each where few of their bits vary.

The hash only finds a candidate: equality is then verified on the bytes. Identifiers of digits
vary in four bits a byte: those of two words fit in one number, and two texts are equal exactly
when their numbers are. The number is mixed by a bijection: its high bits say where it stands in a
table, the others stand there beside its position, so that one read of the memory both compares
and finds. Those whose place was taken go to smaller tables."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.arrays.words import Ints, Words, text_of

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

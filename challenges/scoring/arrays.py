"""Lay texts as 64-bit words, find them among others, and pack arrays as one run of bytes.

A text of at most 8·k bytes becomes k little-endian words, zeros after its end. Texts without a
NUL byte are equal exactly when their words are.

A static keyed hash only finds a candidate: equality is then verified on the words. Identifiers
of digits vary in four bits a byte: those of two words fit in one number, mixed by a bijection.
Its high bits say where it stands in a table, the others stand there beside its position, so that
one read of the memory both compares and finds. Those whose place was taken go to smaller tables.

A blob is 8 bytes of magic, 8 bytes little-endian header length, a JSON header, then arrays
aligned on 64 bytes. Only fixed dtypes travel; nothing is ever unpickled, and nothing is copied."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.contract import canonical

Array = NDArray[Any]
Data = bytes | bytearray | memoryview
MAGIC = b"OEBLOB1\n"
ALIGN = 64
DTYPES = frozenset({"|u1", "|i1", "|b1", "<i2", "<u2", "<u4", "<i4", "<i8", "<u8", "<f8", "<f4"})


class BlobFault(ValueError):
    """Say that bytes are not a blob written here."""


def blob_pieces(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> list[Data]:
    """Return what pack joins, the arrays as views of their memory."""
    parts: list[Data] = []
    table: dict[str, Any] = {}
    at = 0
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        raw = array.reshape(-1).view(np.uint8).data
        table[name] = [array.dtype.str, list(array.shape), at]
        padding = -len(raw) % ALIGN
        parts += [raw, b"\0" * padding]
        at += len(raw) + padding
    header = canonical({"meta": meta, "arrays": table})
    header += b" " * (-(len(header) + 16) % ALIGN)
    return [MAGIC, len(header).to_bytes(8, "little"), header, *parts]


def pack(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Write meta (JSON values) and arrays (little-endian numbers) as one byte string."""
    return b"".join(blob_pieces(meta, arrays))


def unpack(data: Data) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read what pack wrote; the arrays are read-only views, of mapped memory or not.

    Raises BlobFault.
    """
    if bytes(data[:8]) != MAGIC or len(data) < 16:
        raise BlobFault("not a blob")
    start = 16 + int.from_bytes(data[8:16], "little")
    try:
        header = json.loads(bytes(data[16:start]))
        arrays = {
            name: _view(data, start + at, dtype, tuple(shape))
            for name, (dtype, shape, at) in header["arrays"].items()
        }
        return header["meta"], arrays
    except (ValueError, KeyError, TypeError) as error:
        raise BlobFault("damaged blob") from error


def _view(data: Data, at: int, dtype: str, shape: tuple[int, ...]) -> Array:
    if dtype not in DTYPES:
        raise BlobFault("unexpected type of array")
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(data, dtype=np.dtype(dtype), count=count, offset=at).reshape(shape)


Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
BYTES = 8
# Keep the first n bytes of a word, 0 to 8.
FIRST = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)
ONE = np.int64(1)


def padded(data: Array, head: int = 0) -> Words:
    """Copy bytes (n,) uint8 as words, after head bytes and before two words of no meaning."""
    out = np.empty((head + len(data)) // BYTES + 3, np.uint64)
    out[-3:] = 0
    out.view(np.uint8)[head : head + len(data)] = data
    return out


def words_at(source: Words, start: Ints) -> Words:
    """Return the 8 bytes of source from each byte position, as words; shape of start.

    What stands outside source means nothing; a word must follow the last one that counts.
    """
    word = start >> 3
    shift = (start & 7).astype(np.uint64) << np.uint64(3)
    low = source.take(word, mode="clip")
    low >>= shift
    word += ONE
    high = source.take(word, mode="clip")
    high <<= np.uint64(64) - shift  # NumPy gives 0 for a shift of 64
    low |= high
    return low


def words_of(source: Words, start: Ints, length: Ints, count: int) -> Words:
    """Return texts of source as rows of words.

    start, length: (n,) bytes, length at most 8·count. Returns (count, n), one array per word.
    """
    out = np.empty((count, len(start)), np.uint64)
    same = bool(len(length)) and bool((length == length[0]).all())
    for j in range(count):
        left = length - BYTES * j
        if same and left[0] <= 0:
            out[j] = 0
            continue
        out[j] = words_at(source, start + BYTES * j)
        if same and left[0] >= BYTES:
            continue
        out[j] &= FIRST[left[0]] if same else FIRST.take(left, mode="clip")
    return out


def words_strided(source: Words, first: int, step: int, n: int, length: int, count: int) -> Words:
    """Return n texts of source as rows of words (count, n), all of one length.

    first: bytes before the first text; step: bytes from one text to the next. length: at most
    8·count bytes.
    """
    out = np.zeros((count, n), np.uint64)
    for j in range(count_of(length)):
        out[j] = np.ndarray((n,), np.uint64, source, first + BYTES * j, (step,))
        out[j] &= FIRST[min(length - BYTES * j, BYTES)]
    return out


def words_of_texts(texts: Sequence[bytes]) -> Words:
    """Return texts as rows of words, (count, n); count: what the longest needs."""
    count = count_of(max(map(len, texts), default=0))
    raw = np.array(list(texts), f"S{count * BYTES}")
    matrix = raw.view(np.uint64).reshape(len(texts), count)
    return np.ascontiguousarray(matrix.T)


def count_of(length: int) -> int:
    """Return how many words a text of some bytes takes, at least one."""
    return max(1, -(-length // BYTES))


def texts_of(words: Words) -> list[bytes]:
    """Return the texts of rows of words (count, n)."""
    raw = np.ascontiguousarray(words.T).view(f"S{words.shape[0] * BYTES}")
    texts: list[bytes] = raw.ravel().tolist()
    return texts


def text_of(word: Words) -> bytes:
    """Return the text of its words."""
    return np.ascontiguousarray(word).tobytes().rstrip(b"\0")


def hold_byte(laid: Words, byte: int) -> bool:
    """Tell whether one of the texts given as words (count, n) holds a byte other than 0."""
    return bool((np.ascontiguousarray(laid).view(np.uint8) == byte).any())


def lengths_of(laid: Words) -> Ints:
    """Return the length in bytes of texts given as words (count, n)."""
    found = np.zeros(laid.shape[1], np.int64)
    for j, word in enumerate(laid):
        held = word != 0
        last = 8 - (_leading_zeros(word) >> 3)
        found[held] = BYTES * j + last[held]
    return found


def _leading_zeros(word: Words) -> Ints:
    """Count the zero bits above the highest one, 64 for none."""
    spread = word.copy()
    for shift in (1, 2, 4, 8, 16, 32):
        spread |= spread >> np.uint64(shift)
    return 64 - np.bitwise_count(spread).astype(np.int64)


def order_by_bytes(laid: Words, first: Ints | None = None) -> Ints:
    """Return the order of texts given as words (count, n): by bytes, after first if given."""
    keys = list(laid.byteswap()[::-1])
    return np.lexsort(keys if first is None else [*keys, first])


def distinct_words(laid: Words) -> tuple[Words, NDArray[np.int32]]:
    """Return each different text once, in order of bytes, and the place of every one in it.

    laid: (count, n). Returns ((count, k), (n,)).
    """
    order = order_by_bytes(laid)
    ordered = laid[:, order]
    new = np.ones(len(order), bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(0)
    place = np.empty(len(order), np.int32)
    place[order] = np.cumsum(new) - 1
    return ordered[:, new], place


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

"""Lay short texts of bytes as rows of little-endian 64-bit words, to compare and hash them.

A text of at most 8·k bytes becomes k words, zeros after its end. Texts without a NUL byte are
equal exactly when their words are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Array = NDArray[Any]
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


def at(source: Words, start: Ints) -> Words:
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


def rows(source: Words, start: Ints, length: Ints, count: int) -> Words:
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
        out[j] = at(source, start + BYTES * j)
        if same and left[0] >= BYTES:
            continue
        out[j] &= FIRST[left[0]] if same else FIRST.take(left, mode="clip")
    return out


def strided(source: Words, first: int, step: int, n: int, length: int, count: int) -> Words:
    """Return n texts of source as rows of words (count, n), all of one length.

    first: bytes before the first text; step: bytes from one text to the next. length: at most
    8·count bytes.
    """
    out = np.zeros((count, n), np.uint64)
    for j in range(count_of(length)):
        out[j] = np.ndarray((n,), np.uint64, source, first + BYTES * j, (step,))
        out[j] &= FIRST[min(length - BYTES * j, BYTES)]
    return out


def of_texts(texts: Sequence[bytes], count: int | None = None) -> Words:
    """Return texts as rows of words, (count, n); count: what the longest needs when None."""
    count = count_of(max(map(len, texts), default=0)) if count is None else count
    raw = np.array(list(texts), f"S{count * BYTES}")
    matrix = raw.view(np.uint64).reshape(len(texts), count)
    return np.ascontiguousarray(matrix.T)


def count_of(length: int) -> int:
    """Return how many words a text of some bytes takes, at least one."""
    return max(1, -(-length // BYTES))


def to_texts(words: Words) -> list[bytes]:
    """Return the texts of rows of words (count, n)."""
    raw = np.ascontiguousarray(words.T).view(f"S{words.shape[0] * BYTES}")
    texts: list[bytes] = raw.ravel().tolist()
    return texts


def text_of(word: Words) -> bytes:
    """Return the text of its words."""
    return np.ascontiguousarray(word).tobytes().rstrip(b"\0")


def hold(laid: Words, byte: int) -> bool:
    """Tell whether one of the texts given as words (count, n) holds a byte other than 0."""
    return bool((np.ascontiguousarray(laid).view(np.uint8) == byte).any())


def lengths(laid: Words) -> Ints:
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


def by_bytes(laid: Words, first: Ints | None = None) -> Ints:
    """Return the order of texts given as words (count, n): by bytes, after first if given."""
    keys = list(laid.byteswap()[::-1])
    return np.lexsort(keys if first is None else [*keys, first])


def distinct(laid: Words) -> tuple[Words, NDArray[np.int32]]:
    """Return each different text once, in order of bytes, and the place of every one in it.

    laid: (count, n). Returns ((count, k), (n,)).
    """
    order = by_bytes(laid)
    ordered = laid[:, order]
    new = np.ones(len(order), bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(0)
    place = np.empty(len(order), np.int32)
    place[order] = np.cumsum(new) - 1
    return ordered[:, new], place

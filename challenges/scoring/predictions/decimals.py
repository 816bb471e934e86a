"""Read plain decimals from bytes, many at a time, each rounded as Python's float does.

A plain decimal is an optional minus, then digits with at most one mark, at most 19 digits in
all. Whatever else stands in a cell is left to the caller, row by row.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.words import Ints, Words

Array = NDArray[Any]
Floats = NDArray[np.float64]
LOW = np.uint64(0x0101010101010101)
HIGH = np.uint64(0x8080808080808080)
ZEROS = np.uint64(0x3030303030303030)
ABOVE_NINE = np.uint64(0x7676767676767676)
MINUS = np.uint64(ord("-"))
MOST_DIGITS = 19
EXACT = np.uint64(2**53)
POWERS = 10.0 ** np.arange(23)
WHOLE_POWERS = np.array([10**n for n in range(20)], np.uint64)
# Keep the last n bytes of a word, 0 to 8.
LAST = ~words.FIRST[::-1]
# An 80-bit number holds every 64-bit whole number, so that one division rounds once.
WIDE = np.finfo(np.longdouble).nmant == 63


def parse(source: Words, start: Ints, length: Ints, mark: str = ".") -> tuple[Floats, Array]:
    """Read one decimal per cell.

    start, length: (n,) bytes of each cell in source, whose first 24 bytes come before every
    cell. mark: "." or ",". Returns the values (n,) float64 and the indices of the cells that
    are no plain decimal, whose values mean nothing.
    """
    first = words.at(source, start)
    negative = (first & np.uint64(0xFF)) == MINUS
    if negative.any():
        start, length = start + negative, length - negative
        first = words.at(source, start)
    short = length <= words.BYTES
    if short.all():
        value, odd = _short(first, length, mark)
    else:
        value, odd = _both(source, start, length, first, short, mark)
    if negative.any():
        value = np.where(negative, -value, value)
    value += 0.0  # −0 becomes 0
    return value, np.flatnonzero(odd)


def _both(
    source: Words, start: Ints, length: Ints, first: Words, short: Array, mark: str
) -> tuple[Floats, Array]:
    few = np.flatnonzero(short) if short.mean() > 0.5 else np.zeros(0, np.int64)
    if not len(few):
        return _long(source, start, length, first, mark)
    value, odd = _short(first, np.minimum(length, words.BYTES), mark)
    at = np.flatnonzero(~short)
    value[at], odd[at] = _long(source, start[at], length[at], first[at], mark)
    return value, odd


def _short(cell: Words, length: Ints, mark: str) -> tuple[Floats, Array]:
    """Read cells of at most 8 bytes, the first of which are those of cell."""
    cell = cell & words.FIRST.take(length, mode="clip")
    before, marked = _until(cell, mark)
    digits = cell >> np.uint64(8)
    digits &= ~before
    cell &= before
    digits |= cell
    count = length - marked
    whole, bad = _whole(digits ^ ZEROS, count, left=True)
    places = length - 1 - (np.bitwise_count(before) >> 3)
    places *= marked
    value = whole.astype(np.float64)
    value /= POWERS.take(places, mode="clip")
    return value, bad | (count < 1)


def _until(cell: Words, mark: str) -> tuple[Words, Array]:
    """Return a mask of the bytes before the first mark, all of them without one."""
    found = cell ^ (LOW * np.uint64(ord(mark)))
    zero = found - LOW
    zero &= ~found
    zero &= HIGH
    lowest = zero & (~zero + np.uint64(1))
    lowest >>= np.uint64(7)
    return lowest - np.uint64(1), zero != 0


def _whole(digits: Words, count: Ints, *, left: bool) -> tuple[Words, Array]:
    """Read whole numbers of count digits, 0 to 8; bytes of digits are 0 to 9 where they count.

    left: the digits are the first bytes, else the last. Returns them and where a digit is none.
    """
    if left:
        digits &= words.FIRST.take(count, mode="clip")
    else:
        digits &= LAST.take(count, mode="clip")
    bad = digits + ABOVE_NINE
    bad |= digits
    bad &= HIGH
    if left:
        gap = (np.int64(8) - count) << 3
        digits <<= gap.view(np.uint64)
    digits = digits * np.uint64(10) + (digits >> np.uint64(8))
    digits &= np.uint64(0x00FF00FF00FF00FF)
    digits = digits * np.uint64(100) + (digits >> np.uint64(16))
    digits &= np.uint64(0x0000FFFF0000FFFF)
    digits = digits * np.uint64(10_000) + (digits >> np.uint64(32))
    digits &= np.uint64(0xFFFFFFFF)
    return digits, bad != 0


def _long(
    source: Words, start: Ints, length: Ints, first: Words, mark: str
) -> tuple[Floats, Array]:
    """Read cells of up to 8 digits, a mark and 19 digits; or of up to 8 digits."""
    before, marked = _until(first & words.FIRST.take(length, mode="clip"), mark)
    units = np.where(marked, (np.bitwise_count(before) >> 3).astype(np.int64), length)
    places = length - units - marked
    whole, odd = _whole(words.at(source, start + units - 8) ^ ZEROS, units, left=False)
    odd |= (units > 8) | (length - marked < 1)
    odd |= (units + places > MOST_DIGITS) & ((whole > 0) | (places > MOST_DIGITS))
    for group in (2, 1, 0):  # of eight digits each, the last group being the lowest
        count = places - 8 * group
        if group and not (count > 0).any():
            continue
        piece, bad = _whole(
            words.at(source, start + length - 8 * (group + 1)) ^ ZEROS,
            np.maximum(count, 0),
            left=False,
        )
        whole *= WHOLE_POWERS.take(np.maximum(np.minimum(count, 8), 0), mode="clip")
        whole += piece
        odd |= bad
    return _divided(whole, np.clip(places, 0, MOST_DIGITS), odd)


def _divided(whole: Words, places: Ints, odd: Array) -> tuple[Floats, Array]:
    """Divide by powers of ten, rounding once; what could be rounded wrong becomes odd."""
    value = whole.astype(np.float64) / POWERS.take(places)
    large = np.flatnonzero(whole > EXACT)
    if not len(large):
        return value, odd
    if not WIDE:
        odd[large] = True
        return value, odd
    wide = whole[large].astype(np.longdouble) / POWERS.astype(np.longdouble).take(places[large])
    near = wide.astype(np.float64)
    gap = np.abs((wide - near).astype(np.float64))
    space = np.spacing(near)
    fraction, _ = np.frexp(near)
    doubtful = (gap > 0.4995 * space) | (fraction == 0.5)
    value[large] = near
    odd[large[doubtful]] = True
    return value, odd

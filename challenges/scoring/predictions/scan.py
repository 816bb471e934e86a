"""Cut CSV bytes into cells and read plain decimals, a block of rows at a time.

Cells are positions in the bytes: nothing is copied. Regular means that each line has every
delimiter, that no line is blank, and that quotes, if any, stand around whole cells; at the least
irregularity the answer is None. A plain decimal is an optional minus, then digits with at most
one mark, at most 19 digits in all, rounded as Python's float does; whatever else stands in a cell
is left to the caller, row by row."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.arrays import words
from challenges.scoring.arrays.words import Ints, Words

Array = NDArray[Any]
BLOCK_BYTES = 2**20
FIRST_BYTES = 2**15  # the first block is read before the others, alone
HEAD = 24  # bytes that decimals may read before a cell
NEWLINE, RETURN, QUOTE = b"\n"[0], b"\r"[0], b'"'[0]


@dataclass(frozen=True)
class Block:
    """Hold the cells of some rows.

    source: the bytes, as words. start, length: (columns, rows) bytes of each cell. width: bytes
    of every row where their cells are all alike, else 0.
    """

    source: Words
    start: Ints
    length: Ints
    width: int = 0

    def __len__(self) -> int:
        return int(self.start.shape[1])

    def cell(self, column: int, row: int) -> bytes:
        """Return the bytes of one cell."""
        at, size = int(self.start[column, row]), int(self.length[column, row])
        return self.source.view(np.uint8)[at : at + size].tobytes()

    def words(self, column: int, count: int) -> Words:
        """Return a column as rows of words (count, rows)."""
        start, length = self.start[column], self.length[column]
        if self.width:
            first, size = int(start[0]), int(length[0])
            return words.strided(self.source, first, self.width, len(start), size, count)
        return words.rows(self.source, start, length, count)


def is_plain(data: bytes) -> bool:
    """Tell whether bytes are UTF-8 text whose only controls are tabs and ends of lines."""
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return False
    view = np.frombuffer(data, np.uint8)
    controls = lines = 0
    for at in range(0, len(view), BLOCK_BYTES):
        piece = view[at : at + BLOCK_BYTES]
        controls += int(np.count_nonzero(piece < 32))
        lines += int(np.count_nonzero(piece == NEWLINE))
    if controls == lines:
        return True
    returns, tabs = data.count(b"\r"), data.count(b"\t")
    return controls == lines + returns + tabs and returns == data.count(b"\r\n")


def cuts(data: bytes, start: int) -> list[tuple[int, int]]:
    """Cut the bytes from start, the beginning of a row, into blocks of whole rows."""
    found: list[tuple[int, int]] = []
    while start < len(data):
        size = BLOCK_BYTES if found else min(FIRST_BYTES, BLOCK_BYTES)
        end = min(start + size, len(data))
        end = data.rfind(b"\n", start, end) + 1 or data.find(b"\n", end) + 1 or len(data)
        found.append((start, end))
        start = end
    return found


def block(data: bytes, start: int, end: int, delimiter: str, columns: int) -> Block | None:
    """Return the cells of the rows of some bytes, None when one is not regular.

    data: plain text. start, end: bounds of whole rows.
    """
    piece = np.frombuffer(data, np.uint8, end - start, start)
    alike = _alike(data, start, piece, delimiter, columns)
    if alike is not None:
        return alike
    at = np.flatnonzero((piece == NEWLINE) | (piece == ord(delimiter)))
    if piece[-1] != NEWLINE:
        at = np.append(at, len(piece))
    if len(at) % columns:
        return None
    stops = at.reshape(-1, columns)
    if len(stops) and not _is_regular(piece, stops):
        return None
    begin = np.empty_like(stops.T)
    begin[0, 0] = 0
    begin[0, 1:] = stops[:-1, -1] + 1
    begin[1:] = stops.T[:-1] + 1
    length = stops.T - begin
    return _bare(data, start, end, piece, begin, length)


def _alike(data: bytes, start: int, piece: Array, delimiter: str, columns: int) -> Block | None:
    """Return the cells of rows that all have those of the first one, None for any others."""
    end = start + len(piece)
    width = data.find(b"\n", start, end) + 1 - start
    if width <= 0 or len(piece) % width:
        return None
    mark = ord(delimiter)
    stops = np.flatnonzero((piece[:width] == NEWLINE) | (piece[:width] == mark))
    marks = np.count_nonzero(piece == mark) + np.count_nonzero(piece == NEWLINE)
    count = len(piece) // width
    if len(stops) != columns or marks != columns * count:
        return None
    table = piece.reshape(count, width)
    if not (table[:, stops] == piece[stops]).all():
        return None
    if any(data.find(odd, start, end) >= 0 for odd in (b"\r", b'"')):
        return None
    first = np.concatenate([[0], stops[:-1] + 1])
    shape = (columns, count)
    begin = np.arange(HEAD, HEAD + len(piece), width) + first[:, None]
    length = np.broadcast_to((stops - first)[:, None], shape)
    return Block(words.padded(piece, HEAD), begin, length, width)


def _is_regular(piece: Array, stops: Ints) -> bool:
    """Tell whether the last cell of each row, and no other, stops at the end of a line."""
    last = stops[:-1, -1]
    if not (piece.take(last) == NEWLINE).all():
        return False
    inner = stops[:, :-1]
    return bool((piece.take(inner) != NEWLINE).all())


def _bare(
    data: bytes, start: int, end: int, piece: Array, begin: Ints, length: Ints
) -> Block | None:
    """Leave carriage returns and quotes out of the cells, and lay the bytes as words."""
    if data.find(b"\r", start, end) >= 0:
        stop = begin[-1] + length[-1] - 1
        length[-1] -= (piece.take(stop, mode="clip") == RETURN) & (length[-1] > 0)
    quotes = data.count(b'"', start, end) if data.find(b'"', start, end) >= 0 else 0
    if quotes:
        stop = begin + length - 1
        whole = (piece.take(begin, mode="clip") == QUOTE) & (length > 1)
        whole &= piece.take(stop, mode="clip") == QUOTE
        if quotes != 2 * np.count_nonzero(whole):
            return None
        begin += whole
        length -= 2 * whole
    begin += HEAD
    return Block(words.padded(piece, HEAD), begin, length)


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


def parse_decimals(
    source: Words, start: Ints, length: Ints, mark: str = "."
) -> tuple[Floats, Array]:
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
    whole, bad = _whole_numbers(digits ^ ZEROS, count, left=True)
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


def _whole_numbers(digits: Words, count: Ints, *, left: bool) -> tuple[Words, Array]:
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
    whole, odd = _whole_numbers(words.at(source, start + units - 8) ^ ZEROS, units, left=False)
    odd |= (units > 8) | (length - marked < 1)
    odd |= (units + places > MOST_DIGITS) & ((whole > 0) | (places > MOST_DIGITS))
    for group in (2, 1, 0):  # of eight digits each, the last group being the lowest
        count = places - 8 * group
        if group and not (count > 0).any():
            continue
        piece, bad = _whole_numbers(
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

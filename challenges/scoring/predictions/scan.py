"""Cut CSV bytes into cells, a block of rows at a time; None at the least irregularity.

Cells are positions in the bytes: nothing is copied. Regular means that each line has every
delimiter, that no line is blank, and that quotes, if any, stand around whole cells.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.words import Ints, Words

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

"""Read large files a block of rows at a time; at the least doubt the exact reader decides.

CSV bytes are cut into cells that are positions in them: nothing is copied. Regular means that
each line has every delimiter, that no line is blank, and that quotes, if any, stand around whole
cells. A plain decimal is an optional minus, then digits with at most one mark, at most 19 digits
in all, rounded as Python's float does.

Everything read here is valid: None means that a row, a cell or an identifier is unusual, and
never that the file is refused. Blocks share nothing but the positions they fill, so that the
number of threads changes no bit."""

import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import arrays
from challenges.scoring.arrays import Ints, Lookup, Words
from challenges.scoring.contract import (
    COMMA_FLOAT,
    FLOAT,
    INTEGER,
    AnswerSpec,
    ColumnType,
    FileColumn,
    Form,
    Layout,
    Limits,
)
from challenges.scoring.metric import units_of
from challenges.scoring.predictions.files import Header
from challenges.scoring.truth import Answer, Candidates, Keys

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
            return arrays.words_strided(self.source, first, self.width, len(start), size, count)
        return arrays.words_of(self.source, start, length, count)


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
    return Block(arrays.padded(piece, HEAD), begin, length, width)


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
    return Block(arrays.padded(piece, HEAD), begin, length)


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
LAST = ~arrays.FIRST[::-1]
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
    first = arrays.words_at(source, start)
    negative = (first & np.uint64(0xFF)) == MINUS
    if negative.any():
        start, length = start + negative, length - negative
        first = arrays.words_at(source, start)
    short = length <= arrays.BYTES
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
    value, odd = _short(first, np.minimum(length, arrays.BYTES), mark)
    at = np.flatnonzero(~short)
    value[at], odd[at] = _long(source, start[at], length[at], first[at], mark)
    return value, odd


def _short(cell: Words, length: Ints, mark: str) -> tuple[Floats, Array]:
    """Read cells of at most 8 bytes, the first of which are those of cell."""
    cell = cell & arrays.FIRST.take(length, mode="clip")
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
        digits &= arrays.FIRST.take(count, mode="clip")
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
    before, marked = _until(first & arrays.FIRST.take(length, mode="clip"), mark)
    units = np.where(marked, (np.bitwise_count(before) >> 3).astype(np.int64), length)
    places = length - units - marked
    whole, odd = _whole_numbers(
        arrays.words_at(source, start + units - 8) ^ ZEROS, units, left=False
    )
    odd |= (units > 8) | (length - marked < 1)
    odd |= (units + places > MOST_DIGITS) & ((whole > 0) | (places > MOST_DIGITS))
    for group in (2, 1, 0):  # of eight digits each, the last group being the lowest
        count = places - 8 * group
        if group and not (count > 0).any():
            continue
        piece, bad = _whole_numbers(
            arrays.words_at(source, start + length - 8 * (group + 1)) ^ ZEROS,
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


DIGIT_OR_SIGN = re.compile(rb"[+-]?\d")


class Doubt(Exception):
    """Say that the exact reader must decide."""


class Cells(Protocol):
    """Give the cells of some rows by the name of their column."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def bounds(self, column: str) -> tuple[int, int]:
        """Return the least and the greatest length in bytes of the cells of a column of text."""

    def words(self, column: str, count: int) -> Words:
        """Return a column of text as rows of words (count, rows)."""

    def numbers(self, column: FileColumn) -> Array:
        """Return a column of numbers, (rows,) float64, maybe not finite; raises Doubt."""


class TextCells:
    """Give the cells of a block of CSV.

    note: told each decimal mark that a column of numbers may hold.
    """

    def __init__(self, block: Block, names: Sequence[str], note: Callable[[str], None]) -> None:
        self._block = block
        self._at = {name: i for i, name in enumerate(names)}
        self._note = note

    def __len__(self) -> int:
        return len(self._block)

    def bounds(self, column: str) -> tuple[int, int]:
        """Return the least and the greatest length in bytes of the cells of a column."""
        length = self._block.length[self._at[column]]
        return int(length.min()), int(length.max())

    def words(self, column: str, count: int) -> Words:
        """Return a column as rows of words (count, rows)."""
        return self._block.words(self._at[column], count)

    def numbers(self, column: FileColumn) -> Array:
        """Return a column of numbers; raises Doubt at a cell that is none."""
        at, block = self._at[column.name], self._block
        start, length = block.start[at], block.length[at]
        value, odd = parse_decimals(block.source, start, length)
        mark = "."
        if len(odd) and any(b"," in block.cell(at, row) for row in odd.tolist()):
            mark = ","
            self._note(mark)
            value, odd = parse_decimals(block.source, start, length, mark)
        for row in odd.tolist():
            value[row] = _number(block.cell(at, row).decode(), mark, column)
        if column.type is ColumnType.INTEGER:
            self._require_digits(at)
        return value

    def _require_digits(self, at: int) -> None:
        """Raise Doubt where a whole number starts by its mark: « .0 » is none."""
        block = self._block
        first = block.source.view(np.uint8).take(block.start[at])
        for row in np.flatnonzero(first < ord("0")).tolist():
            if not DIGIT_OR_SIGN.match(block.cell(at, row).strip(b" ")):
                raise Doubt


def _number(cell: str, mark: str, column: FileColumn) -> float:
    bare = cell.strip(" ")
    if not (FLOAT if mark == "." else COMMA_FLOAT).fullmatch(bare):
        raise Doubt
    bare = bare.replace(",", ".")
    if column.type is ColumnType.INTEGER and not INTEGER.fullmatch(bare):
        raise Doubt
    return float(bare) + 0.0


SEED_TEXTS = 4096


class Codes:
    """Hold the texts met so far and their codes; blocks may ask from several threads."""

    def __init__(self, column: FileColumn) -> None:
        self._column = column
        self._lock = threading.Lock()
        self._code: dict[bytes, int] = {}
        for text in column.domain or ():
            self._code.setdefault(text.encode(), len(self._code))
        if len(self._code) != len(column.domain or ()):
            raise Doubt
        self._lookup: Lookup | None = None
        if column.domain is not None:
            self._learn()

    def of(self, cells: Cells) -> Array:
        """Return the code of each label, (rows,) int32; raises Doubt at one that is unusual."""
        shortest, longest = cells.bounds(self._column.name)
        if not shortest:
            raise Doubt
        laid = cells.words(self._column.name, arrays.count_of(longest))
        found = np.full(len(cells), -1, np.int32) if self._lookup is None else self._find(laid)
        missed = np.flatnonzero(found < 0)
        if len(missed):
            found[missed] = self._new(laid[:, missed])
        return found

    def sorted(self) -> tuple[list[str], Array | None]:
        """Return the texts in an order of their own, and the place of each code in it."""
        if self._column.domain is not None:
            return list(self._column.domain), None
        texts = [text.decode() for text in self._code]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        place = np.empty(len(texts), np.int32)
        place[order] = np.arange(len(texts), dtype=np.int32)
        return [texts[i] for i in order], place

    def _find(self, laid: arrays.Words) -> Array:
        assert self._lookup is not None  # noqa: S101 (asked only then)
        return self._lookup.find(laid)

    def _new(self, laid: arrays.Words) -> Array:
        if self._column.domain is not None:
            raise Doubt
        texts = np.ascontiguousarray(laid.T).view(f"S{8 * len(laid)}").ravel()
        if len(laid) == 1:
            values, inverse = np.unique(laid[0], return_inverse=True)
            values = values.view("S8")
        else:
            values, inverse = np.unique(texts, return_inverse=True)
        with self._lock:
            codes = [self._code.setdefault(text, len(self._code)) for text in values.tolist()]
            if self._lookup is None and len(self._code) <= SEED_TEXTS:
                self._learn()
        return np.array(codes, np.int32)[inverse]

    def _learn(self) -> None:
        self._lookup = Lookup.of(arrays.words_of_texts(list(self._code)))


MOST_THREADS = 2
SUM_TOLERANCE = 1e-3
NEAR = 1e-9  # so near a bound, the order of additions may decide: the exact reader does
DENSE_FACTOR = 8


def read_csv(
    data: bytes, start: int, header: Header, spec: AnswerSpec, keys: Keys, limits: Limits
) -> tuple[Answer, bool] | None:
    """Read CSV bytes whose encoding and header were checked; None when in doubt.

    start: where the rows begin, in bytes. Returns the answer, and whether a decimal comma
    was met.
    """
    end = data.find(b"\n", start)
    if (len(data) if end < 0 else end) - start > limits.max_line_bytes:
        return None
    names = list(header.names)
    marks = _Marks(header.delimiter)

    def cells(bounds: tuple[int, int]) -> Cells:
        if bounds[1] - bounds[0] > BLOCK_BYTES + limits.max_line_bytes:
            raise Doubt  # one enormous row
        laid = block(data, *bounds, header.delimiter, len(names))
        if laid is None or int(laid.length.max()) > limits.max_cell_bytes:
            raise Doubt
        return TextCells(laid, names, marks.note)

    try:
        answer = _read_pieces([*cuts(data, start)], cells, spec, keys, limits.max_rows)
    except Doubt:
        return None
    return (answer, "," in marks.seen) if marks.agree(data, start) else None


def read_table(pieces: Sequence[Cells], spec: AnswerSpec, keys: Keys) -> Answer | None:
    """Read pieces of a table whose types were checked; None when in doubt."""
    try:
        return _read_pieces([*pieces], lambda piece: piece, spec, keys, None)
    except Doubt:
        return None


class _Marks:
    """Note which decimal marks the cells hold; a comma only where semicolons separate."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.seen: set[str] = set()

    def note(self, mark: str) -> None:
        if mark == "," and self.delimiter != ";":
            raise Doubt
        self.seen.add(mark)

    def agree(self, data: bytes, start: int) -> bool:
        """Tell whether no dot stands anywhere in a file of decimal commas."""
        return "," not in self.seen or data.find(b".", start) < 0


class _Rows(Protocol):
    """Take the rows of blocks, from several threads, then give the answer."""

    def add(self, cells: Cells) -> None:
        """Take the rows of a block; raises Doubt."""

    def answer(self, count: int) -> Answer:
        """Return the answer of all rows; raises Doubt."""


def _read_pieces(
    pieces: list[Any],
    cells_of: Callable[[Any], Cells],
    spec: AnswerSpec,
    keys: Keys,
    max_rows: int | None,
) -> Answer:
    if spec.answer.type is ColumnType.LABEL_SET or spec.labelled.pattern or not pieces:
        raise Doubt
    rows = _taker_of(spec, keys)

    def take(piece: Any) -> int:
        cells = cells_of(piece)
        rows.add(cells)
        return len(cells)

    count = sum(_each(take, pieces))
    if max_rows is not None and count > max_rows:
        raise Doubt
    return rows.answer(count)


def _taker_of(spec: AnswerSpec, keys: Keys) -> _Rows:
    if spec.is_ranked:
        return _Lists(spec, keys)
    if spec.layout is not Layout.CANDIDATE_SCORES:
        return _Values(spec, keys)
    if keys.listed is None:
        raise Doubt
    return _Scores(spec, keys.listed)


def threads() -> int:
    """Return how many threads read one file."""
    return min(MOST_THREADS, len(os.sched_getaffinity(0)))


def _each(take: Callable[[Any], int], pieces: list[Any]) -> Iterable[int]:
    """Take the first piece, then the others at once: it is where labels are first met."""
    yield take(pieces[0])
    if threads() < 2 or len(pieces) < 4:
        yield from map(take, pieces[1:])
        return
    with ThreadPoolExecutor(threads()) as pool:
        yield from pool.map(take, pieces[1:])


def positions(cells: Cells, column: str, keys: Keys) -> Array:
    """Return the canonical position of the key of each row; raises Doubt at an unknown one."""
    asked = _asked(cells, column, keys.lookup.count)
    found = keys.follow(asked)
    return _known(keys.find(asked)) if found is None else found.astype(np.int64)


def _asked(cells: Cells, column: str, count: int) -> arrays.Words:
    """Return a column of names as words (count, rows); raises Doubt at one too long or empty."""
    shortest, longest = cells.bounds(column)
    if not shortest or longest > count * arrays.BYTES:
        raise Doubt
    return cells.words(column, count)


def _known(found: Array) -> Array:
    if found.min(initial=0) < 0:
        raise Doubt
    return found


class _Values:
    """Lay one answer a row, or several numbers, along the canonical positions."""

    def __init__(self, spec: AnswerSpec, keys: Keys) -> None:
        self.spec = spec
        self.keys = keys
        self.columns = spec.answers if spec.is_several else (spec.answer,)
        shape = (len(keys), len(self.columns)) if spec.is_several else (len(keys),)
        self.codes = None if spec.answer.is_number else Codes(spec.answer)
        self.laid = np.empty(shape, np.int32 if self.codes else np.float64)
        self.seen = np.zeros(len(keys), bool)

    def add(self, cells: Cells) -> None:
        position = positions(cells, self.spec.key.name, self.keys)
        self.seen[position] = True
        if self.codes is not None:
            self.laid[position] = self.codes.of(cells)
        elif self.spec.is_several:
            numbers = np.stack([_numbers(cells, column) for column in self.columns], 1)
            _require_coherent(numbers, self.spec.form)
            self.laid[position] = numbers
        else:
            self.laid[position] = _numbers(cells, self.columns[0])

    def answer(self, count: int) -> Answer:
        if count != len(self.seen) or not self.seen.all():
            raise Doubt
        texts: list[str] = []
        if self.codes is not None:
            texts, order = self.codes.sorted()
            if order is not None:
                self.laid = order.take(self.laid)
        most = self.spec.answer.max_distinct
        if most is not None and len(np.unique(self.laid)) > most:
            raise Doubt
        return Answer(self.laid, texts)


class _Lists:
    """Keep ranked rows, then lay them by query and rank."""

    def __init__(self, spec: AnswerSpec, keys: Keys) -> None:
        self.spec = spec
        self.keys, self.n = keys, len(keys)
        self.codes = Codes(spec.answer)
        rank = spec.column("rank")
        low = max(1, rank.min or 1)
        self.rank = FileColumn(rank.name, "rank", ColumnType.INTEGER, low, spec.list_length)
        self.held: list[tuple[Array, Array, Array]] = []

    def add(self, cells: Cells) -> None:
        position = positions(cells, self.spec.key.name, self.keys)
        rank = _numbers(cells, self.rank).astype(np.int64)
        self.held.append((position, rank, self.codes.of(cells)))

    def answer(self, count: int) -> Answer:
        if not count:
            raise Doubt
        query, rank, item = (np.concatenate(parts) for parts in zip(*self.held, strict=True))
        texts, order = self.codes.sorted()
        item = item if order is None else order.take(item)
        sizes = np.bincount(query, minlength=self.n)
        if self.spec.all_queries_required and not sizes.all():
            raise Doubt
        place = query * (self.spec.list_length + 1) + rank
        by_place = _order(place, self.n * (self.spec.list_length + 1))
        by_item = np.sort(query * max(len(texts), 1) + item)
        if (by_item[1:] == by_item[:-1]).any():
            raise Doubt
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return Answer(item[by_place], texts, offsets, rank[by_place].astype(np.int32))


class _Scores:
    """Lay the scores of candidates along their queries, each candidate once."""

    def __init__(self, spec: AnswerSpec, listed: Candidates) -> None:
        self.spec = spec
        self.listed = listed
        self.laid = np.empty(len(listed.code))
        self.seen = np.zeros(len(listed.code), bool)

    def add(self, cells: Cells) -> None:
        width = self.listed.pairs.words.shape[1]
        asked = [
            _asked(cells, self.spec.key.name, self.listed.split),
            _asked(cells, self.spec.labelled.name, width - self.listed.split),
        ]
        position = _known(self.listed.pairs.find(np.concatenate(asked))).astype(np.int64)
        self.seen[position] = True
        self.laid[position] = _numbers(cells, self.spec.answer)

    def answer(self, count: int) -> Answer:
        if count != len(self.seen) or not self.seen.all():
            raise Doubt
        texts, code, scores = self.listed.texts, self.listed.code, self.laid
        domain = self.spec.labelled.domain
        if domain is not None:
            place = {text: i for i, text in enumerate(domain)}
            if len(place) != len(domain) or not place.keys() >= set(texts):
                raise Doubt
            code = np.array([place[text] for text in texts], np.int32)[code]
            order = np.lexsort((code, units_of(self.listed.offsets)))
            texts, code, scores = list(domain), code[order], scores[order]
        return Answer(code, texts, self.listed.offsets, scores=scores)


def _order(place: Array, most: int) -> Array:
    """Return the order of places below most, all different; raises Doubt where two are equal."""
    if most > DENSE_FACTOR * len(place) + 2**16:
        sparse = np.argsort(place)
        if (np.diff(place[sparse]) == 0).any():
            raise Doubt
        return sparse
    row = np.full(most, -1, np.int32)
    row[place] = np.arange(len(place), dtype=np.int32)
    order = np.asarray(row[row >= 0])
    if len(order) != len(place):
        raise Doubt
    return order


def _numbers(cells: Cells, column: FileColumn) -> Array:
    """Return the numbers of a column, all finite and within its bounds; raises Doubt."""
    found = cells.numbers(column)
    if column.type is ColumnType.INTEGER and (found != np.floor(found)).any():
        raise Doubt
    # No number that is infinite or missing lies between finite bounds.
    if not (found.min() >= column.low and found.max() <= column.high):
        raise Doubt
    return found


def _require_coherent(numbers: Array, form: Form | None) -> None:
    """Raise Doubt where probabilities may not add up to 1."""
    if form is Form.PROBABILITIES:
        gap = np.abs(numbers.sum(1) - 1)
        if (gap > SUM_TOLERANCE - NEAR).any():
            raise Doubt

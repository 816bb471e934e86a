"""Read large files a block of rows at a time; at the least doubt give up: the exact reader decides.

Everything read here is valid: None means that a row, a cell or an identifier is unusual, and
never that the file is refused. Blocks share nothing but the positions they fill, so that the
number of threads changes no bit."""

import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.answer import (
    COMMA_FLOAT,
    FLOAT,
    INTEGER,
    AnswerSpec,
    Column,
    ColumnType,
    Form,
    Layout,
    Limits,
)
from challenges.scoring.arrays import words
from challenges.scoring.arrays.lookup import Lookup
from challenges.scoring.arrays.words import Words
from challenges.scoring.metric import units_of
from challenges.scoring.predictions import scan
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.scan import Block
from challenges.scoring.predictions.text import Header
from challenges.scoring.truth.keys import Candidates, Keys

Array = NDArray[Any]
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

    def numbers(self, column: Column) -> Array:
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

    def numbers(self, column: Column) -> Array:
        """Return a column of numbers; raises Doubt at a cell that is none."""
        at, block = self._at[column.name], self._block
        start, length = block.start[at], block.length[at]
        value, odd = scan.parse_decimals(block.source, start, length)
        mark = "."
        if len(odd) and any(b"," in block.cell(at, row) for row in odd.tolist()):
            mark = ","
            self._note(mark)
            value, odd = scan.parse_decimals(block.source, start, length, mark)
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


def _number(cell: str, mark: str, column: Column) -> float:
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

    def __init__(self, column: Column) -> None:
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
        laid = cells.words(self._column.name, words.count_of(longest))
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

    def _find(self, laid: words.Words) -> Array:
        assert self._lookup is not None  # noqa: S101 (asked only then)
        return self._lookup.find(laid)

    def _new(self, laid: words.Words) -> Array:
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
        self._lookup = Lookup.of(words.of_texts(list(self._code)))


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
        if bounds[1] - bounds[0] > scan.BLOCK_BYTES + limits.max_line_bytes:
            raise Doubt  # one enormous row
        laid = scan.block(data, *bounds, header.delimiter, len(names))
        if laid is None or int(laid.length.max()) > limits.max_cell_bytes:
            raise Doubt
        return TextCells(laid, names, marks.note)

    try:
        answer = _read_pieces([*scan.cuts(data, start)], cells, spec, keys, limits.max_rows)
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


def _asked(cells: Cells, column: str, count: int) -> words.Words:
    """Return a column of names as words (count, rows); raises Doubt at one too long or empty."""
    shortest, longest = cells.bounds(column)
    if not shortest or longest > count * words.BYTES:
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
        self.rank = Column(rank.name, "rank", ColumnType.INTEGER, low, spec.list_length)
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


def _numbers(cells: Cells, column: Column) -> Array:
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

"""Read a held-out CSV file by columns; texts stay bytes, as words, until they are named.

Regular files are cut by the scanner of predictions; the csv module reads any other.
"""

import csv
import io
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.answer import TruthFault, number_of
from challenges.scoring.arrays import words
from challenges.scoring.arrays.lookup import Lookup
from challenges.scoring.arrays.words import Words
from challenges.scoring.predictions import scan

Array = NDArray[Any]
BOM = b"\xef\xbb\xbf"
SEED_ROWS = 2**15
SEED_TEXTS = 2**12


class Table:
    """Hold the columns of a CSV file, each as words (count, rows)."""

    def __init__(self, columns: dict[str, Words], rows: int) -> None:
        self._columns = columns
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    @classmethod
    def read(cls, data: bytes, needed: Collection[str]) -> "Table":
        """Read the needed columns.

        Raises TruthFault: E_ENCODING, E_EMPTY without a row, E_COLUMN_MISSING, E_VALUE for a
        row that is too short or a NUL byte.
        """
        start = len(BOM) if data.startswith(BOM) else 0
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise TruthFault("E_ENCODING", "") from error
        if b"\0" in data:
            raise TruthFault("E_VALUE", "octet nul")
        return _regular(data, start, needed) or _any(data[start:].decode(), needed)

    def words(self, column: str) -> Words:
        """Return a column as words (count, rows)."""
        return self._columns[column]

    def texts(self, column: str, where: Array | None = None) -> list[str]:
        """Return the cells of a column, or of some of its rows."""
        laid = self._columns[column]
        found = words.to_texts(laid if where is None else laid[:, where])
        return [text.decode() for text in found]

    def coded(self, column: str, where: Array | None = None) -> tuple[list[str], Array]:
        """Return the different cells, sorted, and the place of each row's in them, int32."""
        laid = self._columns[column]
        return coded(laid if where is None else laid[:, where])

    def numbers(self, column: str, where: Array | None = None) -> NDArray[np.float64]:
        """Return the finite numbers of a column; raises TruthFault E_VALUE at the first other."""
        laid = self._columns[column]
        return numbers(laid if where is None else laid[:, where])


def coded(laid: Words) -> tuple[list[str], Array]:
    """Return the different texts, sorted, and the place of each in them, int32."""
    seed, _ = words.distinct(laid[:, :SEED_ROWS])
    if laid.shape[1] <= SEED_ROWS or seed.shape[1] > SEED_TEXTS:
        known, place = words.distinct(laid)
        return _named(known), place
    place = Lookup.of(seed).find(laid)
    missed = np.flatnonzero(place < 0)
    other, at = words.distinct(laid[:, missed])
    place[missed] = seed.shape[1] + at
    known, order = words.distinct(np.concatenate([seed, other], 1))
    return _named(known), order[place]


def numbers(laid: Words) -> NDArray[np.float64]:
    """Return the finite numbers that texts write; raises TruthFault E_VALUE at the first other."""
    count, rows = laid.shape
    head = np.zeros(scan.HEAD, np.uint8)
    raw = np.ascontiguousarray(laid.T).view(np.uint8).ravel()
    start = np.arange(rows) * (count * words.BYTES) + scan.HEAD
    source = words.padded(np.concatenate([head, raw]))
    value, odd = scan.parse_decimals(source, start, words.lengths(laid))
    for row, text in zip(odd.tolist(), words.to_texts(laid[:, odd]), strict=True):
        value[row] = finite(text.decode())
    return value


def finite(cell: str) -> float:
    """Return the finite number of a cell; raises TruthFault E_VALUE."""
    value = number_of(cell)
    if value is None:
        raise TruthFault("E_VALUE", cell)
    return value


def _named(known: Words) -> list[str]:
    return [text.decode() for text in words.to_texts(known)]


def _regular(data: bytes, start: int, needed: Collection[str]) -> Table | None:
    """Read a file whose every line has every cell; None for any other."""
    end = data.find(b"\n", start) + 1
    head = data[start:end].decode()
    if not head.strip() or head.count('"') % 2 or not scan.is_plain(data):
        return None
    names = next(csv.reader([head]))
    at = _places(names, needed)
    pieces: dict[str, list[Words]] = {name: [] for name in at}
    rows = 0
    for bounds in scan.cuts(data, end):
        block = scan.block(data, *bounds, ",", len(names))
        if block is None:
            return None
        rows += len(block)
        for name, place in at.items():
            longest = int(block.length[place].max())
            pieces[name].append(block.words(place, words.count_of(longest)))
    if not rows:
        raise TruthFault("E_EMPTY")
    return Table({name: _joined(laid) for name, laid in pieces.items()}, rows)


def _joined(pieces: list[Words]) -> Words:
    count = max(len(piece) for piece in pieces)
    out = np.zeros((count, sum(piece.shape[1] for piece in pieces)), np.uint64)
    at = 0
    for piece in pieces:
        out[: len(piece), at : at + piece.shape[1]] = piece
        at += piece.shape[1]
    return out


def _any(text: str, needed: Collection[str]) -> Table:
    """Read a file with the csv module."""
    reader = csv.reader(io.StringIO(text, newline=""))
    names = next(reader, [])
    rows = [row for row in reader if row]
    if not rows:
        raise TruthFault("E_EMPTY")
    at = _places(names, needed)
    least = max(at.values(), default=0)
    for number, row in enumerate(rows, 1):
        if len(row) <= least:
            raise TruthFault("E_VALUE", f"rangée {number} : {len(row)} cellules")
    columns = {
        name: words.of_texts([row[place].encode() for row in rows]) for name, place in at.items()
    }
    return Table(columns, len(rows))


def _places(names: Sequence[str], needed: Collection[str]) -> dict[str, int]:
    """Return where each needed column stands; of two of the same name, the last."""
    place = {name: at for at, name in enumerate(names)}
    for name in needed:
        if name not in place:
            raise TruthFault("E_COLUMN_MISSING", name)
    return {name: place[name] for name in needed}

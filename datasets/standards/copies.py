"""Say which rows of a table that everybody reads are rows of one that is lent, in plain Python."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import BinaryIO

from datasets.standards.profile import delimiter_of

FEWEST_COLUMNS = 2
HEAD_BYTES = 1 << 16


def copied(
    public: BinaryIO, lent: BinaryIO, *, tokens: Collection[str] = (), every: bool = False
) -> list[int]:
    """Give the lines of a public CSV that are rows of a lent one, in order.

    Over the columns that bear the same name in both, two at least, a row is that which stands alone
    in either; every: any equal row, where the public table has all the columns of the lent one.
    tokens: columns of the lent table that hold pseudonyms: a row that bears one, in whatever
    column, is one of its rows. What is no CSV has none. Memory: that of the public table.
    """
    ours, theirs = _rows(public), _rows(lent)
    names, lent_names = next(ours, (0, []))[1], next(theirs, (0, []))[1]
    shared = [name for name in dict.fromkeys(names) if name and name in lent_names]
    is_joined = len(shared) >= FEWEST_COLUMNS
    is_whole = every and len(shared) == len(lent_names)
    places, lent_places = ([all_of.index(n) for n in shared] for all_of in (names, lent_names))
    lines, met, cells = dict[int, list[int]](), Counter[int](), dict[int, set[int]]()
    for line, row in ours:
        lines.setdefault(_key(row, places), []).append(line)
        for cell in row if tokens else ():
            cells.setdefault(hash(cell), set()).add(line)
    found = set[int]()
    token_places = [at for at, name in enumerate(lent_names) if name in tokens]
    for _line, row in theirs:
        key = _key(row, lent_places)
        if key in lines:
            met[key] += 1
        for at in token_places:
            found |= cells.get(hash(row[at]), set()) if row[at] else set()
    for key, times in met.items() if is_joined else ():
        if is_whole or times == len(lines[key]) == 1:
            found.update(lines[key])
    return sorted(found)


def _key(row: list[str], places: list[int]) -> int:
    return hash(tuple(row[at].replace(",", ".") for at in places))  # 0,5 is 0.5


def _rows(content: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Read the header and the rows that have its width, each with its line."""
    content.seek(0)
    text = io.TextIOWrapper(content, "utf-8-sig", "replace", newline="")
    try:
        separator = delimiter_of(text.readline(HEAD_BYTES))
        text.seek(0)
        reader, width = csv.reader(text, delimiter=separator), None
        while True:
            row: list[str] | None = []
            with suppress(csv.Error):  # a cell that is too long: the next rows may tell
                row = next(reader, None)
            if row is None:
                break
            width = width or len(row)
            if row and len(row) == width:
                yield reader.line_num, [cell.strip() for cell in row]
    finally:
        text.detach()
        content.seek(0)

"""Say whether a public table gives the sealed answers away, for the check and for what is kept."""

import csv
import io
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from math import isfinite
from operator import itemgetter
from typing import BinaryIO

# Of the rows that the usual answer misses: a copy, even corrected, gets most; chance, far fewer.
SHARE = 0.5
# Joined rows, or half of the answers, before columns of other names are taken for the answers.
FEWEST, ENOUGH = 5, 30
FIRST = 200  # rows in which ids are looked for
SEALED = ""


class Answers:
    """What is known of the answers: by target, that of each id, SEALED where it is not at hand."""

    def __init__(
        self,
        content: BinaryIO,
        keys: Sequence[str],
        targets: Sequence[str],
        *,
        is_test: bool = False,
    ) -> None:
        """Read them from a CSV, or only their ids, from one that lacks the targets.

        is_test: a target of one value on every row is only a place kept for the answers.
        """
        self.keys, asked = [each.strip() for each in keys], [each.strip() for each in targets]
        rows, ids = _records(content, ","), dict[int, float | str]()
        names = next(rows)
        self.given = {each: names.index(each) for each in asked if each in names}
        self.known = {each: {} if each in names else ids for each in asked}
        key_of = itemgetter(*map(names.index, self.keys))
        for row in rows:
            key = hash(key_of(row))  # in this process; lighter than the cells
            ids[key] = SEALED
            for each, at in self.given.items():
                if row[at]:
                    self.known[each][key] = _value(row[at])
        for each in list(self.given) if is_test else ():
            if len({*self.known[each].values()}) < 2:
                self.known[each] = ids
                del self.given[each]
        self.room = dict.fromkeys(asked, SHARE)
        for each in self.given:
            values = self.known[each].values()
            usual = max(Counter(values).values(), default=0)
            self.room[each] *= 1 - usual / max(len(values), 1)


@dataclass
class _Column:
    """What a column of a public table gets right of a target."""

    at: int
    known: Mapping[int, float | str]
    room: float  # share of the rows where it may be wrong, and still tell
    is_named: bool  # as the target, beside ids named as those of the answers
    exact: bool
    total: int = 0
    rows: int = 0
    wrong: int = 0
    sealed: int = 0
    seen: set[str] = field(default_factory=set)

    def may_tell(self, key: int, row: Sequence[str]) -> bool:
        """Compare a cell with the answer; say whether the column is still worth following."""
        cell, right = row[self.at], self.known.get(key)
        self.total += cell != ""
        if cell and right is not None:
            self.rows += 1
            if len(self.seen) <= 1:
                self.seen.add(cell)
            if right == SEALED:
                self.sealed += 1
            elif _value(cell) != right:
                self.wrong += 1
        return self.wrong <= (0 if self.exact else self.room * len(self.known))

    @property
    def tells(self) -> bool:
        """Say whether it is right too often, of several values or of some ids only."""
        some = self.is_named and not self.exact and self.rows < len(self.known)
        enough = self.is_named or self.rows >= max(FEWEST, min(ENOUGH, len(self.known) / 2))
        mostly = not self.sealed or 2 * self.rows >= self.total
        varied = some or len(self.seen) > 1
        return enough and mostly and varied and self.wrong < self.room * self.rows


def told(content: BinaryIO, answers: Answers, *, exact: bool = False) -> int:
    """Count the answers that a public table gives away; 0 where it does not.

    It does when, joined to them on its ids (the columns of their names, else that which bears most
    of them), another column has more than a SHARE of those that the usual answer misses. Where they
    are sealed, what bears their name in a table that is mostly of their ids. exact: of an example,
    a test or training rows, whose columns may go with the answers: all its rows.
    """
    with closing(_records(content)) as rows:
        names, first = next(rows, []), list(islice(rows, FIRST))
        keys = _bearing(names, first, answers)
        if not keys:
            return 0
        key_of, is_ours = itemgetter(*map(names.index, keys)), keys == answers.keys
        columns = [
            _Column(at, known, answers.room[target], is_ours and name == target, exact)
            for target, known in answers.known.items()
            for at, name in enumerate(names)
            if name not in keys and (target in answers.given or (is_ours and name == target))
        ]
        for row in chain(first, rows):
            key = hash(key_of(row))
            columns = [each for each in columns if each.may_tell(key, row)]
            if not columns:
                break
    return max((each.rows for each in columns if each.tells), default=0)


def _bearing(names: Sequence[str], rows: Sequence[Sequence[str]], answers: Answers) -> list[str]:
    """Name the columns of the ids: as in the answers, else the one that bears most of these."""
    if set(answers.keys) <= set(names):
        return answers.keys
    ids = next(iter(answers.known.values()), {})
    hits = Counter(
        n for row in rows for n, cell in zip(names, row, strict=True) if hash(cell) in ids
    )
    return [name for name, _count in hits.most_common(1)]


def _records(content: BinaryIO, marks: str = ",;\t") -> Generator[list[str]]:
    """Read the header and the rows of a text, whatever parts its cells, while it is a table."""
    content.seek(0)
    text = io.TextIOWrapper(content, "utf-8-sig", "replace", newline="")
    try:
        head = text.readline(1 << 16)
        text.seek(0)
        width = None
        read = csv.reader(text, delimiter=max(marks, key=head.count))
        with suppress(StopIteration):
            while True:
                row = list[str]()
                with suppress(csv.Error):  # a cell that is too long, say: the next rows may tell
                    row = next(read)
                width = width or len(row)
                if row and len(row) == width:
                    yield [each.strip() for each in row]
    finally:
        text.detach()
        content.seek(0)


def _value(cell: str) -> float | str:
    """Read a cell as the number that it writes, with a point or a comma, or as its text."""
    try:
        number = float(cell.replace(",", "."))
    except ValueError:
        return cell
    return number if isfinite(number) else cell

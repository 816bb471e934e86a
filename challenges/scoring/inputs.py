"""Tables that code reads: their identifiers, and the same rows under other names and another order.

Code is run twice: between the two runs the rows of every table that has the column of identifiers
are shuffled, each identifier is replaced by another of the same shape, and about one row in a
hundred is shown twice under two identifiers. Answers that follow the content come back the same.
"""

import csv
import io
import random
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

TWIN_SHARE = 0.01
DELIMITERS = (",", ";")
HEADER_BYTES = 65_536
SUFFIX = ".csv"
TRIES = 20


def gettext_noop(sentence: str) -> str:
    """Mark a sentence that the page translates."""
    return sentence


NO_COLUMN = gettext_noop("aucun fichier CSV n’a de colonne « %(column)s »")
OTHER_IDS = gettext_noop("%(file)s : ses identifiants ne sont pas ceux de %(other)s")
NOT_UTF8 = gettext_noop("%(file)s : ce n’est pas de l’UTF-8")
NOT_CSV = gettext_noop("%(file)s : ce n’est pas un CSV lisible")
RAGGED = gettext_noop("%(file)s : toutes les lignes n’ont pas le même nombre de colonnes")
EMPTY_ID = gettext_noop("%(file)s : une ligne n’a pas d’identifiant")
UNLIKE = gettext_noop(
    "identifiants des réponses qui n’y sont pas : %(lacking)s ; identifiants en trop : %(more)s"
)


class InputFault(ValueError):
    """Say, without any value, why tables of inputs cannot serve.

    sentence: French, marked for translation, with places as %(name)s; facts: what fills them.
    """

    def __init__(self, sentence: str, **facts: str) -> None:
        super().__init__(sentence % facts)
        self.sentence, self.facts = sentence, facts


@dataclass(frozen=True)
class Table:
    """One table that has the column of identifiers. rows: with their header first."""

    rows: list[list[str]]
    delimiter: str
    at: int

    @property
    def ids(self) -> list[str]:
        """Return the distinct identifiers, in the order they first come."""
        return list(dict.fromkeys(row[self.at] for row in self.rows[1:]))


@dataclass(frozen=True)
class Disguise:
    """The inputs of a second run.

    ids: the new identifiers of those known, in the same order, then those of the twins.
    twins: the position among those known of what each twin repeats.
    """

    files: dict[str, bytes]
    ids: list[str]
    twins: list[int]


def tables(files: Mapping[str, bytes], column: str) -> dict[str, Table]:
    """Read the CSV files that have the column of identifiers; raises InputFault."""
    found = {}
    for name, content in sorted(files.items()):
        if name.lower().endswith(SUFFIX) and (table := _table(name, content, column)) is not None:
            found[name] = table
    return found


def identifiers(files: Mapping[str, bytes], column: str) -> list[str]:
    """Return the identifiers of inputs, the same ones in each table that has the column.

    Raises InputFault where none has it, or where two differ.
    """
    read = tables(files, column)
    if not read:
        raise InputFault(NO_COLUMN, column=column)
    (first, table), *others = read.items()
    ids = table.ids
    for name, other in others:
        if set(other.ids) != set(ids):
            raise InputFault(OTHER_IDS, file=name, other=first)
    return ids


def can_shuffle(files: Iterable[str]) -> bool:
    """Say whether every file is a CSV: another kind could hold identifiers that stay."""
    return all(name.lower().endswith(SUFFIX) for name in files)


def disguise(
    files: Mapping[str, bytes], column: str, known: Sequence[str], draw: random.Random
) -> Disguise:
    """Shuffle the rows, rename the identifiers and repeat some rows under two identifiers.

    known: every identifier, in the order of the truth. Rows of one identifier stay together, in
    their order; all tables follow one order. Raises InputFault.
    """
    count = min(len(known), max(1, round(len(known) * TWIN_SHARE)))
    twins = sorted(draw.sample(range(len(known)), count))
    ids = renamed([*known, *(known[at] for at in twins)], draw)
    order = list(range(len(ids)))
    draw.shuffle(order)
    shown: dict[str, list[str]] = {}
    for at in order:
        original = known[at] if at < len(known) else known[twins[at - len(known)]]
        shown.setdefault(original, []).append(ids[at])
    place = {ids[at]: rank for rank, at in enumerate(order)}
    changed = dict(files)
    for name, table in tables(files, column).items():
        changed[name] = _written(table, shown, place)
    return Disguise(changed, ids, twins)


def renamed(ids: Sequence[str], draw: random.Random) -> list[str]:
    """Give each identifier another of the same shape, all different, none an old one.

    Digits stay digits and letters letters; a first digit that is not 0 stays so. Where the shape
    leaves too few, digits or letters are added.
    """
    old, taken, found = set(ids), set[str](), []
    for one in ids:
        new, more = _like(one, draw), 0
        while new in taken or new in old:
            more += 1
            new = _like(one, draw) + "".join(
                draw.choice(string.digits) for _ in range(max(0, more - TRIES))
            )
        taken.add(new)
        found.append(new)
    return found


def _like(one: str, draw: random.Random) -> str:
    return "".join(_character(at, character, draw) for at, character in enumerate(one)) or "0"


def _character(at: int, character: str, draw: random.Random) -> str:
    if character in string.digits:
        return draw.choice(string.digits[1:] if at == 0 and character != "0" else string.digits)
    if character in string.ascii_lowercase:
        return draw.choice(string.ascii_lowercase)
    if character in string.ascii_uppercase:
        return draw.choice(string.ascii_uppercase)
    return character


def _table(name: str, content: bytes, column: str) -> Table | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFault(NOT_UTF8, file=name) from error
    header = text[:HEADER_BYTES].partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    try:
        rows = [
            row
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            if row
        ]
    except csv.Error as error:
        raise InputFault(NOT_CSV, file=name) from error
    if not rows or column not in rows[0]:
        return None
    wide = {len(row) for row in rows}
    if len(wide) > 1:
        raise InputFault(RAGGED, file=name)
    at = rows[0].index(column)
    if any(not row[at] for row in rows[1:]):
        raise InputFault(EMPTY_ID, file=name)
    return Table(rows, delimiter, at)


def _written(table: Table, shown: Mapping[str, Sequence[str]], place: Mapping[str, int]) -> bytes:
    rows = [
        (place[new], [*row[: table.at], new, *row[table.at + 1 :]])
        for row in table.rows[1:]
        for new in shown.get(row[table.at], ())
    ]
    rows.sort(key=lambda each: each[0])
    target = io.StringIO(newline="")
    out = csv.writer(target, delimiter=table.delimiter, lineterminator="\n")
    out.writerow(table.rows[0])
    out.writerows(row for _rank, row in rows)
    return target.getvalue().encode()

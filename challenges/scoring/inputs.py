"""Tables that code reads: the identifiers of their rows."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

DELIMITERS = (",", ";")
HEADER_BYTES = 65_536
SUFFIX = ".csv"


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

"""Tables that code reads: the identifiers of their rows."""

import csv
import io
from collections.abc import Mapping

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


def identifiers(files: Mapping[str, bytes], column: str) -> list[str]:
    """Return the identifiers of inputs, the same ones in each table that has the column.

    Raises InputFault where none has it, or where two differ.
    """
    read = {}
    for name, content in sorted(files.items()):
        if name.lower().endswith(SUFFIX):
            ids = _identifiers(name, content, column)
            if ids is not None:
                read[name] = ids
    if not read:
        raise InputFault(NO_COLUMN, column=column)
    (first, ids), *others = read.items()
    for name, other in others:
        if other.keys() != ids.keys():
            raise InputFault(OTHER_IDS, file=name, other=first)
    return list(ids)


def _identifiers(name: str, content: bytes, column: str) -> dict[str, None] | None:
    """Return the distinct identifiers of a table, in their order; None without the column.

    Read row by row: a lent table is large, and the worker holds its bytes already.
    """
    header = content[:HEADER_BYTES].partition(b"\n")[0]
    delimiter = max(DELIMITERS, key=lambda each: header.count(each.encode()))
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    rows = filter(None, csv.reader(text, delimiter=delimiter, strict=True))
    ids: dict[str, None] = {}
    try:
        names = next(rows, [])
        at = names.index(column) if column in names else len(names)
        ragged = False
        for row in rows:
            ragged |= len(row) != len(names)
            if at < len(row):
                ids[row[at]] = None
    except UnicodeDecodeError as error:
        raise InputFault(NOT_UTF8, file=name) from error
    except csv.Error as error:
        raise InputFault(NOT_CSV, file=name) from error
    if column not in names:
        return None
    if ragged:
        raise InputFault(RAGGED, file=name)
    if "" in ids:
        raise InputFault(EMPTY_ID, file=name)
    return ids

"""Read the optional `rows.csv` of a scoring program: what each row contributed to its score.

Header `id,value` or `id,value,weight`. From it the portal can resample an organiser's own metric
and show an interval; without it an interval is « non disponible ». Held-out identifiers and losses
stand in it: it stays sealed, like the exact scores.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from challenges.sandbox.scores import NUMBER

NAME = "rows.csv"
HEADERS = (["id", "value"], ["id", "value", "weight"])
MOST_ROWS = 2_000_000
MOST_ID = 256


class RowsRefused(Exception):
    """A rows.csv that is left out, the scores being kept. French, for the organiser."""


@dataclass(frozen=True)
class Rows:
    """One entry per row, in the order of the file; weights is empty when the file gives none."""

    ids: tuple[str, ...]
    values: tuple[float, ...]
    weights: tuple[float, ...] = ()


def read(folder: Path) -> Rows | None:
    """Read the rows of an output folder, which holds plain files only; None when it has none.

    Raises RowsRefused at another header, an empty or repeated id, a value that is no finite
    number, a negative weight, no row, or more than 2,000,000 rows.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if header not in HEADERS:
                raise RowsRefused(f"{NAME} : l’en-tête attendu est id,value ou id,value,weight")
            return _collected(reader, len(header))
    except (csv.Error, UnicodeDecodeError) as error:
        raise RowsRefused(f"{NAME} n’est pas un CSV lisible en UTF-8") from error


def _collected(reader: Iterator[list[str]], width: int) -> Rows:
    ids: dict[str, None] = {}
    figures: tuple[list[float], ...] = tuple([] for _ in range(width - 1))
    for line, row in enumerate(reader, 2):
        if len(row) != width or line > MOST_ROWS + 1:
            raise RowsRefused(f"{NAME}, ligne {line} : {width} champs, {MOST_ROWS} lignes au plus")
        if not row[0] or len(row[0]) > MOST_ID or row[0] in ids:
            raise RowsRefused(f"{NAME}, ligne {line} : identifiant vide, trop long ou répété")
        ids[row[0]] = None
        for text, column in zip(row[1:], figures, strict=True):
            column.append(_figure(text, line))
    weights = figures[1] if width == 3 else []
    if not ids or any(weight < 0 for weight in weights):
        raise RowsRefused(f"{NAME} est sans ligne, ou un poids est négatif")
    return Rows(tuple(ids), tuple(figures[0]), tuple(weights))


def _figure(text: str, line: int) -> float:
    value = float(text) if NUMBER.fullmatch(text.strip()) else math.nan
    if not math.isfinite(value):
        raise RowsRefused(f"{NAME}, ligne {line} : la valeur n’est pas un nombre fini")
    return value

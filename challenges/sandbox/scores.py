"""Read the scores that a foreign program wrote, and its rows, as hostile text.

`scores.json` is a flat map; without it `scores.txt` holds lines `key:value`, with or without a
space (both dialects of CodaLab). Only declared keys are kept. No YAML loader touches them. The
optional `rows.csv`, `id,value` or `id,value,weight`, says what each row contributed: from it the
portal resamples an organiser's own metric. Held-out identifiers stand in it: it stays sealed."""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MOST_BYTES = 2**20
MOST_DEPTH = 4
MOST_NAMES = 100
MOST_NAME = 64
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)


class ScoreFault(StrEnum):
    """Name what is wrong with written scores; the evaluation then fails with X_OUTPUT."""

    ABSENT = "scores_absent"
    UNREADABLE = "scores_unreadable"
    KEY_MISSING = "key_missing"
    KEY_DUPLICATE = "key_duplicate"
    NOT_A_NUMBER = "not_a_number"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    SENTINEL = "sentinel"


@dataclass(frozen=True)
class Declared:
    """A score that a program must write: its key, and what its values may be."""

    key: str
    valid_min: float | None = None
    valid_max: float | None = None
    sentinels: tuple[float, ...] = ()


@dataclass(frozen=True)
class Fault:
    """One fault, of a key when it has one; the value itself is never told."""

    kind: ScoreFault
    key: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Scores:
    """What was written: declared values, the names of others, the faults of declared ones."""

    values: Mapping[str, float]
    undeclared: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


class _Unreadable(ValueError):
    def __init__(self, line: int | None = None) -> None:
        super().__init__()
        self.line = line


Pairs = list[tuple[str, object]]


def read_scores(folder: Path, declared: Iterable[Declared]) -> Scores:
    """Read the scores of an output folder, which holds plain files only (outputs.take)."""
    try:
        if (path := folder / "scores.json").is_file():
            pairs = json_pairs(path)
        elif (path := folder / "scores.txt").is_file():
            pairs = _lines(path)
        else:
            return Scores({}, faults=(Fault(ScoreFault.ABSENT),))
    except _Unreadable as unreadable:
        return Scores({}, faults=(Fault(ScoreFault.UNREADABLE, line=unreadable.line),))
    return judge_scores(pairs, declared)


def judge_scores(pairs: Pairs, declared: Iterable[Declared]) -> Scores:
    """Keep declared keys, name the others, and judge each value."""
    columns = {column.key: column for column in declared}
    values: dict[str, float] = {}
    faults: list[Fault] = []
    seen: set[str] = set()
    others: dict[str, None] = {}
    for key, value in pairs:
        if key not in columns:
            others[shown(key)] = None
        elif key in seen:
            faults.append(Fault(ScoreFault.KEY_DUPLICATE, key))
        else:
            seen.add(key)
            found = _value(value, columns[key])
            if isinstance(found, ScoreFault):
                faults.append(Fault(found, key))
            else:
                values[key] = found
    faults += [Fault(ScoreFault.KEY_MISSING, key) for key in columns if key not in seen]
    return Scores(values, tuple(others)[:MOST_NAMES], tuple(faults))


def shown(name: str) -> str:
    """Cut a foreign name to what a page may show."""
    return "".join(c if c.isprintable() else "�" for c in name[:MOST_NAME])


def _value(value: object, column: Declared) -> float | ScoreFault:
    number = _number(value)
    if number is None:
        return ScoreFault.NOT_A_NUMBER
    if not math.isfinite(number):
        return ScoreFault.NOT_FINITE
    if any(number == sentinel for sentinel in column.sentinels):
        return ScoreFault.SENTINEL
    below = column.valid_min is not None and number < column.valid_min
    above = column.valid_max is not None and number > column.valid_max
    return ScoreFault.OUT_OF_RANGE if below or above else number + 0.0  # -0 is 0


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _text(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise _Unreadable
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable from error


def json_pairs(path: Path) -> Pairs:
    """Read a JSON object as pairs, duplicates kept; raises ValueError when it is not one."""
    try:
        found = json.loads(_text(path), object_pairs_hook=Object)
        deep = _depth(found) > MOST_DEPTH
    except (ValueError, RecursionError) as error:
        raise _Unreadable from error
    if deep or not isinstance(found, Object):
        raise _Unreadable
    return list(found)


class Object(list[tuple[str, object]]):
    """A JSON object as its pairs, to see keys that stand twice."""


def _depth(value: object) -> int:
    """Count nested objects and lists."""
    if not isinstance(value, list):
        return 0
    inner = [one for _, one in value] if isinstance(value, Object) else value
    return 1 + max(map(_depth, inner), default=0)


def _lines(path: Path) -> Pairs:
    pairs: Pairs = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise _Unreadable(number)
        pairs.append((key.strip(), _parsed(value.strip())))
    return pairs


def _parsed(text: str) -> float | str:
    if NUMBER.fullmatch(text):
        return float(text)
    return math.nan if NOT_FINITE.fullmatch(text) else text


ROWS = "rows.csv"
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


def read_rows(folder: Path) -> Rows | None:
    """Read the rows of an output folder, which holds plain files only; None when it has none.

    Raises RowsRefused at another header, an empty or repeated id, a value that is no finite
    number, a negative weight, no row, or more than 2,000,000 rows.
    """
    path = folder / ROWS
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if header not in HEADERS:
                raise RowsRefused(f"{ROWS} : l’en-tête attendu est id,value ou id,value,weight")
            return _collected(reader, len(header))
    except (csv.Error, UnicodeDecodeError) as error:
        raise RowsRefused(f"{ROWS} n’est pas un CSV lisible en UTF-8") from error


def _collected(reader: Iterator[list[str]], width: int) -> Rows:
    ids: dict[str, None] = {}
    figures: tuple[list[float], ...] = tuple([] for _ in range(width - 1))
    for line, row in enumerate(reader, 2):
        if len(row) != width or line > MOST_ROWS + 1:
            raise RowsRefused(f"{ROWS}, ligne {line} : {width} champs, {MOST_ROWS} lignes au plus")
        if not row[0] or len(row[0]) > MOST_ID or row[0] in ids:
            raise RowsRefused(f"{ROWS}, ligne {line} : identifiant vide, trop long ou répété")
        ids[row[0]] = None
        for text, column in zip(row[1:], figures, strict=True):
            column.append(_figure(text, line))
    weights = figures[1] if width == 3 else []
    if not ids or any(weight < 0 for weight in weights):
        raise RowsRefused(f"{ROWS} est sans ligne, ou un poids est négatif")
    return Rows(tuple(ids), tuple(figures[0]), tuple(weights))


def _figure(text: str, line: int) -> float:
    value = float(text) if NUMBER.fullmatch(text.strip()) else math.nan
    if not math.isfinite(value):
        raise RowsRefused(f"{ROWS}, ligne {line} : la valeur n’est pas un nombre fini")
    return value

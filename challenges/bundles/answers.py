"""Check the answers of the truth against the type and bounds that teams are held to."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

from challenges.bundles import shapes
from challenges.bundles.report import counted
from challenges.bundles.tables import Tables, some


def labels(cell: str, column: shapes.Column) -> list[str]:
    """Give the labels of a cell: itself, or its parts in a set of labels."""
    if column.type != "label_set":
        return [cell]
    return _split(cell, column)


def _split(cell: str, column: shapes.Column) -> list[str]:
    parts = cell.split() if column.separator == " " else cell.split(column.separator)
    return [part.strip() for part in parts if part.strip()]


def within(cell: str, column: shapes.Column) -> bool:
    """Say whether a cell respects the type, the bounds and the pattern of a column."""
    if column.type in {"integer", "float"}:
        value = number(cell)
        if value is None or (column.type == "integer" and not re.fullmatch(r"[+-]?\d+", cell)):
            return False
        low = -math.inf if column.min is None else column.min
        high = math.inf if column.max is None else column.max
        return low <= value <= high
    if column.type == "label_set":
        found = labels(cell, column)
        if len(found) > (column.max_labels or len(found)) or len(set(found)) != len(found):
            return False
        return all(_matches(one, column) for one in found)
    return cell != "" and _matches(cell, column)


def _matches(cell: str, column: shapes.Column) -> bool:
    return column.pattern is None or re.fullmatch(column.pattern, cell) is not None


def number(cell: str) -> float | None:
    """Read a finite number written with a point; None otherwise."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None


def check(tables: Tables, submission: shapes.Submission, truth: shapes.Truth) -> None:
    """Check the answers against the type and bounds that teams are held to."""
    path = str(tables.truth)
    if truth.weight is not None and _holds(tables, path, truth.weight):
        weights = tables.folder.column(path, truth.weight)
        _all(tables, "truth.weight", weights, lambda cell: (number(cell) or 0) > 0)
    if truth.gain is not None:
        gains = tables.folder.column(path, str(truth.gain))
        _all(tables, "truth.gain", gains, lambda cell: (number(cell) or 0) > 0 or number(cell) == 0)
        return
    column = submission.column("target")
    if column is None:
        return
    if submission.targets:
        for name, each in submission.targets.items():
            _of_target(tables, f"truth.{name}", tables.folder.column(path, name), each)
        return
    cells = tables.folder.column(path, str(truth.target))
    if submission.form == "probabilities":
        names = {c.label or c.name for c in submission.columns if c.role == "target"}
        _all(tables, "truth.target", cells, lambda cell: cell in names)
        return
    _of_target(tables, "truth.target", cells, column)


def _of_target(tables: Tables, key: str, cells: list[str], column: shapes.Column) -> None:
    """Check the answers of one target."""
    _all(tables, key, cells, lambda cell: within(cell, column))
    if column.max_distinct is not None and len(set(cells)) > column.max_distinct:
        tables.refuse(
            "E_DOMAIN",
            f"plus de {column.max_distinct} valeurs distinctes dans la vérité",
            file=str(tables.truth),
            key=key,
            value=len(set(cells)),
        )


def _holds(tables: Tables, path: str, column: str) -> bool:
    return column in tables.folder.header(path)


def _all(tables: Tables, key: str, cells: Iterable[str], holds: Callable[[str], bool]) -> None:
    outside = [cell for cell in dict.fromkeys(cells) if not holds(cell)]
    if outside:
        tables.refuse(
            "E_DOMAIN",
            f"{counted(len(outside), 'valeur', 'valeurs')} de la vérité hors du type ou des bornes "
            "déclarés",
            file=str(tables.truth),
            key=key,
            value=some(outside),
        )

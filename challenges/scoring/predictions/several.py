"""Check rows of several numbers: probabilities of classes, one value per target."""

from collections.abc import Iterable, Sequence
from typing import Any

from challenges.scoring.answer import Form
from challenges.scoring.predictions.rows import Checker

SUM_TOLERANCE = 1e-3


def check_numbers(
    checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]]
) -> dict[int, list[float]]:
    """Check one row per identifier; rows: (line, (id, value, value, …)).

    Returns {position: values}, those of a faulty row left out: the checker holds its faults.
    """
    columns = checker.spec.answers
    table: dict[int, list[float]] = {}
    for line, (key, *cells) in rows:
        position = checker.identifier(key, line)
        found = [
            checker.value(cell, column, line) for cell, column in zip(cells, columns, strict=True)
        ]
        numbers = [float(v) for v in found if isinstance(v, int | float)]
        if len(numbers) < len(columns) or not _is_coherent(checker, numbers, line):
            continue
        if position is not None:
            table[position] = numbers
    return table


def _is_coherent(checker: Checker, numbers: list[float], line: int) -> bool:
    if checker.spec.form is Form.PROBABILITIES and abs(sum(numbers) - 1) > SUM_TOLERANCE:
        checker.report.add("E_PROBA_SUM", line, valeur=f"{sum(numbers):.6g}")
        return False
    return True

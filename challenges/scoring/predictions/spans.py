"""Check spans, several rows a document, and lay them along the documents.

A row whose start, end and label are all empty says that its document has no span.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from challenges.scoring.answer import LARGEST, AnswerSpec, Column, ColumnType
from challenges.scoring.predictions.align import Answer, sorted_texts
from challenges.scoring.predictions.faults import neutral
from challenges.scoring.predictions.rows import Checker, finish

Placed = tuple[int, int, int, int]  # start, end, label, line


def read(checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]], documents: int) -> Answer:
    """Check rows (line, (document, start, end, label)) and lay them along the documents.

    Returns p (m, 3) int32: label, start, end, in order of start within each document. Raises
    Refused.
    """
    spans = _check(checker, rows)
    finish(checker)
    names, order = sorted_texts(checker.spec, checker.texts)
    laid = [sorted(spans.get(unit, ())) for unit in range(documents)]
    flat = [(order[label], start, end) for row in laid for start, end, label, _ in row]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in laid])]).astype(np.int64)
    return Answer(np.array(flat, np.int32).reshape(-1, 3), names, offsets)


def is_blank(cell: Any) -> bool:
    """Tell whether a cell is empty."""
    return cell is None or cell == ""


def _check(checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]]) -> dict[int, list[Placed]]:
    start_column, end_column = (_place(checker.spec, role) for role in ("start", "end"))
    label_column = checker.spec.answer
    spans: dict[int, list[Placed]] = {}
    blank: dict[int, int] = {}
    for line, (key, *cells) in rows:
        unit = checker.identifier(key, line, repeats=True)
        if unit is not None:
            checker.lines.setdefault(key, line)
        if all(is_blank(cell) for cell in cells):
            if unit is not None and _is_alone(checker, key, line, unit, spans, blank):
                blank[unit] = line
            continue
        start = checker.value(cells[0], start_column, line)
        end = checker.value(cells[1], end_column, line)
        label = checker.value(cells[2], label_column, line)
        if unit is None or start is None or end is None or label is None:
            continue
        span = (int(start), int(end), int(label), line)  # type: ignore[arg-type]
        if _is_upright(checker, span) and _is_alone(checker, key, line, unit, {}, blank):
            _insert(checker, key, spans.setdefault(unit, []), span)
    return spans


def _place(spec: AnswerSpec, role: str) -> Column:
    """Return the column of an end of spans, bounded by what a position can be."""
    column = spec.column(role)
    return Column(
        name=column.name,
        role=role,
        type=ColumnType.INTEGER,
        min=max(0, column.min or 0),
        max=LARGEST if column.max is None else column.max,
    )


def _is_alone(
    checker: Checker,
    key: str,
    line: int,
    unit: int,
    spans: dict[int, list[Placed]],
    blank: dict[int, int],
) -> bool:
    """Refuse a document that is said to be without span, and has one or is said so twice."""
    earlier = blank.get(unit, min((span[3] for span in spans.get(unit, ())), default=None))
    if earlier is None:
        return True
    facts = {"valeur": neutral(key), "ligne2": earlier, "variant": "blank"}
    checker.report.add("E_ID_DUPLICATE", line, **facts)
    return False


def _is_upright(checker: Checker, span: Placed) -> bool:
    start, end, _, line = span
    if start < end:
        return True
    facts = {"valeur": str(start), "bas": start, "haut": end, "variant": "span"}
    checker.report.add("E_INTERVAL_ORDER", line, **facts)
    return False


def _insert(checker: Checker, key: str, row: list[Placed], span: Placed) -> None:
    """Keep a span in order of start, unless its document has too many or it meets another."""
    most = checker.spec.list_length
    if len(row) >= most:
        checker.report.add("E_LIST_TOO_LONG", span[3], trouve=len(row) + 1, max=most)
        return
    at = bisect_left(row, span)
    met = _same(row, at, span) if checker.spec.overlaps else _met(row, at, span)
    if met is None:
        row.insert(at, span)
        return
    facts = {"id": neutral(key), "ligne2": met[3], "valeur": f"{span[0]}-{span[1]}"}
    checker.report.add("E_SPAN_OVERLAP", span[3], **facts)


def _same(row: list[Placed], at: int, span: Placed) -> Placed | None:
    """Return the equal span: it stands just before, its line being earlier."""
    return row[at - 1] if at and row[at - 1][:3] == span[:3] else None


def _met(row: list[Placed], at: int, span: Placed) -> Placed | None:
    """Return a span that overlaps: kept ones do not, so that only neighbours can."""
    if at and row[at - 1][1] > span[0]:
        return row[at - 1]
    return row[at] if at < len(row) and row[at][0] < span[1] else None

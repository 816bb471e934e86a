"""Measure spans of text found in documents: exact, overlapping, and the SemEval 2013 forms.

A span is (label, start, end), end excluded. Counts are pooled over documents, so that one
empty on both sides weighs nothing. Matching walks the answer in order of start, as
nervaluate does, each true span taken once.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    MetricFault,
    Params,
    Part,
    Shape,
    Stats,
    dense,
    divide,
)

Span = tuple[int, int, int]


def _documents(part: Part) -> Iterator[tuple[list[Span], list[Span]]]:
    if part.y_offsets is None or part.p_offsets is None:
        raise MetricFault("spans are needed")
    if part.y.ndim != 2 or part.p.ndim != 2:
        raise MetricFault("spans are needed")
    for unit in range(len(part)):
        yield _spans(part.y, part.y_offsets, unit), _spans(part.p, part.p_offsets, unit)


def _spans(flat: Array, offsets: Array, unit: int) -> list[Span]:
    rows = flat[offsets[unit] : offsets[unit + 1]].tolist()
    return sorted(((label, start, end) for label, start, end in rows), key=_by_place)


def _by_place(span: Span) -> tuple[int, int, int]:
    return span[1], span[2], span[0]


def _meet(a: Span, b: Span) -> bool:
    return a[1] < b[2] and b[1] < a[2]


def _exact(part: Part, params: Params) -> Stats:
    rows = [(len(y), len(p), len(set(y) & set(p))) for y, p in _documents(part)]
    return _laid(rows, 3)


def _laid(rows: list[Any], width: int) -> Stats:
    table = np.array(rows, np.float64).reshape(-1, width)
    return dense(*table.T)


def _exact_value(sums: Floats, context: object) -> Floats:
    """Give 0 to an answer without a span; a truth without one cannot be measured."""
    true, given, both = np.moveaxis(sums, -1, 0)
    return np.where(true > 0, divide(2 * both, true + given), np.nan)


def _relaxed(part: Part, params: Params) -> Stats:
    """Count true spans met by an answer of their label, and answers met by a true span."""
    rows = []
    for y, p in _documents(part):
        met = [[a[0] == b[0] and _meet(a, b) for b in p] for a in y]
        found = sum(any(row) for row in met)
        right = sum(any(row[i] for row in met) for i in range(len(p)))
        rows.append((len(y), len(p), found, right))
    return _laid(rows, 4)


def _relaxed_value(sums: Floats, context: object) -> Floats:
    true, given, found, right = np.moveaxis(sums, -1, 0)
    recall, precision = divide(found, true), np.nan_to_num(divide(right, given))
    score = np.nan_to_num(divide(2 * precision * recall, precision + recall))
    return np.where(true > 0, score, np.nan)


def _semeval(part: Part, params: Params, *, form: str) -> Stats:
    rows = [(len(y), len(p), _credit(y, p, form)) for y, p in _documents(part)]
    return _laid(rows, 3)


def _credit(y: list[Span], p: list[Span], form: str) -> float:
    """Match each answer once: a right one is worth 1, a partial one ½, any other takes a span."""
    left = list(y)
    total = 0.0
    for given in p:
        taken, worth = _match(given, left, form)
        total += worth
        if taken is not None:
            left.remove(taken)
    return total


def _match(given: Span, left: list[Span], form: str) -> tuple[Span | None, float]:
    near = [true for true in left if _is_near(given, true)]
    right = [true for true in near if _is_right(given, true, form)]
    if form == "type":
        right.sort(key=lambda true: abs(given[1] - true[1]) + abs(given[2] - true[2]))
    if right:
        return right[0], 1.0
    if near:
        return near[0], 0.5 if form == "partial" else 0.0
    return None, 0.0


def _is_near(given: Span, true: Span) -> bool:
    """Tell whether an answer covers a hundredth of a true span, the least that counts."""
    shared = min(given[2], true[2]) - max(given[1], true[1])
    return shared > 0 and 100 * shared >= true[2] - true[1]


def _is_right(given: Span, true: Span, form: str) -> bool:
    same_place = given[1:] == true[1:]
    if form == "type":
        return given[0] == true[0]
    return same_place and (form != "strict" or given[0] == true[0])


def _metric(name: str, stats: Any, value: Any, formula: str, oracle: str) -> Metric:
    return Metric(
        name=name,
        shape=Shape.SPANS,
        direction="max",
        low=0.0,
        high=1.0,
        stats=stats,
        value=value,
        formula=formula,
        oracle=oracle,
    )


METRICS = (
    _metric(
        "span_f1",
        _exact,
        _exact_value,
        "2TP / (t + p) over (document, start, end, label)",
        "seqeval.metrics.f1_score(mode='strict', scheme=IOB2)",
    ),
    _metric(
        "span_f1_relaxed",
        _relaxed,
        _relaxed_value,
        "F1 of the spans that share a character with one of the same label",
        "own vectors",
    ),
    *(
        _metric(
            f"span_f1_semeval_{form}",
            partial(_semeval, form=form),
            _exact_value,
            f"2·credit / (t + p), SemEval 2013, {form}",
            f"nervaluate.Evaluator, {form}",
        )
        for form in ("strict", "exact", "partial", "type")
    ),
)

"""Check scores of candidates, several rows a query, and lay them along the queries."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from challenges.scoring.predictions.align import Answer, sorted_texts
from challenges.scoring.predictions.faults import neutral
from challenges.scoring.predictions.rows import Checker, finish
from challenges.scoring.truth import Keys

Given = dict[tuple[int, int], int]  # {(position of the query, code of the candidate): line}
Scores = dict[int, dict[int, float]]  # {position of the query: {code of the candidate: score}}

ABSENT = -1


def read(checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]], keys: Keys) -> Answer:
    """Check rows (line, (query, candidate, score)) and lay them along the queries.

    Each candidate that the keys list must have its score; where they list none, any candidate
    of the nomenclature may have one. Returns p, the codes of the candidates in increasing
    order within each query, and their scores. Raises Refused.
    """
    given: Given = {}
    scores = _check(checker, rows, [set(row) for row in keys.candidates], given)
    if keys.listed is None:
        finish(checker)
    else:
        _require_every(checker, given, keys)
    names, order = sorted_texts(checker.spec, checker.texts)
    laid = [
        sorted((int(order[code]), score) for code, score in scores.get(unit, {}).items())
        for unit in range(len(keys))
    ]
    return Answer(
        np.array([code for row in laid for code, _ in row], np.int32),
        names,
        np.concatenate([[0], np.cumsum([len(row) for row in laid])]).astype(np.int64),
        scores=np.array([score for row in laid for _, score in row], np.float64),
    )


def _check(
    checker: Checker,
    rows: Iterable[tuple[int, Sequence[Any]]],
    allowed: Sequence[set[str]],
    given: Given,
) -> Scores:
    """Check rows and return their scores; given is filled with each candidate and its line."""
    spec = checker.spec
    scores: Scores = {}
    for line, (key, item, cell) in rows:
        query = checker.identifier(key, line, repeats=True)
        code = checker.value(item, spec.labelled, line)
        score = checker.value(cell, spec.answer, line)
        if query is not None:
            checker.lines.setdefault(key, line)
        if query is None or code is None:
            continue
        facts = {"valeur": neutral(item), "id": neutral(key)}
        if allowed and item not in allowed[query]:
            checker.report.add("E_LABEL_UNKNOWN", line, variant="candidate", **facts)
            continue
        earlier = given.setdefault((query, int(code)), line)  # type: ignore[arg-type]
        if earlier != line:
            checker.report.add("E_ITEM_DUPLICATE", line, ligne2=earlier, **facts)
            continue
        if score is None:
            continue
        found = scores.setdefault(query, {})
        if not allowed and len(found) >= spec.list_length:
            many = {"trouve": len(found) + 1, "max": spec.list_length}
            checker.report.add("E_LIST_TOO_LONG", line, **many)
            continue
        found[int(code)] = float(score)  # type: ignore[arg-type]
    return scores


def _require_every(checker: Checker, given: Given, keys: Keys) -> None:
    """Refuse when a fault was noted or a candidate has no row; raises Refused with both."""
    report, missing = checker.report, 0
    first: tuple[str, str] | None = None
    for unit, (query, row) in enumerate(zip(keys.ids, keys.candidates, strict=True)):
        lacking = [n for n in row if (unit, checker.texts.get(n, ABSENT)) not in given]
        if lacking:
            missing += len(lacking)
            first = min(first or (query, lacking[0]), (query, lacking[0]))
    if first is not None and report.reads_every_row:
        wanted = sum(len(row) for row in keys.candidates)
        facts: dict[str, Any] = {"n": missing, "attendu": wanted, "id": neutral(first[0])}
        facts |= {"valeur": neutral(first[1]), "variant": "candidate"}
        raise report.refusal("E_ID_MISSING", **facts)
    if not report.is_clean:
        raise report.refusal()

"""Compile the right answers: numbers, codes of labels, sets of labels, ranked items."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.answer import ColumnType, Form, Layout
from challenges.scoring.contract import ScoringContract
from challenges.scoring.truth import spans
from challenges.scoring.truth.cells import Rows, finite, nomenclature, rows_of
from challenges.scoring.truth.faults import TruthFault


def answers(
    contract: ScoringContract, ordered: Sequence[Rows], attributes: Mapping[str, bytes]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays of the right answers, in the given order, and their JSON meta."""
    answer = contract.answer.answer
    meta: dict[str, Any] = {"texts": [], "groups": {}, "numbers": []}
    if contract.answer.layout is Layout.SPANS:
        return spans.answers(contract, ordered, meta)
    if contract.answer.layout in (Layout.RANKED_LIST, Layout.CANDIDATE_SCORES):
        return _ranked_answers(contract, ordered, attributes, meta)
    cells = [rows[0][contract.truth.target or ""] for rows in ordered]
    if answer.type is ColumnType.LABEL_SET or contract.answer.form is Form.LABEL_SCORES:
        lists = [sorted({t for t in c.split(answer.separator) if t}) for c in cells]
        declared = contract.answer.classes or answer.domain
        texts, code = nomenclature(declared, (t for row in lists for t in row))
        flat = np.array([code[t] for row in lists for t in row], np.int32)
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
        return {"y": flat, "y.offsets": offsets}, meta | {"texts": texts}
    for cell in cells:
        if cell == "":
            raise TruthFault("E_VALUE", "réponse vide")
    classes = contract.answer.classes
    if answer.is_number and classes is None:
        return {"y": np.array([finite(c) for c in cells], np.float64)}, meta
    texts, code = nomenclature(answer.domain if classes is None else classes, cells)
    return {"y": np.array([code[c] for c in cells], np.int32)}, meta | {"texts": texts}


def candidates(contract: ScoringContract, ordered: Sequence[Rows]) -> list[list[str]] | None:
    """Return the candidates of each query in order of name, None when they are free.

    They hold no label: right and wrong ones stand in the truth alike.
    """
    if not contract.answer.is_complete:
        return None
    return [sorted(row[contract.truth.item or ""] for row in rows) for rows in ordered]


def _ranked_answers(
    contract: ScoringContract,
    ordered: Sequence[Rows],
    attributes: Mapping[str, bytes],
    meta: dict[str, Any],
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    item, gain = contract.truth.item or "", contract.truth.gain or ""
    answer = contract.answer.labelled
    extra = [r[a.id or ""] for a in contract.attributes for r in rows_of(a, attributes)]
    known = [row[item] for rows in ordered for row in rows]
    texts, code = nomenclature(answer.domain, known)
    if answer.domain is None:
        texts, code = nomenclature(None, known + extra)
    for rows in ordered:
        if len({row[item] for row in rows}) != len(rows):
            raise TruthFault("E_IDS", rows[0][contract.truth.query or ""])
    gains = np.array([finite(row[gain]) for rows in ordered for row in rows], np.float64)
    if gains.size and gains.min() < 0:
        raise TruthFault("E_VALUE", "gain négatif")
    arrays: dict[str, NDArray[Any]] = {
        "y": np.array([code[k] for k in known], np.int32),
        "y.offsets": np.concatenate([[0], np.cumsum([len(r) for r in ordered])]).astype(np.int64),
        "gains": gains,
    }
    return arrays, meta | {"texts": texts}

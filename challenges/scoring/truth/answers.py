"""Compile the right answers: numbers, codes of labels, sets of labels, ranked items."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.answer import MOST, ColumnType
from challenges.scoring.contract import ScoringContract
from challenges.scoring.truth.candidates import Candidates
from challenges.scoring.truth.cells import nomenclature, rows_of
from challenges.scoring.truth.faults import TruthFault
from challenges.scoring.truth.table import Table
from challenges.scoring.truth.units import Units


def answers(
    contract: ScoringContract, table: Table, units: Units, attributes: Mapping[str, bytes]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays of the right answers, in canonical order, and their JSON meta."""
    answer = contract.answer.answer
    meta: dict[str, Any] = {"texts": [], "groups": {}, "numbers": []}
    if contract.answer.is_listed:
        return _ranked_answers(contract, table, units, attributes, meta)
    target = contract.truth.target or ""
    if answer.type is ColumnType.LABEL_SET:
        cells = table.texts(target, units.first)
        lists = [sorted(set(answer.labels_of(cell))) for cell in cells]
        texts, code = nomenclature(answer.domain, (t for row in lists for t in row))
        flat = np.array([code[t] for row in lists for t in row], np.int32)
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
        return {"y": flat, "y.offsets": offsets}, meta | {"texts": texts}
    classes, targets = contract.answer.classes, contract.answer.targets
    if answer.is_number and classes is None:
        columns = [table.numbers(name, units.first) for name in targets or (target,)]
        y = np.column_stack(columns) if targets else columns[0]
        if len(y) and np.abs(y).max() > MOST:
            raise TruthFault("E_VALUE", "nombre au-delà de 1e15")
        return {"y": y}, meta
    names, code_of = table.coded(target, units.first)
    if "" in names:
        raise TruthFault("E_VALUE", "réponse vide")
    texts, code = nomenclature(answer.domain if classes is None else classes, names)
    return {"y": np.array([code[n] for n in names], np.int32)[code_of]}, meta | {"texts": texts}


def candidates(contract: ScoringContract, table: Table, units: Units) -> Candidates | None:
    """Return the candidates of each query in order of name, None when they are free.

    They hold no label: right and wrong ones stand in the truth alike.
    """
    if not contract.answer.is_complete:
        return None
    item = table.words(contract.truth.item or "")[:, units.rows]
    order = words.by_bytes(item, units.of_rows)
    return Candidates.of_words(units.names, item[:, order], units.offsets)


def _ranked_answers(
    contract: ScoringContract,
    table: Table,
    units: Units,
    attributes: Mapping[str, bytes],
    meta: dict[str, Any],
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Lay the items of each query in order of their code."""
    item, gain = contract.truth.item or "", contract.truth.gain or ""
    domain = contract.answer.labelled.domain
    extra = [r[a.id or ""] for a in contract.attributes for r in rows_of(a, attributes)]
    names, code_of = table.coded(item, units.rows)
    texts, code = nomenclature(domain, names)
    if domain is None:
        texts, code = nomenclature(None, names + extra)
    y = np.array([code[name] for name in names], np.int32)[code_of]
    order = np.lexsort([y, units.of_rows])
    y, unit = y[order], units.of_rows
    twice = np.flatnonzero((y[1:] == y[:-1]) & (unit[1:] == unit[:-1]))
    if len(twice):
        first = units.names[:, unit[twice[:1]]]
        raise TruthFault("E_IDS", words.to_texts(first)[0].decode())
    gains = table.numbers(gain, units.rows)[order]
    if gains.size and gains.min() < 0:
        raise TruthFault("E_VALUE", "gain négatif")
    return {"y": y, "y.offsets": units.offsets, "gains": gains}, meta | {"texts": texts}

"""Compile the right spans of documents; a row without start, end and label says: none."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.answer import LARGEST
from challenges.scoring.contract import ScoringContract
from challenges.scoring.truth.cells import nomenclature
from challenges.scoring.truth.faults import TruthFault
from challenges.scoring.truth.table import Table
from challenges.scoring.truth.units import Units

Span = tuple[int, int, str]


def answers(
    contract: ScoringContract, table: Table, units: Units, meta: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return y (m, 3) int32, label, start and end, in order of start, with its offsets.

    Raises TruthFault: E_VALUE for a span that cannot be, E_IDS for a document both with and
    without span, E_DOMAIN for a label outside the nomenclature.
    """
    truth = contract.truth
    names = [name.decode() for name in words.to_texts(units.names)]
    columns = (truth.start or "", truth.end or "", truth.label or "")
    cells = list(zip(*(table.texts(column, units.rows) for column in columns), strict=True))
    bounds = zip(names, itertools.pairwise(units.offsets.tolist()), strict=True)
    laid = [_document(contract, name, cells[a:b]) for name, (a, b) in bounds]
    texts, code = nomenclature(contract.answer.answer.domain, (s[2] for row in laid for s in row))
    flat = [(code[label], start, end) for row in laid for start, end, label in row]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in laid])]).astype(np.int64)
    arrays: dict[str, NDArray[Any]] = {
        "y": np.array(flat, np.int32).reshape(-1, 3),
        "y.offsets": offsets,
    }
    return arrays, meta | {"texts": texts}


def _document(
    contract: ScoringContract, name: str, cells: Sequence[tuple[str, str, str]]
) -> list[Span]:
    if ("", "", "") in cells:
        if len(cells) > 1:
            raise TruthFault("E_IDS", name)
        return []
    spans = sorted(_span(name, *row) for row in cells)
    for before, after in itertools.pairwise(spans):
        meet = before == after if contract.answer.overlaps else after[0] < before[1]
        if meet:
            raise TruthFault("E_VALUE", f"{name} : segments qui se chevauchent")
    return spans


def _span(name: str, start: str, end: str, label: str) -> Span:
    if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit()) or not label:
        raise TruthFault("E_VALUE", f"{name} : {start}, {end}, {label}")
    if not int(start) < int(end) <= LARGEST:
        raise TruthFault("E_VALUE", f"{name} : {start}, {end}")
    return int(start), int(end), label

"""Tell a team, once all is revealed, where its answer is right: classes, errors, calibration.

What is told is already rounded and without small classes: it is sealed as it will be read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.published import DECIMALS, rounded_count
from challenges.scoring.audit.shown import LABELLED, floors
from challenges.scoring.audit.slices import hidden, slices, table
from challenges.scoring.contract import ScoringContract
from challenges.scoring.intervals import Z95, wilson
from challenges.scoring.metric import Part

Array = NDArray[Any]
Json = dict[str, Any]
BINS = 10
MOST_CLASSES = 500
MOST_IN_A_MATRIX = 20


def details(contract: ScoringContract, part: Part) -> Json | None:
    """Return what an entry's page tells of one part, None when this kind of answer has nothing.

    Counts are rounded to 5; a class under the audit's threshold is left out, with the next
    smallest where it could be worked out; a bin of scores holds as many rows as a group of the
    challenge, 11 or more, 5 of each answer.
    Intervals are given where rows are independent.
    """
    if part.y_offsets is not None or part.y.ndim != 1:
        return None
    independent = contract.truth.is_plain
    told: Json = {"n": rounded_count(len(part))}
    if part.texts:
        answered = _labels(contract, part)
        if answered is None:
            return None
        return told | _classes(contract, part.texts, part.y, answered, independent=independent)
    if part.p.ndim != 1:
        return None
    if not np.isin(part.y, (0.0, 1.0)).all():
        bins = _numbers(part, contract.n_min_group, independent=independent)
        return told | {"kind": "numbers", "calibration": bins}
    threshold = contract.audit.threshold if contract.audit else 0.5
    answered = (part.p >= threshold).astype(np.int64)
    found = _classes(
        contract, ["0", "1"], part.y.astype(np.int64), answered, independent=independent
    )
    if len(part) and (part.p.min() < 0 or part.p.max() > 1):
        return told | found
    bins = _scores(part, contract.n_min_group, independent=independent)
    return told | found | {"calibration": bins}


def _labels(contract: ScoringContract, part: Part) -> Array | None:
    if part.p.ndim == 1:
        return part.p
    return part.p.argmax(1) if contract.answer.classes is not None else None


def _classes(
    contract: ScoringContract, texts: Sequence[str], y: Array, p: Array, *, independent: bool
) -> Json:
    """Describe the classes of the truth that may be shown, and the matrix between them."""
    cut = slices({"class": y}, {"class": texts}, ["class"], [])[0]
    nothing = np.zeros(len(y))
    counted = table(cut, nothing, nothing, None)
    shown = ~hidden([counted], floors(contract, labelled=False))[0]
    held = np.flatnonzero(np.bincount(y, minlength=len(texts)))
    kept = held[shown][:MOST_CLASSES]
    right = np.bincount(y[y == p], minlength=len(texts))
    true = np.bincount(y, minlength=len(texts))
    given = np.bincount(p, minlength=len(texts))
    told: Json = {
        "kind": "classes",
        "hidden": int((~shown).sum()),
        "classes": [
            _class(
                texts[k],
                (int(true[k]), int(given[k]), int(right[k])),
                contract.n_min_group,
                independent=independent,
            )
            for k in kept.tolist()
        ],
        "matrix": None,
    }
    if 2 <= len(kept) <= MOST_IN_A_MATRIX:
        told["matrix"] = _matrix(kept, y, p, others=bool((~shown).any()))
    return told


def _class(name: str, counts: tuple[int, int, int], least: int, *, independent: bool) -> Json:
    """Describe a class. counts: rows that are of it, that are given it, that are both."""
    true, given, right = counts
    precise = given >= least
    return {
        "key": name,
        "n": rounded_count(true),
        "given": rounded_count(given),
        "recall": _share(right, true, independent=independent),
        "precision": _share(right, given, independent=independent) if precise else None,
        "f1": round(2 * right / (true + given), DECIMALS) if precise else None,
    }


def _share(hits: int, n: int, *, independent: bool) -> Json:
    low, high = wilson(hits, n) if independent else (None, None)
    return {"value": round(hits / n, DECIMALS), "low": _rounded(low), "high": _rounded(high)}


def _matrix(kept: Array, y: Array, p: Array, *, others: bool) -> Json:
    """Count, rounded to 5, the answers of each class; the last column gathers all others."""
    size = len(kept)
    at = np.full(int(max(y.max(), p.max(), kept.max())) + 1, size, np.int64)
    at[kept] = np.arange(size)
    cells = np.bincount(at[y] * (size + 1) + at[p], minlength=(size + 1) ** 2)
    cells = cells.reshape(size + 1, size + 1)
    rows = size + 1 if others else size
    return {
        "others": others,
        "cells": [[rounded_count(int(n)) for n in line] for line in cells[:rows]],
    }


def _scores(part: Part, least: int, *, independent: bool) -> list[Json]:
    """Compare mean score and share of yes, over bins of scores merged until none is small."""
    order = np.argsort(part.p, kind="stable")
    y, p = part.y[order], part.p[order]
    edges = np.searchsorted(p, np.arange(1, BINS) / BINS, "left")
    told = []
    for first, last in _merged(y, [*edges.tolist(), len(p)], least):
        n, yes = last - first, int(y[first:last].sum())
        low, high = wilson(yes, n) if independent else (None, None)
        told.append(
            {
                "n": rounded_count(n),
                "predicted": _rounded(float(p[first:last].mean())),
                "observed": round(yes / n, DECIMALS),
                "low": _rounded(low),
                "high": _rounded(high),
            }
        )
    return told


def _merged(y: Array, ends: Sequence[int], least: int) -> Iterator[tuple[int, int]]:
    """Yield bins of so many rows and 5 of each answer, the last ones joined to be so."""
    found: list[tuple[int, int]] = []
    first = 0
    for last in ends:
        if _large(y[first:last], least):
            found.append((first, last))
            first = last
    if first < len(y) and found:
        found[-1] = (found[-1][0], len(y))
    yield from found


def _large(y: Array, least: int) -> bool:
    yes = y.sum()
    return bool(len(y) >= least and yes >= LABELLED and len(y) - yes >= LABELLED)


def _numbers(part: Part, least: int, *, independent: bool) -> list[Json]:
    """Compare mean answer and mean truth, over ten groups of equal size by answer."""
    order = np.argsort(part.p, kind="stable")
    count = min(BINS, len(order) // least)
    told = []
    for rows in np.array_split(order, count) if count else []:
        y, p = part.y[rows], part.p[rows]
        half = Z95 * float(y.std(ddof=1)) / len(rows) ** 0.5 if independent else None
        mean = float(y.mean())
        told.append(
            {
                "n": rounded_count(len(rows)),
                "predicted": _figures(float(p.mean())),
                "observed": _figures(mean),
                "low": None if half is None else _figures(mean - half),
                "high": None if half is None else _figures(mean + half),
            }
        )
    return told


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS) + 0.0


def _figures(value: float) -> float:
    """Round to four significant digits: the scale of a truth in numbers is anything."""
    return float(f"{value:.4g}") + 0.0

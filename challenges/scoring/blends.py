"""Find entries that are a mean of other teams' entries, by non-negative least squares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.signals import ALIKE, Entrant, Known, residuals

Floats = NDArray[np.float64]
Places = NDArray[Any]
BLEND = 0.9999
TERMS = 3
LEAST_WEIGHT = 0.01


@dataclass(frozen=True)
class Blend:
    """Tell that an entry is a weighted mean of others': (entry, share of the weight)."""

    entry: str
    terms: tuple[tuple[str, float], ...]
    r2: float


def blends(entrants: Sequence[Entrant], known: Known) -> list[Blend]:
    """Find the entries that are a mean of two or three entries of other teams.

    Non-negative least squares on what is an entry's own: R² above 0.9999 with 2 or 3 terms.
    An entry that is alike to one other alone is no blend.
    """
    numbers = [e for e in entrants if not e.sketch.is_words and e.digest not in known.digests]
    kept, rows = residuals(numbers, known)
    if len(kept) < 3:
        return []
    gram = rows @ rows.T
    teams = np.array([each.team for each in kept])
    found = []
    for i, each in enumerate(kept):
        others = _apart(np.flatnonzero(teams != each.team), gram)
        others = others[gram[others, i] <= ALIKE]
        terms, r2 = _few_terms(gram, others, i)
        if r2 > BLEND and 2 <= len(terms) <= TERMS:
            whole = sum(weight for _, weight in terms)
            shares = tuple((kept[j].entry, weight / whole) for j, weight in terms)
            found.append(Blend(each.entry, shares, r2))
    return found


def _apart(places: Places, gram: Floats) -> Places:
    """Keep of some vectors those that repeat no earlier one."""
    kept: list[int] = []
    for at in places.tolist():
        if not kept or float(gram[at, kept].max()) <= ALIKE:
            kept.append(at)
    return np.array(kept, np.intp)


def _few_terms(gram: Floats, others: Places, at: int) -> tuple[list[tuple[int, float]], float]:
    """Return the terms that weigh most in a fit, at most 3, fitted again, and their R²."""
    weights = nonnegative(gram[np.ix_(others, others)], gram[others, at])
    largest = np.argsort(-weights, kind="stable")[:TERMS]
    chosen = others[largest[weights[largest] > LEAST_WEIGHT]]
    inner, cross = gram[np.ix_(chosen, chosen)], gram[chosen, at]
    fitted = nonnegative(inner, cross)
    r2 = float(2 * fitted @ cross - fitted @ inner @ fitted)
    pairs = zip(chosen.tolist(), fitted.tolist(), strict=True)
    return [(j, weight) for j, weight in pairs if weight > LEAST_WEIGHT], r2


def nonnegative(gram: Floats, cross: Floats) -> Floats:
    """Solve least squares under x ≥ 0, from AᵀA and Aᵀb; returns x.

    Source: Lawson and Hanson 1974, algorithm NNLS. Oracle: scipy.optimize.nnls.
    """
    x = np.zeros(len(cross))
    active = np.zeros(len(cross), np.bool_)
    for _ in range(3 * len(cross)):
        slope = np.where(active, -np.inf, cross - gram @ x)
        if not len(slope) or slope.max() <= 1e-10:
            break
        active[np.argmax(slope)] = True
        x = _descend(gram, cross, x, active)
    return x


def _descend(gram: Floats, cross: Floats, x: Floats, active: NDArray[np.bool_]) -> Floats:
    """Move to the best point of the active terms, dropping those that reach 0 on the way."""
    while True:
        best = np.zeros(len(x))
        best[active] = np.linalg.lstsq(gram[np.ix_(active, active)], cross[active], rcond=None)[0]
        below = active & (best <= 0)
        if not below.any():
            return best
        step = float(np.min(x[below] / np.maximum(x[below] - best[below], 1e-300)))
        x = np.maximum(x + step * (best - x), 0.0)
        active &= (x > 1e-12) | ~below
        x[~active] = 0.0

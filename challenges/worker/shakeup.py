"""Compare two orders of the same teams: how far the private part moves the public one."""

from collections.abc import Sequence
from math import sqrt


def kendall_b(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return Kendall's τ_b of two samples, None when one is constant or shorter than two.

    Ties count as in τ_b: (C − D) / √((C + D + Tx)(C + D + Ty)). O(n²).
    Oracle: scipy.stats.kendalltau.
    """
    concordant = discordant = ties_x = ties_y = 0
    for i in range(len(x)):
        for j in range(i):
            dx, dy = _sign(x[i] - x[j]), _sign(y[i] - y[j])
            if dx == 0 and dy != 0:
                ties_x += 1
            elif dy == 0 and dx != 0:
                ties_y += 1
            elif dx * dy > 0:
                concordant += 1
            elif dx * dy < 0:
                discordant += 1
    pairs = concordant + discordant
    scale = sqrt((pairs + ties_x) * (pairs + ties_y))
    return None if scale == 0 else (concordant - discordant) / scale


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return Spearman's ρ with mid-ranks, None when a sample is constant or shorter than two.

    Oracle: scipy.stats.spearmanr.
    """
    return _pearson(_midranks(x), _midranks(y))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _midranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=lambda i: values[i])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for each in order[start : end + 1]:
            ranks[each] = (start + end) / 2 + 1
        start = end + 1
    return ranks


def _pearson(x: Sequence[float], y: Sequence[float]) -> float | None:
    if len(x) < 2:
        return None
    mx, my = sum(x) / len(x), sum(y) / len(y)
    sxy = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    sxx, syy = sum((a - mx) ** 2 for a in x), sum((b - my) ** 2 for b in y)
    return None if sxx == 0 or syy == 0 else sxy / sqrt(sxx * syy)

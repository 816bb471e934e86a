"""Choose round graduations for the axis of a leaderboard."""

import math


def round_axis(low: float, high: float, ticks: int = 5) -> tuple[float, float]:
    """Widen a range so that its graduations are round numbers."""
    if high <= low:
        margin = abs(low) * 0.05 or 0.1
        low, high = low - margin, low + margin
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / (ticks - 1)))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * power
        start = math.floor(low / step + 1e-9) * step
        if start + step * (ticks - 1) >= high - 1e-12:
            return (start, start + step * (ticks - 1))
    return (low, high)


def axis_decimals(minimum: float, maximum: float, ticks: int = 5) -> int:
    """Return how many decimals the graduations need."""
    step = (maximum - minimum) / (ticks - 1)
    return next((n for n in range(7) if abs(round(step, n) - step) < step * 1e-6), 6)

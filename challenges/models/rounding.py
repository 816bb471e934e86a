"""Round a figure once, at the moment it is released or averaged over tasks."""

_LONG = 1e15


def rounded(value: float, decimals: int) -> tuple[float, str]:
    """Return the released value and its text; minus zero is zero."""
    released = round(float(value), decimals) + 0.0
    return released, written(released, decimals)


def written(value: float, decimals: int) -> str:
    """Write a released value, with a power of ten from 1e15: its text has 32 characters at most."""
    if abs(value) < _LONG:
        return f"{value:.{decimals}f}"
    return f"{value:.{min(decimals, 6)}e}"

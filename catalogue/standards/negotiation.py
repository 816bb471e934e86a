"""Choose the form of an answer by what is asked.

Source: RFC 9110, 12.5.1.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST_RANGES = 40


def choose(accept: str, offered: Sequence[str]) -> str:
    """Give the media type of `offered` that is preferred: named rather than allowed, else first.

    Nothing asked, or nothing asked that is offered: the first one.
    """
    ranges = _ranges(accept)
    weighed = [(*_weight(kind, ranges), -place) for place, kind in enumerate(offered)]
    weight, _exactness, place = max(weighed)
    return offered[-place] if weight else offered[0]


def _ranges(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(",")[:MOST_RANGES]:
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        quality = 1.0
        for each in parameters:
            if each.startswith("q="):
                quality = _quality(each[2:])
        if name:
            found[name] = quality
    return found or {"*/*": 1.0}


def _quality(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 1 else 0.0


def _weight(kind: str, ranges: dict[str, float]) -> tuple[float, int]:
    """Give the weight of the most exact range that holds a type, and how exact it is."""
    family = f"{kind.split('/')[0]}/*"
    for exactness, name in ((2, kind), (1, family), (0, "*/*")):
        if name in ranges:
            return ranges[name], exactness
    return 0.0, 0

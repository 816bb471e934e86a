"""Place dots, intervals and lines on a drawing; the table beside says the same in figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.pages.typography import number

ROW_HEIGHT = 44
TOP = 12
AXIS_HEIGHT = 28
MARGIN = 2.0
TICKS = 3
SIDE = 320
INSET = 34
RANK_HEIGHT = 28
RANKS_LEFT = 7.0
RANKS_WIDTH = 55.0


def dots(
    key: str,
    title: str,
    description: str,
    rows: Sequence[Mapping[str, Any]],
    scale: tuple[float, float],
    *,
    reference: float | None = None,
    decimals: int = 3,
    percent: bool = False,
) -> dict[str, Any]:
    """Lay out a plot of one dot and one interval a row, stretched to the width it is given.

    key: unique on the page. rows: label, value, low, high (None where unknown), faint. scale:
    ends of the axis. reference: a value drawn as a line through all rows. percent: graduations
    are shares, written out of 100 with these decimals. Positions are in per cent of the width.
    """
    low, high = scale
    height = TOP + ROW_HEIGHT * len(rows)

    def at(value: float) -> str:
        share = 0.5 if high <= low else (value - low) / (high - low)
        return f"{MARGIN + (100 - 2 * MARGIN) * min(1.0, max(0.0, share)):.2f}%"

    return {
        "key": key,
        "title": title,
        "description": description,
        "height": height + AXIS_HEIGHT,
        "bottom": height,
        "reference": None if reference is None else at(reference),
        "rows": [
            {
                "label": row["label"],
                "faint": bool(row.get("faint")),
                "text": TOP + ROW_HEIGHT * place + 12,
                "line": TOP + ROW_HEIGHT * place + 26,
                "point": at(row["value"]),
                "low": None if row.get("low") is None else at(row["low"]),
                "high": None if row.get("high") is None else at(row["high"]),
            }
            for place, row in enumerate(rows)
        ],
        "ticks": [
            {"at": at(value), "text": _graduation(value, decimals, percent=percent), "anchor": side}
            for value, side in zip(
                (low + (high - low) * i / (TICKS - 1) for i in range(TICKS)),
                ("start", "middle", "end"),
                strict=True,
            )
        ],
        "axis_text": height + 20,
        "left": f"{MARGIN:.2f}%",
        "right": f"{100 - MARGIN:.2f}%",
    }


def reliability(
    key: str,
    title: str,
    description: str,
    points: Sequence[Mapping[str, Any]],
    scale: tuple[float, float],
    *,
    decimals: int = 2,
) -> dict[str, Any]:
    """Lay out observed against predicted, in a square with its diagonal.

    points: predicted, observed, low, high (None where unknown). scale: ends of both axes.
    """
    low, high = scale
    room = SIDE - 2 * INSET

    def along(value: float) -> float:
        share = 0.5 if high <= low else (value - low) / (high - low)
        return room * min(1.0, max(0.0, share))

    def across(value: float) -> str:
        return f"{INSET + along(value):.1f}"

    def up(value: float) -> str:
        return f"{SIDE - INSET - along(value):.1f}"

    ends = (low, (low + high) / 2, high)
    return {
        "key": key,
        "title": title,
        "description": description,
        "side": SIDE,
        "near": INSET,
        "far": SIDE - INSET,
        "points": [
            {
                "x": across(point["predicted"]),
                "y": up(point["observed"]),
                "low": None if point.get("low") is None else up(point["low"]),
                "high": None if point.get("high") is None else up(point["high"]),
            }
            for point in points
        ],
        "ticks": [
            {"x": across(value), "y": up(value), "text": number(value, decimals)} for value in ends
        ],
        "below": SIDE - INSET + 18,
        "beside": INSET - 6,
    }


def _graduation(value: float, decimals: int, *, percent: bool) -> str:
    return f"{number(value * 100, decimals)}\u202f%" if percent else number(value, decimals)


def ranks(
    key: str,
    title: str,
    description: str,
    rows: Sequence[Mapping[str, Any]],
    ticks: Sequence[tuple[int, str]],
    places: Sequence[float],
    *,
    deepest: int,
    beyond: str = "",
) -> dict[str, Any]:
    """Lay out the ranks of a few rows over time: a line each, its name at its end, 1 at the top.

    rows: label, tone, strong, ranks (one for each place, None where there is none), the first
    name on top. places: where each moment stands, 0 to 1. ticks: (place, text) of some of them.
    deepest: the last rank drawn at its height; worse ones share a line named `beyond`.
    """
    lines = deepest + bool(beyond)
    bottom = TOP + RANK_HEIGHT * max(lines, len(rows))

    def at(place: int) -> str:
        return f"{RANKS_LEFT + RANKS_WIDTH * places[place]:.2f}%"

    def height(rank: int) -> int:
        return TOP + RANK_HEIGHT * min(rank, deepest + 1) - RANK_HEIGHT // 2

    anchors = ["start", *["middle"] * (len(ticks) - 2), "end"][: len(ticks)]
    return {
        "key": key,
        "title": title,
        "description": description,
        "height": bottom + AXIS_HEIGHT,
        "bottom": bottom,
        "levels": [
            {"y": height(rank), "text": str(rank) if rank <= deepest else beyond}
            for rank in range(1, lines + 1)
        ],
        "rows": [
            {
                "label": row["label"],
                "tone": row["tone"],
                "strong": bool(row.get("strong")),
                "slot": TOP + RANK_HEIGHT * number + RANK_HEIGHT // 2,
                "parts": [
                    {"x1": at(a), "y1": height(one), "x2": at(b), "y2": height(other)}
                    for (a, one), (b, other) in _parts(row["ranks"])
                ],
                "dots": [
                    {"x": at(place), "y": height(rank)} for place, rank in _ends(row["ranks"])
                ],
                "last": height(row["ranks"][-1]) if row["ranks"][-1] is not None else None,
            }
            for number, row in enumerate(rows)
        ],
        "ticks": [
            {"at": at(place), "text": text, "anchor": anchor}
            for (place, text), anchor in zip(ticks, anchors, strict=True)
        ],
        "axis_text": bottom + 20,
        "left": f"{RANKS_LEFT:.2f}%",
        "right": f"{RANKS_LEFT + RANKS_WIDTH:.2f}%",
        "names": f"{RANKS_LEFT + RANKS_WIDTH + 6:.2f}%",
        "joint": f"{RANKS_LEFT + RANKS_WIDTH + 5:.2f}%",
    }


def _parts(
    found: Sequence[int | None],
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Cut a line where its rank changes or is missing: ((place, rank), (place, rank)) each."""
    parts: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for place in range(1, len(found)):
        before, after = found[place - 1], found[place]
        if before is None or after is None:
            continue
        flat = bool(parts) and parts[-1][1] == (place - 1, before)
        if flat and parts[-1][0][1] == before == after:
            parts[-1] = (parts[-1][0], (place, after))
        else:
            parts.append(((place - 1, before), (place, after)))
    return parts


def _ends(found: Sequence[int | None]) -> list[tuple[int, int]]:
    """Return where a line begins and where it ends, so that a lone moment is seen too."""
    there = [(place, rank) for place, rank in enumerate(found) if rank is not None]
    return [there[0], there[-1]] if len(there) > 1 else there

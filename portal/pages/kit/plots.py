"""Place dots, intervals and lines on a drawing; the table beside says the same in figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.pages.typography import number

ROW_HEIGHT = 44
TOP = 12
AXIS_HEIGHT = 28
MARGIN = 2.0
TICKS = 3


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


def _graduation(value: float, decimals: int, *, percent: bool) -> str:
    return f"{number(value * 100, decimals)}\u202f%" if percent else number(value, decimals)

"""Show rank over time: the drawing and its table on the page of a board."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from challenges.queries import days as past
from challenges.queries.boards import Board
from challenges.queries.days import Past

DRAWN = 8
DATES = 5
DEEPEST = 12
NAME_CHARACTERS = 16
# Of the width, what lies between the last day and the final results.
FINAL_SHARE = 0.3
TONES = ("calanque", "ocre", "pin", "garance", "lavande", "olivier", "mimosa", "ardoise")


def days_context(board: Board, mine: int | None) -> dict[str, Any]:
    """Prepare the drawing and the table of a board that is read whole; its first teams, and mine.

    Nothing of a longer one, whose file has every day.
    """
    if board.window:
        return {"kept": True}
    names = past.names_of(board)
    shown = dict(list(names.items())[:DRAWN])
    if mine in names and mine not in shown:
        shown = dict([*list(shown.items())[: DRAWN - 1], (mine, names[mine])])
    found = past.days_of(board, shown)
    days = [day for day, told in found.days.items() if told]
    if not days or (len(days) < 2 and not found.final):
        return {"kept": False}
    moments = [*(found.days[day] for day in days), *([found.final] if found.final else [])]
    return {
        "kept": True,
        "plot": _plot(shown, days, moments, mine, final=bool(found.final)),
        "dates": _spread(days),
        "rows": [
            {
                "team": name,
                "mine": team == mine,
                "ranks": [_rank(found.days[day].get(team)) for day in _spread(days)],
                "best": min(_known(moments, team), default=None),
                "final": _rank(found.final.get(team)),
            }
            for team, name in shown.items()
        ],
        "final": bool(found.final),
        "others": len(names) - len(shown),
    }


def _plot(
    shown: Mapping[int, str],
    days: Sequence[date],
    moments: Sequence[Mapping[int, Past]],
    mine: int | None,
    *,
    final: bool,
) -> dict[str, Any]:
    worst = max((rank for team in shown for rank in _known(moments, team)), default=1)
    deepest = min(max(worst, len(shown)), DEEPEST)
    width = 1 - FINAL_SHARE if final and len(days) > 1 else 1.0
    places = [width * place / max(1, len(days) - 1) for place in range(len(days))]
    ticks = [(0, _short(days[0]))]
    if len(days) > 1:
        ticks.append((len(days) - 1, _short(days[-1])))
    if final:
        places.append(1.0)
        ticks.append((len(days), _("définitif")))
    return {
        "key": "plot-days",
        "title": _("Rang des équipes au fil des jours"),
        "description": _(
            "Une ligne par équipe, le premier rang en haut ; le tableau donne les mêmes rangs."
        ),
        "rows": [
            {
                "label": _shortened(name),
                "tone": tone,
                "strong": team == mine,
                "ranks": [_rank(told.get(team)) for told in moments],
            }
            for (team, name), tone in zip(shown.items(), TONES, strict=False)
        ],
        "places": places,
        "ticks": ticks,
        "deepest": deepest,
        "beyond": f"> {deepest}" if worst > deepest else "",
    }


def _spread(days: Sequence[date]) -> list[date]:
    """Choose a few days, the first and the last among them, evenly."""
    count = min(DATES, len(days))
    if count < 2:
        return list(days)
    return [days[round(place * (len(days) - 1) / (count - 1))] for place in range(count)]


def _known(moments: Sequence[Mapping[int, Past]], team: int) -> list[int]:
    return [
        told[team].rank or 0 for told in moments if team in told and told[team].rank is not None
    ]


def _rank(found: Past | None) -> int | None:
    return found.rank if found else None


def _short(day: date) -> str:
    return str(date_format(day, "j N"))


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1].rstrip()}…"

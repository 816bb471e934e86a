"""Rank over time: the days of a board, for the teams that it shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from challenges.enums import Split
from challenges.models import StandingDay, timelines
from challenges.queries import windows
from challenges.queries.boards import Board
from portal.lib.files import csv_safe


@dataclass(frozen=True)
class Past:
    """What a team was on a day: its rank, None without one, and its figure as written."""

    rank: int | None
    text: str


@dataclass(frozen=True)
class Days:
    """The days of a board in order; of its final results, once they are out.

    days, final: {team: what it was}. Teams that the board shows no more are in none.
    """

    days: Mapping[date, Mapping[int, Past]]
    final: Mapping[int, Past]


def days_of(board: Board, teams: Mapping[int, str]) -> Days:
    """Read the days of a board for some of its teams, named as it names them today."""
    days: dict[date, Mapping[int, Past]] = {}
    final: Mapping[int, Past] = {}
    for split, day, rows in _stored(board):
        shown = {team: Past(rank, text) for team, rank, text in rows if team in teams}
        if split == Split.PUBLIC:
            days[day] = shown
        elif board.revealed:
            final = shown
    return Days(days, final)


def digest_of(board: Board) -> str:
    """Return what changes when the days of a board do, or the names of its teams: for an ETag."""
    written = board.leaderboard.facts.get(timelines.FACTS, {}).get("computed_at", "")
    return f"{board.digest} {written}"


def names_of(board: Board) -> dict[int, str]:
    """Name the teams of the rows that a board holds, references left out; the best row first."""
    names: dict[int, str] = {}
    for row in board.rows:
        if not row.is_baseline:
            names.setdefault(row.standing.team_id, row.team_name)
    return names


def as_document(board: Board) -> dict[str, Any]:
    """Return the days of the teams of a page as the documented JSON."""
    names = names_of(board)
    found = days_of(board, names)
    days = list(found.days)
    return {
        "days": [day.isoformat() for day in days],
        "rows": [
            {
                "team": name,
                "ranks": [_rank(found.days[day].get(team)) for day in days],
                "values": [_text(found.days[day].get(team)) for day in days],
                "final": _rank(found.final.get(team)) if found.final else None,
            }
            for team, name in names.items()
        ],
    }


def csv_rows(board: Board) -> Iterator[list[str]]:
    """Yield the header then a row a day and team; formulas are neutralised.

    board: read without its rows. The final results come last, without a day.
    """
    yield ["jour", "rang", "equipe", "score", "definitif"]
    stored = list(_stored(board))
    teams = {team for _split, _day, rows in stored for team, _rank, _text in rows}
    names = windows.named(board, teams)
    for split, day, rows in stored:
        final = split == Split.PRIVATE
        if final and not board.revealed:
            continue
        for team, rank, text in rows:
            if team in names:
                told = "" if final else day.isoformat()
                cells = [told, str(rank or ""), names[team], text, "oui" if final else "non"]
                yield [csv_safe(cell) for cell in cells]


def _stored(board: Board) -> Iterator[tuple[str, date, list[Any]]]:
    """Yield each day; a column hidden since it was written tells no figure any more."""
    primary = board.leaderboard.primary_id
    tells = any(each.pk == primary for each in board.columns)
    days = StandingDay.objects.filter(leaderboard=board.leaderboard)
    # « public » follows « private » in the alphabet: the final day is read first, told last.
    for split, day, rows in (
        days.order_by("-split", "day").values_list("split", "day", "rows").iterator()
    ):
        yield split, day, [[team, rank, text if tells else ""] for team, rank, text in rows]


def _rank(past: Past | None) -> int | None:
    return past.rank if past else None


def _text(past: Past | None) -> str | None:
    return past.text if past else None

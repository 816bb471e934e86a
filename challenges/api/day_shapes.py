"""The days of a leaderboard as their endpoint sends them."""

from datetime import date
from typing import Any

from ninja import Schema

from challenges.queries import days
from challenges.queries.boards import Board


class TeamDaysOut(Schema):
    """A team on each day of `days`, null where it had no rank; final is its definitive rank."""

    team: str
    ranks: list[int | None]
    values: list[str | None]
    final: int | None


class BoardDaysOut(Schema):
    """The ranks of a leaderboard at the end of each day of Paris, 1,000 teams a page."""

    challenge: str
    key: str
    title: str
    phase: int
    page: int
    pages: int
    days: list[date]
    rows: list[TeamDaysOut]


def days_json(slug: str, board: Board) -> dict[str, Any]:
    """Describe the days of a leaderboard, for the teams of a page."""
    return {
        "challenge": slug,
        "key": board.leaderboard.key,
        "title": board.leaderboard.title,
        "phase": board.leaderboard.phase.index,
        "page": board.window.page if board.window else 1,
        "pages": board.window.pages if board.window else 1,
        **days.as_document(board),
    }

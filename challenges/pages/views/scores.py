"""Lay out the scores of an entry: beside the reference, measure by measure, and over time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import Split
from challenges.evaluation.queries import ShownFigures
from challenges.organising.models.challenges import Viewer
from challenges.organising.models.scorings import Column
from challenges.results.queries import boards
from challenges.results.queries.boards import Board, BoardRow
from challenges.results.views import boards as board_views
from challenges.results.views.boards import text_of
from portal.lib import clock
from portal.lib.prose.numbers import number
from portal.lib.refusals import Hidden

# What follows the name of a figure in a file.
PARTS_OF_KEYS = {Split.PUBLIC: "", Split.PRIVATE: "_prive"}
# Points of a chart: a team that entered more sees its last ones.
MOST_POINTS = 60


def entry_scores(own: Entry, shown: ShownFigures, viewer: Viewer) -> dict[str, Any]:
    """Tell what the page of an entry says of its score; nothing before it has one.

    The final part from the reveal on, with the public one beside in the measures.
    """
    phase, team = own.enrolment.phase, own.enrolment.team
    split = Split.PRIVATE if phase.is_revealed else Split.PUBLIC
    if shown.primary is None or not shown.scores.get(Split.PUBLIC, {}).get(shown.primary.key):
        return {}
    try:
        board = boards.read_board(phase, split, viewer, per_page=1, mine=team.pk)
    except Hidden:
        return {}
    listed = board.window.own
    if listed is not None and listed.standing.entry_id != own.pk:
        listed = None
    reference = boards.reference_row(board)
    beside = replace(board, rows=[reference] if reference else [])
    rows = [_own_row(own, shown, board, listed, split)]
    rows += board_views.table_rows(beside, mine=None, sorted_by_rank=False)
    return {
        "board": board,
        "place": listed.standing if listed else None,
        "teams": board.facts.get("rows", 0) - len(board.facts.get("references", [])),
        "gap": board_views.gap(board),
        "tested": board.facts.get("tested", board.window.intervals),
        "has_reference": reference is not None,
        "compared": [row | {"extra": ()} for row in rows],
        "scale": board_views.scale_of(board),
        "intervals": board.window.intervals,
        "measures": _measures(board, shown, reference),
        "final_part": split == Split.PRIVATE,
    }


def _own_row(
    own: Entry, shown: ShownFigures, board: Board, listed: BoardRow | None, split: Split
) -> dict[str, Any]:
    key = shown.primary.key if shown.primary else ""
    cell = shown.scores.get(split, {}).get(key) or {}
    rank = listed.standing.rank if listed else None
    return {
        "rank": rank or "–",
        "tied": rank in board.window.tied,
        "team": own.enrolment.team.name,
        "note": _("Vous, soumission %(number)d") % {"number": own.number},
        "value": cell.get("value"),
        "low": listed.standing.interval_low if listed else cell.get("low"),
        "high": listed.standing.interval_high if listed else cell.get("high"),
        "mine": True,
    }


def _measures(
    board: Board, shown: ShownFigures, reference: BoardRow | None
) -> list[dict[str, Any]]:
    """List each figure that the board shows of an entry, beside the reference's."""
    columns = [board.primary, *board.secondary] if board.primary else board.secondary
    if board.revealed:
        columns += [each for each in board_views.fairness_of(board) if not each.grouped]
    found = []
    for column in columns:
        if column is None or column.is_fact:
            continue
        parts = {part: shown.scores.get(part, {}).get(column.key) or {} for part in Split}
        if not any(parts.values()):
            continue
        beside = board_views.cell_of(board, reference, column) if reference else {}
        found.append(
            {
                "title": column.title,
                "role": _role(column, board),
                "public": _written(parts[Split.PUBLIC], column),
                "private": _written(parts[Split.PRIVATE], column),
                "reference": text_of(beside, column),
                "primary": column.pk == board.leaderboard.primary_id,
            }
        )
    return found


def _role(column: Column, board: Board) -> str:
    if column.pk == board.leaderboard.primary_id:
        return _("détermine le rang")
    rules = board_views.prize_rules([column], board.leaderboard.phase.challenge)
    return _("pour un prix : %(rule)s") % {"rule": rules} if rules else _("affichée")


def _written(cell: Mapping[str, Any], column: Column) -> dict[str, str]:
    return {"text": text_of(dict(cell), column), **board_views.ends_of(dict(cell), column)}


def figure_keys(shown: Iterable[ShownFigures]) -> list[str]:
    """Name the figures of some entries in a file: of the public part, then of the private one."""
    found: dict[str, None] = {}
    for split in (Split.PUBLIC, Split.PRIVATE):
        for each in shown:
            primary = each.primary.key if each.primary else ""
            keys = sorted(each.scores.get(split, {}), key=lambda key: key != primary)
            found |= dict.fromkeys(f"{key}{PARTS_OF_KEYS[split]}" for key in keys)
    return list(found)


def figure_cells(shown: ShownFigures, keys: Sequence[str]) -> list[str]:
    """Write the figures of an entry under these names, as the board's file does."""
    told = {
        f"{key}{PARTS_OF_KEYS[split]}": cell
        for split in (Split.PUBLIC, Split.PRIVATE)
        for key, cell in shown.scores.get(split, {}).items()
    }
    cells: list[str] = []
    for key in keys:
        cell = told.get(key) or {}
        text = str(cell.get("text") or "")
        decimals = len(text.partition(".")[2])
        cells.append(text)
        for bound in ("low", "high"):
            value = cell.get(bound)
            cells.append("" if value is None else f"{value:.{decimals}f}")
    return cells


WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 364, 190, 52, 20, 158


@dataclass(frozen=True)
class Point:
    """One scored entry on the chart, in units of the drawing."""

    number: int
    x: str
    y: str
    low: str
    high: str
    current: bool


def score_chart(
    entries: Sequence[Entry], shown: Mapping[UUID, ShownFigures], own: Entry
) -> dict[str, Any] | None:
    """Draw the public scores of a team in a phase over time, with what is to beat; None for one.

    entries: of the team in the phase, the last first.
    """
    scored = [each for each in entries if each.status == EntryStatus.SCORED][:MOST_POINTS]
    column = shown[scored[0].pk].primary if scored else None
    if column is None:
        return None
    told = [
        (each, cell)
        for each in reversed(scored)
        if (cell := shown[each.pk].scores.get(Split.PUBLIC, {}).get(column.key) or {}).get("value")
        is not None
    ]
    if len(told) < 2:
        return None
    axis = column.leaderboard.facts.get(Split.PUBLIC.value, {}).get("axis", {})
    return _drawn(column, told, own, axis.get("reference"))


def _drawn(
    column: Column,
    told: Sequence[tuple[Entry, Mapping[str, Any]]],
    own: Entry,
    reference: float | None,
) -> dict[str, Any]:
    cells = [*(cell for _entry, cell in told), {"value": reference}]
    ends = [cell.get(end) for cell in cells for end in ("low", "value", "high")]
    known = [each for each in ends if each is not None]
    low, high = board_views.round_axis(min(known), max(known))
    first, last = told[0][0].received_at, told[-1][0].received_at

    def across(at: datetime) -> str:
        span = (last - first).total_seconds()
        share = (at - first).total_seconds() / span if span else 0.5
        return f"{LEFT + 8 + share * (WIDTH - LEFT - 20):.1f}"

    def up(value: float) -> str:
        return f"{BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP):.1f}"

    points = [
        Point(
            number=each.number,
            x=across(each.received_at),
            y=up(cell["value"]),
            low=up(cell["low"]) if cell.get("low") is not None else "",
            high=up(cell["high"]) if cell.get("high") is not None else "",
            current=each.pk == own.pk,
        )
        for each, cell in told
    ]
    decimals = board_views.axis_decimals(low, high)
    ticks = [low + (high - low) * n / 4 for n in range(5)]
    return {
        "points": points,
        "line": " ".join(f"{each.x} {each.y}" for each in points),
        "ticks": [(up(each), number(each, decimals)) for each in ticks],
        "reference": up(reference) if reference is not None else "",
        "title": column.title,
        "first": first,
        "last": last,
        "same_day": clock.paris_day(first) == clock.paris_day(last),
        "from": text_of(dict(told[0][1]), column),
        "to": text_of(dict(told[-1][1]), column),
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "count": len(points),
    }

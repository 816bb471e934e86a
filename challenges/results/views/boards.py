"""Prepare leaderboards for reading: rows, scale, ties, gaps, both parts after the reveal."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from challenges.organising.enums import Direction
from challenges.organising.models.challenges import Challenge
from challenges.organising.models.scorings import Column, in_words
from challenges.results.queries.boards import Board, BoardRow
from challenges.teams.queries import member_names
from portal.lib.prose import texts
from portal.lib.prose.numbers import number


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


def from_to(low: str, high: str) -> str:
    """Write an interval whose ends are written."""
    return _("de %(low)s à %(high)s") % {"low": low, "high": high}


def axis_decimals(minimum: float, maximum: float, ticks: int = 5) -> int:
    """Return how many decimals the graduations need."""
    step = (maximum - minimum) / (ticks - 1)
    return next((n for n in range(7) if abs(round(step, n) - step) < step * 1e-6), 6)


Cell = dict[str, Any]


def fairness_of(board: Board) -> list[Column]:
    """List the figures by group."""
    return [column for column in board.columns if column.at_closing]


def cell_of(board: Board, row: BoardRow, column: Column) -> Cell:
    """Return what a row shows in a column, empty when nothing is shown."""
    return row.cells[board.columns.index(column)] or {}


def text_of(cell: Cell, column: Column) -> str:
    """Write a released figure with its declared decimals, or a dash."""
    if column.is_fact:
        return in_words(str(cell.get("text") or "–"))
    value = cell.get("value")
    return number(value, column.decimals)


def scale_of(board: Board) -> tuple[float, float, float | None]:
    """Choose the axis that holds every interval, and the value to beat."""
    low, high = board.window.low, board.window.high
    axis = (0.0, 1.0) if low is None or high is None else round_axis(low, high)
    return (*axis, board.window.reference)


def table_rows(board: Board, *, mine: int | None, sorted_by_rank: bool) -> list[dict[str, Any]]:
    """Prepare rows for the component of standings; mine: the reader's team."""
    primary, tied = board.primary, board.window.tied
    ruled = _new_groups(board.rows) if sorted_by_rank else set()
    members = member_names(row.standing.team for row in board.rows)
    shown: list[dict[str, Any]] = []
    for row in board.rows:
        standing, own = row.standing, row.standing.team_id == mine
        shown.append(
            {
                "rank": standing.rank or "–",
                "tied": standing.rank in tied,
                "team": standing.team.name if own else row.team_name,
                "alias": row.team_name if own and row.is_masked else "",
                "members": members.get(standing.team_id, "") if not row.is_masked or own else "",
                "affiliation": "" if standing.competes else _("Organisateur"),
                "value": cell_of(board, row, primary).get("value") if primary else None,
                "low": standing.interval_low,
                "high": standing.interval_high,
                "mine": own,
                "baseline": not standing.competes,
                "new_tier": standing.pk in ruled,
                "extra": _extra(board, row),
            }
        )
    return shown


def _new_groups(listed: Sequence[BoardRow]) -> set[int]:
    """Find the rows that open a rank group; the reference does not cut one in two."""
    opening: set[int] = set()
    above: int | None = None
    for row in listed:
        if not row.standing.competes:
            continue
        rank = row.standing.rank
        if above is not None and rank != above:
            opening.add(row.standing.pk)
        above = rank
    return opening


def _extra(board: Board, row: BoardRow) -> list[dict[str, str]]:
    cells = [
        {"label": column.title, "text": text_of(cell_of(board, row, column), column)}
        for column in board.beside
    ]
    if board.window.reference is not None:
        cells.insert(0, {"label": _("Écart à la référence"), "text": _from_reference(board, row)})
    if fairness_of(board) and board.revealed:
        cells.append({"label": _("Équité"), **_fairness_cell(board, row)})
    cells.append({"label": _("Essais"), "text": str(row.standing.entries_count)})
    return cells


def _from_reference(board: Board, row: BoardRow) -> str:
    """Write how far a score is from what is to beat, and on which side."""
    primary, reference = board.primary, board.window.reference
    value = cell_of(board, row, primary).get("value") if primary else None
    if primary is None or value is None or reference is None or not row.standing.competes:
        return "–"
    far = round(value - reference, primary.decimals)
    text = number(abs(far), primary.decimals)
    if not far or primary.direction == Direction.NONE:
        return f"{'+' if far > 0 else '−' if far < 0 else ''}{text}"
    is_better = (far > 0) is (primary.direction == Direction.MAX)
    said = (_("%(gap)s de mieux") if is_better else _("%(gap)s de moins bien")) % {"gap": text}
    return _("%(gap)s, incertain") % {"gap": said} if _is_unsure(board, row) else said


def _is_unsure(board: Board, row: BoardRow) -> bool:
    """Say whether the interval of a score holds the reference: which is better is not certain."""
    low, high = row.standing.interval_low, row.standing.interval_high
    reference = board.window.reference
    if low is None or high is None or reference is None:
        return False
    return low <= reference <= high


def ends_of(cell: Cell, column: Column) -> dict[str, str]:
    """Write both ends of an interval, or nothing."""
    if cell.get("low") is None or cell.get("high") is None:
        return {}
    return {end: number(cell[end], column.decimals) for end in ("low", "high")}


def _fairness_cell(board: Board, row: BoardRow) -> dict[str, str]:
    column = fairness_summary(board)
    if column is None:
        return {"text": _("voir plus bas")}
    cell = cell_of(board, row, column)
    text = text_of(cell, column)
    ends = ends_of(cell, column)
    if cell.get("value") is None or not column.is_limited:
        return {"text": text, **ends}
    if column.passes(cell["value"]):
        return {"text": text, "tone": "pin", "icon": "check", **ends}
    over = _("%(value)s hors seuil : pas de prix") % {"value": text}
    return {"text": over, "tone": "garance", "icon": "triangle-alert", **ends}


def prize_rules(columns: Sequence[Column], challenge: Challenge) -> SafeString:
    """Say what an entry must reach to win a prize, the titles in the challenge's language."""
    found = []
    for column in columns:
        for limit, sentence in (
            (column.valid_min, _("« %(title)s » d’au moins %(limit)s")),
            (column.valid_max, _("« %(title)s » d’au plus %(limit)s")),
        ):
            if limit is not None:
                facts = {
                    "title": texts.in_language(column.title, challenge.language),
                    "limit": _exactly(limit, column.decimals),
                }
                found.append((texts.sentence(sentence, language="", **facts),))
    return format_html_join(", ", "{}", found)


def _exactly(limit: float, decimals: int) -> str:
    """Write a limit with the decimals of its column, or with all of its own."""
    own = -int(Decimal(repr(limit)).normalize().as_tuple().exponent)
    return number(limit, max(own, decimals))


def fairness_summary(board: Board) -> Column | None:
    """Choose the figure that sums up fairness: a limited one, else directed, else the first."""
    plain = [column for column in fairness_of(board) if not column.grouped]
    limited = [column for column in plain if column.is_limited]
    if limited:
        return limited[0]
    directed = [column for column in plain if column.direction != Direction.NONE]
    return next(iter(directed or plain), None)


def fairness_tables(
    public: Board, private: Board, listed: Sequence[BoardRow], *, mine: int | None
) -> list[dict[str, Any]]:
    """Lay out each fairness figure on both splits, with the number of rows of each group."""
    every = private.leaderboard.lists_every_entry

    def of(row: BoardRow) -> Any:
        return row.standing.entry_id if every else row.standing.team_id

    by_owner = [{of(row): row for row in board.rows} for board in (public, private)]
    boards = (public, private)

    def both(row: BoardRow, column: Column) -> list[Cell]:
        found = [rows.get(of(row)) for rows in by_owner]
        return [
            cell_of(board, each, column) if each else {}
            for board, each in zip(boards, found, strict=True)
        ]

    tables = []
    for column in fairness_of(private):
        cells = [(row, both(row, column)) for row in listed]
        groups = _groups(column, [each for _row, pair in cells for each in pair])
        tables.append(
            {
                "title": column.title,
                "grouped": column.grouped,
                "groups": [_group_head(column, group, cells) for group in groups],
                "rows": [
                    {
                        "team": row.team_name,
                        "mine": row.standing.team_id == mine,
                        "baseline": not row.standing.competes,
                        "cells": [
                            {
                                "label": column.groups.get(group, group),
                                "public": _figure_text(pair[0], column, group),
                                "private": _figure_text(pair[1], column, group),
                            }
                            for group in groups
                        ],
                    }
                    for row, pair in cells
                ],
            }
        )
    return tables


def _groups(column: Column, cells: Sequence[Cell]) -> list[str]:
    """List the groups of a column by their labels; one nameless group for a single figure."""
    if not column.grouped:
        return [""]
    found = {group for cell in cells for group in cell.get("groups", ())}
    return sorted(found, key=lambda group: (str(column.groups.get(group, group)), group))


def _group_head(
    column: Column, group: str, cells: Sequence[tuple[BoardRow, list[Cell]]]
) -> dict[str, Any]:
    pairs = [pair for _row, pair in cells]
    return {
        "label": column.groups.get(group, group),
        "n": [_rows_of([pair[part] for pair in pairs], group) for part in (0, 1)],
    }


def _rows_of(cells: Sequence[Cell], group: str) -> int | None:
    known = (cell.get("groups", {}).get(group, {}).get("n") for cell in cells)
    return next((n for n in known if n is not None), None)


def _figure_text(cell: Cell, column: Column, group: str) -> str:
    return text_of(cell.get("groups", {}).get(group) or {} if group else cell, column)


def gap(board: Board) -> dict[str, Any] | None:
    """Tell a team where it stands and how far the rank group above is."""
    own, above, primary = board.window.own, board.window.above, board.primary
    if own is None or primary is None:
        return None
    rank = own.standing.rank
    value, reference = cell_of(board, own, primary).get("value"), board.window.reference
    far = 0.0
    if value is not None and reference is not None and primary.direction != Direction.NONE:
        far = reference - value
    target = cell_of(board, above, primary).get("value") if above else None
    return {
        "team": own.standing.team.name,
        "rank": rank,
        "tied": rank in board.window.tied,
        "value": text_of({"value": value}, primary),
        "reference": number(abs(far), primary.decimals) if far else "",
        "is_behind": far > 0 if primary.direction == Direction.MAX else far < 0,
        "is_unsure": _is_unsure(board, own),
        "above_rank": above.standing.rank if above else None,
        "missing": text_of({"value": abs(target - value)}, primary)
        if target is not None and value is not None
        else "",
    }

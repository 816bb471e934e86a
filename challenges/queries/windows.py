"""Read one page of a leaderboard that is too long to be read whole: its cost is the page's.

A board of rule « all » lists every entry. What a page says of the whole board (axis, number of
teams, ties) is written with the board, or found beside the rows of the page by their position.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import F, FloatField, Max, Min
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from challenges.enums import Direction, Split
from challenges.models import Column, Phase, Standing
from challenges.organising.models import Viewer
from challenges.queries import boards
from challenges.queries.boards import Board, Row, Window

# Up to so many rows, a board is read whole: a page then ranks under each of its figures.
WHOLE = 500
# How many rows a page of the JSON of a board holds.
JSON_ROWS = 1_000


def read(
    phase: Phase,
    split: Split,
    viewer: Viewer,
    *,
    key: str | None = None,
    page: int = 1,
    per_page: int,
    sort: str = "",
    mine: int | None = None,
) -> Board:
    """Read a board: whole when it is short, else one page of it, with its window.

    page: from 1; one beyond the last is the last. sort: key of a shown figure, else by position.
    mine: key of the reader's team. Raises Hidden as `boards.board`.
    """
    head = boards.head(phase, split, viewer, key=key)
    counted = int(head.facts.get("rows") or 0)
    if counted <= WHOLE:  # or written before boards counted their rows
        found = list(_standings(head)[: WHOLE + 1])
        if len(found) <= WHOLE:
            return replace(head, rows=boards.rows_of(head, found))
    references = list(_standings(head).filter(is_baseline=True))
    listed = (counted or _standings(head).count()) - len(references)
    pages = max(1, -(-listed // per_page))
    page = min(max(1, page), pages)
    column = _directed(head, sort)
    if column is None:
        found = _by_position(head, references, page, per_page, listed)
    else:
        found = _by_figure(head, column, page, per_page)
    rows = boards.rows_of(head, found)
    own, above = _own(head, mine)
    window = Window(
        page=page,
        pages=pages,
        listed=listed,
        tied=_tied(head, [each for each in found if not each.is_baseline], references),
        own=own,
        above=above,
        **_axis(head, references),
    )
    return replace(head, rows=rows, window=window)


def beside(board: Board, split: Split) -> Board:
    """Read, on the other part of the data, the rows of the teams or entries of a page."""
    other = replace(
        board, split=split, window=None, facts=board.leaderboard.facts.get(split.value, {})
    )
    teams = [row.standing.team_id for row in board.rows]
    found = _standings(other).filter(team__in=teams)
    if board.leaderboard.lists_every_entry:
        found = found.filter(entry__in=[row.standing.entry_id for row in board.rows])
    return replace(other, rows=boards.rows_of(other, found))


def _standings(head: Board) -> Any:
    rows = head.leaderboard.standings.filter(split=head.split)
    return rows.select_related("team").order_by("position")


def _by_position(
    head: Board, references: Sequence[Standing], page: int, per_page: int, listed: int
) -> list[Standing]:
    """Return the rows of a page by their positions, which follow one another from 1."""
    first = _position((page - 1) * per_page + 1, references)
    last = _position(min(page * per_page, listed), references)
    if page == 1:
        first = 1
    rows = _standings(head).filter(position__gte=first)
    return list(rows if page * per_page >= listed else rows.filter(position__lte=last))


def _position(nth: int, references: Sequence[Standing]) -> int:
    """Return the position of the nth row that is not a reference."""
    for each in references:
        if each.position > nth:
            break
        nth += 1
    return nth


def _by_figure(head: Board, column: Column, page: int, per_page: int) -> list[Standing]:
    value = KeyTransform("value", KeyTransform(column.key, "cells"))
    rows = _standings(head).filter(is_baseline=False)
    rows = rows.annotate(figure=Cast(value, FloatField()))
    order = F("figure").desc(nulls_last=True)
    if column.direction == Direction.MIN:
        order = F("figure").asc(nulls_last=True)
    start = (page - 1) * per_page
    return list(rows.order_by(order, "position")[start : start + per_page])


def _directed(head: Board, sort: str) -> Column | None:
    if not sort:
        return None
    shown = (
        each
        for each in head.columns
        if not each.at_closing and not each.grouped and each.pk != head.leaderboard.primary_id
    )
    found = next((each for each in shown if each.key == sort), None)
    return None if found is None or found.direction == Direction.NONE else found


def _tied(head: Board, found: Sequence[Standing], references: Sequence[Standing]) -> frozenset[int]:
    """Find the ranks of a page that another row shares: one just before, or just after."""
    taken = {each.position for each in references}
    beside = {row.position: [_next(row.position, step, taken) for step in (-1, 1)] for row in found}
    near = _standings(head).filter(
        position__in=sorted({at for each in beside.values() for at in each})
    )
    ranks = dict(near.values_list("position", "rank"))
    return frozenset(
        row.rank
        for row in found
        if row.rank is not None and any(ranks.get(at) == row.rank for at in beside[row.position])
    )


def _next(position: int, step: int, taken: set[int]) -> int:
    """Return the next position, up or down, that is not a reference's."""
    position += step
    while position in taken:
        position += step
    return position


def _axis(head: Board, references: Sequence[Standing]) -> dict[str, Any]:
    """Return the ends of the axis, as the board was written with, or from its rows."""
    primary = next((c for c in head.columns if c.pk == head.leaderboard.primary_id), None)
    if primary is None:
        return {"low": None, "high": None, "reference": None, "intervals": False}
    axis = head.facts.get("axis")
    if axis is None:
        value = Cast(KeyTransform("value", KeyTransform(primary.key, "cells")), FloatField())
        found = _standings(head).aggregate(
            value_low=Min(value),
            value_high=Max(value),
            low=Min("interval_low"),
            high=Max("interval_high"),
        )
        lows = [each for each in (found["value_low"], found["low"]) if each is not None]
        highs = [each for each in (found["value_high"], found["high"]) if each is not None]
        intervals = found["low"] is not None
        axis = [min(lows, default=None), max(highs, default=None), intervals]
    reference = next((each.cells.get(primary.key, {}).get("value") for each in references), None)
    low, high, intervals = axis
    return {"low": low, "high": high, "reference": reference, "intervals": bool(intervals)}


def _own(head: Board, mine: int | None) -> tuple[Row | None, Row | None]:
    """Return the best row of a team, and the last one of a better rank."""
    if mine is None:
        return None, None
    own = _standings(head).filter(team=mine, is_baseline=False).first()
    if own is None or own.rank is None:
        return (boards.rows_of(head, [own])[0] if own else None), None
    above = (
        _standings(head)
        .filter(position__lt=own.position, rank__lt=own.rank, is_baseline=False)
        .order_by("-position")
        .first()
    )
    rows = boards.rows_of(head, [each for each in (own, above) if each is not None])
    return rows[0], rows[1] if above is not None else None

"""Leaderboards as each audience may read them, a page at a time; the bench of a phase.

A board of rule « all » lists every entry. What a page says of the whole board (axis, number of
teams, ties) is written with the board, or found beside the rows of the page by their position.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, FloatField, Max, Min, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from challenges.entries.enums import EntryStatus
from challenges.evaluation.enums import Split
from challenges.evaluation.models import Score, in_force, rounded
from challenges.organising import rules
from challenges.organising.enums import Direction
from challenges.organising.models.challenges import Challenge, Phase, Viewer
from challenges.organising.models.scorings import Column, Leaderboard
from challenges.results.models.boards import Standing
from challenges.teams.enums import TeamState
from challenges.teams.models import Team
from portal.lib.refusals import Hidden
from portal.lib.storage.files import csv_safe

# How many figures stand beside the score on a page.
BESIDE = 3


@dataclass(frozen=True)
class BoardRow:
    """One line of a board: cells are ordered like the columns, None where nothing is shown."""

    standing: Standing
    team_name: str
    cells: list[dict[str, Any] | None]

    @property
    def is_masked(self) -> bool:
        """Say whether the board shows a pseudonym instead of the team's name."""
        return self.team_name != self.standing.team.name

    def is_barred(self, columns: Sequence[Column]) -> bool:
        """Say whether a released figure is beyond its limit: ranked, but without a prize."""
        return any(
            cell is not None and cell.get("value") is not None and not column.passes(cell["value"])
            for column, cell in zip(columns, self.cells, strict=True)
            if column.is_limited
        )


@dataclass(frozen=True)
class Window:
    """What a page of a board needs of the rows that it does not hold.

    listed: the rows that pages count, references aside but where a figure sorts. tied: the ranks
    of the page that several rows share. low, high, reference: the axis. own, above: the reader's
    best row and the last one ranked before it.
    """

    page: int = 1
    pages: int = 1
    listed: int = 0
    tied: frozenset[int] = frozenset()
    low: float | None = None
    high: float | None = None
    reference: float | None = None
    intervals: bool = False
    own: BoardRow | None = None
    above: BoardRow | None = None


@dataclass(frozen=True)
class Board:
    """A leaderboard read for one split: what a page, a file or a command shows."""

    leaderboard: Leaderboard
    split: Split
    columns: list[Column]
    rows: list[BoardRow]
    facts: dict[str, Any]
    revealed: bool
    window: Window = Window()

    @property
    def primary(self) -> Column | None:
        """Return the column that ranks."""
        return next((c for c in self.columns if c.pk == self.leaderboard.primary_id), None)

    @property
    def secondary(self) -> list[Column]:
        """List the other figures that stand in the table, one figure a team."""
        return [
            column
            for column in self.columns
            if not column.at_closing
            and not column.grouped
            and column.pk != self.leaderboard.primary_id
        ]

    @property
    def beside(self) -> list[Column]:
        """List those that the page shows; the files hold them all."""
        return self.secondary[:BESIDE]

    @property
    def has_limit(self) -> bool:
        """Say whether a limit bars from prizes, and is judged: from the reveal on."""
        return self.revealed and any(column.is_limited for column in self.columns)

    @property
    def digest(self) -> str:
        """Return the digest of the figures, a part of the ETag."""
        return str(self.facts.get("digest", ""))


def whole_board(phase: Phase, split: Split, viewer: Viewer) -> Board:
    """Read a whole board; raises Hidden for the private split before the reveal, for everybody."""
    head = board_head(phase, split, viewer)
    return replace(head, rows=list(each_row(head)))


def board_head(phase: Phase, split: Split, viewer: Viewer, *, key: str | None = None) -> Board:
    """Read what a board is, without its rows; raises Hidden as `board`."""
    challenge = phase.challenge
    if not rules.may_see_challenge(viewer, challenge):
        raise Hidden(denied=challenge)
    boards = phase.leaderboards.filter(hidden=False).order_by("pk")
    found = boards.first() if key is None else boards.filter(key=key).first()
    revealed = phase.is_revealed
    if found is None or (split == Split.PRIVATE and not revealed):
        raise Hidden(denied=found)
    columns = list(found.columns.filter(hidden=False).order_by("index"))
    facts = found.facts.get(split.value, {})
    return Board(found, split, columns, [], facts, revealed)


def rows_of(board: Board, standings: Iterable[Standing]) -> list[BoardRow]:
    """Lay out standings, their teams fetched with them, as a board shows them."""
    return [
        _row(each, board.columns, board.leaderboard, revealed=board.revealed) for each in standings
    ]


def each_row(board: Board) -> Iterator[BoardRow]:
    """Yield every row of a board read without them, in order, a few thousand in memory."""
    for each in _standings(board).iterator(chunk_size=2_000):
        yield _row(each, board.columns, board.leaderboard, revealed=board.revealed)


def reference_row(head: Board) -> BoardRow | None:
    """Return the first reference of a board, that others are compared with."""
    found = _standings(head).filter(competes=False).first()
    return rows_of(head, [found])[0] if found else None


def prize_limits(challenge: Challenge) -> list[Column]:
    """List the columns whose limit bars from prizes, as declared before the opening."""
    limited = Q(valid_min__isnull=False) | Q(valid_max__isnull=False)
    columns = Column.objects.filter(
        limited, leaderboard__challenge=challenge, leaderboard__hidden=False, hidden=False
    )
    return list(columns.order_by("leaderboard__phase__index", "index"))


def _row(
    standing: Standing, columns: list[Column], board: Leaderboard, *, revealed: bool
) -> BoardRow:
    masked = board.anonymous and not revealed and standing.competes
    name = standing.team.alias_in(board.phase) if masked else standing.team.name
    cells = [
        None
        if (column.at_closing and not revealed) or (column.is_fact and masked)
        else standing.cells.get(column.key)
        for column in columns
    ]
    return BoardRow(standing, name, cells)


def computed_moment(board: Board) -> datetime | None:
    """Tell when a board was computed, to the minute: an exact time tells how long an entry took."""
    moment = board.facts.get("computed_at")
    if not moment:
        return None
    return datetime.fromisoformat(moment).replace(second=0, microsecond=0)


def as_document(board: Board) -> dict[str, Any]:
    """Return a board as the documented JSON: what it is, its columns, its rows."""
    phase, computed = board.leaderboard.phase, computed_moment(board)
    return {
        "version": 1,
        "challenge": phase.challenge.slug,
        "challenge_title": phase.challenge.title,
        "key": board.leaderboard.key,
        "title": board.leaderboard.title,
        "phase": phase.index,
        "phase_name": phase.name,
        "split": board.split.value,
        "final": board.split == Split.PRIVATE,
        "computed_at": computed.isoformat() if computed else None,
        "page": board.window.page,
        "pages": board.window.pages,
        "columns": [
            {
                "key": column.key,
                "title": column.title,
                "direction": str(column.direction),
                "decimals": column.decimals,
                "primary": column.pk == board.leaderboard.primary_id,
            }
            for column in board.columns
            if board.revealed or not column.at_closing
        ],
        "rows": as_record(board),
    }


def as_record(board: Board) -> list[dict[str, Any]]:
    """Return the rows as plain values: team, rank, tier, baseline, metrics.

    no_prize is there from the reveal on, where a limit was declared.
    """
    return [
        {
            "team": row.team_name,
            "rank": row.standing.rank,
            "tier": row.standing.tier,
            "baseline": not row.standing.competes,
            **({"no_prize": row.is_barred(board.columns)} if board.has_limit else {}),
            "metrics": {
                column.key: {"text": (cell or {}).get("text")} if column.is_fact else _figure(cell)
                for column, cell in zip(board.columns, row.cells, strict=True)
                if board.revealed or not column.at_closing
            },
        }
        for row in board.rows
    ]


def _figure(cell: dict[str, Any] | None) -> dict[str, Any]:
    if cell and "groups" in cell:
        return {
            "groups": {
                group: {"value": figure["value"], "n": figure["n"]}
                for group, figure in cell["groups"].items()
            }
        }
    return {name: (cell or {}).get(name) for name in ("value", "low", "high")}


def csv_text(head: Board) -> str:
    """Write every row of a board as CSV, formulas neutralised."""
    out = io.StringIO()
    csv.writer(out).writerows([csv_safe(cell) for cell in cells] for cells in _csv_rows(head))
    return out.getvalue()


def _csv_rows(board: Board) -> Iterator[list[object]]:
    header: list[object] = ["rang", "equipe", "reference", "palier", "rang_bas", "rang_haut"]
    for column in board.columns:
        header.append(column.key)
        if not column.grouped and not column.is_fact:
            header += [f"{column.key}_bas", f"{column.key}_haut"]
    if board.has_limit:
        header.append("sans_prix")
    yield header
    for row in each_row(board):
        cells = _csv_row(row, board.columns)
        if board.has_limit:
            cells.append("oui" if row.is_barred(board.columns) else "non")
        yield cells


def _csv_row(row: BoardRow, columns: list[Column]) -> list[object]:
    standing = row.standing
    cells: list[object] = [
        _blank(standing.rank),
        row.team_name,
        "non" if standing.competes else "oui",
        _blank(standing.tier),
        _blank(standing.rank_low),
        _blank(standing.rank_high),
    ]
    for column, cell in zip(columns, row.cells, strict=True):
        if column.grouped:
            cells.append(_groups_text(cell))
        elif column.is_fact:
            cells.append((cell or {}).get("text") or "")
        else:
            shown = cell or {}
            decimals = column.decimals
            cells.append(shown.get("text") or "")
            cells += [_number(shown.get(bound), decimals) for bound in ("low", "high")]
    return cells


def _groups_text(cell: dict[str, Any] | None) -> str:
    if not cell:
        return ""
    return " ".join(f"{group}={figure['text']}" for group, figure in cell["groups"].items())


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _blank(value: int | None) -> str:
    return "" if value is None else str(value)


# How many rows a page of the JSON of a board holds.
JSON_ROWS = 1_000


def read_board(
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
    """Read one page of a board, with its window.

    page: from 1; one beyond the last is the last. sort: key of a shown figure, else by position.
    mine: key of the reader's team. Raises Hidden as `boards.board`.
    """
    head = board_head(phase, split, viewer, key=key)
    references: list[int] = head.facts.get("references", [])
    column = _directed(head, sort)
    listed = int(head.facts.get("rows", 0)) - (0 if column else len(references))
    pages = max(1, -(-listed // per_page))
    page = min(max(1, page), pages)
    if column is None:
        found = _by_position(head, references, page, per_page, listed)
    else:
        found = _by_figure(head, column, page, per_page)
    rows = rows_of(head, found)
    own, above = _own_rows(head, mine)
    shared = {each.pk: each for each in (*found, *([own.standing] if own else []))}
    of_teams = [one for one in shared.values() if one.competes]
    window = Window(
        page=page,
        pages=pages,
        listed=listed,
        tied=_tied(head, of_teams, {*references}),
        own=own,
        above=above,
        **head.facts.get("axis", {}),
    )
    return replace(head, rows=rows, window=window)


def read_other_part(board: Board, split: Split) -> Board:
    """Read, on the other part of the data, the rows of the teams or entries of a page."""
    other = replace(board, split=split, facts=board.leaderboard.facts.get(split.value, {}))
    teams = [row.standing.team_id for row in board.rows]
    found = _standings(other).filter(team__in=teams)
    if board.leaderboard.lists_every_entry:
        found = found.filter(entry__in=[row.standing.entry_id for row in board.rows])
    return replace(other, rows=rows_of(other, found))


def _standings(head: Board) -> Any:
    rows = head.leaderboard.standings.filter(split=head.split)
    return rows.select_related("team").order_by("position")


def _by_position(
    head: Board, references: Sequence[int], page: int, per_page: int, listed: int
) -> list[Standing]:
    """Return the rows of a page by their positions, which follow one another from 1."""
    rows = _standings(head)
    if page > 1:
        rows = rows.filter(position__gt=_position((page - 1) * per_page, references))
    if page * per_page < listed:
        rows = rows.filter(position__lte=_position(page * per_page, references))
    return list(rows)


def _position(nth: int, references: Sequence[int]) -> int:
    """Return the position of the nth row that is not a reference."""
    for position in references:
        if position > nth:
            break
        nth += 1
    return nth


def _by_figure(head: Board, column: Column, page: int, per_page: int) -> list[Standing]:
    start = (page - 1) * per_page
    if column.key.replace(
        "_", ""
    ).isdecimal():  # a path of JSON would take it for a place in a list
        worst = math.inf if column.direction == Direction.MIN else -math.inf
        best_first = sorted(
            _standings(head),
            key=lambda row: _value_of(row, column, missing=worst),
            reverse=column.direction == Direction.MAX,
        )
        return best_first[start : start + per_page]
    value = KeyTransform("value", KeyTransform(column.key, "cells"))
    rows = _standings(head).annotate(figure=Cast(value, FloatField()))
    order = F("figure").desc(nulls_last=True)
    if column.direction == Direction.MIN:
        order = F("figure").asc(nulls_last=True)
    return list(rows.order_by(order, "position")[start : start + per_page])


def _value_of(row: Standing, column: Column, *, missing: float) -> float:
    value = (row.cells.get(column.key) or {}).get("value")
    return missing if value is None else float(value)


def _directed(head: Board, sort: str) -> Column | None:
    if not sort:
        return None
    found = next((each for each in head.secondary if each.key == sort), None)
    return None if found is None or found.direction == Direction.NONE else found


def _tied(head: Board, found: Sequence[Standing], references: set[int]) -> frozenset[int]:
    """Find the ranks of a page that another row shares: one just before, or just after."""
    beside = {
        row.position: [_next(row.position, step, references) for step in (-1, 1)] for row in found
    }
    ranks = {row.position: row.rank for row in found}
    near = {at for each in beside.values() for at in each if 1 <= at <= head.facts.get("rows", 0)}
    others = _standings(head).filter(position__in=near - set(ranks))
    ranks |= dict(others.values_list("position", "rank"))
    return frozenset(
        row.rank
        for row in found
        if row.rank is not None and any(ranks.get(at) == row.rank for at in beside[row.position])
    )


def _next(position: int, step: int, references: set[int]) -> int:
    """Return the next position, up or down, that is not a reference's."""
    position += step
    while position in references:
        position += step
    return position


def _own_rows(head: Board, mine: int | None) -> tuple[BoardRow | None, BoardRow | None]:
    """Return the best row of a team, and the last one of a better rank."""
    if mine is None:
        return None, None
    own = _standings(head).filter(team=mine).first()
    if own is None or own.rank is None:
        return (rows_of(head, [own])[0] if own else None), None
    before = _standings(head).filter(position__lt=own.position, rank__lt=own.rank)
    above = before.order_by("-position").first()
    rows = rows_of(head, [each for each in (own, above) if each is not None])
    return rows[0], rows[1] if above is not None else None


@dataclass(frozen=True)
class BenchRow:
    """A team of the bench: its best public score in the phase, and since; "" without any.

    rank: None for a reference; equal scores share it. entries: those received since.
    """

    rank: int | None
    team: Team
    during: str
    since: str
    entries: int


def bench_board(phase: Phase) -> Leaderboard | None:
    """Return the board whose primary figure the bench compares.

    None where entries count still, and without a figure to show.
    """
    if phase.intake.counts:
        return None
    return (
        phase.leaderboards.filter(hidden=False, primary__isnull=False, primary__hidden=False)
        .select_related("primary")
        .order_by("pk")
        .first()
    )


def bench_rows(phase: Phase, column: Column) -> list[BenchRow]:
    """Rank the teams of a phase by their best public score, in two queries; time ranks nobody."""
    best = Min if column.direction == Direction.MIN else Max
    late = Q(evaluation__entry__counts=False)
    found = list(
        Score.objects.filter(
            in_force("evaluation__"),
            split=Split.PUBLIC,
            metric=column.key,
            group="",
            evaluation__entry__enrolment__phase=phase,
            evaluation__entry__status=EntryStatus.SCORED,
            evaluation__entry__disqualified_at__isnull=True,
        )
        .exclude(evaluation__entry__enrolment__team__state=TeamState.DISQUALIFIED)
        .values(team=F("evaluation__entry__enrolment__team_id"))
        .annotate(
            best=best("value"),
            during=best("value", filter=~late),
            since=best("value", filter=late),
            late=Count("evaluation__entry", filter=late, distinct=True),
        )
        .order_by("best" if column.direction == Direction.MIN else "-best", "team")
    )
    teams = Team.objects.in_bulk([each["team"] for each in found])
    return _rank_bench(found, teams, column)


def _rank_bench(
    found: list[dict[str, Any]], teams: dict[int, Team], column: Column
) -> list[BenchRow]:
    made: list[BenchRow] = []
    counted, rank, last = 0, 0, None
    for each in found:
        team = teams[each["team"]]
        if team.is_live:
            counted += 1
            if each["best"] != last:
                rank, last = counted, each["best"]
        made.append(
            BenchRow(
                rank=rank if team.is_live else None,
                team=team,
                during=_bench_text(each["during"], column),
                since=_bench_text(each["since"], column),
                entries=each["late"],
            )
        )
    return made


def _bench_text(value: float | None, column: Column) -> str:
    return "" if value is None else rounded(value, column.decimals)[1]

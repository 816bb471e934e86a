"""Leaderboards as each audience may read them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from challenges import rules
from challenges.enums import Split
from challenges.models import Challenge, Column, Leaderboard, Phase, Standing
from challenges.organising.models import Viewer
from portal.lib.files import csv_safe
from portal.lib.refusals import Hidden


@dataclass(frozen=True)
class Row:
    """One line of a board: cells are ordered like the columns, None where nothing is shown."""

    standing: Standing
    team_name: str
    cells: list[dict[str, Any] | None]

    @property
    def is_baseline(self) -> bool:
        """Say whether this is the reference, at its place but out of the ranking."""
        return self.standing.is_baseline

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
    """What a page of a long board needs of the rows that it does not hold.

    listed: rows of the whole board that are not references. tied: the ranks of the page that
    several rows share. low, high, reference: the axis. own, above: the reader's best row and the
    last one ranked before it.
    """

    page: int
    pages: int
    listed: int
    tied: frozenset[int]
    low: float | None
    high: float | None
    reference: float | None
    intervals: bool
    own: Row | None = None
    above: Row | None = None


@dataclass(frozen=True)
class Board:
    """A leaderboard read for one split: what a page, a file or a command shows."""

    leaderboard: Leaderboard
    split: Split
    columns: list[Column]
    rows: list[Row]
    facts: dict[str, Any]
    revealed: bool
    # Set when `rows` are one page of a board too long to be read whole.
    window: "Window | None" = None

    @property
    def has_limit(self) -> bool:
        """Say whether a limit bars from prizes, and is judged: from the reveal on."""
        return self.revealed and any(column.is_limited for column in self.columns)

    @property
    def digest(self) -> str:
        """Return the digest of the figures, a part of the ETag."""
        return str(self.facts.get("digest", ""))


def phase_of(challenge: Challenge, index: int | None = None) -> Phase:
    """Return the phase of this index, by default the last one; raises Hidden."""
    phases = challenge.phases.order_by("index")
    phase = phases.last() if index is None else phases.filter(index=index).first()
    if phase is None:
        raise Hidden
    return phase


def board(phase: Phase, split: Split, viewer: Viewer, *, key: str | None = None) -> Board:
    """Read a whole board; raises Hidden for the private split before the reveal, for everybody."""
    found = head(phase, split, viewer, key=key)
    standings = found.leaderboard.standings.filter(split=split)
    return replace(
        found, rows=rows_of(found, standings.select_related("team").order_by("position"))
    )


def head(phase: Phase, split: Split, viewer: Viewer, *, key: str | None = None) -> Board:
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


def rows_of(board: Board, standings: Iterable[Standing]) -> list[Row]:
    """Lay out standings, their teams fetched with them, as a board shows them."""
    return [
        _row(each, board.columns, board.leaderboard, revealed=board.revealed) for each in standings
    ]


def each_row(board: Board) -> Iterator[Row]:
    """Yield every row of a board read without them, in order, a few thousand in memory."""
    standings = board.leaderboard.standings.filter(split=board.split).select_related("team")
    for each in standings.order_by("position").iterator(chunk_size=2_000):
        yield _row(each, board.columns, board.leaderboard, revealed=board.revealed)


def prize_limits(challenge: Challenge) -> list[Column]:
    """List the columns whose limit bars from prizes, as declared before the opening."""
    limited = Q(valid_min__isnull=False) | Q(valid_max__isnull=False)
    columns = Column.objects.filter(
        limited, leaderboard__challenge=challenge, leaderboard__hidden=False, hidden=False
    )
    return list(columns.order_by("leaderboard__phase__index", "index"))


def masked_phases(challenge: Challenge) -> list[Phase]:
    """List the phases whose boards show pseudonyms today."""
    masked = Leaderboard.objects.filter(challenge=challenge, hidden=False, anonymous=True)
    masked = masked.exclude(phase__reveal__executed_at__isnull=False)
    return list(
        Phase.objects.filter(pk__in=masked.order_by("pk").values("phase_id")).order_by("index")
    )


def is_revealed(phase: Phase) -> bool:
    """Say whether the private figures of the phase are out."""
    return phase.is_revealed


def _row(standing: Standing, columns: list[Column], board: Leaderboard, *, revealed: bool) -> Row:
    masked = board.anonymous and not revealed and not standing.is_baseline
    name = standing.team.alias_in(board.phase) if masked else standing.team.name
    cells = [
        None
        if (column.at_closing and not revealed) or (column.is_fact and masked)
        else standing.cells.get(column.key)
        for column in columns
    ]
    return Row(standing, name, cells)


def computed_moment(board: Board) -> datetime | None:
    """Tell when a board was computed, to the minute: an exact time tells how long an entry took."""
    moment = board.facts.get("computed_at")
    if not moment:
        return None
    return datetime.fromisoformat(moment).replace(second=0, microsecond=0)


def computed_minute(board: Board) -> str | None:
    """Write when a board was computed, to the minute, with its offset."""
    moment = computed_moment(board)
    return moment.isoformat() if moment else None


def as_document(board: Board) -> dict[str, Any]:
    """Return a board as the documented JSON: what it is, its columns, its rows."""
    phase = board.leaderboard.phase
    return {
        "version": 1,
        "challenge": phase.challenge.slug,
        "title": phase.challenge.title,
        "phase": phase.index,
        "phase_name": phase.name,
        "split": board.split.value,
        "final": board.split == Split.PRIVATE,
        "computed_at": computed_minute(board),
        "page": board.window.page if board.window else 1,
        "pages": board.window.pages if board.window else 1,
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
            "baseline": row.is_baseline,
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
    if cell is None:
        return {"value": None, "low": None, "high": None}
    if "groups" in cell:
        return {
            "groups": {
                group: {"value": figure["value"], "n": figure["n"]}
                for group, figure in cell["groups"].items()
            }
        }
    return {"value": cell["value"], "low": cell["low"], "high": cell["high"]}


def csv_rows(board: Board, rows: Iterable[Row] | None = None) -> Iterator[list[str]]:
    """Yield the header then the rows of the CSV file; formulas are neutralised.

    rows: those to write when the board does not hold them.
    """
    header = ["rang", "equipe", "reference", "palier", "rang_bas", "rang_haut"]
    for column in board.columns:
        header.append(column.key)
        if not column.grouped and not column.is_fact:
            header += [f"{column.key}_bas", f"{column.key}_haut"]
    if board.has_limit:
        header.append("sans_prix")
    yield [csv_safe(cell) for cell in header]
    for row in board.rows if rows is None else rows:
        cells = _csv_row(row, board.columns)
        if board.has_limit:
            cells.append("oui" if row.is_barred(board.columns) else "non")
        yield [csv_safe(cell) for cell in cells]


def _csv_row(row: Row, columns: list[Column]) -> list[object]:
    standing = row.standing
    cells: list[object] = [
        _blank(standing.rank),
        row.team_name,
        "oui" if row.is_baseline else "non",
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

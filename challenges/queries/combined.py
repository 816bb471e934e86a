"""Combined boards as each audience may read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from challenges import rules
from challenges.enums import Split
from challenges.models import Challenge, CombinedBoard, CombinedStanding, Leaderboard
from challenges.models.combined import DECIMALS
from challenges.models.people import Viewer
from portal.lib.files import csv_safe
from portal.lib.refusals import Closed, Hidden


@dataclass(frozen=True)
class Ranked:
    """A row as it is shown."""

    team_id: int
    team: str
    rank: int | None
    value: str
    ranks: list[int | None]


@dataclass(frozen=True)
class Combination:
    """A combined board read for one split; rows are read apart, a page or all."""

    board: CombinedBoard
    boards: list[Leaderboard]
    split: Split
    final: bool
    masked: bool

    @property
    def digest(self) -> str:
        """Return what changes with its rows, or with the names of its teams: for an ETag."""
        facts = self.board.facts.get(self.split.value, {})
        return f"{facts.get('digest', '')} {self.masked}"

    @property
    def length(self) -> int:
        """Count its rows."""
        return int(self.board.facts.get(self.split.value, {}).get("rows") or 0)


def shown_to_all(challenge: Challenge) -> list[CombinedBoard]:
    """List the combined boards of a challenge whose boards are all shown."""
    rows = challenge.combined_boards.exclude(parts__leaderboard__hidden=True)
    return list(rows.with_boards().order_by("pk"))


def read(challenge: Challenge, key: str, viewer: Viewer, split: Split | None = None) -> Combination:
    """Read what a combined board is; by default its final ranks once every phase is revealed.

    Raises Hidden for one that is not shown, or for final ranks before; Closed while teams of
    several phases are under pseudonyms: ranks side by side would tell which is which.
    """
    board = next((each for each in shown_to_all(challenge) if each.key == key), None)
    if board is None or not rules.may_see_challenge(viewer, challenge):
        raise Hidden
    boards = board.boards()
    final = all(each.phase.is_revealed for each in boards)
    wanted = split or (Split.PRIVATE if final else Split.PUBLIC)
    if wanted == Split.PRIVATE and not final:
        raise Hidden
    masked = any(each.anonymous and not each.phase.is_revealed for each in boards)
    if masked and len({each.phase_id for each in boards}) > 1:
        raise Closed(
            _(
                "Ce classement combine plusieurs phases où les équipes sont sous pseudonyme : il "
                "paraît avec leurs résultats définitifs, pour ne pas dire qui est qui."
            ),
            code="combined_masked",
        )
    return Combination(board, boards, wanted, final, masked)


def rows_of(found: Combination, *, start: int = 0, stop: int | None = None) -> list[Ranked]:
    """Read rows in order, from one position to another."""
    rows = CombinedStanding.objects.filter(board=found.board, split=found.split)
    chosen = rows.select_related("team").order_by("position")[start:stop]
    return [_row(found, each) for each in chosen]


def _row(found: Combination, row: CombinedStanding) -> Ranked:
    phase = found.boards[0].phase
    name = row.team.alias_in(phase) if found.masked else row.team.name
    value = "" if row.value is None else f"{row.value:.{DECIMALS}f}"
    return Ranked(row.team_id, name, row.rank, value, list(row.ranks))


def as_document(found: Combination, rows: Sequence[Ranked]) -> dict[str, Any]:
    """Return a combined board as the documented JSON."""
    return {
        "challenge": found.board.challenge.slug,
        "key": found.board.key,
        "title": found.board.title,
        "combination": str(found.board.combination),
        "split": found.split.value,
        "boards": [
            {"key": each.key, "title": each.title, "phase": each.phase.index}
            for each in found.boards
        ],
        "rows": [
            {
                "team": each.team,
                "rank": each.rank,
                "value": each.value or None,
                "ranks": each.ranks,
            }
            for each in rows
        ],
    }


def csv_rows(found: Combination) -> Iterator[list[str]]:
    """Yield the header then the rows of the CSV file; formulas are neutralised."""
    titles = [f"rang_{each.key}" for each in found.boards]
    yield ["rang", "equipe", f"rang_{_word(found)}", *(csv_safe(each) for each in titles)]
    for row in rows_of(found):
        cells = [str(row.rank or ""), row.team, row.value, *(str(rank or "") for rank in row.ranks)]
        yield [csv_safe(cell) for cell in cells]


def _word(found: Combination) -> str:
    return "moyen" if found.board.combination == "mean" else "median"

"""A combined board: one rank made of those of several boards of a challenge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from django.db import models

from challenges.enums import JobKind, Split
from challenges.enums.combined import Combination
from challenges.models.board import Leaderboard, Standing, ranks_of_teams
from challenges.models.challenge import Challenge
from challenges.models.job import Job
from challenges.models.team import Team
from challenges.models.words import within, word
from portal.lib import canonical

DECIMALS = 2
_SCHEME = 2  # raised when the way rows are computed changes


def _read_parts(parts: "models.QuerySet[CombinedPart]") -> "models.QuerySet[CombinedPart]":
    return parts.select_related("leaderboard__phase__reveal").order_by("index")


class CombinedBoardQuerySet(models.QuerySet["CombinedBoard"]):
    """Combined boards."""

    def locked(self, board: "CombinedBoard") -> "CombinedBoard":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=board.pk)

    def with_boards(self) -> "CombinedBoardQuerySet":
        """Read their boards with them, whatever their number."""
        parts = _read_parts(CombinedPart.objects.all())
        return self.prefetch_related(models.Prefetch("parts", parts))

    def of_phase(self, phase_id: int) -> "CombinedBoardQuerySet":
        """Keep those that read a board of a phase."""
        return self.filter(parts__leaderboard__phase_id=phase_id).distinct()


class CombinedBoard(models.Model):
    """Rank the teams of a challenge by the mean or the median of their ranks on its boards."""

    challenge = models.ForeignKey(
        Challenge, on_delete=models.CASCADE, related_name="combined_boards"
    )
    key = models.CharField(max_length=36)
    title = models.CharField(max_length=64)
    combination = word(Combination, default=Combination.MEAN)
    # Per split: {"digest", "computed_at", "rows"}.
    facts = models.JSONField(default=dict, blank=True)

    objects = CombinedBoardQuerySet.as_manager()

    class Meta:
        ordering = ["challenge_id", "pk"]
        constraints = [
            within("combination", Combination, name="combined_board_combination_known"),
            models.UniqueConstraint(fields=["challenge", "key"], name="combined_board_key_once"),
        ]

    def boards(self) -> list[Leaderboard]:
        """List the boards whose ranks it reads, in its order, their phases with them."""
        if "parts" in getattr(self, "_prefetched_objects_cache", ()):
            return [each.leaderboard for each in self.parts.all()]
        return [each.leaderboard for each in _read_parts(self.parts.all())]


class CombinedPart(models.Model):
    """Name a board that a combined board reads."""

    board = models.ForeignKey(CombinedBoard, on_delete=models.CASCADE, related_name="parts")
    leaderboard = models.ForeignKey(
        Leaderboard, on_delete=models.CASCADE, related_name="combined_in"
    )
    index = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["board_id", "index"]
        constraints = [
            models.UniqueConstraint(fields=["board", "leaderboard"], name="combined_part_once"),
            models.UniqueConstraint(fields=["board", "index"], name="combined_part_index_once"),
        ]


class CombinedStanding(models.Model):
    """Hold one row of a combined board, computed from the rows of its boards."""

    board = models.ForeignKey(CombinedBoard, on_delete=models.CASCADE, related_name="standings")
    split = word(Split)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="combined_standings")
    position = models.PositiveIntegerField()
    # None for a team without a rank on one of the boards.
    rank = models.PositiveIntegerField(null=True, blank=True)
    value = models.DecimalField(max_digits=9, decimal_places=DECIMALS, null=True, blank=True)
    # Its rank on each board, in the order of the parts; None where it has none.
    ranks = models.JSONField(default=list)

    class Meta:
        ordering = ["board_id", "split", "position"]
        constraints = [
            within("split", Split, name="combined_standing_split_known"),
            models.UniqueConstraint(
                fields=["board", "split", "team"], name="combined_standing_once"
            ),
            models.UniqueConstraint(
                fields=["board", "split", "position"], name="combined_standing_position_once"
            ),
        ]


@dataclass(frozen=True)
class CombinedRow:
    """A computed row, before it is stored; value in hundredths of a rank."""

    team_id: int
    rank: int | None
    hundredths: int | None
    ranks: list[int | None]


@dataclass(frozen=True)
class Combined:
    """What the ranks of several boards make, and the digest of all that decides it."""

    rows: list[CombinedRow]
    digest: str


def combined(board: CombinedBoard, split: Split) -> Combined:
    """Combine the stored ranks of the boards; the final ones need every phase to be revealed.

    A team counts with its best row of each board. One without a rank on a board has no combined
    rank. The value is rounded once, half up, to two decimals; equal values share a rank: 1, 2, 2,
    4. Inside a rank the order says nothing: by the ranks, then by the team's number.
    """
    boards = board.boards()
    if split == Split.PRIVATE and not all(each.phase.is_revealed for each in boards):
        boards = []
    found = [_ranks(each, split) for each in boards]
    teams = sorted({team for ranks in found for team in ranks})
    rows = [(team, [ranks.get(team) for ranks in found]) for team in teams]
    digest = canonical.digest(
        {
            "scheme": _SCHEME,
            "split": split.value,
            "combination": board.combination,
            "boards": [each.pk for each in boards],
            "rows": [[team, ranks] for team, ranks in rows],
        }
    )
    return Combined(_ranked(rows, Combination(board.combination)), digest)


def _ranks(board: Leaderboard, split: Split) -> Mapping[int, int | None]:
    held = Standing.objects.filter(leaderboard=board, split=split, is_baseline=False)
    rows = list(held.values_list("team_id", "rank"))
    ranks = ranks_of_teams(rows)
    return {team: ranks.get(team) for team, _rank in rows}


def _ranked(
    rows: Sequence[tuple[int, list[int | None]]], combination: Combination
) -> list[CombinedRow]:
    valued = [(_hundredths(ranks, combination), ranks, team) for team, ranks in rows]
    valued.sort(key=lambda each: (each[0] is None, each[0] or 0, _known(each[1]), each[2]))
    found: list[CombinedRow] = []
    rank: int | None = None
    last: int | None = None
    for position, (value, ranks, team) in enumerate(valued, 1):
        if value is None:
            rank = None
        elif value != last:
            rank, last = position, value
        found.append(CombinedRow(team, rank, value, ranks))
    return found


def _known(ranks: Sequence[int | None]) -> list[int]:
    return sorted(rank for rank in ranks if rank is not None)


def _hundredths(ranks: Sequence[int | None], combination: Combination) -> int | None:
    known = [Fraction(rank) for rank in ranks if rank is not None]
    if not known or len(known) < len(ranks):
        return None
    exact = sum(known) / len(known) if combination == Combination.MEAN else median(known)
    return int(exact * 10**DECIMALS + Fraction(1, 2))


def stale_combined() -> Iterator[str]:
    """Yield the combined boards that differ from a recomputation and that no job will make."""
    kinds = [JobKind.STANDINGS, JobKind.REVEAL]
    alive = set(
        Job.objects.alive()
        .filter(kind__in=kinds)
        .order_by("pk")
        .values_list("subject_id", flat=True)
    )
    for board in CombinedBoard.objects.order_by("pk"):
        if alive & {str(each.phase_id) for each in board.boards()}:
            continue
        for split in Split:
            if board.facts.get(split.value) and not _is_fresh(board, split):
                yield f"{board.pk}:{split}"


def _is_fresh(board: CombinedBoard, split: Split) -> bool:
    found = combined(board, split)
    stored: list[tuple[Any, ...]] = [
        (row.team_id, row.rank, None if row.value is None else int(row.value * 100), row.ranks)
        for row in board.standings.filter(split=split).order_by("position")
    ]
    wanted = [(row.team_id, row.rank, row.hundredths, row.ranks) for row in found.rows]
    return stored == wanted and board.facts[split.value]["digest"] == found.digest

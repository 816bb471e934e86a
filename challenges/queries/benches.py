"""What a phase that stays open after its results shows: the best of each team, then and since."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Min, Q

from challenges.enums import Direction, EntryStatus, Split, TeamState
from challenges.models import Column, Leaderboard, Phase, Score, Team
from challenges.models.rescoring import in_force
from challenges.models.rounding import rounded


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


def board_of(phase: Phase) -> Leaderboard | None:
    """Return the board whose primary figure the bench compares, None without one to show."""
    return (
        phase.leaderboards.filter(hidden=False, primary__isnull=False, primary__hidden=False)
        .select_related("primary")
        .order_by("pk")
        .first()
    )


def rows(phase: Phase, column: Column) -> list[BenchRow]:
    """Rank the teams of a phase by their best public score, in two queries; time ranks nobody."""
    best = Min if column.direction == Direction.MIN else Max
    late = Q(evaluation__entry__is_bench=True)
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
    return _ranked(found, teams, column)


def _ranked(found: list[dict[str, Any]], teams: dict[int, Team], column: Column) -> list[BenchRow]:
    made: list[BenchRow] = []
    counted, rank, last = 0, 0, None
    for each in found:
        team = teams[each["team"]]
        if not team.is_baseline:
            counted += 1
            if each["best"] != last:
                rank, last = counted, each["best"]
        made.append(
            BenchRow(
                rank=None if team.is_baseline else rank,
                team=team,
                during=_text(each["during"], column),
                since=_text(each["since"], column),
                entries=each["late"],
            )
        )
    return made


def _text(value: float | None, column: Column) -> str:
    return "" if value is None else rounded(value, column.decimals)[1]

"""Keep the ranks of each board at the end of each day, as its entries make them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from challenges.actions import jobs
from challenges.enums import PUBLIC_STATUSES, JobKind, Split
from challenges.models import Job, Leaderboard, StandingDay
from challenges.models.board import ranks_of_teams
from challenges.models.timelines import (
    FACTS,
    Timeline,
    facts_of,
    figure_key,
    is_due,
    timeline,
)
from portal.lib import clock


@transaction.atomic
def queue() -> int:
    """Queue the phases whose days are not all written as they are today; return how many."""
    boards = Leaderboard.objects.filter(
        challenge__status__in=[each.value for each in PUBLIC_STATUSES]
    )
    now = clock.now()
    due = {
        board.phase_id for board in boards.select_related("phase", "primary") if is_due(board, now)
    }
    for pk in sorted(due):
        jobs.revive(kind=JobKind.DAYS, subject_id=pk, dedup_key=str(pk))
    return len(due)


@transaction.atomic
def store(
    *, job: Job, board: Leaderboard, found: Timeline, changed: Sequence[StandingDay], at: datetime
) -> bool:
    """Replace the days of a board that changed; False, and nothing written, when it has moved.

    at: when its days were counted. In order: board locked; digest compared; days that are no
    more removed; days replaced; the day of the final results; facts. The caller ends the job.
    """
    if not jobs.fence(job):
        return False
    board = Leaderboard.objects.locked(board)
    if timeline(board, at).digest != found.digest:
        return False
    days = StandingDay.objects.filter(leaderboard=board)
    days.exclude(split=Split.PUBLIC, day__in=[each.day for each in found.days]).delete()
    days.filter(day__in=[each.day for each in changed]).delete()
    now = clock.now()
    for each in changed:
        each.computed_at = now
    StandingDay.objects.bulk_create([*changed, *_final(board, now)], batch_size=200)
    board.facts[FACTS] = facts_of(board, at)
    board.save(update_fields=["facts"])
    return True


def _final(board: Leaderboard, now: datetime) -> list[StandingDay]:
    """Return the day of the final results, as the board of the private part has them."""
    reveal = getattr(board.phase, "reveal", None)
    if reveal is None or reveal.executed_at is None:
        return []
    key = figure_key(board)
    standings = board.standings.filter(split=Split.PRIVATE, is_baseline=False)
    ranks = ranks_of_teams(standings.order_by("position").values_list("team_id", "rank"))
    rows: dict[int, list[object]] = {}
    for each in standings.order_by("position"):
        text = str((each.cells.get(key) or {}).get("text") or "")
        rows.setdefault(each.team_id, [each.team_id, ranks.get(each.team_id), text])
    return [
        StandingDay(
            leaderboard=board,
            split=Split.PRIVATE,
            day=clock.paris_day(reveal.executed_at),
            rows=list(rows.values()),
            digest=board.facts.get(Split.PRIVATE.value, {}).get("digest", ""),
            computed_at=now,
        )
    ]

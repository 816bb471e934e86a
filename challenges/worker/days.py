"""Compute the ranks of a phase's boards at the end of each day, from its entries."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction

from challenges.actions import days, jobs
from challenges.actions.standings import Line
from challenges.enums import Split
from challenges.models import Job, Phase, StandingDay
from challenges.models.board import ranks_of_teams
from challenges.models.listings import chosen
from challenges.models.timelines import Timeline, figure_key, timeline
from challenges.worker import vault
from challenges.worker.boards import computed
from challenges.worker.lease import Beating
from challenges.worker.vault import Opened
from portal.lib import clock


def days_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Write the days of a phase that are missing, or that its entries no longer make so.

    A rescoring, a withdrawal or a disqualification changes days that are over; a board that
    moves meanwhile is left for the next time.
    """
    phase = Phase.objects.get(pk=job.subject_id)
    opened = Opened()
    at = clock.now()
    for board in phase.leaderboards.select_related("phase", "primary").order_by("pk"):
        found = timeline(board, at)
        kept = dict(
            StandingDay.objects.filter(leaderboard=board, split=Split.PUBLIC).values_list(
                "day", "digest"
            )
        )
        days.store(job=job, board=board, found=found, changed=_changed(found, kept, opened), at=at)
    with transaction.atomic():
        jobs.complete(job)


def _changed(found: Timeline, kept: Mapping[date, str], opened: Opened) -> list[StandingDay]:
    rows: list[list[object]] = []
    computed_for = ""
    changed = []
    for day in found.days:
        if kept.get(day.day) == day.digest:
            continue
        if day.digest != computed_for:
            lines, _facts = computed(chosen(found.runners, before=day.ends), opened)
            rows, computed_for = _rows(found, lines), day.digest
        changed.append(
            StandingDay(
                leaderboard=found.runners.board,
                split=Split.PUBLIC,
                day=day.day,
                rows=rows,
                digest=day.digest,
            )
        )
    return changed


def _rows(found: Timeline, lines: Sequence[Line]) -> list[list[object]]:
    """Keep the best line of each team: its rank among teams, its figure as the board writes it."""
    key = figure_key(found.runners.board)
    own = [line for line in lines if not line.candidate.is_baseline]
    ranks = ranks_of_teams((line.candidate.team_id, line.rank) for line in own)
    rows: dict[int, list[object]] = {}
    for line in own:
        team = line.candidate.team_id
        text = str((line.cells.get(key) or {}).get("text") or "")
        rows.setdefault(team, [team, ranks.get(team), text])
    return list(rows.values())

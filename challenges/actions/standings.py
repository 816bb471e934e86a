"""Store the rows of a board, as the worker computed them from one state of its inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from challenges.enums import JobKind, JobState
from challenges.models import Entry, Job, Leaderboard, Standing
from challenges.models.candidates import Candidate
from challenges.models.listings import Listing, listing
from challenges.queue import actions as jobs
from portal.lib import clock


@dataclass(frozen=True)
class Line:
    """A computed row, before it is stored."""

    candidate: Candidate
    rank: int | None
    tier: int | None
    rank_low: int | None
    rank_high: int | None
    cells: dict[str, Any]
    interval_low: float | None = None
    interval_high: float | None = None
    entries_count: int = 1


@transaction.atomic
def begin(*, job: Job) -> bool:
    """Start a recomputation; the jobs that wait for the same are answered by this one.

    A job put after this instant tells of a change that may not be seen here: it stays.
    """
    if not jobs.fence(job):
        return False
    Job.objects.filter(
        kind=JobKind.STANDINGS, subject_id=job.subject_id, state=JobState.READY
    ).update(state=JobState.DONE, finished_at=clock.now())
    return True


@transaction.atomic
def store(*, job: Job, found: Listing, lines: Sequence[Line], facts: dict[str, Any]) -> bool:
    """Replace the rows of a board; False, and nothing written, when the inputs have moved.

    In order: board locked; digest compared; rows replaced; facts. The caller ends the job.
    """
    if not jobs.fence(job):
        return False
    board = Leaderboard.objects.locked(found.board)
    if listing(board, found.split).digest != found.digest:
        return False
    write(board, found, lines, facts)
    return True


def write(board: Leaderboard, found: Listing, lines: Sequence[Line], facts: dict[str, Any]) -> None:
    """Write the rows of a locked board, in the caller's transaction."""
    now = clock.now()
    rows = board.standings.filter(split=found.split)
    rows.delete()
    Standing.objects.bulk_create(
        [
            Standing(
                leaderboard=board,
                split=found.split,
                team_id=line.candidate.team_id,
                entry_id=line.candidate.entry_id,
                position=position,
                rank=line.rank,
                tier=line.tier,
                rank_low=line.rank_low,
                rank_high=line.rank_high,
                is_baseline=line.candidate.is_baseline,
                cells=line.cells,
                interval_low=line.interval_low,
                interval_high=line.interval_high,
                entries_count=line.entries_count,
                computed_at=now,
                source_digest=found.digest,
            )
            for position, line in enumerate(lines, 1)
        ]
    )
    board.facts[found.split.value] = {
        **facts,
        "axis": _axis(found, lines),
        "digest": found.digest,
        "computed_at": now.isoformat(),
        "rows": len(lines),
    }
    board.save(update_fields=["facts"])


def _axis(found: Listing, lines: Sequence[Line]) -> list[Any]:
    """Return the ends of all figures and intervals, and whether a row has an interval.

    A page of a long board draws on one axis without reading the other rows.
    """
    key = found.primary.key if found.primary else ""
    ends = [line.cells.get(key, {}).get("value") for line in lines]
    for line in lines:
        ends += [line.interval_low, line.interval_high]
    known = [end for end in ends if end is not None]
    intervals = any(line.interval_low is not None for line in lines)
    return [min(known, default=None), max(known, default=None), intervals]


def unfinished(phase_id: int) -> int:
    """Count the entries of a phase that have no outcome yet, examinations included."""
    return Entry.objects.filter(enrolment__phase_id=phase_id).without_outcome().count()

"""Score the references again each night, and ring when one no longer gives what it gave."""

from dataclasses import dataclass

from django.db import transaction

from challenges.enums import ChallengeStatus, EntryStatus, EvaluationState, JobKind
from challenges.enums.rescorings import WatchState
from challenges.models import BaselineCheck, Entry, Evaluation, Job, PhaseTask
from challenges.models.rescoring import evaluations_of
from challenges.queue import actions as jobs
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, immutable

_WATCHED = {
    ChallengeStatus.PUBLISHED,
    ChallengeStatus.SUSPENDED,
    ChallengeStatus.CLOSED,
    ChallengeStatus.REVEALED,
}


@dataclass(frozen=True)
class Seen:
    """What one more scoring of a reference gave.

    figure, difference: the public figure that moved most; empty and None where only a reserved
    one did. tolerance: what was allowed. runs: how many were needed to tell.
    """

    state: WatchState
    figure: str = ""
    difference: float | None = None
    tolerance: float | None = None
    runs: int = 1
    reason_code: str = ""


@transaction.atomic
def queue() -> int:
    """Queue one scoring of each reference of the challenges that are out; return how many."""
    day = clock.paris_day(clock.now())
    found = 0
    tasks = PhaseTask.objects.filter(
        current=True, phase__challenge__status__in=[each.value for each in _WATCHED]
    )
    for task in tasks.order_by("pk"):
        watched = evaluations_of(task).filter(
            entry__is_baseline=True, entry__status=EntryStatus.SCORED, state=EvaluationState.DONE
        )
        for pk in watched.order_by("pk").values_list("pk", flat=True):
            jobs.put(kind=JobKind.WATCH, subject_id=pk, dedup_key=f"{pk}:{day}")
            found += 1
    return found


@transaction.atomic
def note(*, job: Job, evaluation: Evaluation, seen: Seen) -> BaselineCheck | None:
    """Keep what a night found, once; None when the lease was lost or the night is told.

    In order: job done; check; for a drift that is not that of the night before: event
    "baseline.drifted", letter to the organisers and the operators.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return None
    Entry.objects.locked(evaluation.entry)
    day = clock.paris_day(clock.now())
    checks = BaselineCheck.objects.filter(evaluation=evaluation)
    if checks.filter(day=day).exists():
        return None
    last = checks.order_by("-day").first()
    rings = seen.state != WatchState.SAME and not (last is not None and _alike(last, seen))
    with immutable.writes(BaselineCheck):
        check = BaselineCheck.objects.create(
            evaluation=evaluation,
            day=day,
            state=seen.state,
            figure=seen.figure[:160],
            difference=seen.difference,
            tolerance=seen.tolerance,
            runs=seen.runs,
            reason_code=seen.reason_code[:40],
            rang=rings,
            checked_at=clock.now(),
        )
    if rings:
        record("baseline.drifted", by=jobs.WORKER, on=evaluation.entry, state=seen.state.value)
        owe("mail.baseline_drifted", key=str(check.pk), check_id=check.pk)
    return check


def _alike(last: BaselineCheck, seen: Seen) -> bool:
    """Say whether the night before told the same drift."""
    return (
        last.state == seen.state
        and last.figure == seen.figure
        and last.reason_code == seen.reason_code
        and _near(last.difference, seen.difference, seen.tolerance)
    )


def _near(one: float | None, other: float | None, tolerance: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= (tolerance or 0.0)

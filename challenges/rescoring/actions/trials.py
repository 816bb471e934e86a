"""Score every entry by a scoring that is tried, beside the one in force; nothing is released."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from challenges.entries.models import Entry
from challenges.evaluation.enums import EvaluationState
from challenges.evaluation.models import ENDED, Evaluation
from challenges.queue import actions as jobs
from challenges.queue.enums import RESCORE_PRIORITY, JobKind, JobState
from challenges.queue.models import Job
from challenges.rescoring.models import Rescoring, RescoringState
from portal.lib import clock

TRIAL_BATCH = 500
COMPARE_AGAIN_SECONDS = 300


def queue_trial(rescoring: Rescoring, entry: Entry) -> None:
    """Make the evaluation of an entry by the scoring tried, once; queue it behind all others."""
    task = rescoring.task
    evaluation, _made = Evaluation.objects.get_or_create(
        entry=entry, scorer_version_id=task.scorer_version_id, holdout_id=task.holdout_id
    )
    if evaluation.state not in ENDED:
        jobs.revive(
            kind=JobKind.SCORE,
            subject_id=evaluation.pk,
            priority=RESCORE_PRIORITY,
        )


def queue_trials(entry: Entry) -> None:
    """Have an entry that comes meanwhile scored by the scoring that is tried too."""
    for rescoring in Rescoring.objects.tried().filter(phase_id=entry.enrolment.phase_id):
        queue_trial(rescoring, entry)


def note_trial_end(evaluation: Evaluation) -> None:
    """Have the boards compared once nothing waits for the scoring that is tried.

    An index tells that another entry is left to score: all entries are read for the last one of
    a batch only.
    """
    phase_id = evaluation.entry.enrolment.phase_id
    for rescoring in Rescoring.objects.tried().filter(phase_id=phase_id).select_related("task"):
        if not rescoring.is_trying() and not rescoring.not_ended().exists():
            compare_boards_later(rescoring, cause=f"{evaluation.pk}:{evaluation.finished_at}")


def compare_boards_later(rescoring: Rescoring, *, cause: str) -> None:
    """Queue a comparison of the boards, once per cause; causes that come together are one."""
    waiting = Job.objects.filter(
        kind=JobKind.COMPARE, subject_id=str(rescoring.pk), state=JobState.READY
    )
    if rescoring.state != RescoringState.ACCEPTED and not waiting.exists():
        jobs.put(
            kind=JobKind.COMPARE,
            subject_id=rescoring.pk,
            dedup_key=f"{rescoring.pk}:{cause}"[:160],
            delay_seconds=settings.STANDINGS_GATHER_SECONDS,
        )


def retry_trials(rescoring: Rescoring) -> None:
    """Forget what ended for a fault of ours, so that it is queued once more."""
    rescoring.evaluations().filter(state=EvaluationState.FAILED, to_examine=True).update(
        state=EvaluationState.PENDING, reason_code="", to_examine=False, finished_at=None
    )


def queue_missing_trials(
    rescoring: Rescoring, *, size: int = TRIAL_BATCH, batches: int | None = None
) -> int:
    """Queue what a trial waits for and no job will do; return how many were missing.

    size: entries in one transaction, each of a few queries, which holds the change and not its
    phase. batches: how many at most; the next sweep finds the rest.
    """
    found, last, made = 0, None, 0
    while batches is None or made < batches:
        last, missing = _queue_trial_batch(rescoring, last, size)
        found, made = found + missing, made + 1
        if last is None:
            break
    return found


@transaction.atomic
def _queue_trial_batch(
    rescoring: Rescoring, last: UUID | None, size: int
) -> tuple[UUID | None, int]:
    """Queue what misses among the next entries; return the last one, None at the end."""
    rescoring = (
        Rescoring.objects.select_related("task").select_for_update(of=["self"]).get(pk=rescoring.pk)
    )
    waiting = rescoring.not_ended().order_by("pk")
    if last is not None:
        waiting = waiting.filter(pk__gt=last)
    entries = list(waiting.values_list("pk", flat=True)[:size])
    if not entries or not rescoring.is_tried:
        return None, 0
    task = rescoring.task
    means = {"scorer_version_id": task.scorer_version_id, "holdout_id": task.holdout_id}
    Evaluation.objects.bulk_create(
        [Evaluation(entry_id=pk, **means) for pk in entries], ignore_conflicts=True
    )
    wanted = Evaluation.objects.filter(entry__in=entries, **means)
    keys = [str(pk) for pk in wanted.order_by("pk").values_list("pk", flat=True)]
    missing = jobs.revive_all(kind=JobKind.SCORE, keys=keys, priority=RESCORE_PRIORITY)
    return (entries[-1] if len(entries) == size else None), missing


def sweep_trials() -> int:
    """Queue again what each trial waits for and no job will do; return how many were missing."""
    tried = Rescoring.objects.tried().select_related("task", "former").order_by("pk")
    return sum(queue_missing_trials(each) + _compare_again(each) for each in tried)


def _compare_again(rescoring: Rescoring) -> bool:
    """Queue the comparison that nobody will make: its job is dead, or its last entry was taken
    back; say whether it was missing.

    A dead one is tried again every `AGAIN_SECONDS`: once its cause is gone, it succeeds.
    """
    if rescoring.state == RescoringState.ACCEPTED or rescoring.not_ended().exists():
        return False
    if rescoring.facts.get("seen") == rescoring.seen():
        return False
    kind, pk = JobKind.COMPARE, rescoring.pk
    made = Job.objects.filter(kind=kind, subject_id=str(pk))
    if made.alive().exists():
        return False
    now = clock.now()
    dead = made.filter(state=JobState.DEAD).order_by("-finished_at", "pk").first()
    if dead is None:
        jobs.put(kind=kind, subject_id=pk, dedup_key=f"{pk}:sweep:{now.isoformat()}")
        return True
    if dead.finished_at and dead.finished_at > now - timedelta(seconds=COMPARE_AGAIN_SECONDS):
        return False
    jobs.revive(kind=kind, subject_id=pk, dedup_key=dead.dedup_key)
    return True

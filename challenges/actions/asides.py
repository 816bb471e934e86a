"""Score entries aside, by a scoring that is tried and not in force: nothing of it is released."""

from django.conf import settings

from challenges.actions import jobs
from challenges.enums import (
    RESCORE_PRIORITY,
    EntryStatus,
    EvaluationState,
    JobKind,
    JobState,
    ReasonCode,
    RescoringState,
)
from challenges.models import Entry, Evaluation, Job, Rescoring
from portal.lib import clock

_ENDED = (EvaluationState.DONE, EvaluationState.FAILED)


def queue(rescoring: Rescoring, entry: Entry) -> None:
    """Make the evaluation of an entry by the scoring tried, once, and queue it behind all others.

    One that ended for a fault that is not the file's is tried again.
    """
    task = rescoring.task
    evaluation, _made = Evaluation.objects.get_or_create(
        entry=entry, scorer_version_id=task.scorer_version_id, holdout_id=task.holdout_id
    )
    if evaluation.state == EvaluationState.FAILED and evaluation.examined:
        evaluation.state, evaluation.reason_code = EvaluationState.PENDING, ""
        evaluation.examined, evaluation.finished_at = False, None
        evaluation.save()
    if evaluation.state not in _ENDED:
        jobs.revive(
            kind=JobKind.SCORE,
            subject_id=evaluation.pk,
            dedup_key=str(evaluation.pk),
            priority=RESCORE_PRIORITY,
        )


def queue_tried(entry: Entry) -> None:
    """Have an entry that comes meanwhile scored by the scoring that is tried too."""
    for rescoring in Rescoring.objects.tried().filter(phase_id=entry.enrolment.phase_id):
        queue(rescoring, entry)


def begin(evaluation: Evaluation, entry: Entry) -> bool:
    """Start a scoring aside, the entry left where it stands; False when it has no use."""
    gone = {EntryStatus.WITHDRAWN, EntryStatus.REJECTED}
    if entry.status in gone or evaluation.state in _ENDED:
        return False
    evaluation.state, evaluation.started_at = EvaluationState.RUNNING, clock.now()
    evaluation.save(update_fields=["state", "started_at"])
    return True


def bury(evaluation: Evaluation) -> None:
    """End a scoring aside that our platform could not do: the entry keeps what it had."""
    evaluation.state, evaluation.reason_code = EvaluationState.FAILED, _PLATFORM
    evaluation.examined, evaluation.finished_at = True, clock.now()
    evaluation.save()
    note_end(evaluation)


def note_end(evaluation: Evaluation) -> None:
    """Have the boards compared once nothing waits for the scoring that is tried."""
    phase_id = evaluation.entry.enrolment.phase_id
    for rescoring in Rescoring.objects.tried().filter(phase_id=phase_id):
        if not rescoring.waiting():
            compare_later(rescoring, cause=f"{evaluation.pk}:{evaluation.finished_at}")


def compare_later(rescoring: Rescoring, *, cause: str) -> None:
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


def sweep() -> int:
    """Queue again what a trial waits for and no job will do; return how many were missing."""
    found = 0
    for rescoring in Rescoring.objects.tried().order_by("pk"):
        alive = set(
            Job.objects.alive()
            .filter(kind=JobKind.SCORE)
            .order_by("pk")
            .values_list("dedup_key", flat=True)
        )
        ended = rescoring.evaluations().filter(state__in=[each.value for each in _ENDED])
        known = dict(rescoring.evaluations().order_by("pk").values_list("entry_id", "pk"))
        for entry in rescoring.entries().exclude(pk__in=ended.values("entry_id")).order_by("pk"):
            if str(known.get(entry.pk)) not in alive:
                queue(rescoring, entry)
                found += 1
    return found


_PLATFORM = ReasonCode.PLATFORM.value

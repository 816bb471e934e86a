"""Move an entry on as the worker learns about it; every step is fenced by the job's lease."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from challenges.actions import asides, releases, run_queue
from challenges.enums import (
    EntryStatus,
    EvaluationState,
    JobKind,
    JobState,
    ReasonCode,
)
from challenges.enums.code import RunState
from challenges.models import (
    CodeRun,
    Enrolment,
    Entry,
    Evaluation,
    Job,
    Phase,
    PhaseTask,
    Score,
    SealedResult,
)
from challenges.models.rescoring import is_in_force
from challenges.queries.entries import fair_rank
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.receipts import actions as receipts
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints, immutable


@dataclass(frozen=True)
class Result:
    """What a scoring gave: figures to release now, and the sealed rest.

    public: {metric: value} of the columns that are not kept for the closing. intervals:
    {metric: [low, high, method]}. means: what scored, the digests that its receipt names. What
    a program used: processor seconds, peak MiB.
    """

    public: dict[str, float | None]
    payload: bytes
    payload_sha256: str
    key_id: str
    seconds: float | None = None
    input_sha256: str = ""
    intervals: Mapping[str, Any] = field(default_factory=dict)
    means: dict[str, Any] = field(default_factory=dict)
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    environment_digest: str = ""


# While an entry is in one of these, its code may run.
_RUNS = frozenset({EntryStatus.QUEUED, EntryStatus.SCORING})


def _nothing() -> None:
    """Write nothing more."""


@transaction.atomic
def begin_check(*, job: Job) -> Entry | None:
    """Start the check of a received entry; None when there is nothing to check any more."""
    if not jobs.fence(job):
        return None
    entry = Entry.objects.locked(Entry(pk=job.subject_id))
    if entry.status == EntryStatus.RECEIVED:
        entry.become(EntryStatus.CHECKING, at=clock.now())
        entry.save()
    if entry.status != EntryStatus.CHECKING:
        jobs.complete(job)
        return None
    return entry


@transaction.atomic
def finish_check(*, job: Job, accepted: bool, verdict: dict[str, Any], digest: str) -> bool:
    """Store the verdict of the format check; False when the lease was lost.

    In order: job done; accepted: entry QUEUED, one evaluation and one job per current task;
    refused: entry REJECTED, both slots given back, letter; event "entry.checked".
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    Phase.objects.held(Enrolment.objects.get(entries=UUID(job.subject_id)).phase_id)
    entry = Entry.objects.locked(Entry(pk=job.subject_id))
    now = clock.now()
    entry.verdict = verdict
    if accepted:
        entry.become(EntryStatus.QUEUED, at=now)
        entry.canonical_sha256 = digest
        entry.save()
        queue_scores(entry)
    else:
        faults = verdict.get("faults") or [{"code": ReasonCode.OUTPUT.value}]
        entry.become(EntryStatus.REJECTED, at=now, reason=faults[0]["code"])
        entry.day_slot = entry.total_slot = None
        entry.save()
        settle_later(entry)
        owe("mail.entry_rejected", key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))
    record("entry.checked", by=WORKER, on=entry, accepted=accepted, reason=entry.reason_code)
    failpoints.hit("check.before_commit")
    return True


def queue_scores(entry: Entry) -> None:
    """Make one evaluation per current task of the phase and queue those that are not done.

    Where the team sends code, its run comes first; one that failed is made again.
    """
    tasks = PhaseTask.objects.filter(phase_id=entry.enrolment.phase_id, current=True)
    for task in tasks.order_by("index"):
        evaluation, _created = Evaluation.objects.get_or_create(
            entry=entry, scorer_version=task.scorer_version, holdout=task.holdout
        )
        if evaluation.state not in {EvaluationState.PENDING, EvaluationState.RUNNING}:
            continue
        rank, urgent, run = fair_rank(entry.enrolment), entry.is_baseline, run_queue.of(evaluation)
        if run is not None and run.state != RunState.DONE:
            run_queue.again(run, fair_rank=rank, urgent=urgent)
            continue
        jobs.put(
            kind=JobKind.SCORE,
            subject_id=evaluation.pk,
            dedup_key=str(evaluation.pk),
            fair_rank=rank,
            urgent=urgent,
            phase_id=entry.enrolment.phase_id,
        )
    asides.queue_tried(entry)


@transaction.atomic
def begin_score(*, job: Job) -> Evaluation | None:
    """Start a scoring; None when the entry was withdrawn or the evaluation has ended.

    One that is not in force leaves the entry where it stands.
    """
    if not jobs.fence(job):
        return None
    evaluation = Evaluation.objects.select_related("entry__enrolment").get(pk=job.subject_id)
    Phase.objects.held(evaluation.entry.enrolment.phase_id)  # a change of scoring waits
    entry = Entry.objects.locked(Entry(pk=evaluation.entry_id))
    now = clock.now()
    run = run_queue.of(evaluation)
    if run is not None and run.state != RunState.DONE:  # it queues this once it has ended
        jobs.complete(job)
        aside = not is_in_force(evaluation)
        if run.is_alive and aside and entry.status not in _RUNS:
            asides.bury(evaluation)  # no code runs for an entry under examination
        elif run.is_alive:
            run_queue.queue(run, fair_rank=fair_rank(entry.enrolment), aside=aside)
        elif evaluation.finished_at is None:
            fail(evaluation, entry, code=run.reason_code)
        return None
    if not is_in_force(evaluation):
        if asides.begin(evaluation, entry):
            return evaluation
        jobs.complete(job)
        return None
    if entry.status == EntryStatus.QUEUED:
        entry.become(EntryStatus.SCORING, at=now)
        entry.save()
    ended = {EvaluationState.DONE, EvaluationState.FAILED}
    if entry.status != EntryStatus.SCORING or evaluation.state in ended:
        jobs.complete(job)
        return None
    evaluation.state, evaluation.started_at = EvaluationState.RUNNING, now
    evaluation.save(update_fields=["state", "started_at"])
    return evaluation


@transaction.atomic
def finish_score(*, job: Job, result: Result, also: Callable[[], None] = _nothing) -> bool:
    """Store what a scoring gave, once; False when the lease was lost: nothing is written.

    also: what else is written in this transaction, the report of a program.
    In order: job done; evaluation DONE; public scores rounded once; sealed result; score
    receipt; entry SCORED when its tasks are all done; job "standings"; letter; event
    "entry.scored". Under a Ladder, scores and receipt are left to its settlement; where the
    scoring is not in force, nothing is released and the entry stays where it stands.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    evaluation, entry = _held(job)
    now = clock.now()
    evaluation.state, evaluation.finished_at = EvaluationState.DONE, now
    evaluation.seconds, evaluation.input_sha256 = result.seconds, result.input_sha256
    evaluation.cpu_seconds, evaluation.peak_mb = result.cpu_seconds, result.peak_mb
    evaluation.environment_digest = result.environment_digest
    also()
    failpoints.hit("score.before_scores")
    evaluation.save()
    with immutable.writes(SealedResult):
        SealedResult.objects.bulk_create(
            [
                SealedResult(
                    evaluation=evaluation,
                    payload=result.payload,
                    sha256=result.payload_sha256,
                    key_id=result.key_id,
                )
            ],
            ignore_conflicts=True,
        )
    if is_in_force(evaluation):
        _release(evaluation, entry, result, now)
        failpoints.hit("score.after_scores")
        settle(entry, now)
    else:
        asides.note_end(evaluation)
    failpoints.hit("score.before_commit")
    return True


def _held(job: Job) -> tuple[Evaluation, Entry]:
    """Lock what a scoring ends; a change of scoring waits for it, or is seen by it."""
    evaluation = Evaluation.objects.select_related("entry__enrolment").get(pk=job.subject_id)
    Phase.objects.held(evaluation.entry.enrolment.phase_id)
    entry = Entry.objects.locked(Entry(pk=evaluation.entry_id))  # before what hangs from it
    return Evaluation.objects.select_for_update().get(pk=job.subject_id), entry


def _release(evaluation: Evaluation, entry: Entry, result: Result, now: datetime) -> None:
    climbs = entry.climbs
    figures, intervals = ({}, {}) if climbs else (result.public, result.intervals)
    scores = releases.public(evaluation, figures, intervals, at=now)
    with immutable.writes(Score):
        Score.objects.bulk_create(scores, ignore_conflicts=True)
    if not climbs:
        receipts.issue_score_receipt(evaluation, scores, means=result.means, at=now)


@transaction.atomic
def finish_failed(
    *, job: Job, code: str, examined: bool = False, also: Callable[[], None] = _nothing
) -> bool:
    """End a scoring that gave nothing; the slot is kept, a letter is owed.

    examined: the fault is not the file's: once its tasks have ended the entry waits for a
    moderator, unless another task failed by the file's own fault. also: as in `finish_score`.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    evaluation, entry = _held(job)
    also()
    fail(evaluation, entry, code=code, examined=examined)
    return True


def fail(evaluation: Evaluation, entry: Entry, *, code: str, examined: bool = False) -> None:
    """End an evaluation that gave nothing, in the caller's transaction, its entry locked."""
    now = clock.now()
    evaluation.state, evaluation.finished_at = EvaluationState.FAILED, now
    evaluation.reason_code, evaluation.examined = code, examined
    evaluation.save()
    if is_in_force(evaluation):
        settle(entry, now)
    else:
        asides.note_end(evaluation)


def outcome(entry: Entry) -> tuple[EntryStatus, str] | None:
    """Return the worst outcome of an entry's current evaluations and its code; None before.

    Failed by the file's own fault, then to examine, then scored.
    """
    tasks = PhaseTask.objects.filter(phase_id=entry.enrolment.phase_id, current=True)
    wanted = set(tasks.order_by("pk").values_list("scorer_version_id", "holdout_id"))
    found = {
        (each.scorer_version_id, each.holdout_id): each
        for each in entry.evaluations.order_by("pk")
        if (each.scorer_version_id, each.holdout_id) in wanted
    }
    ended = {EvaluationState.DONE, EvaluationState.FAILED}
    if len(found) < len(wanted) or any(each.state not in ended for each in found.values()):
        return None
    failed = [each for each in found.values() if each.state == EvaluationState.FAILED]
    own = [each for each in failed if not each.examined]
    if own:
        return EntryStatus.FAILED, own[0].reason_code
    if failed:
        return EntryStatus.NEEDS_ATTENTION, failed[0].reason_code
    return EntryStatus.SCORED, ""


def move(entry: Entry, now: datetime) -> EntryStatus | None:
    """Give the entry its outcome, once all its current evaluations have ended; tell nobody."""
    found = outcome(entry)
    if found is None:
        return None
    if entry.status == EntryStatus.QUEUED:  # the scoring changed while it ran
        entry.become(EntryStatus.SCORING, at=now)
    entry.become(found[0], at=now, reason=found[1])
    return found[0]


def settle(entry: Entry, now: datetime) -> None:
    """Give the entry its outcome, once all its current evaluations have ended, and tell it."""
    status = move(entry, now)
    if status is None:
        return
    if status == EntryStatus.SCORED:
        record("entry.scored", by=WORKER, on=entry)
        if not entry.is_bench:  # the boards are final
            queue_standings(entry.enrolment.phase_id, cause=f"{entry.pk}:{entry.version}")
    else:
        record(f"entry.{status.value}", by=WORKER, on=entry, reason=entry.reason_code)
        if status == EntryStatus.FAILED:
            settle_later(entry)
    entry.save()
    if not entry.is_baseline:
        owe(_LETTERS[status], key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))


_LETTERS = {
    EntryStatus.FAILED: "mail.entry_failed",
    EntryStatus.NEEDS_ATTENTION: "mail.entry_examined",
    EntryStatus.SCORED: "mail.entry_scored",
}


def queue_standings(phase_id: int, *, cause: str) -> None:
    """Queue a recomputation of a phase's boards, once per cause.

    While other scores wait, a little later: one recomputation then answers several causes.
    """
    busy = Job.objects.filter(kind=JobKind.SCORE, state=JobState.READY).exists()
    jobs.put(
        kind=JobKind.STANDINGS,
        subject_id=phase_id,
        dedup_key=f"{phase_id}:{cause}",
        delay_seconds=settings.STANDINGS_GATHER_SECONDS if busy else 0,
    )


def settle_later(entry: Entry) -> None:
    """Queue what waits for an entry that ends without a score, where a Ladder goes in order."""
    if entry.climbs:
        queue_standings(entry.enrolment.phase_id, cause=f"{entry.pk}:{entry.version}")


def bury(job: Job) -> None:
    """Move on the subject of a dead job: its entry goes under examination, with a letter.

    The entry is locked before its evaluation or its run, as everywhere.
    """
    match job.kind:
        case JobKind.CHECK:
            examine(Entry.objects.filter(pk=job.subject_id))
        case JobKind.SCORE:
            evaluation = Evaluation.objects.filter(pk=job.subject_id).first()
            if evaluation is not None and not is_in_force(evaluation):
                asides.bury(evaluation)
                return
            examine(Entry.objects.filter(evaluations__pk=job.subject_id))
            Evaluation.objects.filter(pk=job.subject_id).update(state=EvaluationState.PENDING)
        case JobKind.RUN:
            examine(Entry.objects.filter(code_runs__pk=job.subject_id))
            CodeRun.objects.filter(pk=job.subject_id).update(state=RunState.QUEUED)
        case _:
            owe("mail.job_dead", key=f"{job.pk}:{job.attempt}", job_id=str(job.pk))


def examine(entries: Iterable[Entry]) -> None:
    """Put entries that were begun and go no further under examination, with a letter.

    The platform broke down, not the entry: its team has its slots back at once.
    """
    examined = {EntryStatus.CHECKING, EntryStatus.SCORING}
    for found in entries:
        entry = Entry.objects.locked(found)
        if entry.status not in examined:
            continue
        entry.become(EntryStatus.NEEDS_ATTENTION, at=clock.now(), reason=ReasonCode.PLATFORM.value)
        entry.day_slot = entry.total_slot = None
        entry.save()
        record("entry.needs_attention", by=WORKER, on=entry)
        owe("mail.entry_examined", key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))

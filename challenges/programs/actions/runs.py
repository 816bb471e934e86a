"""Run the code of entries on hidden inputs, before what it wrote is scored.

Each step of a run is fenced by the job's lease.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import fair_rank, turn_of
from challenges.evaluation.actions import evaluations
from challenges.evaluation.enums import EvaluationState, RunState
from challenges.evaluation.models import Evaluation, is_in_force, pausing_phase
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.programs.models import CodeRun, SealedPredictions
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind, JobState
from challenges.queue.models import Job
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.storage import objects

MIB = 1 << 20
# While an entry is in one of these, its code may run.
_RUNS = frozenset({EntryStatus.QUEUED, EntryStatus.SCORING})


def run_of(evaluation: Evaluation) -> CodeRun | None:
    """Return the run whose predictions an evaluation scores, made if absent; None without code.

    In the caller's transaction, the entry locked.
    """
    if evaluation.run is None:
        task = evaluation.tasks().filter(plan__isnull=False).first()
        if task is None:
            return None
        evaluation.run, _made = CodeRun.objects.get_or_create(
            entry_id=evaluation.entry_id, plan_id=task.plan_id
        )
        evaluation.save(update_fields=["run"])
    return evaluation.run


def queue_run(run: CodeRun, *, fair_rank: int, urgent: bool = False, aside: bool = False) -> None:
    """Queue the job of a run that waits, which the pause of its phase holds.

    aside: a change of scoring that is tried waits for it: no pause holds it then, and one that
    a pause held is let go. One that is alive is else left alone.
    """
    key = str(run.pk)
    phase_id = None if aside else run.entry.enrolment.phase_id
    jobs.put(
        kind=JobKind.RUN,
        subject_id=run.pk,
        dedup_key=key,
        fair_rank=fair_rank,
        urgent=urgent,
        phase_id=phase_id,
    )
    jobs.revive(kind=JobKind.RUN, subject_id=run.pk, dedup_key=key, phase_id=phase_id)
    if aside:
        held = Job.objects.filter(kind=JobKind.RUN, dedup_key=key, state=JobState.READY)
        held.update(phase_id=None)


def queue_first(evaluation: Evaluation, entry: Entry) -> bool:
    """Queue the run that an evaluation waits for, if any; say whether it waits.

    One that failed is made again.
    """
    run = run_of(evaluation)
    if run is None or run.state == RunState.DONE:
        return False
    if run.state == RunState.FAILED:
        run.state, run.reason_code, run.finished_at = RunState.QUEUED, "", None
        run.save(update_fields=["state", "reason_code", "finished_at"])
    queue_run(run, **turn_of(entry))
    return True


def is_awaited(evaluation: Evaluation, entry: Entry) -> bool:
    """Say whether a scoring that begins must wait for its run, which queues it once it has ended.

    The run is queued if it is not; a scoring whose run failed fails with it.
    """
    run = run_of(evaluation)
    if run is None or run.state == RunState.DONE:
        return False
    aside = not is_in_force(evaluation)
    if run.is_alive and aside and entry.status not in _RUNS:
        evaluations.end_broken_aside(evaluation)  # no code runs for an entry under examination
    elif run.is_alive:
        queue_run(run, fair_rank=fair_rank(entry.enrolment), aside=aside)
    elif evaluation.finished_at is None:
        evaluations.fail_evaluation(evaluation, entry, code=run.reason_code)
    return True


def signed_run(run: CodeRun, task: PhaseTask) -> dict[str, Any]:
    """Write the run that a score receipt signs: classes and digests, no exact measure."""
    return {
        "package_sha256": run.entry.sha256,
        "environment": run.environment_digest,
        "inputs": run.inputs_digest,
        "seed": run.seed,
        "limits": {"seconds": task.phase.time_limit_s, "memory_mb": task.phase.memory_mb},
        "minutes": run.minutes,
        "half_gib": run.half_gib,
    }


def run_measures(run: CodeRun) -> dict[str, Any]:
    """Return what a run used, as fields of a Result: exact, for moderators."""
    if not run.measures:
        return {}
    return {
        "seconds": float(run.measures["wall_seconds"]),
        "cpu_seconds": float(run.measures["cpu_seconds"]),
        "peak_mb": run.measures["peak_bytes"] / MIB,
        "environment_digest": run.environment_digest,
    }


def bury_run(job: Job) -> None:
    """Have the entry of a dead run examined; the run may be tried again."""
    evaluations.put_under_examination(Entry.objects.filter(code_runs__pk=job.subject_id))
    CodeRun.objects.filter(pk=job.subject_id).update(state=RunState.QUEUED)


MOST_LOG = 2 * 64 * 1024


@dataclass(frozen=True)
class KeptPredictions:
    """What a run predicted, sealed: the object, the keys that open it, the suffix of the file."""

    ciphertext_sha256: str
    ciphertext_size: int
    keys: Sequence[Mapping[str, str]]
    suffix: str


@dataclass(frozen=True)
class RunOutcome:
    """How the run of a code ended; the fields are those of CodeRun.

    reason_code: empty when it wrote an accepted file; kept is then there.
    """

    reason_code: str
    kept: KeptPredictions | None = None
    seed: int = 0
    environment_digest: str = ""
    inputs_digest: str = ""
    minutes: int | None = None
    half_gib: int | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    log: str = ""


@transaction.atomic
def begin_run(*, job: Job) -> CodeRun | None:
    """Start a run; None when it has ended, its entry was withdrawn, or it waits for a grant."""
    if not jobs.fence(job):
        return None
    run = CodeRun.objects.select_related("entry__enrolment__phase__challenge", "plan__inputs").get(
        pk=job.subject_id
    )
    # A change of scoring waits.
    phase = Phase.objects.share_locked(run.entry.enrolment.phase_id)
    if evaluations.put_off(job, phase):
        return None
    entry = Entry.objects.locked(run.entry)
    now = clock.now()
    if run.is_alive and entry.status == EntryStatus.QUEUED:
        entry.become(EntryStatus.SCORING, at=now)
        entry.save()
    if not run.is_alive or entry.status != EntryStatus.SCORING:
        jobs.complete(job)
        return None
    run.state, run.started_at = RunState.RUNNING, now
    run.save(update_fields=["state", "started_at"])
    return run


def stop_without_grant(job: Job, run: CodeRun) -> None:
    """Put off a run that began, once the restricted data that it reads have no grant."""
    phases = Phase.objects.select_related("challenge")
    evaluations.put_off(job, phases.get(pk=run.entry.enrolment.phase_id))


@transaction.atomic
def finish_run(*, job: Job, ended: RunOutcome) -> bool:
    """Keep what a run gave, once; False when the lease was lost: nothing is written.

    Nor where its grant ended meanwhile: it is run again under another. In order: job done; run
    DONE with its sealed predictions, and a job "score" for each evaluation that waits for them; or
    run FAILED, its evaluations with it, the slot kept; event "code_run.ended".
    """
    if not jobs.fence(job):
        return False
    run = CodeRun.objects.select_related("entry__enrolment").get(pk=job.subject_id)
    phase = Phase.objects.share_locked(run.entry.enrolment.phase_id)
    if evaluations.put_off(job, phase) or not jobs.complete(job):
        return False
    entry = Entry.objects.locked(Entry(pk=run.entry_id))  # before its run, as `begin_score`
    run = CodeRun.objects.select_for_update().get(pk=run.pk)
    run.state = RunState.FAILED if ended.reason_code else RunState.DONE
    run.finished_at = clock.now()
    for name in _COPIED:
        setattr(run, name, getattr(ended, name))
    run.log = ended.log.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:MOST_LOG]
    run.save()
    waiting = list(
        run.evaluations.filter(state__in=[EvaluationState.PENDING, EvaluationState.RUNNING])
        .select_related("entry__enrolment")
        .order_by("pk")
    )
    if ended.kept is not None:
        _keep(run, ended.kept)
        _queue_scores(entry, waiting)
    for evaluation in waiting if ended.reason_code else ():
        evaluations.fail_evaluation(evaluation, entry, code=ended.reason_code)
    record("code_run.ended", by=WORKER, on=run, reason=ended.reason_code)
    failpoints.hit("run.before_commit")
    return True


_COPIED = (
    "reason_code",
    "seed",
    "environment_digest",
    "inputs_digest",
    "minutes",
    "half_gib",
    "measures",
    "detail",
)


def _queue_scores(entry: Entry, waiting: Sequence[Evaluation]) -> None:
    turn = turn_of(entry)
    for evaluation in waiting:
        key, phase_id = str(evaluation.pk), pausing_phase(evaluation)
        jobs.put(
            kind=JobKind.SCORE,
            subject_id=evaluation.pk,
            dedup_key=key,
            phase_id=phase_id,
            **turn,
        )
        jobs.revive(kind=JobKind.SCORE, subject_id=evaluation.pk, dedup_key=key, phase_id=phase_id)


def _keep(run: CodeRun, kept: KeptPredictions) -> None:
    """Name the sealed predictions of a run; those of a former try are forgotten."""
    former = SealedPredictions.objects.filter(run=run).first()
    if former is not None:
        gone = former.ciphertext_sha256
        transaction.on_commit(lambda: objects.store().delete(gone), robust=True)
    SealedPredictions.objects.update_or_create(
        run=run,
        defaults={
            "ciphertext_sha256": kept.ciphertext_sha256,
            "ciphertext_size": kept.ciphertext_size,
            "keys": [dict(each) for each in kept.keys],
            "suffix": kept.suffix,
        },
    )

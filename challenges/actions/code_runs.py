"""Run an entry's code on the hidden inputs: begun, ended, each step fenced by the job's lease."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from challenges.entries.queries import fair_rank
from challenges.enums import EntryStatus, EvaluationState, JobKind
from challenges.enums.code import RunState
from challenges.evaluation.actions import evaluations
from challenges.models import CodeRun, Entry, Evaluation, Job, Phase, SealedPredictions
from challenges.models.rescoring import held_by
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from portal.audit.record import record
from portal.lib import clock, failpoints, objects

MOST_LOG = 2 * 64 * 1024


@dataclass(frozen=True)
class Kept:
    """What a run predicted, sealed: the object, the keys that open it, the suffix of the file."""

    ciphertext_sha256: str
    ciphertext_size: int
    keys: Sequence[Mapping[str, str]]
    suffix: str


@dataclass(frozen=True)
class Ended:
    """How the run of a code ended; the fields are those of CodeRun.

    reason_code: empty when it wrote an accepted file; kept is then there.
    """

    reason_code: str
    kept: Kept | None = None
    seed: int = 0
    environment_digest: str = ""
    inputs_digest: str = ""
    minutes: int | None = None
    half_gib: int | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    log: str = ""


@transaction.atomic
def begin(*, job: Job) -> CodeRun | None:
    """Start a run; None when it has ended, or when its entry was withdrawn."""
    if not jobs.fence(job):
        return None
    run = CodeRun.objects.select_related("entry__enrolment__phase__challenge", "plan__inputs").get(
        pk=job.subject_id
    )
    Phase.objects.held(run.entry.enrolment.phase_id)  # a change of scoring waits
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


@transaction.atomic
def finish(*, job: Job, ended: Ended) -> bool:
    """Keep what a run gave, once; False when the lease was lost: nothing is written.

    In order: job done; run DONE with its sealed predictions, and a job "score" for each
    evaluation that waits for them; or run FAILED, its evaluations with it, the slot kept; event
    "code_run.ended".
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    run = CodeRun.objects.select_related("entry__enrolment").get(pk=job.subject_id)
    Phase.objects.held(run.entry.enrolment.phase_id)
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
    rank = fair_rank(entry.enrolment)
    for evaluation in waiting:
        key, phase_id = str(evaluation.pk), held_by(evaluation)
        jobs.put(
            kind=JobKind.SCORE,
            subject_id=evaluation.pk,
            dedup_key=key,
            fair_rank=rank,
            urgent=entry.is_baseline,
            phase_id=phase_id,
        )
        jobs.revive(kind=JobKind.SCORE, subject_id=evaluation.pk, dedup_key=key, phase_id=phase_id)


def _keep(run: CodeRun, kept: Kept) -> None:
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

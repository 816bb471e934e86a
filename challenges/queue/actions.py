"""The queue of the worker: put, claim, beat, complete, give back, reap.

A lease is fenced by its token: whoever lost it changes nothing any more. No message is sent:
the worker polls every second.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from challenges.queue.enums import JOB_PRIORITY, JobKind, JobState
from challenges.queue.models import NO_GRANT, Job, JobQuerySet
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.refusals import Unavailable
from portal.lib.storage.scanning import ScannerAway, ScannerFailed

WORKER = SystemActor("worker")
OUTAGE_SECONDS = 30.0  # before a job that met an outage is tried again
AWAY = "_away"  # how the codes of outages end
STORE_AWAY, DATABASE_AWAY = f"store{AWAY}", f"database{AWAY}"
Buried = Callable[[Job], None]


def put(
    *,
    kind: JobKind,
    subject_id: object,
    dedup_key: str = "",
    fair_rank: int = 0,
    urgent: bool = False,
    priority: int | None = None,
    delay_seconds: float = 0,
    phase_id: int | None = None,
) -> None:
    """Queue a job once; a second call with the same kind and key changes nothing.

    dedup_key: the subject by default. priority: that of the kind by default. phase_id: the phase
    whose pause holds it.
    """
    now = clock.now()
    usual = JOB_PRIORITY[kind] if priority is None else priority
    job = Job(
        kind=kind,
        phase_id=phase_id,
        subject_id=str(subject_id),
        dedup_key=dedup_key or str(subject_id),
        priority=0 if urgent else usual,
        fair_rank=fair_rank,
        run_after=now + timedelta(seconds=delay_seconds),
        created_at=now,
        max_attempts=settings.JOB_MAX_ATTEMPTS,
    )
    Job.objects.bulk_create([job], ignore_conflicts=True)


@transaction.atomic
def revive(
    *,
    kind: JobKind,
    subject_id: object,
    dedup_key: str = "",
    priority: int | None = None,
    phase_id: int | None = None,
) -> None:
    """Queue a job again from its first attempt, whatever became of it; leave a live one alone.

    phase_id: the phase whose pause holds it from now on; None: no pause does.
    """
    key = dedup_key or str(subject_id)
    put(kind=kind, subject_id=subject_id, dedup_key=key, priority=priority, phase_id=phase_id)
    _start_again(Job.objects.filter(kind=kind, dedup_key=key), phase_id)


def _start_again(jobs: JobQuerySet, phase_id: int | None = None) -> None:
    """Make those that ended ready, from their first attempt."""
    jobs.exclude(state__in=[JobState.READY, JobState.LEASED]).update(
        state=JobState.READY,
        attempt=0,
        run_after=clock.now(),
        error_code="",
        finished_at=None,
        phase_id=phase_id,
    )


def revive_all(*, kind: JobKind, keys: Sequence[str], priority: int) -> int:
    """Queue the jobs of these keys, each its own subject, that are not alive; return how many.

    In three queries, in the caller's transaction; as `revive` for each, held by no pause.
    """
    named = Job.objects.filter(kind=kind, dedup_key__in=keys)
    alive = set(named.alive().order_by("pk").values_list("dedup_key", flat=True))
    missing = [key for key in keys if key not in alive]
    if not missing:
        return 0
    now = clock.now()
    _start_again(named.filter(dedup_key__in=missing))
    Job.objects.bulk_create(
        [
            Job(
                kind=kind,
                subject_id=key,
                dedup_key=key,
                priority=priority,
                run_after=now,
                created_at=now,
                max_attempts=settings.JOB_MAX_ATTEMPTS,
            )
            for key in missing
        ],
        ignore_conflicts=True,
    )
    return len(missing)


def queue_standings(phase_id: int, *, cause: str) -> None:
    """Queue a recomputation of a phase's boards, once per cause.

    While other scores wait, a little later: one recomputation then answers several causes.
    """
    busy = Job.objects.filter(kind=JobKind.SCORE, state=JobState.READY).exists()
    put(
        kind=JobKind.STANDINGS,
        subject_id=phase_id,
        dedup_key=f"{phase_id}:{cause}",
        delay_seconds=settings.STANDINGS_GATHER_SECONDS if busy else 0,
    )


def claim(*, owner: str) -> Job | None:
    """Take the next due job under a new lease, or return None."""
    if not Job.objects.due(clock.now()).exists():  # an idle worker takes no write lock
        return None
    with transaction.atomic():
        now = clock.now()
        job = Job.objects.due(now).select_for_update(skip_locked=True, of=("self",)).first()
        if job is None:
            return None
        job.state, job.lease_token, job.lease_owner = JobState.LEASED, uuid4(), owner[:80]
        job.lease_until, job.beat_at = now + timedelta(seconds=settings.LEASE_SECONDS), now
        job.attempt += 1
        job.save(
            update_fields=[
                "state",
                "lease_token",
                "lease_owner",
                "lease_until",
                "beat_at",
                "attempt",
            ]
        )
    failpoints.hit("job.claimed")
    return job


def beat(*, job_id: UUID, token: UUID) -> bool:
    """Prolong a lease; False when it was lost: the worker then stops its child."""
    now = clock.now()
    return bool(
        Job.objects.filter(pk=job_id, lease_token=token, state=JobState.LEASED).update(
            beat_at=now, lease_until=now + timedelta(seconds=settings.LEASE_SECONDS)
        )
    )


def fence(job: Job) -> bool:
    """Lock the job and say whether this lease still holds; call it first in a transaction."""
    return (
        Job.objects.select_for_update()
        .filter(pk=job.pk, lease_token=job.lease_token, state=JobState.LEASED)
        .exists()
    )


def complete(job: Job) -> bool:
    """End a job under its lease, in the caller's transaction; False when the lease was lost."""
    ended = Job.objects.filter(
        pk=job.pk, lease_token=job.lease_token, state=JobState.LEASED
    ).update(
        state=JobState.DONE,
        lease_token=None,
        lease_until=None,
        error_code="",
        finished_at=clock.now(),
    )
    if not ended:
        record("job.fenced", by=WORKER, on=job, kind=job.kind, attempt=job.attempt)
    return bool(ended)


def outage(error: Exception) -> str:
    """Name what did not answer: store, database or antivirus. It says nothing of the job; else "".

    So does a grant that is not in force. A refusal that lasts has a class of its own under
    Unavailable. A database that still answers gave up on one statement: that may be the job's own
    doing, and counts.
    """
    if isinstance(error, OperationalError | InterfaceError):
        away = "is locked" in str(error) or not connection.is_usable()
        return DATABASE_AWAY if away else ""
    if isinstance(error, ScannerAway):
        return error.code
    if getattr(error, "code", "") == NO_GRANT:
        return NO_GRANT
    return STORE_AWAY if type(error) is Unavailable else ""


@transaction.atomic
def give_back(*, job: Job, code: str, buried: Buried) -> None:
    """Return a job that failed: later, or never after the last attempt.

    buried: called in the transaction when the job is dead, to move its subject on.
    """
    if fence(job):
        _again_or_dead(Job.objects.get(pk=job.pk), code=code, buried=buried)


@transaction.atomic
def postpone(*, job: Job, code: str, seconds: float = OUTAGE_SECONDS) -> None:
    """Put a job back for later without counting this attempt: what it waits for is not there.

    An outage is waited for as long as it lasts; /sante/ says so.
    """
    if fence(job):
        Job.objects.filter(pk=job.pk).update(
            state=JobState.READY,
            lease_token=None,
            lease_until=None,
            attempt=F("attempt") - 1,
            run_after=clock.now() + timedelta(seconds=seconds),
            error_code=code[:40],
        )


def reap(*, buried: Buried) -> int:
    """Give back every job whose worker stopped beating; return how many."""
    abandoned = list(Job.objects.abandoned(clock.now()).values_list("pk", flat=True))
    return sum(_reap_one(pk, buried) for pk in abandoned)


@transaction.atomic
def _reap_one(pk: UUID, buried: Buried) -> bool:
    job = (
        Job.objects.abandoned(clock.now()).filter(pk=pk).select_for_update(skip_locked=True).first()
    )
    if job is None:
        return False
    record(
        "job.reaped",
        by=WORKER,
        on=job,
        kind=job.kind,
        attempt=job.attempt,
        owner=job.lease_owner,
        last_beat=job.beat_at.isoformat() if job.beat_at else "",
    )
    _again_or_dead(job, code="lease_lost", buried=buried)
    return True


def _again_or_dead(job: Job, *, code: str, buried: Buried) -> None:
    now = clock.now()
    job.lease_token = job.lease_until = None
    job.error_code = code[:40]
    if job.attempt < job.max_attempts:
        waits = settings.JOB_BACKOFF_SECONDS
        if code == ScannerFailed.code:
            waits = settings.SCANNER_BACKOFF_SECONDS
        wait = waits[min(job.attempt, len(waits)) - 1]
        job.state, job.run_after = JobState.READY, now + timedelta(seconds=wait)
    else:
        job.state, job.finished_at = JobState.DEAD, now
        record("job.dead", by=WORKER, on=job, kind=job.kind, code=code)
        buried(job)
    job.save()

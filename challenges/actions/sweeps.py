"""Find the unfinished entries whose job is missing, and give it back."""

from django.db import transaction

from challenges.actions import asides, jobs
from challenges.actions.evaluations import queue_scores
from challenges.actions.jobs import WORKER
from challenges.enums import JobKind
from challenges.models import CodeTrial, Entry, Job
from portal.audit.record import record


def sweep() -> int:
    """Recreate the missing job of each unfinished entry and trial; return how many were missing."""
    tried = asides.sweep() + _sweep_trials()
    alive = set(Job.objects.alive().order_by("pk").values_list("kind", "dedup_key"))
    entries = (
        Entry.objects.unfinished().order_by("received_at").prefetch_related("evaluations__run")
    )
    return tried + sum(_sweep_one(entry) for entry in entries if not _has_jobs(entry, alive))


def _has_jobs(entry: Entry, alive: set[tuple[str, str]]) -> bool:
    wanted = entry.wanted_jobs()
    return bool(wanted) and wanted <= alive


@transaction.atomic
def _sweep_one(found: Entry) -> bool:
    entry = Entry.objects.locked(found)
    alive = set(Job.objects.alive().order_by("pk").values_list("kind", "dedup_key"))
    if not entry.is_unfinished or _has_jobs(entry, alive):
        return False
    wanted = entry.wanted_jobs()
    for kind, key in sorted(wanted - alive):
        jobs.revive(kind=JobKind(kind), subject_id=key, dedup_key=key)
    if not wanted:
        queue_scores(entry)
    record("job.recreated", by=WORKER, on=entry)
    return True


@transaction.atomic
def _sweep_trials() -> int:
    alive = Job.objects.alive().filter(kind=JobKind.TRIAL).values("dedup_key")
    keys = {str(pk) for pk in CodeTrial.objects.alive().order_by("pk").values_list("pk", flat=True)}
    missing = keys - set(alive.order_by("pk").values_list("dedup_key", flat=True)) if keys else ()
    for key in sorted(missing):
        jobs.revive(kind=JobKind.TRIAL, subject_id=key, dedup_key=key)
    return len(missing)

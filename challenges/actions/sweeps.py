"""Find the unfinished entries whose job is missing, and give it back."""

from django.db import transaction

from challenges.actions import asides, jobs
from challenges.actions.evaluations import queue_scores
from challenges.actions.jobs import WORKER
from challenges.enums import JobKind
from challenges.models import Entry, Job
from portal.audit.record import record


def sweep() -> int:
    """Recreate the missing job of every unfinished entry; return how many were missing."""
    tried = asides.sweep()
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

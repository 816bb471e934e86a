"""Recreate what the queue lost: the missing jobs of unfinished entries."""

from uuid import UUID

from django.db import transaction

from challenges.entries.models import Entry
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation.actions.evaluations import put_under_examination, queue_scores
from challenges.evaluation.models import (
    forsaken,
    pausing_phase,
    wanted_jobs,
)
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from portal.audit.record import record
from portal.lib import clock

SWEPT = 500


def sweep_entries() -> int:
    """Recreate the missing job of unfinished entries; return how many were missing.

    An entry that has stayed too long in its state goes under examination instead, with a letter.
    The oldest first; the database finds them, and the next sweep takes the others.
    """
    found = list(forsaken().order_by("received_at", "pk").values_list("pk", flat=True)[:SWEPT])
    return sum(_sweep_entry(pk) for pk in found)


@transaction.atomic
def _sweep_entry(pk: UUID) -> bool:
    entry = Entry.objects.locked(Entry(pk=pk))
    if not forsaken().filter(pk=pk).exists():
        return False
    if evaluation_queries.is_stuck(
        entry, clock.now()
    ):  # given back its job each time, it would never end
        put_under_examination([entry])
        return True
    wanted = wanted_jobs(entry)
    aside = {str(each.pk) for each in entry.evaluations.all() if pausing_phase(each) is None}
    for kind, key in sorted(wanted):
        held = kind != JobKind.CHECK and key not in aside
        phase_id = entry.enrolment.phase_id if held else None
        jobs.revive(kind=JobKind(kind), subject_id=key, phase_id=phase_id)
    if not wanted:
        queue_scores(entry)
    record("job.recreated", by=WORKER, on=entry)
    return True

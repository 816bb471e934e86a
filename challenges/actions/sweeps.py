"""Find the unfinished entries whose job is missing, and give it back."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from challenges.actions import asides
from challenges.actions.evaluations import examine, queue_scores
from challenges.enums import JobKind
from challenges.models import CodeTrial, Entry, Job
from challenges.models.evaluation import forsaken
from challenges.models.rescoring import held_by
from challenges.queries import ages
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from portal.audit.record import record
from portal.lib import clock

SWEPT = 500


def sweep(*, size: int = SWEPT) -> int:
    """Recreate the missing job of unfinished entries and trials; return how many were missing.

    An entry that has stayed too long in its state goes under examination instead, with a letter.
    size: of the entries and of the trials that miss one, how many this time, the oldest first;
    the database finds them, and the next sweep takes the others.
    """
    tried = asides.sweep() + _sweep_trials(size)
    found = list(forsaken().order_by("received_at", "pk").values_list("pk", flat=True)[:size])
    return tried + sum(_sweep_one(pk) for pk in found)


@transaction.atomic
def _sweep_one(pk: UUID) -> bool:
    entry = Entry.objects.locked(Entry(pk=pk))
    if not forsaken().filter(pk=pk).exists():
        return False
    if ages.is_stuck(entry, clock.now()):  # given back its job each time, it would never end
        examine([entry])
        return True
    wanted = entry.wanted_jobs()
    aside = {str(each.pk) for each in entry.evaluations.all() if held_by(each) is None}
    for kind, key in sorted(wanted):
        held = kind != JobKind.CHECK and key not in aside
        phase_id = entry.enrolment.phase_id if held else None
        jobs.revive(kind=JobKind(kind), subject_id=key, dedup_key=key, phase_id=phase_id)
    if not wanted:
        queue_scores(entry)
    record("job.recreated", by=WORKER, on=entry)
    return True


@transaction.atomic
def _sweep_trials(size: int) -> int:
    alone = CodeTrial.objects.alive().filter(~Q(Job.objects.does(JobKind.TRIAL, "pk")))
    missing = [str(pk) for pk in alone.order_by("pk").values_list("pk", flat=True)[:size]]
    for key in missing:
        jobs.revive(kind=JobKind.TRIAL, subject_id=key, dedup_key=key)
    return len(missing)

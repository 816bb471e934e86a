"""Entries whose scoring broke down on our side: what a moderator reads to decide."""

from collections.abc import Iterable
from dataclasses import dataclass

from challenges.enums import EntryStatus
from challenges.models import Entry, Evaluation, Job
from challenges.models.entry import EntryQuerySet


@dataclass(frozen=True)
class Examined:
    """An entry under examination, and the last job that failed for it."""

    entry: Entry
    job: Job | None


def waiting() -> EntryQuerySet:
    """Keep the entries that wait for a moderator, the oldest first."""
    return (
        Entry.objects.filter(status=EntryStatus.NEEDS_ATTENTION)
        .select_related("enrolment__team", "enrolment__phase__challenge")
        .order_by("status_since", "pk")
    )


def failed() -> EntryQuerySet:
    """Keep the entries whose scoring failed, the last first."""
    return (
        Entry.objects.filter(status=EntryStatus.FAILED)
        .select_related("enrolment__team", "enrolment__phase__challenge")
        .order_by("-status_since", "pk")
    )


def decidable() -> EntryQuerySet:
    """Keep the entries on which a moderator may decide something."""
    return Entry.objects.filter(
        status__in=[EntryStatus.NEEDS_ATTENTION, EntryStatus.FAILED]
    ).select_related("enrolment__team", "enrolment__phase__challenge")


def examined(entries: Iterable[Entry]) -> list[Examined]:
    """Add to each entry its last job that ended badly, in two queries for all."""
    found = list(entries)
    subjects = {str(entry.pk): entry.pk for entry in found}
    evaluations = Evaluation.objects.filter(entry__in=found)
    subjects |= {
        str(pk): entry_id
        for pk, entry_id in evaluations.order_by("pk").values_list("pk", "entry_id")
    }
    jobs: dict[object, Job] = {}
    for job in (
        Job.objects.filter(subject_id__in=list(subjects))
        .exclude(error_code="")
        .order_by("finished_at", "created_at", "pk")
    ):
        jobs[subjects[job.subject_id]] = job
    return [Examined(entry, jobs.get(entry.pk)) for entry in found]

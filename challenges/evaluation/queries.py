"""Where the entries of a phase stand, how long they may, and those that broke down."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q

from challenges.entries.enums import UNFINISHED, EntryStatus
from challenges.entries.models import Entry, EntryQuerySet
from challenges.evaluation.models import Evaluation
from challenges.organising.models.challenges import Challenge, Phase
from challenges.queue.models import Job, attempt_seconds
from challenges.scoring.verdict import ReasonCode


def longest_stay(status: EntryStatus, *, limit: int) -> timedelta | None:
    """Return how long an entry may stay in a state; None where nothing is awaited.

    limit: seconds that one run may last in its phase.
    """
    match status:
        case EntryStatus.RECEIVED:
            return timedelta(minutes=settings.RECEIVED_MOST_MINUTES)
        case EntryStatus.CHECKING:
            return timedelta(minutes=settings.CHECKING_MOST_MINUTES)
        case EntryStatus.QUEUED:
            return timedelta(hours=settings.QUEUED_MOST_HOURS)
        case EntryStatus.SCORING:
            return timedelta(seconds=settings.JOB_MAX_ATTEMPTS * attempt_seconds(limit))
        case _:
            return None


def is_stuck(entry: Entry, now: datetime) -> bool:
    """Say whether an entry that was begun has stayed in its state for too long."""
    begun = {EntryStatus.CHECKING, EntryStatus.SCORING}
    status = EntryStatus(entry.status)
    longest = longest_stay(status, limit=entry.enrolment.phase.time_limit_s)
    return status in begun and longest is not None and entry.status_since < now - longest


def has_late_entries(now: datetime) -> bool:
    """Say whether an entry has stayed too long in its state; a paused phase makes none late."""
    waiting = (
        Entry.objects.unfinished()
        .filter(enrolment__phase__paused_at__isnull=True)
        .order_by()
        .values_list("status", "enrolment__phase__time_limit_s")
        .annotate(oldest=Min("status_since"))
    )
    ages = (
        (longest_stay(EntryStatus(status), limit=limit), oldest)
        for status, limit, oldest in waiting
    )
    return any(longest is not None and oldest < now - longest for longest, oldest in ages)


_WAITING = Q(status__in=sorted(UNFINISHED))
_BROKEN = Q(status=EntryStatus.NEEDS_ATTENTION, reason_code=ReasonCode.PLATFORM.value)


@dataclass(frozen=True)
class Pipeline:
    """The entries of a phase by state; broken: by the platform's fault, to try again.

    examined: those that a moderator decides on, the broken ones left out.
    """

    phase: Phase
    counts: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    oldest: datetime | None = None
    broken: int = 0

    @property
    def shown(self) -> dict[str, int]:
        """Count the entries by what people are told, 0 where there is none."""
        count = {each.value: self.counts.get(each.value, 0) for each in EntryStatus}
        return count | {"arriving": count["received"] + count["checking"]}

    @property
    def examined(self) -> int:
        """Count the entries that wait for a moderator."""
        return self.counts.get(EntryStatus.NEEDS_ATTENTION, 0) - self.broken


def phase_pipelines(challenge: Challenge) -> list[Pipeline]:
    """Describe each phase of a challenge, in three queries; references are not counted."""
    entries = Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge)
    counts: dict[int, dict[str, int]] = {}
    for phase, status, n in (
        entries.order_by()
        .values_list("enrolment__phase_id", "status")
        .annotate(n=Count("pk"))
        .order_by("enrolment__phase_id", "status")
    ):
        counts.setdefault(phase, {})[status] = n
    rows = (
        entries.order_by()
        .values_list("enrolment__phase_id")
        .annotate(
            waiting=Count("pk", filter=_WAITING),
            oldest=Min("received_at", filter=_WAITING),
            broken=Count("pk", filter=_BROKEN),
        )
        .order_by("enrolment__phase_id")
    )
    told: dict[int, list[Any]] = {phase: each for phase, *each in rows}
    phases = challenge.phases.select_related("challenge", "paused_by").order_by("index")
    return [
        Pipeline(
            phase,
            counts.get(phase.pk, {}),
            *told.get(phase.pk, ()),
        )
        for phase in phases
    ]


@dataclass(frozen=True)
class Examined:
    """An entry under examination, and the last job that failed for it."""

    entry: Entry
    job: Job | None


def decidable_entries() -> EntryQuerySet:
    """Keep the entries on which a moderator may decide something."""
    decided = [EntryStatus.NEEDS_ATTENTION, EntryStatus.FAILED]
    entries = Entry.objects.filter(status__in=decided)
    return entries.select_related("enrolment__team", "enrolment__phase__challenge")


def entries_to_examine() -> EntryQuerySet:
    """Keep the entries that wait for a moderator, the oldest first."""
    waiting = decidable_entries().filter(status=EntryStatus.NEEDS_ATTENTION)
    return waiting.order_by("status_since", "pk")


def failed_entries() -> EntryQuerySet:
    """Keep the entries whose scoring failed, the last first."""
    failed = decidable_entries().filter(status=EntryStatus.FAILED)
    return failed.order_by("-status_since", "pk")


def with_last_job(entries: Iterable[Entry]) -> list[Examined]:
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

"""How long an entry may stay where it stands, and which ones have stayed longer."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from challenges.enums import EntryStatus
from challenges.models import Entry

RUNS = 2  # of programs in one attempt at most: ingestion, then scoring


def attempt_seconds(limit: int) -> float:
    """Return how long one attempt at an evaluation may last. limit: seconds of one run."""
    least = settings.SCORE_LEAST_SECONDS  # a metric is computed without that limit
    return float(max(RUNS * limit, least) + settings.JOB_MARGIN_SECONDS)


def most(status: EntryStatus, *, limit: int) -> timedelta | None:
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
    longest = most(status, limit=entry.enrolment.phase.time_limit_s)
    return status in begun and longest is not None and entry.status_since < now - longest


def some_late(now: datetime) -> bool:
    """Say whether an entry has stayed too long in its state; a paused phase makes none late."""
    waiting = (
        Entry.objects.unfinished()
        .filter(enrolment__phase__paused_at__isnull=True)
        .order_by()
        .values_list("status", "enrolment__phase__time_limit_s")
        .annotate(oldest=Min("status_since"))
    )
    ages = ((most(EntryStatus(status), limit=limit), oldest) for status, limit, oldest in waiting)
    return any(longest is not None and oldest < now - longest for longest, oldest in ages)

"""What comes, and whom to remind: phases that open or close, teams without a final choice."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from challenges.enums import ChallengeStatus, EntryStatus, TeamState
from challenges.models import Enrolment, Entry, Phase

OPENED_WITHIN = timedelta(hours=24)
REMINDERS_HOURS = (48, 3)


def just_opened(now: datetime) -> QuerySet[Phase]:
    """Return the phases of public challenges that opened within a day and are still open."""
    opened = Phase.objects.filter(
        challenge__status=ChallengeStatus.PUBLISHED,
        opens_at__lte=now,
        opens_at__gt=now - OPENED_WITHIN,
    )
    return opened.exclude(closes_at__lte=now).order_by("pk")


def closing(now: datetime, hours: int) -> QuerySet[Phase]:
    """Return the open phases whose close is at most so many hours away.

    Not those for which a later reminder is due too: whoever is late says the nearest only.
    """
    nearer = [each for each in REMINDERS_HOURS if each < hours]
    floor = now + timedelta(hours=max(nearer)) if nearer else now
    return Phase.objects.filter(
        challenge__status=ChallengeStatus.PUBLISHED,
        opens_at__lte=now,
        closes_at__gt=floor,
        closes_at__lte=now + timedelta(hours=hours),
    ).order_by("pk")


def without_choice(phase: Phase) -> QuerySet[Enrolment]:
    """Return the enrolments of a phase whose team has scored entries and chose none as final."""
    counted = Entry.objects.of_team(OuterRef("team_id")).filter(
        enrolment__phase=phase.pk, status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
    return phase.enrolments.filter(
        Exists(counted),
        ~Exists(counted.filter(final_choice=True)),
        team__is_baseline=False,
        team__state__in=[TeamState.OPEN, TeamState.FULL],
    ).order_by("pk")

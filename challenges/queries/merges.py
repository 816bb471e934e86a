"""What two teams sent together, and until when they may merge."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from challenges.enums import ChallengeStatus, PhaseMoment
from challenges.models import Challenge, Entry, MergeRequest, Phase, Team
from portal.lib import clock


@dataclass(frozen=True)
class Usage:
    """What two teams sent in a phase, and what one team may have sent by now; None: no limit.

    by_day: counted against the quotas of the days so far, not against that of the phase.
    """

    phase: Phase
    used: int
    allowed: int | None
    by_day: bool = False

    @property
    def is_over(self) -> bool:
        """Say whether the two together sent more than one team could have."""
        return self.allowed is not None and self.used > self.allowed


def usage(one: Team, other: Team, now: datetime) -> list[Usage]:
    """Compare, in each phase that is not over, what two teams sent with what one could have.

    One team could have sent its quota of each day of Paris since the opening, today included,
    and its quota of the phase in all.
    """
    found = []
    for phase in one.challenge.phases.order_by("index"):
        if phase.moment(now) == PhaseMoment.CLOSED:
            continue
        counted = Entry.objects.filter(
            enrolment__phase=phase, enrolment__team__in=_counted(one, other)
        )
        in_all = counted.filter(total_slot__isnull=False).count()
        by_day = counted.filter(day_slot__isnull=False).count()
        found.append(Usage(phase, in_all, phase.max_total))
        if phase.max_per_day is not None and phase.opens_at is not None:
            days = max(0, (clock.paris_day(now) - clock.paris_day(phase.opens_at)).days + 1)
            found.append(Usage(phase, by_day, phase.max_per_day * days, by_day=True))
    return found


def last_day(challenge: Challenge, now: datetime) -> datetime | None:
    """Return when merging ends: some days before the first close to come; None without one."""
    coming = [
        phase.closes_at
        for phase in challenge.phases.all()
        if phase.closes_at is not None and phase.moment(now) != PhaseMoment.CLOSED
    ]
    return min(coming) - timedelta(days=settings.MERGE_DAYS_BEFORE_CLOSE) if coming else None


def may_merge(challenge: Challenge, now: datetime) -> bool:
    """Say whether two teams may still merge: while a phase is to close, not in the last days."""
    phases = challenge.phases.all()
    over = all(phase.moment(now) == PhaseMoment.CLOSED for phase in phases)
    end = last_day(challenge, now)
    published = challenge.status == ChallengeStatus.PUBLISHED
    return published and not over and (end is None or now < end)


def waiting_of(team: Team) -> list[MergeRequest]:
    """List the requests that a team sent or received and that nobody answered, the last first."""
    own = MergeRequest.objects.filter(Q(from_team=team) | Q(into_team=team))
    return list(own.waiting().select_related("from_team", "into_team"))


def _counted(*teams: Team) -> list[int]:
    keys = [team.pk for team in teams]
    absorbed = Team.objects.filter(merged_into__in=keys).order_by("pk")
    return [*keys, *absorbed.values_list("pk", flat=True)]

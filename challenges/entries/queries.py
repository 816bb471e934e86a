"""What teams sent, and what they may still send."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.queries import Point, needed
from challenges.teams.enums import LIVE_STATES
from challenges.teams.models import Enrolment, Team, TeamMember
from portal.lib import clock


def has_final_results(phase: Phase) -> bool:
    """Say whether the publication of the final results of a phase was confirmed."""
    return Phase.objects.filter(pk=phase.pk, reveal__decided_at__isnull=False).exists()


def fair_rank(enrolment: Enrolment) -> int:
    """Count the team's unfinished entries, so that one team cannot starve the others."""
    return Entry.objects.unfinished().of_team(enrolment.team_id).count()


class Turn(TypedDict):
    """Where the work of an entry stands in the queue, as `queue.actions.put` takes it."""

    fair_rank: int
    urgent: bool


def turn_of(entry: Entry) -> Turn:
    """Give the turn of what scores an entry: first a reference, to compare the others with."""
    return {"fair_rank": fair_rank(entry.enrolment), "urgent": entry.is_reference}


SHARED_BY = 5  # teams; fewer colleagues may well each play on their own
# Addresses that anybody has: to share one tells nothing.
PUBLIC_DOMAINS = frozenset(
    """
    aol.com bbox.fr free.fr gmail.com gmx.com gmx.fr hotmail.com hotmail.fr icloud.com
    laposte.net live.com live.fr mailo.com me.com msn.com neuf.fr numericable.fr orange.fr
    outlook.com outlook.fr proton.me protonmail.com sfr.fr wanadoo.fr yahoo.com yahoo.fr
    """.split()
)


@dataclass(frozen=True)
class SharedDomain:
    """A domain of addresses that members of many teams have, and what these teams sent."""

    domain: str
    teams: int
    entries: int


def entries_sent(challenge: Challenge) -> QuerySet[Entry]:
    """List the entries of the teams of a challenge, the last first; references are not entries."""
    found = Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge)
    return found.select_related("enrolment__phase__reveal", "enrolment__team").order_by(
        "-received_at", "-pk"
    )


def shared_domains(challenge: Challenge) -> list[SharedDomain]:
    """Name the domains that members of five teams or more share, those of the most teams first.

    One person behind many teams would have as many attempts: the organisers look at what these
    teams sent. Domains of public mail tell nothing and are left out.
    """
    members = TeamMember.objects.filter(
        challenge=challenge, left_at__isnull=True, team__enrolments__entries__isnull=False
    )
    teams: dict[str, set[int]] = defaultdict(set)
    for team, address in members.distinct().values_list("team_id", "user__email"):
        teams[address.rpartition("@")[2].lower()].add(team)
    found = [
        SharedDomain(
            domain,
            len(several),
            entries_sent(challenge).filter(enrolment__team__in=several).count(),
        )
        for domain, several in teams.items()
        if domain and domain not in PUBLIC_DOMAINS and len(several) >= SHARED_BY
    ]
    return sorted(found, key=lambda each: (-each.teams, each.domain))


def without_choice(phase: Phase) -> QuerySet[Enrolment]:
    """Return the enrolments of a phase whose team has scored entries and chose none as final."""
    counted = Entry.objects.filter(
        enrolment=OuterRef("pk"), status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
    return phase.enrolments.filter(
        Exists(counted),
        ~Exists(counted.filter(final_choice=True)),
        team__state__in=sorted(LIVE_STATES),
    ).order_by("pk")


def baseline_point(phase: Phase) -> Point:
    """Say, in the checklist of a draft, whether a reference of a phase is scored."""
    scored = Entry.objects.references().filter(enrolment__phase=phase, status=EntryStatus.SCORED)
    return needed("baseline", scored.exists(), advice=True, phase=phase)


def is_entered(phase: Phase) -> bool:
    """Say whether a team sent something to a phase."""
    return Entry.objects.of_teams().filter(enrolment__phase=phase).exists()


@dataclass(frozen=True)
class Quota:
    """What a team used and may still use in a phase; None where there is no limit."""

    day_used: int
    day_limit: int | None
    total_used: int
    total_limit: int | None
    next_opening: datetime | None
    bytes_left: int
    bytes_limit: int

    @property
    def day_left(self) -> int | None:
        """Return how many entries are left today."""
        return None if self.day_limit is None else max(0, self.day_limit - self.day_used)

    @property
    def total_left(self) -> int | None:
        """Return how many entries are left in the phase."""
        return None if self.total_limit is None else max(0, self.total_limit - self.total_used)

    @property
    def is_tight(self) -> bool:
        """Say whether the room for files is nearly used: told only then."""
        return self.bytes_left < self.bytes_limit / 5

    @property
    def left(self) -> int | None:
        """Return how many entries may be sent now; None when there is no limit."""
        left = [each for each in (self.day_left, self.total_left) if each is not None]
        return min(left) if left else None


def quota_left(phase: Phase, team: Team | None, at: datetime | None = None) -> Quota:
    """Count what the team used in the phase on this Paris day and in all."""
    now = at or clock.now()
    day = clock.paris_day(now)
    entries = Entry.objects.filter(enrolment__phase=phase)
    entries = entries.of_team(team.pk) if team else entries.none()
    used = entries.aggregate(
        day=Count("pk", filter=Q(quota_day=day, day_slot__isnull=False)),
        total=Count("pk", filter=Q(total_slot__isnull=False)),
    )
    day_used, total_used = used["day"], used["total"]
    limit = settings.TEAM_PHASE_MAX_BYTES
    bytes_left = max(0, limit - entries.bytes_held())
    spent_today = phase.max_per_day is not None and day_used >= phase.max_per_day
    max_total = phase.intake.max_total
    spent = max_total is not None and total_used >= max_total
    opening = clock.next_paris_midnight(now) if spent_today and not spent else None
    if phase.max_per_day == 0:
        opening = None
    return Quota(day_used, phase.max_per_day, total_used, max_total, opening, bytes_left, limit)

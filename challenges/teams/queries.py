"""Who takes part, in which team, and what that team may still send."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q

from challenges.entries.models import Entry
from challenges.organising.models.challenges import Challenge, Phase, Terms, Viewer, person_id
from challenges.teams.enums import RegistrationState
from challenges.teams.models import Registration, Team, TeamMember, TermsAcceptance
from portal.lib import clock


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
    max_total = None if phase.is_bench else phase.max_total
    spent = max_total is not None and total_used >= max_total
    opening = clock.next_paris_midnight(now) if spent_today and not spent else None
    if phase.max_per_day == 0:
        opening = None
    return Quota(day_used, phase.max_per_day, total_used, max_total, opening, bytes_left, limit)


def team_of(challenge: Challenge, user: Viewer) -> Team | None:
    """Return the team this person is in today, if any."""
    return Team.objects.of(user).filter(challenge=challenge).order_by("pk").first()


def latest_terms(challenge: Challenge) -> Terms | None:
    """Return the rules in force."""
    return challenge.terms.order_by("-number").first()


def has_accepted_terms(challenge: Challenge, user: Viewer) -> bool:
    """Say whether this person accepted the rules in force."""
    terms = latest_terms(challenge)
    if terms is None:
        return True
    return TermsAcceptance.objects.filter(terms=terms, user_id=person_id(user)).exists()


def registration_of(challenge: Challenge, user: Viewer) -> Registration | None:
    """Return the registration of this person, if any."""
    return challenge.registrations.filter(user_id=person_id(user)).order_by("pk").first()


def is_registered(challenge: Challenge, user: Viewer) -> bool:
    """Say whether this person may take part."""
    registration = registration_of(challenge, user)
    return registration is not None and registration.state == RegistrationState.ACCEPTED


def member_names(teams: Iterable[Team]) -> dict[int, str]:
    """Return the names of the members of the teams that show them, by key of the team.

    One query, none when no team shows them.
    """
    shown = [team.pk for team in teams if team.show_members]
    names: dict[int, list[str]] = {}
    if shown:
        rows = TeamMember.objects.filter(team__in=shown, left_at__isnull=True)
        for member in rows.select_related("user").order_by("joined_at", "pk"):
            names.setdefault(member.team_id, []).append(str(member.user.display_name))
    return {team: ", ".join(found) for team, found in names.items()}

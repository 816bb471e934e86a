"""Who takes part, in which team, and what that team may still send."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from challenges.organising.enums import RegistrationMode
from challenges.organising.models.challenges import Challenge, Guest, Terms, Viewer, person_id
from challenges.teams.enums import RegistrationState, TeamRole
from challenges.teams.models import Registration, Team, TeamMember
from portal.accounts.enums import InvitationState
from portal.accounts.models import User
from portal.lib import clock


def team_of(challenge: Challenge, user: Viewer) -> Team | None:
    """Return the team this person is in today, if any."""
    return Team.objects.joined_by(user).filter(challenge=challenge).order_by("pk").first()


def count_of(rows: QuerySet[Any], by: str = "challenge") -> Coalesce:
    """Count the rows that hang on each challenge, without a join. by: their way to it."""
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by)
    counts = counted.annotate(n=Count("pk", distinct=True)).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def latest_terms(challenge: Challenge) -> Terms | None:
    """Return the rules in force."""
    return challenge.terms.order_by("-number").first()


def has_accepted_terms(challenge: Challenge, user: Viewer) -> bool:
    """Say whether this person accepted the rules in force, and signed the uses of its data."""
    mine = challenge.registrations.filter(user_id=person_id(user))
    if challenge.grant_id is not None and not mine.filter(grant=challenge.grant_id).exists():
        return False
    terms = latest_terms(challenge)
    if terms is None:
        return True
    return terms.acceptances.filter(user_id=person_id(user)).exists()


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
    return {team: ", ".join(listed) for team, listed in names.items()}


def guests_of(challenge: Challenge) -> QuerySet[Guest]:
    """List the invitations that were not withdrawn, the last first."""
    return challenge.guests.exclude(state=InvitationState.REVOKED).select_related("sent_by")


def guest_counts(challenge: Challenge) -> dict[str, int]:
    """Count the addresses that wait, those that took part, those that let their days pass."""
    sent, now = Q(state=InvitationState.SENT), clock.now()
    return challenge.guests.aggregate(
        waiting=Count("pk", filter=sent & Q(expires_at__gt=now)),
        over=Count("pk", filter=sent & Q(expires_at__lte=now)),
        accepted=Count("pk", filter=Q(state=InvitationState.ACCEPTED)),
    )


def needs_invitation(challenge: Challenge, user: User) -> bool:
    """Say whether this person, who is not registered, may not register without an invitation."""
    if challenge.registration != RegistrationMode.INVITED:
        return False
    return not challenge.guests.open(clock.now()).addressed_to(user).exists()


def is_called_back(challenge: Challenge, user: User, asked: Registration | None) -> bool:
    """Say whether an invitation lets in a person who asked, left or was refused before."""
    if asked is None or asked.state == RegistrationState.ACCEPTED:
        return False
    invited = challenge.registration == RegistrationMode.INVITED
    return invited and not needs_invitation(challenge, user)


def members_of(team: Team) -> QuerySet[User]:
    """List the people in a team today."""
    return User.objects.filter(
        team_memberships__team_id=team.pk, team_memberships__left_at__isnull=True
    ).order_by("pk")


def captains_of(team: Team) -> list[User]:
    """List the captains of a team."""
    captains = members_of(team).filter(
        team_memberships__role=TeamRole.CAPTAIN,
        team_memberships__team_id=team.pk,
        team_memberships__left_at__isnull=True,
    )
    return list(captains.distinct())

"""Write to the people concerned by a challenge, one row a person, once each."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import QuerySet

from challenges.enums import OrganiserRole
from challenges.models import Challenge, Team
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.outbox import handler, owe


@handler("mail.challenge_letter")
def challenge_letter(letter: str, user_id: int, challenge_id: int, path: str, about: str) -> None:
    """Send one letter about a challenge to one person who still has an account."""
    person = User.objects.filter(pk=user_id, is_active=True).first()
    challenge = Challenge.objects.filter(pk=challenge_id).first()
    if person is None or challenge is None:
        return
    letters.send(
        letter,
        to=person.email,
        context={
            "person": person,
            "challenge": challenge,
            "about": about,
            "link": f"{settings.SITE_URL}{path}",
        },
    )


def tell(
    letter: str, people: Iterable[User], challenge: Challenge, *, path: str, event: str, about: str
) -> None:
    """Owe one letter to each of these people, once for this event."""
    for person in people:
        owe(
            "mail.challenge_letter",
            key=f"{letter}:{event}:{person.pk}",
            letter=letter,
            user_id=person.pk,
            challenge_id=challenge.pk,
            path=path,
            about=about,
        )


def page(challenge: Challenge, rest: str = "") -> str:
    """Return the address of a page of a challenge."""
    return f"/challenges/{challenge.slug}/{rest}"


def region(*roles: RegionRole) -> Iterable[User]:
    """List the people with one of these roles for the Region."""
    return (
        User.objects.filter(
            region_appointments__role__in=list(roles),
            region_appointments__ended_at__isnull=True,
            is_active=True,
        )
        .distinct()
        .order_by("pk")
    )


def organisers(challenge: Challenge) -> Iterable[User]:
    """List the people who run a challenge."""
    return User.objects.filter(
        organised_challenges__challenge=challenge,
        organised_challenges__role__in=[OrganiserRole.OWNER, OrganiserRole.ORGANISER],
    ).order_by("pk")


def members(team: Team) -> QuerySet[User]:
    """List the people in a team today; once it merged, those of its root."""
    return User.objects.filter(
        team_memberships__team_id=team.root_id, team_memberships__left_at__isnull=True
    ).order_by("pk")


def registered(challenge: Challenge) -> Iterable[User]:
    """List the people who may take part in a challenge."""
    return User.objects.filter(
        registrations__challenge=challenge, registrations__state="accepted"
    ).order_by("pk")

"""Write to the people concerned by a challenge, one row a person, once each."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from challenges.organising.enums import OrganiserRole
from challenges.organising.models.challenges import Challenge
from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.outbox import handler, owe

HEALTH = "/sante/"


@handler("mail.challenge_letter")
def challenge_letter(letter: str, user_id: int, challenge_id: int, path: str, about: str) -> None:
    """Send one letter about a challenge to one person who still has an account."""
    challenge = Challenge.objects.filter(pk=challenge_id).first()
    if challenge is not None:
        news.write(letter, user_id, path=path, challenge=challenge, about=about)


def tell(
    letter: str,
    people: Iterable[User],
    challenge: Challenge,
    *,
    path: str,
    event: str,
    about: str,
) -> None:
    """Note an event for each of these people, once; owe a letter to those who hear at once."""
    notifications.tell(
        letter,
        people,
        path=path,
        event=event,
        facts={"title": challenge.title, "language": challenge.language, "about": about[:200]},
        sent_by="mail.challenge_letter",
        challenge_id=challenge.pk,
        about=about,
    )


@handler("mail.operator_letter")
def operator_letter(letter: str, user_id: int, about: str) -> None:
    """Send one alarm to one administrator who still has an account."""
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is not None:
        context = {"about": about, "link": f"{settings.SITE_URL}{HEALTH}"}
        letters.send(letter, to=person.email, context=context)


def alarm(letter: str, *, event: str, about: str) -> None:
    """Note an alarm for each administrator, and owe them one letter each, once."""
    people = list(region(RegionRole.ADMINISTRATOR))
    notifications.notify(
        people=people, letter=letter, event=event, path=HEALTH, facts={"about": about}
    )
    for person in people:
        owe(
            "mail.operator_letter",
            key=f"{letter}:{event}:{person.pk}",
            letter=letter,
            user_id=person.pk,
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


def registered(challenge: Challenge, before: datetime | None = None) -> QuerySet[User]:
    """List the people who may take part in a challenge; before: those who asked by then."""
    asked = {"registrations__at__lte": before} if before else {}
    return User.objects.filter(
        registrations__challenge=challenge, registrations__state="accepted", **asked
    ).order_by("pk")

"""Write to people about taking part: registrations, invitations into a team, another captain."""

from django.conf import settings

from challenges.organising.letters import organisers, page, tell
from challenges.organising.models.challenges import Guest
from challenges.teams.actions import guests
from challenges.teams.models import Registration, Team, TeamInvitation
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import schedule
from portal.audit.outbox import handler
from portal.lib import clock


def _asking(registration: Registration) -> str:
    """Name one request of a person: who left may ask again, and is answered again."""
    return f"{registration.pk}:{registration.at.isoformat()}"


@handler("mail.registration_pending")
def registration_pending(registration_id: int) -> None:
    """Tell the organisers that somebody asks to take part."""
    registration = Registration.objects.select_related("challenge", "user").get(pk=registration_id)
    challenge = registration.challenge
    tell(
        "registration_pending",
        organisers(challenge),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/inscriptions/",
        event=_asking(registration),
        about=registration.user.display_name,
    )


@handler("mail.registration_accepted")
def registration_accepted(registration_id: int) -> None:
    """Tell a person that they may take part."""
    _registration_letter("registration_accepted", registration_id, "equipe/")


@handler("mail.registration_refused")
def registration_refused(registration_id: int) -> None:
    """Tell a person that they may not take part, and why."""
    _registration_letter("registration_refused", registration_id, "")


def _registration_letter(letter: str, registration_id: int, rest: str) -> None:
    registration = Registration.objects.select_related("challenge", "user").get(pk=registration_id)
    challenge = registration.challenge
    tell(
        letter,
        [registration.user],
        challenge,
        path=page(challenge, rest),
        event=_asking(registration),
        about=registration.reason,
    )


@handler("mail.team_invitation")
def team_invitation(invitation_id: int) -> None:
    """Send an invitation that is still open; its secret is written nowhere else."""
    invitation = (
        TeamInvitation.objects.filter(pk=invitation_id, state="sent")
        .select_related("team__challenge", "sent_by")
        .first()
    )
    if invitation is None:
        return
    challenge = invitation.team.challenge
    context = {
        "invitation": invitation,
        "challenge": challenge,
        "link": settings.SITE_URL + invitation.path,
    }
    letters.send("team_invitation", to=invitation.email, context=context)


@handler("mail.team_captain")
def team_captain(team_id: int, user_id: int, at: str) -> None:
    """Tell a member that they are the captain now, while they still are.

    at: the instant of the handover, so that whoever becomes the captain again is told again.
    """
    team = Team.objects.select_related("challenge").get(pk=team_id)
    person = User.objects.filter(pk=user_id).first()
    if person is None or not team.has_captain(person):
        return
    tell(
        "team_captain",
        [person],
        team.challenge,
        path=page(team.challenge, "equipe/"),
        event=f"{team.pk}:{at}",
        about=team.name,
    )


@handler("mail.guest_invited")
def guest_invited(guest_id: str) -> None:
    """Invite an address, once.

    Whoever has an account is told as they chose, by the page of the rules, which knows them;
    another address gets a link with its secret, written nowhere else.
    """
    guest = Guest.objects.filter(public_id=guest_id).select_related("challenge").first()
    if guest is None or not guest.is_open(clock.now()):
        return
    challenge = guest.challenge
    people = list(User.objects.filter(is_active=True, email__iexact=guest.email).order_by("pk"))
    tell(
        "guest_invited",
        people,
        challenge,
        path=page(challenge, "reglement/"),
        event=str(guest.public_id),
        about="",
    )
    if not people:
        path = page(challenge, f"invitation/{guest.public_id}/{guest.token}/")
        context = {"challenge": challenge, "link": f"{settings.SITE_URL}{path}"}
        letters.send("guest_invited", to=guest.email, context=context)


# What the schedule does, and how often.
schedule("challenges.guests", guests.forget_old, minutes=24 * 60)

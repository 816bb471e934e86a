"""Write to people about taking part: registrations, invitations into a team, another captain."""

from django.conf import settings

from challenges.organising.letters import organisers, page, tell
from challenges.teams.models import Registration, Team, TeamInvitation
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.outbox import handler


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
def team_captain(team_id: int, user_id: int, at: str = "") -> None:
    """Tell a member that they are the captain now, while they still are.

    at: the instant of the handover, so that whoever becomes the captain again is told again;
    "" in what was owed before it was noted.
    """
    team = Team.objects.select_related("challenge").get(pk=team_id)
    person = User.objects.filter(pk=user_id).first()
    if person is None or not team.has_captain(person):
        return
    since = team.members.filter(user=person, left_at__isnull=True).values_list("pk", flat=True)
    tell(
        "team_captain",
        [person],
        team.challenge,
        path=page(team.challenge, "equipe/"),
        event=f"{team.pk}:{at or since[0]}",
        about=team.name,
    )

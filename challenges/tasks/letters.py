"""Deliver what the challenges app owes: letters, one row a person, once each; end old uploads."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from challenges import rules
from challenges.entries.actions import uploads
from challenges.models import (
    Challenge,
    Entry,
    Guest,
    Job,
    Phase,
    Registration,
    Reveal,
    TeamInvitation,
)
from challenges.organising.actions import guests
from challenges.tasks.telling import alarm, members, organisers, page, region, registered, tell
from challenges.teams.actions import invitation_token
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib import clock


def _entry_letter(letter: str, entry_id: str) -> None:
    entry = Entry.objects.select_related("enrolment__team", "enrolment__phase__challenge").get(
        pk=entry_id
    )
    challenge = entry.enrolment.phase.challenge
    tell(
        letter,
        members(entry.enrolment.team),
        challenge,
        path=page(challenge, f"soumissions/{entry.pk}/"),
        event=f"{entry.pk}:{entry.version}",
        about=str(entry.number),
    )


@handler("mail.entry_rejected")
def entry_rejected(entry_id: str) -> None:
    """Tell the team that its file was refused for its form, at no cost."""
    _entry_letter("entry_rejected", entry_id)


@handler("mail.entry_scored")
def entry_scored(entry_id: str) -> None:
    """Tell the team that its entry is scored; no figure is written."""
    _entry_letter("entry_scored", entry_id)


@handler("mail.entry_failed")
def entry_failed(entry_id: str) -> None:
    """Tell the team that its entry could not be scored."""
    _entry_letter("entry_failed", entry_id)


@handler("mail.entry_examined")
def entry_examined(entry_id: str) -> None:
    """Tell the team, the organisers and the moderators that an entry is under examination.

    The organisers are sent to what their program said, when it did not answer as it should.
    """
    _entry_letter("entry_examined", entry_id)
    entry = Entry.objects.select_related("enrolment__phase__challenge").get(pk=entry_id)
    challenge = entry.enrolment.phase.challenge
    tell(
        "entry_to_examine",
        region(RegionRole.MODERATOR),
        challenge,
        path=f"/moderation/soumissions/{entry.pk}/",
        event=f"{entry.pk}:{entry.version}",
        about=str(entry.pk),
    )
    if entry.evaluations.filter(examined=True).exists():
        tell(
            "program_to_mend",
            organisers(challenge),
            challenge,
            path=f"/espace/challenges/{challenge.slug}/programme/",
            event=f"{entry.pk}:{entry.version}",
            about=entry.reason_code,
        )
        return
    tell(
        "entry_attention",
        organisers(challenge),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/",
        event=f"{entry.pk}:{entry.version}",
        about=entry.enrolment.phase.name,
    )


@handler("mail.phase_dates")
def phase_dates(phase_id: int, notice_id: int = 0) -> None:
    """Tell the people registered that the dates changed.

    notice_id: the notice of this change, so that dates which come back are told again; 0 in
    what was owed before it was noted.
    """
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    tell(
        "phase_dates",
        registered(phase.challenge),
        phase.challenge,
        path=page(phase.challenge),
        event=f"{phase.pk}:{notice_id or f'{phase.opens_at}:{phase.closes_at}'}",
        about=phase.name,
    )


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


@handler("mail.reveal_proposed")
def reveal_proposed(reveal_id: int, again: str = "") -> None:
    """Ask those of the Region who may confirm a reveal, where it is done.

    again: when an earlier confirmation was set back.
    """
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    challenge = reveal.phase.challenge
    tell(
        "reveal_proposed",
        [
            person
            for person in region(RegionRole.ADMINISTRATOR, RegionRole.MODERATOR)
            if person.pk != reveal.proposed_by_id and rules.may_confirm_reveal(person, reveal.phase)
        ],
        challenge,
        path=f"/espace/challenges/{challenge.slug}/",
        event=f"{reveal.pk}:{again}" if again else str(reveal.pk),
        about=reveal.phase.name,
    )


@handler("mail.phase_revealed")
def phase_revealed(reveal_id: int) -> None:
    """Tell everybody concerned that the final results are out."""
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    challenge = reveal.phase.challenge
    people = {person.pk: person for person in [*registered(challenge), *organisers(challenge)]}
    tell(
        "phase_revealed",
        people.values(),
        challenge,
        path=page(challenge, "classement/"),
        event=str(reveal.pk),
        about=reveal.phase.name,
    )


def _editorial(
    letter: str, challenge_id: int, people: Iterable[User] | None = None, about: str = ""
) -> None:
    challenge = Challenge.objects.get(pk=challenge_id)
    tell(
        letter,
        organisers(challenge) if people is None else people,
        challenge,
        path=page(challenge) if challenge.is_public else f"/espace/challenges/{challenge.slug}/",
        event=f"{challenge.pk}:{challenge.status_since.isoformat()}",
        about=about or challenge.title,
    )


@handler("mail.challenge_submitted")
def challenge_submitted(challenge_id: int) -> None:
    """Tell the moderators that a challenge awaits their visa."""
    _editorial("challenge_submitted", challenge_id, region(RegionRole.MODERATOR))


@handler("mail.challenge_published")
def challenge_published(challenge_id: int) -> None:
    """Tell the organisers that their challenge is published."""
    _editorial("challenge_published", challenge_id)


@handler("mail.challenge_sent_back")
def challenge_sent_back(challenge_id: int, reason: str = "") -> None:
    """Tell the organisers which corrections are asked; "" in what was owed before."""
    _editorial("challenge_sent_back", challenge_id, about=reason)


@handler("mail.job_dead")
def job_dead(job_id: str) -> None:
    """Tell the administrators that a job of the platform failed for good."""
    job = Job.objects.get(pk=job_id)
    about = f"{job.kind}, {job.error_code}"
    alarm("job_dead", event=f"{job.pk}:{job.attempt}", about=about)


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
    token = invitation_token(invitation.public_id)
    context: dict[str, Any] = {
        "invitation": invitation,
        "challenge": challenge,
        "link": settings.SITE_URL
        + page(challenge, f"equipe/invitation/{invitation.public_id}/{token}/"),
    }
    letters.send("team_invitation", to=invitation.email, context=context)


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
        secret = guests.token(guest.public_id)
        path = page(challenge, f"invitation/{guest.public_id}/{secret}/")
        context = {"challenge": challenge, "link": f"{settings.SITE_URL}{path}"}
        letters.send("guest_invited", to=guest.email, context=context)


@duty("challenges.uploads", minutes=60)
def expire_uploads() -> None:
    """Drop the parts of files that nobody finished sending."""
    uploads.expire()

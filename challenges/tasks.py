"""Deliver what the challenges app owes: letters, one row a person, once each; end old uploads."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from challenges.actions import signals, uploads
from challenges.actions.teams import invitation_token
from challenges.enums import OrganiserRole
from challenges.models import (
    Challenge,
    Entry,
    Job,
    Phase,
    Registration,
    Reveal,
    Signal,
    SignalTeam,
    TeamInvitation,
    TeamMember,
)
from portal.accounts.authorization import belongs_to
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import duty
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


def _tell(
    letter: str, people: Iterable[User], challenge: Challenge, *, path: str, event: str, about: str
) -> None:
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


def _page(challenge: Challenge, rest: str = "") -> str:
    return f"/challenges/{challenge.slug}/{rest}"


def _entry_letter(letter: str, entry_id: str) -> None:
    entry = Entry.objects.select_related("enrolment__team", "enrolment__phase__challenge").get(
        pk=entry_id
    )
    challenge = entry.enrolment.phase.challenge
    members = User.objects.filter(
        team_memberships__team=entry.enrolment.team, team_memberships__left_at__isnull=True
    ).order_by("pk")
    _tell(
        letter,
        members,
        challenge,
        path=_page(challenge, f"soumissions/{entry.pk}/"),
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
    """Tell the team and the moderators that an entry is under examination."""
    _entry_letter("entry_examined", entry_id)
    entry = Entry.objects.select_related("enrolment__phase__challenge").get(pk=entry_id)
    challenge = entry.enrolment.phase.challenge
    _tell(
        "entry_to_examine",
        _region(RegionRole.MODERATOR),
        challenge,
        path=f"/moderation/soumissions/{entry.pk}/",
        event=f"{entry.pk}:{entry.version}",
        about=str(entry.pk),
    )


def _region(*roles: RegionRole) -> Iterable[User]:
    return (
        User.objects.filter(
            region_appointments__role__in=list(roles),
            region_appointments__ended_at__isnull=True,
            is_active=True,
        )
        .distinct()
        .order_by("pk")
    )


def _organisers(challenge: Challenge) -> Iterable[User]:
    return User.objects.filter(
        organised_challenges__challenge=challenge,
        organised_challenges__role__in=[OrganiserRole.OWNER, OrganiserRole.ORGANISER],
    ).order_by("pk")


def _registered(challenge: Challenge) -> Iterable[User]:
    return User.objects.filter(
        registrations__challenge=challenge, registrations__state="accepted"
    ).order_by("pk")


@handler("mail.phase_dates")
def phase_dates(phase_id: int) -> None:
    """Tell the people registered that the dates changed."""
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    event = f"{phase.pk}:{phase.opens_at}:{phase.closes_at}"
    _tell(
        "phase_dates",
        _registered(phase.challenge),
        phase.challenge,
        path=_page(phase.challenge),
        event=event,
        about=phase.name,
    )


@handler("mail.registration_pending")
def registration_pending(registration_id: int) -> None:
    """Tell the organisers that somebody asks to take part."""
    registration = Registration.objects.select_related("challenge", "user").get(pk=registration_id)
    challenge = registration.challenge
    _tell(
        "registration_pending",
        _organisers(challenge),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/inscriptions/",
        event=str(registration.pk),
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
    _tell(
        letter,
        [registration.user],
        challenge,
        path=_page(challenge, rest),
        event=str(registration.pk),
        about=registration.reason,
    )


@handler("mail.reveal_proposed")
def reveal_proposed(reveal_id: int, again: str = "") -> None:
    """Ask the Region to confirm a reveal; again: when an earlier confirmation was set back."""
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    challenge = reveal.phase.challenge
    _tell(
        "reveal_proposed",
        _region(RegionRole.ADMINISTRATOR, RegionRole.MODERATOR),
        challenge,
        path=_page(challenge, "classement/"),
        event=f"{reveal.pk}:{again}" if again else str(reveal.pk),
        about=reveal.phase.name,
    )


@handler("mail.phase_revealed")
def phase_revealed(reveal_id: int) -> None:
    """Tell everybody concerned that the final results are out."""
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    challenge = reveal.phase.challenge
    people = {person.pk: person for person in [*_registered(challenge), *_organisers(challenge)]}
    _tell(
        "phase_revealed",
        people.values(),
        challenge,
        path=_page(challenge, "classement/"),
        event=str(reveal.pk),
        about=reveal.phase.name,
    )


def _editorial(letter: str, challenge_id: int, people: Iterable[User] | None = None) -> None:
    challenge = Challenge.objects.get(pk=challenge_id)
    _tell(
        letter,
        _organisers(challenge) if people is None else people,
        challenge,
        path=_page(challenge) if challenge.is_public else f"/espace/challenges/{challenge.slug}/",
        event=f"{challenge.pk}:{challenge.status_since.isoformat()}",
        about=challenge.title,
    )


@handler("mail.challenge_submitted")
def challenge_submitted(challenge_id: int) -> None:
    """Tell the moderators that a challenge awaits their visa."""
    _editorial("challenge_submitted", challenge_id, _region(RegionRole.MODERATOR))


@handler("mail.challenge_published")
def challenge_published(challenge_id: int) -> None:
    """Tell the organisers that their challenge is published."""
    _editorial("challenge_published", challenge_id)


@handler("mail.challenge_sent_back")
def challenge_sent_back(challenge_id: int) -> None:
    """Tell the organisers that corrections are asked."""
    _editorial("challenge_sent_back", challenge_id)


@duty("challenges.signals", minutes=24 * 60)
def search_signals() -> None:
    """Have the worker look, each night, at the phases with new scores."""
    signals.queue()


@handler("mail.signals_raised")
def signals_raised(phase_id: int, count: int) -> None:
    """Tell the moderators that signals wait for them; nothing of them is written."""
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    last = Signal.objects.filter(phase=phase).order_by("-pk").values_list("pk", flat=True).first()
    _tell(
        "signals_raised",
        _apart(phase.challenge),
        phase.challenge,
        path=f"/moderation/signaux/?challenge={phase.challenge.slug}",
        event=f"{phase.pk}:{last}",
        about=str(count),
    )


def _apart(challenge: Challenge) -> Iterable[User]:
    """List the moderators who neither take part in a challenge nor run it."""
    return [
        person
        for person in _region(RegionRole.MODERATOR)
        if not challenge.is_organised_by(person)
        and not belongs_to(person, challenge.organiser)
        and not TeamMember.objects.filter(
            challenge=challenge, user=person, left_at__isnull=True
        ).exists()
    ]


def _tell_party(letter: str, party: SignalTeam, *, event: str, about: str) -> None:
    members = User.objects.filter(
        team_memberships__team=party.team, team_memberships__left_at__isnull=True
    ).order_by("pk")
    challenge = party.signal.phase.challenge
    path = _page(challenge, f"equipe/questions/{party.public_id}/")
    _tell(letter, members, challenge, path=path, event=event, about=about)


def _asked(signal_id: int) -> Iterable[SignalTeam]:
    return (
        SignalTeam.objects.filter(signal=signal_id, asked_at__isnull=False)
        .select_related("team", "signal__phase__challenge")
        .order_by("pk")
    )


@handler("mail.signal_asked")
def signal_asked(signal_id: int) -> None:
    """Ask each team: what was observed, and until when it may answer."""
    for party in _asked(signal_id):
        _tell_party("signal_asked", party, event=str(party.public_id), about=str(party.signal.kind))


@handler("mail.signal_answered")
def signal_answered(party_id: int) -> None:
    """Tell the moderators that a team has answered."""
    party = SignalTeam.objects.select_related("signal__phase__challenge", "team").get(pk=party_id)
    _tell(
        "signal_answered",
        _apart(party.signal.phase.challenge),
        party.signal.phase.challenge,
        path=f"/moderation/signaux/{party.signal.public_id}/",
        event=str(party.public_id),
        about=party.team.name,
    )


@handler("mail.signal_decided")
def signal_decided(signal_id: int) -> None:
    """Tell the teams that were asked what was decided."""
    for party in _asked(signal_id):
        about = "set_aside" if party.set_aside else "remind" if party.concerned else "dismissed"
        event = f"{party.public_id}:{party.signal.version}"
        _tell_party("signal_decided", party, event=event, about=about)


@handler("mail.job_dead")
def job_dead(job_id: str) -> None:
    """Tell the administrators that a job of the platform failed for good."""
    job = Job.objects.get(pk=job_id)
    for person in _region(RegionRole.ADMINISTRATOR):
        letters.send("job_dead", to=person.email, context={"person": person, "job": job})


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
        + _page(challenge, f"equipe/invitation/{invitation.public_id}/{token}/"),
    }
    letters.send("team_invitation", to=invitation.email, context=context)


@duty("challenges.uploads", minutes=60)
def expire_uploads() -> None:
    """Drop the parts of files that nobody finished sending."""
    uploads.expire()

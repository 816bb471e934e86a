"""Search for signals each night; tell the moderators and the teams that were asked."""

from collections.abc import Iterable

from challenges.actions import signals
from challenges.models import Challenge, Phase, SignalTeam, TeamMember
from challenges.tasks.telling import members, page, region, tell
from portal.accounts.authorization import belongs_to
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.duties import duty
from portal.audit.outbox import handler


@duty("challenges.signals", minutes=24 * 60)
def search_signals() -> None:
    """Have the worker look, each night, at the phases with new scores."""
    signals.queue()


@handler("mail.signals_raised")
def signals_raised(phase_id: int, count: int, run: str = "") -> None:
    """Tell the moderators that signals wait for them; nothing of them is written.

    run: the search that found them; two searches before a delivery are two letters.
    """
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    tell(
        "signals_raised",
        _apart(phase.challenge),
        phase.challenge,
        path=f"/moderation/signaux/?challenge={phase.challenge.slug}",
        event=f"{phase.pk}:{run}",
        about=str(count),
    )


def _apart(challenge: Challenge) -> Iterable[User]:
    """List the moderators who neither take part in a challenge nor run it."""
    return [
        person
        for person in region(RegionRole.MODERATOR)
        if not challenge.is_followed_by(person)
        and not belongs_to(person, challenge.organiser)
        and not TeamMember.objects.filter(
            challenge=challenge, user=person, left_at__isnull=True
        ).exists()
    ]


def _tell_party(letter: str, party: SignalTeam, *, event: str, about: str) -> None:
    challenge = party.signal.phase.challenge
    path = page(challenge, f"equipe/questions/{party.public_id}/")
    tell(letter, members(party.team), challenge, path=path, event=event, about=about)


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
    tell(
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

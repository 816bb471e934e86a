"""Signals in the states that tests need."""

from typing import Any

from challenges.enums import SignalKind, SignalStatus
from challenges.models import Phase, Signal, SignalTeam, Team
from portal.lib import clock
from tests.factories.challenges import EnrolmentFactory, EntryFactory, TeamFactory


def party(signal: Signal, team: Team | None = None, *, note: str = "") -> SignalTeam:
    """Give a team, by default a new one, a part in a signal with one scored entry."""
    team = team or TeamFactory(challenge=signal.phase.challenge)
    enrolment = EnrolmentFactory(team=team, phase=signal.phase)
    entry = EntryFactory(enrolment=enrolment, scored=True, note=note)
    return SignalTeam.objects.create(signal=signal, team=team, entries=[str(entry.pk)])


def signal(
    phase: Phase,
    *teams: Team,
    kind: SignalKind = SignalKind.COLLUSION,
    note: str = "",
) -> Signal:
    """Make an open signal about two teams, or one for probing."""
    now = clock.now()
    made = Signal.objects.create(
        phase=phase, kind=kind, subject=str(now), status_since=now, found_at=now
    )
    wanted = list(teams) or [None] * (1 if kind is SignalKind.PROBING else 2)
    parties = [party(made, team, note=note) for team in wanted]
    names = [each.entries[0] for each in parties]
    match kind:
        case SignalKind.PROBING:
            made.evidence = {"habits": {"flat": names, "fall": names, "budget": []}}
        case SignalKind.ENSEMBLE:
            made.evidence = {"entry": names[0], "terms": [[n, 0.5] for n in names[1:]]}
        case SignalKind.COLLUSION:
            made.evidence = {"pairs": [names], "figures": {"residuals": 0.9981}}
        case SignalKind.DUPLICATE:
            made.evidence = {"pairs": [names]}
    made.save()
    return made


def asked(made: Signal, **values: Any) -> Signal:
    """Put a question, as the action does."""
    now = clock.now()
    made.status, made.question = SignalStatus.ASKED, "Comment l’expliquez-vous ?"
    made.reply_by = values.get("reply_by", now)
    made.save()
    made.parties.update(asked_at=now)
    return made

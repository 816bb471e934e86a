"""Disqualifications in the states that tests need."""

from datetime import timedelta
from typing import Any

from challenges.models import Disqualification, Entry, Team
from portal.lib import clock
from tests.factories.challenges import EnrolmentFactory, EntryFactory, TeamFactory


def entered(team: Team | None = None) -> Entry:
    """Give a team, by default a new one, a scored entry."""
    team = team or TeamFactory()
    return EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)


def asked(
    entry: Entry | None = None, team: Team | None = None, *, days: int = 7, **values: Any
) -> Disqualification:
    """Ask to disqualify an entry, or a whole team; days: left to reply, 0 when they have passed."""
    team = team or (entry.enrolment.team if entry else TeamFactory())
    now = clock.now()
    return Disqualification.objects.create(
        challenge=team.challenge,
        team=team,
        entry=entry,
        reason=values.pop("reason", "Données externes, interdites à l’article 4."),
        proposed_by=team.challenge.organisers.get().user,
        proposed_at=now,
        reply_by=now + timedelta(days=days),
        **values,
    )

"""Certificates: the one in force, who is named on it, the cards that may follow."""

from challenges import rules
from challenges.enums import Split
from challenges.models import Certificate, Phase, Standing, Team
from challenges.models.certified import (
    STANDS_ON,
    fallen,
    payload_of,
    same,
    stands,
    stated,
    told_revoked,
)
from portal.accounts.models import User

__all__ = [
    "STANDS_ON",
    "cards_to_propose",
    "fallen",
    "head",
    "members",
    "payload_of",
    "same",
    "stands",
    "stated",
    "told_revoked",
]
MOST_NAMES = 20


def head(team: Team, phase: Phase) -> Certificate | None:
    """Return the certificate in force of a team in a phase, if one was issued."""
    return Certificate.objects.filter(team=team, phase=phase).order_by("-serial").first()


def cards_to_propose(phase: Phase, by: User) -> list[Team]:
    """List the winning teams of a phase for which this person may propose a card."""
    if not phase.is_revealed:
        return []
    winners = Standing.objects.filter(
        leaderboard__phase=phase, leaderboard__hidden=False, split=Split.PRIVATE, rank=1
    )
    teams = Team.objects.filter(
        pk__in=winners.values("team_id"), is_baseline=False, allow_card=True
    )
    return [team for team in teams if rules.may_propose_card(by, team)]


def members(team: Team) -> list[str]:
    """Name the members when the team shows them, the first ones.

    Not in what is signed and kept for ever: an account may be erased.
    """
    if not team.show_members:
        return []
    people = team.members.filter(left_at__isnull=True).select_related("user")
    return [each.user.display_name for each in people.order_by("joined_at", "pk")[:MOST_NAMES]]

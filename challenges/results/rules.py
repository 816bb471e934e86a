"""Who may reveal results, and read what is given to a team alone."""

from typing import TYPE_CHECKING

from portal.accounts.authorization import (
    Permission,
    has_permission,
)
from portal.audit.actors import Actor

if TYPE_CHECKING:
    from challenges.organising.models.challenges import (
        Challenge,
        Phase,
        Viewer,
    )
    from challenges.teams.models import Team
from challenges.organising.rules import is_apart, is_person


def may_read_audits(by: "Viewer", challenge: "Challenge") -> bool:
    """Say whether the actor may read, once revealed, the audits kept to teams: an organiser."""
    return is_person(by) and challenge.is_organised_by(by)


def may_read_certificate(by: "Viewer", team: "Team") -> bool:
    """Say whether the actor may have and read this team's certificate: its members, the Region."""
    return is_person(by) and (
        team.has_member(by) or has_permission(by, Permission.CHALLENGE_REVEAL)
    )


def may_propose_card(by: "Viewer", team: "Team") -> bool:
    """Say whether the actor may propose a card of this team's solution.

    A captain; an organiser once the team permits it.
    """
    return is_person(by) and (
        team.has_captain(by) or (team.allow_card and team.challenge.is_organised_by(by))
    )


def may_propose_reveal(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may propose to reveal the private part: an organiser."""
    return is_person(by) and phase.challenge.is_organised_by(by)


def may_confirm_reveal(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may confirm: a person of the Region who neither runs it nor plays."""
    return is_apart(by, phase.challenge)

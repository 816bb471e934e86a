"""Who may propose a disqualification, answer it and decide."""

from typing import TYPE_CHECKING

from portal.audit.actors import Actor

if TYPE_CHECKING:
    from challenges.disqualifications.models import Disqualification
    from challenges.teams.models import Team
from challenges.organising.rules import is_apart, is_person


def may_propose_disqualification(by: Actor, team: "Team") -> bool:
    """Say whether the actor may ask the Region to disqualify: an organiser, a team of people."""
    return is_person(by) and team.challenge.is_organised_by(by) and team.members.exists()


def may_withdraw_disqualification(by: Actor, found: "Disqualification") -> bool:
    """Say whether the actor may take the proposal back: an organiser."""
    return is_person(by) and found.challenge.is_organised_by(by)


def may_answer_disqualification(by: Actor, found: "Disqualification") -> bool:
    """Say whether the actor replies for the team: a member of it."""
    return is_person(by) and found.team.has_member(by)


def may_decide_disqualification(by: Actor, found: "Disqualification") -> bool:
    """Say whether the actor decides: a person of the Region who neither asked, runs it nor plays.

    Who asked as an organiser and left since stays one of the two.
    """
    return is_apart(by, found.challenge) and getattr(by, "pk", None) != found.proposed_by_id

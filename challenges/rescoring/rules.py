"""Who may propose another scoring, and decide."""

from typing import TYPE_CHECKING

from portal.audit.actors import Actor

if TYPE_CHECKING:
    from challenges.organising.models.challenges import (
        Phase,
    )
from challenges.organising.rules import is_person
from challenges.results.rules import may_confirm_reveal


def may_propose_rescoring(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may propose another scoring, try it, take it back: an organiser."""
    return is_person(by) and phase.challenge.is_organised_by(by)


def may_decide_rescoring(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may accept or refuse another scoring: who may confirm a reveal."""
    return may_confirm_reveal(by, phase)

"""Who may pause the scoring, and examine an entry that broke it."""

from typing import TYPE_CHECKING

from portal.accounts.authorization import (
    Permission,
    has_permission,
)
from portal.audit.actors import Actor

if TYPE_CHECKING:
    from challenges.entries.models import Entry
    from challenges.organising.models.challenges import (
        Phase,
    )
from challenges.organising.rules import is_person


def may_examine_entries(by: Actor) -> bool:
    """Say whether the actor decides on the entries whose scoring broke down: a moderator."""
    return has_permission(by, Permission.ENTRY_EXAMINE)


def may_examine_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor decides on an entry under examination: a moderator who plays not."""
    challenge = entry.enrolment.phase.challenge
    return has_permission(by, Permission.ENTRY_EXAMINE) and not challenge.is_played_by(by)


def may_pause_phase(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may hold the scoring of a phase and try it again: an organiser."""
    return is_person(by) and phase.challenge.is_organised_by(by)


def may_score_again(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may have one entry scored again: who may examine it."""
    return may_examine_entry(by, entry)

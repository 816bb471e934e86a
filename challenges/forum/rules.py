"""Who may write in the forum of a challenge, report and moderate."""

from typing import TYPE_CHECKING

from challenges.organising.enums import RegistrationMode
from challenges.teams.enums import RegistrationState
from portal.accounts.authorization import (
    Permission,
    has_permission,
)
from portal.audit.actors import Actor, SystemActor

if TYPE_CHECKING:
    from challenges.organising.models.challenges import (
        Challenge,
    )
from challenges.organising.rules import is_person, may_edit_challenge


def may_write_in_forum(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor writes in the discussion: a member; a registered one if by approval."""
    if isinstance(by, SystemActor) or not is_person(by) or not challenge.is_public:
        return False
    if challenge.registration == RegistrationMode.OPEN or may_moderate_forum(by, challenge):
        return True
    accepted = challenge.registrations.filter(user_id=by.pk, state=RegistrationState.ACCEPTED)
    return challenge.is_run_by(by) or accepted.exists()


def may_flag_message(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may flag a message: any member who reads it."""
    return is_person(by) and challenge.is_public


def may_moderate_forum(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor hides messages: an organiser, or a moderator who does not play."""
    if may_edit_challenge(by, challenge):
        return True
    return has_permission(by, Permission.CONTRIBUTION_MODERATE) and not challenge.is_played_by(by)

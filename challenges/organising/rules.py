"""Who may read, run, publish and stop a challenge."""

from typing import TYPE_CHECKING

from challenges.organising.enums import ChallengeStatus
from portal.accounts.authorization import (
    Permission,
    belongs_to,
    has_permission,
)
from portal.audit.actors import Actor, SystemActor

if TYPE_CHECKING:
    from challenges.organising.models.challenges import (
        Challenge,
        OrganiserInvitation,
        Phase,
        Viewer,
    )
    from portal.accounts.models import Organisation


def is_person(by: "Viewer") -> bool:
    """Say whether the actor is a person with a live account."""
    return not isinstance(by, SystemActor) and bool(by.is_authenticated) and by.is_active


def may_import_challenge(by: Actor, organisation: "Organisation") -> bool:
    """Say whether the actor may create a challenge for this organisation."""
    return has_permission(by, Permission.CHALLENGE_ORGANISE, organisation=organisation)


def may_edit_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may change the texts and dates of this challenge."""
    return is_person(by) and challenge.is_organised_by(by)


def may_choose_grant(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may use a grant of its organisation: an organiser who is of it."""
    return may_edit_challenge(by, challenge) and belongs_to(by, challenge.organiser)


def may_read_cockpit(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor reads the cockpit: who runs the challenge, its jury included."""
    return is_person(by) and challenge.is_run_by(by)


def may_run_organisers(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor chooses who runs the challenge: an owner."""
    return is_person(by) and challenge.is_owned_by(by)


def may_answer_organiser_invitation(by: Actor, invitation: "OrganiserInvitation") -> bool:
    """Say whether the actor answers this call: the person of its address."""
    return is_person(by) and invitation.fits(by)


def may_publish_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may give the visa: a moderator who neither runs nor ran it."""
    return (
        has_permission(by, Permission.CHALLENGE_PUBLISH)
        and not challenge.is_run_by(by)
        and not belongs_to(by, challenge.organiser)
        and not challenge.was_run_by(by)
    )


def may_suspend_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may stop entries for a while: a moderator."""
    return has_permission(by, Permission.CHALLENGE_PUBLISH)


def may_archive_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may end the challenge for good.

    An owner or a moderator once the results are published. Before, results would be buried: a
    moderator apart from the challenge alone.
    """
    if challenge.status == ChallengeStatus.REVEALED:
        return may_run_organisers(by, challenge) or may_suspend_challenge(by, challenge)
    return may_suspend_challenge(by, challenge) and is_apart(by, challenge)


def may_see_challenge(by: "Viewer", challenge: "Challenge") -> bool:
    """Say whether the actor may read the pages of this challenge."""
    if challenge.is_public:
        return True
    return has_permission(by, Permission.CONTRIBUTION_READ_ALL) or challenge.is_organised_by(by)


def may_close_phase(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may close the phase: an organiser."""
    return is_person(by) and phase.challenge.is_organised_by(by)


def is_apart(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor decides for the Region, and neither runs, ran nor plays it."""
    # Who ran it and left stays a judge of their own work.
    return (
        has_permission(by, Permission.CHALLENGE_REVEAL)
        and not challenge.is_run_by(by)
        and not belongs_to(by, challenge.organiser)
        and not challenge.is_played_by(by)
        and not challenge.was_run_by(by)
    )

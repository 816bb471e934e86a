"""Who may import a challenge and take one away."""

from typing import TYPE_CHECKING

from portal.accounts.authorization import (
    Permission,
    holds_somewhere,
)
from portal.audit.actors import Actor, SystemActor

if TYPE_CHECKING:
    from challenges.exchange.models import BundleImport
    from challenges.organising.models.challenges import (
        Challenge,
    )
from challenges.organising.rules import is_person


def may_deposit_bundle(by: Actor) -> bool:
    """Say whether the actor may deposit a bundle: who may create a challenge somewhere."""
    return holds_somewhere(by, Permission.CHALLENGE_ORGANISE)


def may_accept_import(by: Actor, made: "BundleImport") -> bool:
    """Say whether the actor may make a challenge of this bundle: who deposited it."""
    return not isinstance(by, SystemActor) and made.by_id == by.pk and may_deposit_bundle(by)


def may_export_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may take the challenge away: an owner or an organiser of it."""
    return is_person(by) and challenge.is_organised_by(by)

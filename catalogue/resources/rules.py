"""Who may do what to a card that is online: predicates, no query but the actor's own roles."""

from typing import TYPE_CHECKING, Any

from portal.accounts.authorization import Permission, belongs_to, has_permission
from portal.audit.actors import Actor

if TYPE_CHECKING:
    from catalogue.resources.models import CardTransfer, Removal, Resource
    from portal.accounts.models import Organisation


def may_moderate(actor: Actor) -> bool:
    """Let the Region's moderators see the queue."""
    return has_permission(actor, Permission.CONTRIBUTION_MODERATE)


def owns(actor: Actor, resource: "Resource") -> bool:
    """Say whether the card is the person's own, or one of an organisation they edit."""
    if resource.organisation is not None:
        return edits_for(actor, resource.organisation)
    return actor.pk is not None and resource.author_id == actor.pk


def may_archive(actor: Actor, resource: "Resource") -> bool:
    """Let the owner archive, or a moderator who has no tie with the card."""
    if owns(actor, resource):
        return True
    return may_moderate(actor) and not tied(actor, resource)


def may_see_removals(actor: Actor) -> bool:
    """Open the page of a removal to moderators and administrators."""
    return has_permission(actor, Permission.RESOURCE_REMOVE)


def may_remove(actor: Actor, resource: "Resource") -> bool:
    """Let a moderator or an administrator who has no tie with the card propose its removal."""
    return may_see_removals(actor) and not tied(actor, resource)


def may_answer_removal(actor: Actor, removal: "Removal", resource: "Resource") -> bool:
    """Ask for a second person, as free of ties, who is not the proposer."""
    return may_remove(actor, resource) and actor.pk != removal.proposed_by_id


def may_withdraw_removal(actor: Actor, removal: "Removal") -> bool:
    """Let the proposer take the proposal back."""
    return may_see_removals(actor) and actor.pk == removal.proposed_by_id


def tied(actor: Actor, resource: "Resource") -> bool:
    """Say whether the card is the person's own, or one of an organisation they belong to."""
    return resource.author_id == actor.pk or belongs_to(actor, resource.organisation)


def may_mask(actor: Actor, resource: "Resource") -> bool:
    """Let a moderator who has no tie with a card hide it."""
    return may_moderate(actor) and not tied(actor, resource)


def may_withhold(actor: Actor, resource: "Resource") -> bool:
    """Let the same moderator withhold a former version of it."""
    return may_mask(actor, resource)


def edits_for(actor: Any, organisation: "Organisation | None") -> bool:
    """Say whether a person sends the content of an organisation: cards, imports, collections."""
    if organisation is None:
        return False
    return has_permission(actor, Permission.CONTRIBUTION_SUBMIT, organisation=organisation)


def may_claim(actor: Actor, resource: "Resource", target: "Organisation") -> bool:
    """Let an organisation claim a card that only references what it would hold."""
    return resource.is_referenced and edits_for(actor, target)


def may_approve_transfer(actor: Actor, transfer: "CardTransfer") -> bool:
    """Let a moderator or administrator without ties stand for the owner's consent to a claim."""
    return transfer.kind == "claim" and _stands_for_owner(actor, transfer)


def may_accept_transfer(actor: Actor, transfer: "CardTransfer") -> bool:
    """Leave an offer to its receiver, a claim to the owner; else to a second person of the Region.

    The owner of a card nobody answers for is the Region: two persons.
    """
    if transfer.kind == "offer":
        return edits_for(actor, transfer.target)
    if transfer.kind == "claim" and owns(actor, transfer.resource):
        return actor.pk != transfer.asked_by_id
    if transfer.approved_by_id is None or actor.pk == transfer.approved_by_id:
        return False
    return _stands_for_owner(actor, transfer)


def may_refuse_transfer(actor: Actor, transfer: "CardTransfer") -> bool:
    """Let refuse whoever could accept, or approve."""
    if transfer.kind == "region":
        return _stands_for_owner(actor, transfer)
    return may_accept_transfer(actor, transfer) or may_approve_transfer(actor, transfer)


def may_withdraw_transfer(actor: Actor, transfer: "CardTransfer") -> bool:
    """Let people take back what they asked."""
    return actor.pk is not None and actor.pk == transfer.asked_by_id


def _stands_for_owner(actor: Actor, transfer: "CardTransfer") -> bool:
    return may_remove(actor, transfer.resource) and not belongs_to(actor, transfer.target)

"""Who may do what to the catalogue: predicates, no query but the actor's own roles."""

from typing import TYPE_CHECKING, Any, TypeAlias

from catalogue.enums import ContributionStatus
from portal.accounts.authorization import Permission, belongs_to, has_permission
from portal.audit.actors import Actor, SystemActor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogue.models import (
        CardTransfer,
        Collection,
        Contribution,
        Discussion,
        DiscussionMessage,
        FieldFeedback,
        Masking,
        Removal,
        Report,
        ReportDecision,
        Resource,
        Reuse,
        SavedSearch,
        Source,
    )
    from portal.accounts.models import Organisation

    Brought: TypeAlias = Reuse | FieldFeedback

EDITABLE = frozenset({ContributionStatus.DRAFT, ContributionStatus.CHANGES_REQUESTED})
# What its authors write, or took back while they wrote it: theirs alone until it is sent.
UNSENT = EDITABLE | {ContributionStatus.WITHDRAWN}


def may_contribute(actor: Actor, organisation: "Organisation | None" = None) -> bool:
    """Let a person write for themselves, and for an organisation where they write."""
    if isinstance(actor, SystemActor) or not actor.is_active:
        return False
    if organisation is None:
        return True
    return has_permission(actor, Permission.CONTRIBUTION_WRITE, organisation=organisation)


def may_edit(actor: Actor, contribution: "Contribution") -> bool:
    """Let the author and the organisation's editors write while it is a draft or sent back."""
    return contribution.status in EDITABLE and writes(actor, contribution)


def writes(actor: Actor, contribution: "Contribution") -> bool:
    """Say whether it is theirs to write, whatever its state: the author, the editors."""
    return _still_writes(actor, contribution) or edits_for(actor, contribution.organisation)


def may_preview(actor: Actor, contribution: "Contribution") -> bool:
    """Show as a page what one reads: not to others while its authors write it."""
    return writes(actor, contribution) or contribution.status not in UNSENT


def may_submit(actor: Actor, contribution: "Contribution") -> bool:
    """Let an editor send what is in the organisation's name, the author what is in their own."""
    if contribution.organisation is None:
        return _wrote(actor, contribution)
    return edits_for(actor, contribution.organisation)


def may_withdraw(actor: Actor, contribution: "Contribution") -> bool:
    """Let the author, or an editor of the organisation, take it back before the decision."""
    return _wrote(actor, contribution) or edits_for(actor, contribution.organisation)


def may_moderate(actor: Actor) -> bool:
    """Let the Region's moderators see the queue."""
    return has_permission(actor, Permission.CONTRIBUTION_MODERATE)


def may_decide(actor: Actor, contribution: "Contribution") -> bool:
    """Let a moderator decide on what is neither theirs nor an organisation's of theirs.

    The Region's own content included: another moderator, from outside the service, decides. A
    change that somebody else proposes of their own card is theirs too.
    """
    if not may_moderate(actor) or _wrote(actor, contribution):
        return False
    if contribution.resource.author_id == actor.pk:
        return False
    proposed, owner = contribution.organisation, contribution.resource.organisation
    return not belongs_to(actor, proposed) and not belongs_to(actor, owner)


def may_propose(actor: Actor, resource: "Resource") -> bool:
    """Let the owner, the organisation's writers and any member propose a change of a live card."""
    return resource.live and may_contribute(actor)


def may_answer_proposal(actor: Actor, contribution: "Contribution") -> bool:
    """Let who answers for a card say what they think of the change that somebody else proposes."""
    if isinstance(actor, SystemActor) or not actor.is_active or _wrote(actor, contribution):
        return False
    return contribution.offered_at is not None and owns(actor, contribution.resource)


def reads_whole(actor: Actor, contribution: "Contribution") -> bool:
    """Tell who writes a contribution, or reads for the Region, from who answers for its card.

    The last reads what is sent to them: not the exchange with the moderators, nor what is being
    written again.
    """
    if _wrote(actor, contribution) or edits_for(actor, contribution.organisation):
        return True
    return has_permission(actor, Permission.CONTRIBUTION_READ_ALL)


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


def may_keep(actor: Actor) -> bool:
    """Let any open account keep searches and follow."""
    return not isinstance(actor, SystemActor) and actor.is_active


def may_bring(actor: Actor, resource: "Resource") -> bool:
    """Let any open account discuss a public card, and tell what happened where it was used."""
    return may_keep(actor) and resource.live


def may_review(actor: Actor, brought: "Brought", cards: "Sequence[Resource]") -> bool:
    """Let a moderator decide on what is neither theirs nor about a card of theirs."""
    if not may_moderate(actor) or actor.pk == brought.by_id:
        return False
    if belongs_to(actor, getattr(brought, "organisation", None)):
        return False
    return not any(tied(actor, card) for card in cards)


def may_withdraw_brought(actor: Actor, brought: "Brought") -> bool:
    """Let people take back what they brought."""
    return actor.pk is not None and actor.pk == brought.by_id


def may_close(actor: Actor, discussion: "Discussion") -> bool:
    """Let who opened a discussion, who answers for the card, or a moderator close it."""
    if isinstance(actor, SystemActor) or not actor.is_active:
        return False
    opened = actor.pk == discussion.by_id
    return opened or owns(actor, discussion.resource) or may_moderate(actor)


def may_moderate_message(actor: Actor, message: "DiscussionMessage") -> bool:
    """Let a moderator show or hide what is neither theirs nor about a card of theirs."""
    if not may_moderate(actor) or actor.pk == message.by_id:
        return False
    return not tied(actor, message.discussion.resource)


def tied(actor: Actor, resource: "Resource") -> bool:
    """Say whether the card is the person's own, or one of an organisation they belong to."""
    return resource.author_id == actor.pk or belongs_to(actor, resource.organisation)


def may_judge(actor: Actor, report: "Report") -> bool:
    """Let a moderator judge a report that is not theirs, on what is not theirs."""
    if not may_moderate(actor) or actor.pk in (report.by_id, report.concerned_id):
        return False
    card = report.resource
    return not belongs_to(actor, report.organisation) and not (card and tied(actor, card))


def may_settle(actor: Actor, report: "Report", first: "ReportDecision | None") -> bool:
    """Leave a contestation to a moderator who did not take the first decision."""
    return may_judge(actor, report) and first is not None and first.decided_by_id != actor.pk


def may_mask(actor: Actor, resource: "Resource") -> bool:
    """Let a moderator who has no tie with a card hide it."""
    return may_moderate(actor) and not tied(actor, resource)


def may_withhold(actor: Actor, resource: "Resource") -> bool:
    """Let the same moderator withhold a former version of it."""
    return may_mask(actor, resource)


def may_confirm_masking(actor: Actor, masking: "Masking") -> bool:
    """Ask for a second person, as free of ties, who is not the one who hid the card."""
    return may_mask(actor, masking.resource) and actor.pk != masking.masked_by_id


def may_answer_lift(actor: Actor, masking: "Masking") -> bool:
    """Ask for a second person, as free of ties, who is not the one who proposed to lift it."""
    return may_mask(actor, masking.resource) and actor.pk != masking.lift_asked_by_id


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


def may_hide_collection(actor: Actor, collection: "Collection") -> bool:
    """Let a moderator hide a collection that is not of an organisation of theirs."""
    return may_moderate(actor) and not belongs_to(actor, collection.organisation)


def may_read_statement(actor: Actor, report: "Report") -> bool:
    """Let the author of a content, and who edits for its organisation, read why it was acted on."""
    if isinstance(actor, SystemActor) or actor.pk is None or not actor.is_active:
        return False
    if report.organisation is None:
        return actor.pk == report.concerned_id
    return actor.pk == report.concerned_id or edits_for(actor, report.organisation)


def may_manage_search(actor: Actor, search: "SavedSearch") -> bool:
    """Leave a search to its owner; that of an address to who holds the link of its letters."""
    if search.user_id is None:
        return isinstance(actor, SystemActor)
    return actor.pk == search.user_id


def may_edit_synonyms(actor: Actor) -> bool:
    """Let the Region's staff of the back office say which words mean the same in a search."""
    return has_permission(actor, Permission.BACKOFFICE_USE)


def may_decide_source(actor: Actor, source: "Source") -> bool:
    """Let a moderator who has no tie with a source approve or refuse it."""
    if not may_moderate(actor) or actor.pk == source.proposed_by_id:
        return False
    return not belongs_to(actor, source.organisation)


def may_pause_source(actor: Actor, source: "Source") -> bool:
    """Let who sends the content of its organisation, and the Region, stop, resume or run it."""
    return edits_for(actor, source.organisation) or may_moderate(actor)


def _wrote(actor: Actor, contribution: "Contribution") -> bool:
    return actor.pk is not None and contribution.author_id == actor.pk


def _still_writes(actor: Actor, contribution: "Contribution") -> bool:
    """Say whether the author may still write for the organisation: a member who left may not."""
    return _wrote(actor, contribution) and may_contribute(actor, contribution.organisation)

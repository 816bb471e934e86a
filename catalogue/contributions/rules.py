"""Who may write, send, read and decide a contribution: predicates without a query."""

from typing import TYPE_CHECKING

from catalogue.contributions.enums import ContributionStatus
from catalogue.resources.rules import edits_for, may_moderate, owns
from portal.accounts.authorization import Permission, belongs_to, has_permission
from portal.audit.actors import Actor, SystemActor

if TYPE_CHECKING:
    from catalogue.contributions.models import Contribution
    from catalogue.resources.models import Resource
    from portal.accounts.models import Organisation


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


def _wrote(actor: Actor, contribution: "Contribution") -> bool:
    return actor.pk is not None and contribution.author_id == actor.pk


def _still_writes(actor: Actor, contribution: "Contribution") -> bool:
    """Say whether the author may still write for the organisation: a member who left may not."""
    return _wrote(actor, contribution) and may_contribute(actor, contribution.organisation)

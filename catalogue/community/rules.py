"""Who may follow, discuss, report, judge and hide: predicates without a query."""

from typing import TYPE_CHECKING

from catalogue.resources.rules import edits_for, may_mask, may_moderate, tied
from portal.accounts.authorization import belongs_to
from portal.audit.actors import Actor, SystemActor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogue.community.models import (
        Collection,
        Masking,
        Report,
        ReportDecision,
        Reuse,
        SavedSearch,
    )
    from catalogue.resources.models import Resource


def may_keep(actor: Actor) -> bool:
    """Let any open account keep searches and follow."""
    return not isinstance(actor, SystemActor) and actor.is_active


def may_bring(actor: Actor, resource: "Resource") -> bool:
    """Let any open account discuss a public card."""
    return may_keep(actor) and resource.live


def may_review(actor: Actor, brought: "Reuse", cards: "Sequence[Resource]") -> bool:
    """Let a moderator decide on what is neither theirs nor about a card of theirs."""
    if not may_moderate(actor) or actor.pk == brought.by_id:
        return False
    if belongs_to(actor, brought.organisation):
        return False
    return not any(tied(actor, card) for card in cards)


def may_withdraw_brought(actor: Actor, brought: "Reuse") -> bool:
    """Let people take back what they brought."""
    return actor.pk is not None and actor.pk == brought.by_id


def may_judge(actor: Actor, report: "Report") -> bool:
    """Let a moderator judge a report that is not theirs, on what is not theirs."""
    if not may_moderate(actor) or actor.pk in (report.by_id, report.concerned_id):
        return False
    card = report.resource
    return not belongs_to(actor, report.organisation) and not (card and tied(actor, card))


def may_settle(actor: Actor, report: "Report", first: "ReportDecision | None") -> bool:
    """Leave a contestation to a moderator who did not take the first decision."""
    return may_judge(actor, report) and first is not None and first.decided_by_id != actor.pk


def may_confirm_masking(actor: Actor, masking: "Masking") -> bool:
    """Ask for a second person, as free of ties, who is not the one who hid the card."""
    return may_mask(actor, masking.resource) and actor.pk != masking.masked_by_id


def may_answer_lift(actor: Actor, masking: "Masking") -> bool:
    """Ask for a second person, as free of ties, who is not the one who proposed to lift it."""
    return may_mask(actor, masking.resource) and actor.pk != masking.lift_asked_by_id


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

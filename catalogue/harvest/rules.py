"""Who may approve, pause and run a source: predicates, no query but the actor's own roles."""

from typing import TYPE_CHECKING

from catalogue.resources.rules import edits_for, may_moderate
from portal.accounts.authorization import belongs_to
from portal.audit.actors import Actor

if TYPE_CHECKING:
    from catalogue.harvest.models import Source


def may_decide_source(actor: Actor, source: "Source") -> bool:
    """Let a moderator who has no tie with a source approve or refuse it."""
    if not may_moderate(actor) or actor.pk == source.proposed_by_id:
        return False
    return not belongs_to(actor, source.organisation)


def may_pause_source(actor: Actor, source: "Source") -> bool:
    """Let who sends the content of its organisation, and the Region, stop, resume or run it."""
    return edits_for(actor, source.organisation) or may_moderate(actor)

"""Who may write the synonyms of the search."""

from portal.accounts.authorization import Permission, has_permission
from portal.audit.actors import Actor


def may_edit_synonyms(actor: Actor) -> bool:
    """Let the Region's staff of the back office say which words mean the same in a search."""
    return has_permission(actor, Permission.BACKOFFICE_USE)

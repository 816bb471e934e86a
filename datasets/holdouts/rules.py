"""Who may seal files away, and who alone reads them again."""

from __future__ import annotations

from typing import Any

from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import Organisation
from portal.audit.actors import Actor, SystemActor

WORKER = "worker"


def may_register_holdout(actor: Actor | Any, owner: Organisation) -> bool:
    """Say whether the actor may seal files away for this organisation's challenges."""
    return has_permission(actor, Permission.CHALLENGE_ORGANISE, organisation=owner)


def is_worker(actor: Actor | Any) -> bool:
    """Say whether the actor is the scoring worker, which alone reads held-out files."""
    return isinstance(actor, SystemActor) and actor.name == WORKER

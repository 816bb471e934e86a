"""Who may describe a dataset, publish a release, read a file; no query, no write."""

from __future__ import annotations

from typing import Any

from datasets.releases.enums import AccessLevel
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import Organisation
from portal.audit.actors import Actor

P = Permission


def may_describe(actor: Actor | Any, owner: Organisation | None) -> bool:
    """Say whether the actor may write the dataset of this organisation's card."""
    return owner is not None and has_permission(actor, P.DATASET_WRITE, organisation=owner)


def may_publish_release(actor: Actor | Any, owner: Organisation | None) -> bool:
    """Say whether the actor may publish files for this organisation's dataset."""
    return may_describe(actor, owner)


def may_read_file(actor: Actor | Any, level: AccessLevel) -> bool:
    """Say whether the actor may download a file of this level, its card being readable.

    A restricted original is downloaded by nobody: what is lent is the extract of a grant.
    """
    match level:
        case AccessLevel.OPEN:
            return True
        case AccessLevel.REGISTERED:
            return bool(getattr(actor, "is_authenticated", False)) and actor.is_active
        case AccessLevel.RESTRICTED_BUSINESS | AccessLevel.RESTRICTED_PERSONAL:
            return False

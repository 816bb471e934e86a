"""Who may do what: one table that a lawyer can read, and the two functions that apply it.

A role is a list of permissions. The Region's roles hold everywhere; a role in an organisation
holds for that organisation's objects. What depends on an object's state, or on two people
being different, stands in the `rules.py` of its app.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Organisation
from portal.audit.actors import SystemActor
from portal.lib.refusals import NotAllowed


class Permission(StrEnum):
    """An act on a kind of object."""

    BACKOFFICE_USE = "backoffice.use"
    CONTRIBUTION_WRITE = "contribution.write"
    CONTRIBUTION_SUBMIT = "contribution.submit"
    CONTRIBUTION_READ_ALL = "contribution.read_all"
    CONTRIBUTION_MODERATE = "contribution.moderate"
    RESOURCE_REMOVE = "resource.remove"
    DATASET_WRITE = "dataset.write"
    ACCESS_READ = "access.read"
    ACCESS_PREPARE = "access.prepare"
    ACCESS_DECIDE = "access.decide"
    ACCESS_ADVISE = "access.advise"
    CHALLENGE_ORGANISE = "challenge.organise"
    CHALLENGE_PUBLISH = "challenge.publish"
    CHALLENGE_REVEAL = "challenge.reveal"
    ENTRY_EXAMINE = "entry.examine"
    ORGANISATION_ADMINISTER = "organisation.administer"
    ORGANISATION_VERIFY = "organisation.verify"
    ROLE_GIVE = "role.give"
    PERSON_READ = "person.read"
    AUDIT_READ = "audit.read"


P = Permission

REGION_ROLES: dict[str, frozenset[Permission]] = {
    # Runs the portal and its pages; gives roles, with a second administrator.
    RegionRole.ADMINISTRATOR: frozenset(
        {
            P.BACKOFFICE_USE,
            P.CONTRIBUTION_READ_ALL,
            P.RESOURCE_REMOVE,
            P.CHALLENGE_REVEAL,
            P.ORGANISATION_VERIFY,
            P.ROLE_GIVE,
            P.PERSON_READ,
            P.AUDIT_READ,
            P.ACCESS_READ,
        }
    ),
    # Reviews contributions and gives challenges their visa; never their own.
    RegionRole.MODERATOR: frozenset(
        {
            P.BACKOFFICE_USE,
            P.CONTRIBUTION_READ_ALL,
            P.CONTRIBUTION_MODERATE,
            P.RESOURCE_REMOVE,
            P.CHALLENGE_PUBLISH,
            P.CHALLENGE_REVEAL,
            P.ENTRY_EXAMINE,
            P.ORGANISATION_VERIFY,
        }
    ),
    # Prepare and decide access requests: two people (R2DDE).
    RegionRole.OFFICER: frozenset({P.AUDIT_READ, P.ACCESS_READ, P.ACCESS_PREPARE}),
    RegionRole.APPROVER: frozenset({P.AUDIT_READ, P.ACCESS_READ, P.ACCESS_DECIDE}),
    # Protects personal data: opinions, erasures, register.
    RegionRole.DPO: frozenset({P.PERSON_READ, P.AUDIT_READ, P.ACCESS_READ, P.ACCESS_ADVISE}),
    # Reads and verifies the ledger; changes nothing.
    RegionRole.AUDITOR: frozenset({P.AUDIT_READ, P.ACCESS_READ, P.CONTRIBUTION_READ_ALL}),
}

ORGANISATION_ROLES: dict[str, frozenset[Permission]] = {
    # Administers the organisation: members, invitations, roles, and everything below.
    Role.REFERENT: frozenset(
        {
            P.ORGANISATION_ADMINISTER,
            P.CONTRIBUTION_WRITE,
            P.CONTRIBUTION_SUBMIT,
            P.DATASET_WRITE,
            P.CHALLENGE_ORGANISE,
        }
    ),
    # Writes and sends everything the organisation publishes.
    Role.EDITOR: frozenset(
        {P.CONTRIBUTION_WRITE, P.CONTRIBUTION_SUBMIT, P.DATASET_WRITE, P.CHALLENGE_ORGANISE}
    ),
    # Writes drafts; an editor sends them.
    Role.CONTRIBUTOR: frozenset({P.CONTRIBUTION_WRITE}),
}


def has_permission(
    actor: Any, permission: Permission, *, organisation: Organisation | None = None
) -> bool:
    """Say whether a role of the actor grants the permission.

    organisation: the owner of the object; without it only the Region's roles count.
    """
    if isinstance(actor, SystemActor) or not getattr(actor, "is_authenticated", False):
        return False
    if not actor.is_active:
        return False
    if any(permission in REGION_ROLES[role] for role in actor.region_roles):
        return True
    if organisation is None:
        return False
    role = actor.roles_by_organisation.get(organisation.pk)
    return role is not None and permission in ORGANISATION_ROLES[role]


def holds_somewhere(actor: Any, permission: Permission) -> bool:
    """Say whether a person's role in one of their organisations grants the permission."""
    if isinstance(actor, SystemActor) or not getattr(actor, "is_authenticated", False):
        return False
    if not actor.is_active:
        return False
    roles = actor.roles_by_organisation.values()
    return any(permission in ORGANISATION_ROLES[role] for role in roles)


def belongs_to(actor: Any, organisation: Organisation | None) -> bool:
    """Say whether the actor is a live member of the organisation."""
    if organisation is None or isinstance(actor, SystemActor):
        return False
    if not getattr(actor, "is_authenticated", False):
        return False
    return organisation.pk in actor.roles_by_organisation


def require(rule: Callable[..., bool], by: Any, *objects: Any) -> None:
    """Apply a rule after the lock was taken; raises NotAllowed when it says no."""
    if not rule(by, *objects):
        raise NotAllowed(rule=rule.__name__)

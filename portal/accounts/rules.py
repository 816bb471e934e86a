"""Who may act on accounts, organisations and roles. Predicates: no write, no message."""

from __future__ import annotations

from typing import Any, TypeGuard

from portal.accounts.authorization import Permission, belongs_to, has_permission
from portal.accounts.enums import Role
from portal.accounts.models import (
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    RoleProposal,
    User,
)
from portal.audit.actors import Actor, SystemActor


def is_system(by: Actor | Any) -> bool:
    """Keep for the start-up and for commands what no person may do alone."""
    return isinstance(by, SystemActor)


def is_person(by: Actor | Any) -> TypeGuard[User]:
    """Ask for an open account."""
    return isinstance(by, User) and by.is_active


def is_self(by: Actor | Any, person: User) -> bool:
    """Let people act on their own account."""
    return is_person(by) and by.pk == person.pk


def may_administer(by: Actor | Any, organisation: Organisation) -> bool:
    """Let referents run their organisation."""
    return has_permission(by, Permission.ORGANISATION_ADMINISTER, organisation=organisation)


def may_verify(by: Actor | Any, organisation: Organisation) -> bool:
    """Let the Region attest organisations, except one's own."""
    attests = has_permission(by, Permission.ORGANISATION_VERIFY)
    return attests and not belongs_to(by, organisation)


def may_name_any(by: Actor | Any) -> bool:
    """Let the Region give names that are kept, or that pass for another."""
    return is_system(by) or has_permission(by, Permission.ORGANISATION_VERIFY)


def may_see_members(by: Actor | Any, organisation: Organisation) -> bool:
    """Show who belongs to an organisation to its members and to the Region."""
    return belongs_to(by, organisation) or (is_person(by) and by.is_region)


def may_read_addresses(by: Actor | Any, organisation: Organisation) -> bool:
    """Show the members' addresses to their referents, and to whom people are entrusted."""
    return may_administer(by, organisation) or has_permission(by, Permission.PERSON_READ)


def may_leave(by: Actor | Any, organisation: Organisation) -> bool:
    """Let members leave."""
    return belongs_to(by, organisation)


def may_ask_to_join(by: Actor | Any, organisation: Organisation) -> bool:
    """Let people who are not members ask: the Region answers for who has no member."""
    answered = organisation.is_represented or not organisation.is_region
    return is_person(by) and not belongs_to(by, organisation) and answered


def may_answer_request(by: Actor | Any, request: JoinRequest) -> bool:
    """Let referents answer a request to join, never their own."""
    return by.pk != request.user_id and may_administer(by, request.organisation)


def may_refuse_request(by: Actor | Any, request: JoinRequest) -> bool:
    """Let an administrator decline for who has no member; a yes is a role, given by two."""
    stands_in = may_give_roles(by) and not request.organisation.is_represented
    return may_answer_request(by, request) or (stands_in and by.pk != request.user_id)


def may_accept(by: Actor | Any, invitation: Invitation) -> bool:
    """Bind an invitation to its address."""
    return is_person(by) and invitation.fits(by)


def may_change_member(by: Actor | Any, membership: Membership) -> bool:
    """Let referents change or end a place in their organisation, not their own."""
    return by.pk != membership.user_id and may_administer(by, membership.organisation)


def may_give_roles(by: Actor | Any) -> bool:
    """Open the roles page to administrators."""
    return has_permission(by, Permission.ROLE_GIVE)


def may_propose_role(by: Actor | Any, person: User) -> bool:
    """Let an administrator propose a role for somebody else."""
    return may_give_roles(by) and by.pk != person.pk


def may_answer_proposal(by: Actor | Any, proposal: RoleProposal) -> bool:
    """Ask for a second administrator, who is neither the proposer nor the person."""
    return may_give_roles(by) and by.pk not in {proposal.proposed_by_id, proposal.user_id}


def may_withdraw_proposal(by: Actor | Any, proposal: RoleProposal) -> bool:
    """Let the proposer take the proposal back."""
    return is_person(by) and by.pk == proposal.proposed_by_id


def needs_second_factor(by: Actor | Any) -> bool:
    """Name the people whose functions ask for a second factor: the Region's, and referents."""
    if not is_person(by):
        return False
    return bool(by.region_roles) or Role.REFERENT in by.roles_by_organisation.values()

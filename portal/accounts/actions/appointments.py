"""Roles given or ended by two administrators: one proposes, another confirms.

They are held for the Region, or in an organisation whose referents cannot do it themselves.
"""

from typing import Any

from django.contrib.auth.models import Group
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from portal.accounts import rules
from portal.accounts.actions import accounts, organisations
from portal.accounts.authorization import require
from portal.accounts.enums import OrganisationBadge, ProposalKind, RegionRole, Role
from portal.accounts.models import (
    Membership,
    Organisation,
    RegionAppointment,
    RoleProposal,
    User,
)
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.decisions import Answer
from portal.lib.immutable import writes
from portal.lib.refusals import Conflict, unless_taken

# The groups of the editorial back office that follow a role; both may enter it, nobody else.
BACKOFFICE_GROUPS: dict[str, str] = {
    RegionRole.ADMINISTRATOR: "Moderators",
    RegionRole.MODERATOR: "Editors",
}


@transaction.atomic
def propose(
    *,
    kind: str,
    user: User,
    role: str,
    reason: str,
    organisation: Organisation | None = None,
    by: User,
) -> RoleProposal:
    """Propose to give a role, or to end one, for the Region or in an organisation.

    In order: the proposal; event "role.proposed"; a letter to the other administrators. Raises
    NotAllowed; Conflict when it would change nothing or a proposal waits.
    """
    by.forget_roles()
    require(rules.may_propose_role, by, user)
    if organisation is None:
        role, held = RegionRole(role).value, _live(user, role).exists()
    else:
        role, held = Role(role).value, _places(user, organisation, role).exists()
    if held == (kind == ProposalKind.GIVE):
        raise Conflict(_("Cette proposition ne changerait rien."), code="nothing_to_change")
    waiting = _("Une proposition attend déjà pour cette personne et ce rôle.")
    with unless_taken(Conflict(waiting, code="proposal_waiting")):
        proposal = RoleProposal.objects.create(
            kind=ProposalKind(kind).value,
            user=user,
            role=role,
            organisation=organisation,
            reason=reason,
            proposed_by=by,
            proposed_at=clock.now(),
        )
    facts = _facts(proposal)
    record("role.proposed", by=by, on=proposal, person=user, kind=kind, **facts)
    for other in _other_administrators(by, user):
        owe(
            "mail.role_proposed",
            key=f"{proposal.public_id}:{other}",
            proposal_id=proposal.pk,
            user_id=other,
        )
    return proposal


@transaction.atomic
def confirm(*, proposal: RoleProposal, by: User) -> RoleProposal:
    """Confirm a proposal as second administrator.

    In order: answer; the role given or ended; back office groups; the person's sessions end;
    event "role.given" or "role.ended"; a letter. The first member of an organisation that the
    Region wrote verifies it: event "organisation.attested" before; a place answers the request of
    who asked for it. Raises NotAllowed; Conflict, too when no administrator would be left;
    LastReferent.
    """
    proposal = RoleProposal.objects.locked(proposal)
    organisation = proposal.organisation
    if organisation is not None:
        organisation = Organisation.objects.locked(organisation)
    administrators = accounts.hold_administrators()
    by.forget_roles()
    require(rules.may_answer_proposal, by, proposal)
    proposal.proposed_by.forget_roles()
    if not rules.may_propose_role(proposal.proposed_by, proposal.user):
        raise Conflict(
            _("La personne qui l’a proposé ne pourrait plus le faire : proposez-le à nouveau."),
            code="proposer_left",
        )
    proposal.settle(Answer.ACCEPTED, by)
    if organisation is not None:
        _settle_place(proposal, organisation, by)
    elif proposal.kind == ProposalKind.GIVE:
        _write(
            proposal.user,
            proposal.role,
            given_by=proposal.proposed_by.person_key,
            confirmed_by=by.person_key,
        )
    else:
        if proposal.role == RegionRole.ADMINISTRATOR and administrators == {proposal.user_id}:
            raise Conflict(
                _("Il ne resterait personne pour administrer le portail."),
                code="last_administrator",
            )
        _end(proposal.user, proposal.role)
    verb = "role.given" if proposal.kind == ProposalKind.GIVE else "role.ended"
    record(
        verb,
        by=by,
        on=proposal.user,
        proposed_by=proposal.proposed_by.person_key,
        **_facts(proposal),
    )
    owe("mail.role_changed", key=str(proposal.public_id), proposal_id=proposal.pk)
    return proposal


@transaction.atomic
def refuse(*, proposal: RoleProposal, by: User) -> RoleProposal:
    """Refuse as second administrator; event "role.refused". Raises NotAllowed; Conflict."""
    proposal = RoleProposal.objects.locked(proposal)
    by.forget_roles()
    require(rules.may_answer_proposal, by, proposal)
    proposal.settle(Answer.REFUSED, by)
    record("role.refused", by=by, on=proposal, person=proposal.user, **_facts(proposal))
    return proposal


@transaction.atomic
def withdraw(*, proposal: RoleProposal, by: User) -> RoleProposal:
    """Take one's own proposal back; event "role.withdrawn". Raises NotAllowed; Conflict."""
    proposal = RoleProposal.objects.locked(proposal)
    require(rules.may_withdraw_proposal, by, proposal)
    proposal.settle(Answer.WITHDRAWN, by)
    record("role.withdrawn", by=by, on=proposal, person=proposal.user, **_facts(proposal))
    return proposal


@transaction.atomic
def install(*, user: User, role: str, by: Actor) -> RegionAppointment:
    """Give a role without a second person: the opening accounts and the first administrators.

    For the system only (start-up in embedded mode, `create_administrator`). In order: the
    role; back office groups; sessions end; event "role.installed". A role already held is
    returned as it is. Raises NotAllowed for a person.
    """
    require(rules.is_system, by)
    held = _live(user, role).first()
    if held is not None:
        return held
    appointment = _write(user, role, given_by=by.person_key, confirmed_by="")
    record("role.installed", by=by, on=user, role=role)
    return appointment


def _other_administrators(by: User, user: User) -> list[int]:
    return list(
        RegionAppointment.objects.filter(role=RegionRole.ADMINISTRATOR, ended_at__isnull=True)
        .exclude(user_id__in=[by.pk, user.pk])
        .order_by("user_id")
        .values_list("user_id", flat=True)
    )


def _live(user: User, role: str) -> models.QuerySet[RegionAppointment]:
    return RegionAppointment.objects.filter(user=user, role=role, ended_at__isnull=True)


def _places(user: User, organisation: Organisation, role: str) -> models.QuerySet[Membership]:
    found: models.QuerySet[Membership] = Membership.objects.live().filter(
        user=user, organisation=organisation, role=role
    )
    return found


def _facts(proposal: RoleProposal) -> dict[str, Any]:
    """Say of which role it is, and in which organisation when it is not the Region's."""
    facts: dict[str, Any] = {"role": proposal.role}
    if proposal.organisation is not None:
        facts["organisation"] = proposal.organisation
    return facts


def _settle_place(proposal: RoleProposal, organisation: Organisation, by: User) -> None:
    user, role = proposal.user, proposal.role
    if proposal.kind == ProposalKind.GIVE:
        if organisation.is_described:  # with a member, only the badge says that the Region knows it
            badges = [*organisation.badges, OrganisationBadge.VERIFIED]
            organisation = organisations.attest(organisation=organisation, badges=badges, by=by)
        organisations.give(organisation=organisation, user=user, role=role)
        organisation.join_requests.filter(user=user, answer="").update(
            answer=Answer.ACCEPTED.value, answered_at=clock.now(), answered_by=by
        )
    elif (place := _places(user, organisation, role).first()) is not None:
        organisations.end(membership=place)
    else:
        raise Conflict(_("Cette personne n’a plus ce rôle."), code="nothing_to_change")


def _write(user: User, role: str, *, given_by: str, confirmed_by: str) -> RegionAppointment:
    appointment = RegionAppointment(
        user=user,
        role=RegionRole(role).value,
        given_by=given_by,
        confirmed_by=confirmed_by,
        given_at=clock.now(),
    )
    with writes(RegionAppointment):
        appointment.save()
    _settle(user)
    return appointment


def _end(user: User, role: str) -> None:
    with writes(RegionAppointment):
        ended = _live(user, role).update(ended_at=clock.now())
    if not ended:
        raise Conflict(_("Cette personne n’a plus ce rôle."), code="nothing_to_change")
    _settle(user)


def _settle(user: User) -> None:
    """Bring the back office groups in line with the roles, and end the sessions."""
    accounts.end_sessions(user=user)
    wanted = {BACKOFFICE_GROUPS[role] for role in user.region_roles if role in BACKOFFICE_GROUPS}
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in sorted(wanted)])

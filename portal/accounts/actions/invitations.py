"""Invitations and requests: the two ways into an organisation that exists."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.accounts import rules
from portal.accounts.actions import accounts, organisations
from portal.accounts.authorization import require
from portal.accounts.enums import InvitationState, Role
from portal.accounts.models import (
    GIVEN_BY_INVITATION,
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    User,
)
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.decisions import Answer
from portal.lib.rates import DAY, keep_pace
from portal.lib.refusals import Closed, Conflict, Hidden, Invalid, unless_taken

# Letters to people who did not ask for them.
LETTERS_A_DAY = 20
SAME_ADDRESS_A_DAY = 3
# A wish to join writes to all referents, or to all administrators of the Region.
WISHES_A_DAY = 10


def keep_letters_few(of_person: QuerySet[Any], to_address: QuerySet[Any]) -> None:
    """Bound the letters that reach people who never asked for one.

    of_person: the invitations that one person sent; to_address: those of one address. Raises
    QuotaSpent past twenty a day of the one, three of the other.
    """
    keep_pace(
        of_person,
        by="sent_at",
        most=LETTERS_A_DAY,
        window=DAY,
        sentence=str(_("Vingt invitations par jour au plus, les retirées comprises.")),
        code="invitations_day",
    )
    keep_pace(
        to_address,
        by="sent_at",
        most=SAME_ADDRESS_A_DAY,
        window=DAY,
        sentence=str(_("Trois invitations par jour au plus à la même adresse.")),
        code="invitations_day",
    )


def token_of(invitation: Invitation) -> str:
    """Write the invitation into one word of an address: its name, then its secret."""
    return f"{invitation.public_id}.{invitation.token}"


def by_token(token: str) -> Invitation:
    """Find the invitation of a token. Raises Hidden for a token that no letter carried."""
    public_id, _dot, secret = token.partition(".")
    try:
        name = UUID(public_id)
    except ValueError as error:
        raise Hidden from error
    return Invitation.objects.select_related("organisation", "sent_by").by_link(name, secret)


@transaction.atomic
def send(*, organisation: Organisation, email: str, role: str, by: User) -> Invitation:
    """Offer a place to an address.

    In order: the invitation, for seven days; event "invitation.sent" without the address; the
    letter. Raises NotAllowed; Invalid for a role that only a transfer gives; Conflict when the
    address is a member's or already has an open invitation; QuotaSpent past the letters of a day.
    """
    organisation = Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_administer, by, organisation)
    if role not in {given.value for given in GIVEN_BY_INVITATION}:
        raise Invalid(
            _("Le rôle de référent se donne à un membre, pas par invitation."), code="role_refused"
        )
    email = email.strip().lower()
    validate_email(email)
    if Membership.objects.live().filter(organisation=organisation, user__email=email).exists():
        raise Conflict(_("Cette personne est déjà membre."), code="already_member")
    keep_letters_few(Invitation.objects.filter(sent_by=by), Invitation.objects.filter(email=email))
    at = clock.now()
    _lapse(organisation, email, at)
    waiting = _("Une invitation attend déjà à cette adresse.")
    with unless_taken(Conflict(waiting, code="invitation_waiting")):
        invitation = Invitation.objects.create(
            organisation=organisation,
            email=email,
            role=role,
            sent_by=by,
            sent_at=at,
            expires_at=at + timedelta(days=settings.INVITATION_DAYS),
        )
    record("invitation.sent", by=by, on=invitation, organisation=organisation, role=role)
    owe("mail.invitation", key=str(invitation.public_id), invitation_id=invitation.pk)
    return invitation


@transaction.atomic
def accept(*, invitation: Invitation, by: User) -> Membership:
    """Take the place that was offered.

    In order: answer; the place; sessions of before end; event "invitation.accepted". Raises
    NotAllowed for another address; Conflict once answered or for a member; Closed when late.
    """
    invitation = _open(invitation)
    require(rules.may_accept, by, invitation)
    if invitation.expires_at <= clock.now():
        raise Closed(
            _("Cette invitation a expiré. Demandez-en une autre à l’organisation."),
            code="invitation_expired",
            closes_at=invitation.expires_at,
        )
    if Membership.objects.live().filter(organisation=invitation.organisation, user=by).exists():
        raise Conflict(_("Vous êtes déjà membre de cette organisation."), code="already_member")
    _answer(invitation, InvitationState.ACCEPTED)
    membership = organisations.add(
        organisation=invitation.organisation, user=by, role=invitation.role
    )
    record("invitation.accepted", by=by, on=invitation, organisation=invitation.organisation)
    return membership


@transaction.atomic
def refuse(*, invitation: Invitation, by: User) -> Invitation:
    """Decline an invitation; event "invitation.refused". Raises NotAllowed; Conflict."""
    invitation = _open(invitation)
    require(rules.may_accept, by, invitation)
    _answer(invitation, InvitationState.REFUSED)
    record("invitation.refused", by=by, on=invitation, organisation=invitation.organisation)
    return invitation


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User) -> Invitation:
    """Take an invitation back; event "invitation.withdrawn". Raises NotAllowed; Conflict."""
    invitation = _open(invitation)
    require(rules.may_administer, by, invitation.organisation)
    _answer(invitation, InvitationState.REVOKED)
    record("invitation.withdrawn", by=by, on=invitation, organisation=invitation.organisation)
    return invitation


@transaction.atomic
def ask(*, organisation: Organisation, by: User, message: str = "") -> JoinRequest:
    """Ask to join an organisation.

    In order: the request; event "join_request.sent"; a letter to the referents, else to the
    administrators. Raises NotAllowed for a member; QuotaSpent past ten a day; Conflict when one
    waits already.
    """
    organisation = Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_ask_to_join, by, organisation)
    keep_pace(
        JoinRequest.objects.filter(user=by),
        by="created_at",
        most=WISHES_A_DAY,
        window=DAY,
        sentence=str(_("Dix demandes par jour au plus, les déclinées comprises.")),
        code="wishes_day",
    )
    waiting = _("Votre demande attend déjà sa réponse.")
    with unless_taken(Conflict(waiting, code="request_waiting")):
        request = JoinRequest.objects.create(
            organisation=organisation, user=by, message=message, created_at=clock.now()
        )
    record("join_request.sent", by=by, on=request, organisation=organisation)
    letter, readers = "mail.join_request", _referents(organisation)
    if not organisation.is_represented:
        letter, readers = "mail.organisation_claimed", sorted(accounts.hold_administrators())
    for reader in readers:
        owe(letter, key=f"{request.public_id}:{reader}", request_id=request.pk, user_id=reader)
    return request


@transaction.atomic
def accept_request(*, request: JoinRequest, by: User, role: str = Role.CONTRIBUTOR) -> Membership:
    """Let a person in.

    In order: answer; the place; the person's sessions end; event "join_request.accepted"; a
    letter. Raises NotAllowed; Conflict once answered.
    """
    request = _answerable(request, by, rules.may_answer_request)
    _answer_request(request, Answer.ACCEPTED, by)
    membership = organisations.add(organisation=request.organisation, user=request.user, role=role)
    record("join_request.accepted", by=by, on=request, organisation=request.organisation, role=role)
    owe("mail.join_request_answer", key=str(request.public_id), request_id=request.pk)
    return membership


@transaction.atomic
def refuse_request(*, request: JoinRequest, by: User) -> JoinRequest:
    """Decline a request; event "join_request.refused"; a letter. Raises NotAllowed; Conflict."""
    request = _answerable(request, by, rules.may_refuse_request)
    _answer_request(request, Answer.REFUSED, by)
    record("join_request.refused", by=by, on=request, organisation=request.organisation)
    owe("mail.join_request_answer", key=str(request.public_id), request_id=request.pk)
    return request


def _referents(organisation: Organisation) -> list[int]:
    return list(
        Membership.objects.live()
        .filter(organisation=organisation, role=Role.REFERENT)
        .order_by("user_id")
        .values_list("user_id", flat=True)
    )


def _open(invitation: Invitation) -> Invitation:
    Organisation.objects.locked(invitation.organisation)
    invitation = Invitation.objects.select_related("organisation").get(pk=invitation.pk)
    if invitation.state != InvitationState.SENT:
        raise Conflict(_("Cette invitation a déjà servi."), code="already_answered")
    return invitation


def _lapse(organisation: Organisation, email: str, at: object) -> None:
    """Close an expired invitation to the same address, so that another may be sent."""
    late = Invitation.objects.filter(organisation=organisation, email=email, expires_at__lte=at)
    late.revoke()


def _answer(invitation: Invitation, state: InvitationState) -> None:
    invitation.state = state
    invitation.save(update_fields=["state"])


def _answerable(request: JoinRequest, by: User, rule: Callable[..., bool]) -> JoinRequest:
    Organisation.objects.locked(request.organisation)
    request = JoinRequest.objects.select_related("organisation", "user").get(pk=request.pk)
    by.forget_roles()
    require(rule, by, request)
    member = Membership.objects.live().filter(organisation=request.organisation, user=request.user)
    if request.answer or member.exists():
        raise Conflict(_("Cette demande a déjà reçu sa réponse."), code="already_answered")
    return request


def _answer_request(request: JoinRequest, answer: Answer, by: User) -> None:
    request.answer, request.answered_at, request.answered_by = answer.value, clock.now(), by
    request.save(update_fields=["answer", "answered_at", "answered_by"])

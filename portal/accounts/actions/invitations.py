"""Invitations and requests: the two ways into an organisation that exists."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from portal.accounts import rules
from portal.accounts.actions import organisations
from portal.accounts.authorization import require
from portal.accounts.enums import Answer, Role
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
from portal.lib.refusals import Closed, Conflict, Hidden, Invalid

TOKEN_SALT = "portal.accounts.invitation"  # noqa: S105  the name of a signature, no secret


def token_of(invitation: Invitation) -> str:
    """Sign the token of an invitation: it names the row and fits its address and organisation."""
    return signing.Signer(salt=TOKEN_SALT).sign(f"{invitation.public_id}.{_binding(invitation)}")


def by_token(token: str) -> Invitation:
    """Find the invitation of a token. Raises Hidden for a token that no letter carried."""
    try:
        public_id, _dot, binding = signing.Signer(salt=TOKEN_SALT).unsign(token).partition(".")
    except signing.BadSignature as error:
        raise Hidden from error
    found = (
        Invitation.objects.select_related("organisation", "invited_by")
        .filter(public_id=public_id)
        .first()
    )
    if found is None or _binding(found) != binding:
        raise Hidden
    return found


def _binding(invitation: Invitation) -> str:
    bound = f"{invitation.email.casefold()}|{invitation.organisation_id}"
    return hashlib.sha256(bound.encode()).hexdigest()[:24]


@transaction.atomic
def send(*, organisation: Organisation, email: str, role: str, by: User) -> Invitation:
    """Offer a place to an address.

    In order: the invitation, for seven days; event "invitation.sent" without the address; the
    letter. Raises NotAllowed; Invalid for a role that only a transfer gives; Conflict when the
    address is a member's or already has an open invitation.
    """
    organisation = Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_administer, by, organisation)
    if role not in {given.value for given in GIVEN_BY_INVITATION}:
        raise Invalid(
            _("Le rôle de référent se donne à un membre, pas par invitation."), code="role_refused"
        )
    email = email.strip().casefold()
    validate_email(email)
    if Membership.objects.live().filter(organisation=organisation, user__email=email).exists():
        raise Conflict(_("Cette personne est déjà membre."), code="already_member")
    at = clock.now()
    _lapse(organisation, email, at)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                organisation=organisation,
                email=email,
                role=role,
                invited_by=by,
                created_at=at,
                expires_at=at + timedelta(days=settings.INVITATION_DAYS),
            )
    except IntegrityError as error:
        raise Conflict(
            _("Une invitation attend déjà à cette adresse."), code="invitation_waiting"
        ) from error
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
    _answer(invitation, Answer.ACCEPTED)
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
    _answer(invitation, Answer.REFUSED)
    record("invitation.refused", by=by, on=invitation, organisation=invitation.organisation)
    return invitation


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User) -> Invitation:
    """Take an invitation back; event "invitation.withdrawn". Raises NotAllowed; Conflict."""
    invitation = _open(invitation)
    require(rules.may_administer, by, invitation.organisation)
    _answer(invitation, Answer.WITHDRAWN)
    record("invitation.withdrawn", by=by, on=invitation, organisation=invitation.organisation)
    return invitation


@transaction.atomic
def ask(*, organisation: Organisation, by: User, message: str = "") -> JoinRequest:
    """Ask to join an organisation.

    In order: the request; event "join_request.sent"; a letter to the referents. Raises
    NotAllowed for a member; Conflict when a request waits already.
    """
    organisation = Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_ask_to_join, by, organisation)
    try:
        with transaction.atomic():
            request = JoinRequest.objects.create(
                organisation=organisation, user=by, message=message, created_at=clock.now()
            )
    except IntegrityError as error:
        raise Conflict(
            _("Votre demande attend déjà sa réponse."), code="request_waiting"
        ) from error
    record("join_request.sent", by=by, on=request, organisation=organisation)
    for referent in _referents(organisation):
        owe(
            "mail.join_request",
            key=f"{request.public_id}:{referent}",
            request_id=request.pk,
            user_id=referent,
        )
    return request


@transaction.atomic
def accept_request(*, request: JoinRequest, by: User, role: str = Role.CONTRIBUTOR) -> Membership:
    """Let a person in.

    In order: answer; the place; the person's sessions end; event "join_request.accepted"; a
    letter. Raises NotAllowed; Conflict once answered.
    """
    request = _answerable(request, by)
    _answer_request(request, Answer.ACCEPTED, by)
    membership = organisations.add(organisation=request.organisation, user=request.user, role=role)
    record("join_request.accepted", by=by, on=request, organisation=request.organisation, role=role)
    owe("mail.join_request_answer", key=str(request.public_id), request_id=request.pk)
    return membership


@transaction.atomic
def refuse_request(*, request: JoinRequest, by: User) -> JoinRequest:
    """Decline a request; event "join_request.refused"; a letter. Raises NotAllowed; Conflict."""
    request = _answerable(request, by)
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
    if invitation.answer:
        raise Conflict(_("Cette invitation a déjà servi."), code="already_answered")
    return invitation


def _lapse(organisation: Organisation, email: str, at: object) -> None:
    """Close an expired invitation to the same address, so that another may be sent."""
    Invitation.objects.filter(
        organisation=organisation, email=email, answer="", expires_at__lte=at
    ).update(answer=Answer.WITHDRAWN, answered_at=at)


def _answer(invitation: Invitation, answer: Answer) -> None:
    invitation.answer, invitation.answered_at = answer.value, clock.now()
    invitation.save(update_fields=["answer", "answered_at"])


def _answerable(request: JoinRequest, by: User) -> JoinRequest:
    Organisation.objects.locked(request.organisation)
    request = JoinRequest.objects.select_related("organisation", "user").get(pk=request.pk)
    by.forget_roles()
    require(rules.may_answer_request, by, request)
    member = Membership.objects.live().filter(organisation=request.organisation, user=request.user)
    if request.answer or member.exists():
        raise Conflict(_("Cette demande a déjà reçu sa réponse."), code="already_answered")
    return request


def _answer_request(request: JoinRequest, answer: Answer, by: User) -> None:
    request.answer, request.answered_at, request.answered_by = answer.value, clock.now(), by
    request.save(update_fields=["answer", "answered_at", "answered_by"])

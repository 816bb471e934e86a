"""Places in organisations: change, end, hand over. An organisation keeps a referent."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from portal.accounts import rules
from portal.accounts.actions import sessions
from portal.accounts.authorization import require
from portal.accounts.enums import Answer, Role
from portal.accounts.models import Membership, Organisation, Transfer, User
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.immutable import writes
from portal.lib.refusals import Conflict, NotAllowed


class LastReferent(Conflict):
    """The organisation would be left without a referent."""

    code = "last_referent"
    message = _(
        "Cette organisation n’aurait plus de référent. Transmettez d’abord ce rôle à un membre."
    )


def add(*, organisation: Organisation, user: User, role: str) -> Membership:
    """Write a place; for the other actions of this package, inside their transaction."""
    with writes(Membership):
        membership = Membership(
            organisation=organisation, user=user, role=role, joined_at=clock.now()
        )
        membership.save()
    sessions.end_all(user=user)
    return membership


def give(*, organisation: Organisation, user: User, role: str) -> Membership:
    """Write a place or its new role, inside the transaction of `appointments`. LastReferent."""
    held = Membership.objects.live().filter(organisation=organisation, user=user).first()
    if held is None:
        return add(organisation=organisation, user=user, role=role)
    membership: Membership = held
    before, membership.role = membership.role, Role(role).value
    if before != membership.role:
        _keep_a_referent(membership, before)
        with writes(Membership):
            membership.save(update_fields=["role"])
        sessions.end_all(user=user)
    return membership


def end(*, membership: Membership) -> None:
    """End a place, inside the transaction of `appointments`. Raises LastReferent."""
    _end(membership)


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Actor) -> Membership:
    """Give a member another role.

    In order: role; the member's sessions end; event "membership.role_changed"; a letter to the
    member. The same role again changes nothing. Raises NotAllowed; LastReferent.
    """
    membership = _locked(membership)
    require(rules.may_change_member, by, membership)
    if membership.role == role:
        return membership
    before, membership.role = membership.role, Role(role).value
    _keep_a_referent(membership, before)
    with writes(Membership):
        membership.save(update_fields=["role"])
    sessions.end_all(user=membership.user)
    record("membership.role_changed", by=by, on=membership, before=before, after=membership.role)
    _tell(membership, "mail.membership_role")
    return membership


@transaction.atomic
def remove(*, membership: Membership, by: Actor) -> Membership:
    """End another person's place.

    In order: date of leaving; the member's sessions end; event "membership.removed"; a letter.
    Raises NotAllowed; LastReferent; Conflict when the place has ended.
    """
    membership = _locked(membership)
    require(rules.may_change_member, by, membership)
    _end(membership)
    record("membership.removed", by=by, on=membership, role=membership.role)
    _tell(membership, "mail.membership_ended")
    return membership


@transaction.atomic
def leave(*, organisation: Organisation, by: User) -> Membership:
    """Leave an organisation.

    In order: date of leaving; sessions end; event "membership.left". Raises NotAllowed for
    somebody who is not a member; LastReferent.
    """
    Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_leave, by, organisation)
    membership = Membership.objects.live().get(organisation=organisation, user=by)
    _end(membership)
    by.forget_roles()
    record("membership.left", by=by, on=membership, role=membership.role)
    return membership


@transaction.atomic
def offer_transfer(*, organisation: Organisation, receiver: User, by: User) -> Transfer:
    """Offer the care of the organisation to a member.

    In order: the offer; event "transfer.offered"; a letter to the receiver. Raises NotAllowed;
    Conflict when an offer waits already or the receiver is not a member.
    """
    organisation = Organisation.objects.locked(organisation)
    by.forget_roles()
    require(rules.may_transfer, by, organisation)
    if receiver.pk == by.pk or not _is_member(organisation, receiver):
        raise Conflict(_("Choisissez un autre membre de l’organisation."), code="not_a_member")
    if organisation.transfers.filter(answer="").exists():
        raise Conflict(_("Une transmission attend déjà sa réponse."), code="transfer_waiting")
    transfer = Transfer.objects.create(
        organisation=organisation, giver=by, receiver=receiver, created_at=clock.now()
    )
    record("transfer.offered", by=by, on=transfer, organisation=organisation, receiver=receiver)
    owe("mail.transfer_offered", key=str(transfer.public_id), transfer_id=transfer.pk)
    return transfer


@transaction.atomic
def accept_transfer(*, transfer: Transfer, by: User) -> Transfer:
    """Take the care of an organisation: the receiver becomes referent, the giver editor.

    In order: answer; the two roles; both persons' sessions end; event "transfer.accepted".
    Raises NotAllowed; Conflict when it is answered, or the giver is no longer referent.
    """
    transfer = _answerable(transfer, by)
    places = {
        membership.user_id: membership
        for membership in Membership.objects.live().filter(
            organisation=transfer.organisation, user__in=[transfer.giver_id, transfer.receiver_id]
        )
    }
    giver = places.get(transfer.giver_id)
    if giver is None or giver.role != Role.REFERENT:
        raise Conflict(
            _("La personne qui proposait n’est plus référente : la transmission tombe."),
            code="giver_not_referent",
        )
    for user_id, role in ((transfer.receiver_id, Role.REFERENT), (transfer.giver_id, Role.EDITOR)):
        places[user_id].role = role.value
        with writes(Membership):
            places[user_id].save(update_fields=["role"])
        sessions.end_all(user=places[user_id].user)
    by.forget_roles()
    return _answer(transfer, Answer.ACCEPTED, by)


@transaction.atomic
def refuse_transfer(*, transfer: Transfer, by: User) -> Transfer:
    """Decline the care; event "transfer.refused". Raises NotAllowed; Conflict."""
    return _answer(_answerable(transfer, by), Answer.REFUSED, by)


def _answerable(transfer: Transfer, by: User) -> Transfer:
    Organisation.objects.locked(transfer.organisation)
    transfer = Transfer.objects.select_related("organisation").get(pk=transfer.pk)
    by.forget_roles()
    require(rules.may_answer_transfer, by, transfer)
    if transfer.answer:
        raise Conflict(_("Cette transmission a déjà reçu sa réponse."), code="already_answered")
    return transfer


def _answer(transfer: Transfer, answer: Answer, by: User) -> Transfer:
    transfer.answer, transfer.answered_at = answer.value, clock.now()
    transfer.save(update_fields=["answer", "answered_at"])
    record(f"transfer.{answer.value}", by=by, on=transfer, organisation=transfer.organisation)
    return transfer


def _locked(membership: Membership) -> Membership:
    """Lock the organisation, then read the place again: referents are counted under one lock."""
    Organisation.objects.locked(membership.organisation)
    fresh: Membership = Membership.objects.select_related("organisation", "user").get(
        pk=membership.pk
    )
    if fresh.left_at is not None:
        raise NotAllowed(_("Cette personne n’est plus membre."), code="not_a_member")
    return fresh


def _end(membership: Membership) -> None:
    _keep_a_referent(membership, membership.role)
    membership.left_at = clock.now()
    with writes(Membership):
        membership.save(update_fields=["left_at"])
    sessions.end_all(user=membership.user)


def _keep_a_referent(membership: Membership, before: str) -> None:
    if before != Role.REFERENT:
        return
    others = Membership.objects.live().filter(
        organisation=membership.organisation_id, role=Role.REFERENT
    )
    if not others.exclude(pk=membership.pk).exists():
        raise LastReferent(organisation=membership.organisation.slug)


def _is_member(organisation: Organisation, user: User) -> bool:
    return Membership.objects.live().filter(organisation=organisation, user=user).exists()


def _tell(membership: Membership, topic: str) -> None:
    stamp = int(clock.now().timestamp() * 1_000_000)
    owe(topic, key=f"{membership.pk}:{stamp}", membership_id=membership.pk)

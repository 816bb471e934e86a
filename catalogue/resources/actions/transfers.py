"""Remove a card, or hand it to another organisation: one person asks, another answers."""

from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from catalogue.resources import rules
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import Deposit, TransferKind, VersionOrigin
from catalogue.resources.models import CardTransfer, Removal, Resource
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.decisions import Answer
from portal.lib.prose.texts import require_plain_line
from portal.lib.refusals import Conflict, Invalid, unless_taken


@transaction.atomic
def propose_removal(
    *, resource: Resource, reason: str, explanation: str, keep_title: bool = True, by: User
) -> Removal:
    """Propose to remove a resource; it stays as it is until a second person confirms.

    In order: the proposal; event "removal.proposed"; a letter to those who may answer. Raises
    NotAllowed; Conflict when it is neither public nor masked, carries data or challenges, or a
    proposal waits.
    """
    resource = Resource.objects.locked(resource)
    require(rules.may_remove, by, resource)
    if not resource.live and resource.masked_at is None:
        raise Conflict(code="not_published")
    _refuse_what_carries_data(resource)
    sentence = _("Le retrait de cette fiche attend déjà une réponse.")
    with unless_taken(Conflict(sentence, code="already_proposed")):
        removal = Removal.objects.create(
            resource=resource,
            slug=resource.slug,
            author=resource.author,
            reason=reason,
            keep_title=keep_title,
            explanation=explanation,
            proposed_by=by,
            proposed_at=clock.now(),
        )
    record("removal.proposed", by=by, on=removal, resource=resource, reason=reason)
    owe("mail.removal_proposed", key=str(removal.public_id), removal_id=removal.pk)
    return removal


@transaction.atomic
def confirm_removal(*, removal: Removal, by: User) -> Removal:
    """Confirm as second person: the resource is gone, its addresses answer 410.

    In order: answer; tombstone, index, rows and event "resource.removed" (`resources.bury`);
    event "removal.confirmed"; a letter to its author. Raises NotAllowed; Conflict.
    """
    removal, resource = _answerable_removal(removal, by)
    removal.proposed_by.forget_roles()
    if not rules.may_remove(removal.proposed_by, resource):
        raise Conflict(
            _("La personne qui l’a proposé ne pourrait plus le faire : proposez-le à nouveau."),
            code="proposer_left",
        )
    _refuse_what_carries_data(resource)
    removal.settle(Answer.ACCEPTED, by)
    card_changes.bury(
        resource=resource, reason=removal.reason, by=by, keep_title=removal.keep_title
    )
    record("removal.confirmed", by=by, on=removal, proposed_by=removal.proposed_by.person_key)
    owe("mail.resource_removed", key=str(removal.public_id), removal_id=removal.pk)
    return removal


@transaction.atomic
def refuse_removal(*, removal: Removal, by: User) -> Removal:
    """Refuse as second person; event "removal.refused". Raises NotAllowed; Conflict."""
    removal, _resource = _answerable_removal(removal, by)
    removal.settle(Answer.REFUSED, by)
    record("removal.refused", by=by, on=removal)
    return removal


@transaction.atomic
def withdraw_removal(*, removal: Removal, by: User) -> Removal:
    """Take one's own proposal back; event "removal.withdrawn". Raises NotAllowed; Conflict."""
    removal = Removal.objects.locked(removal)
    require(rules.may_withdraw_removal, by, removal)
    removal.settle(Answer.WITHDRAWN, by)
    record("removal.withdrawn", by=by, on=removal)
    return removal


def _answerable_removal(removal: Removal, by: User) -> tuple[Removal, Resource]:
    # Both are locked, the resource first.
    resource = Resource.objects.select_for_update(of=("self",)).filter(removals=removal).first()
    fresh = Removal.objects.locked(removal)
    if resource is None:
        raise Conflict(_("Cette fiche n’existe plus."), code="already_answered")
    by.forget_roles()
    require(rules.may_answer_removal, by, fresh, resource)
    return fresh, resource


def _refuse_what_carries_data(resource: Resource) -> None:
    # A dataset of the portal hangs on its card: releases and held-out files would lose it.
    held = (
        relation.related_model._base_manager.filter(**{relation.field.name: resource}).exists()  # noqa: SLF001  # a model's public interface
        for relation in Resource._meta.related_objects  # noqa: SLF001  # the same
        if relation.on_delete is models.PROTECT
    )
    if any(held):
        raise Conflict(
            _("Cette fiche porte un jeu de données du portail : archivez-la plutôt."),
            code="resource_in_use",
        )


@transaction.atomic
def offer(*, resource: Resource, target: Organisation, by: User, message: str = "") -> CardTransfer:
    """Offer a card one answers for to another organisation; it stays until that one accepts.

    In order: the transfer; event "transfer.asked"; a letter to those who may answer. Raises
    NotAllowed; Invalid for the organisation that holds it; Conflict when it is not public or a
    transfer waits.
    """
    resource = _held(resource)
    require(rules.owns, by, resource)
    return _ask(resource, TransferKind.OFFER, target, by, message)


@transaction.atomic
def claim(*, resource: Resource, target: Organisation, by: User, message: str = "") -> CardTransfer:
    """Claim a card that only references what one's organisation holds. As `offer`."""
    resource = _held(resource)
    require(rules.may_claim, by, resource, target)
    return _ask(resource, TransferKind.CLAIM, target, by, message)


@transaction.atomic
def propose(*, resource: Resource, target: Organisation, by: User, message: str) -> CardTransfer:
    """Ask for the Region, without the owner's consent, that a card change hands. As `offer`."""
    resource = _held(resource)
    require(rules.may_remove, by, resource)
    if not message.strip():
        raise Invalid(_("Dites pourquoi cette fiche change de mains."), code="reason_required")
    return _ask(resource, TransferKind.REGION, target, by, message, approved_by=by)


@transaction.atomic
def approve(*, transfer: CardTransfer, by: User) -> CardTransfer:
    """Stand for the owner's consent to a claim, as first person of the Region.

    Event "transfer.approved". Raises NotAllowed; Conflict when a first person did, or it ended.
    """
    transfer = _open(transfer)
    require(rules.may_approve_transfer, by, transfer)
    if transfer.approved_by_id is not None:
        raise Conflict(code="transfer_approved")
    transfer.approved_by = by
    transfer.save(update_fields=["approved_by"])
    record("transfer.approved", by=by, on=transfer, resource=transfer.resource)
    return transfer


@transaction.atomic
def accept(*, transfer: CardTransfer, by: User) -> CardTransfer:
    """Hand the card over: the receiver of an offer, the owner of a claimed card, a second person.

    In order: the answer; a revision in the name of the new organisation goes online, its own from
    then on, and counts in its room the files that it names; history stays; event
    "transfer.accepted"; letters to both. Raises NotAllowed, Conflict; QuotaSpent where these files
    find no room.
    """
    transfer = _open(transfer)
    by.forget_roles()
    require(rules.may_accept_transfer, by, transfer)
    first = transfer.approved_by
    if first is not None:
        first.forget_roles()
        if not rules.may_remove(first, transfer.resource):
            raise Conflict(code="proposer_left")
    _answer(transfer, Answer.ACCEPTED, by)
    _hand_over(transfer, by)
    return transfer


@transaction.atomic
def refuse(*, transfer: CardTransfer, by: User) -> CardTransfer:
    """Refuse: the card stays where it is. Event "transfer.refused". Raises NotAllowed, Conflict."""
    transfer = _open(transfer)
    require(rules.may_refuse_transfer, by, transfer)
    _answer(transfer, Answer.REFUSED, by)
    return transfer


@transaction.atomic
def withdraw(*, transfer: CardTransfer, by: User) -> CardTransfer:
    """Take back what one asked. Event "transfer.withdrawn". Raises NotAllowed, Conflict."""
    transfer = _open(transfer)
    require(rules.may_withdraw_transfer, by, transfer)
    _answer(transfer, Answer.WITHDRAWN, by)
    return transfer


def _held(resource: Resource) -> Resource:
    held = Resource.objects.select_for_update(of=("self",)).select_related("organisation")
    return held.get(pk=resource.pk)


def _open(transfer: CardTransfer) -> CardTransfer:
    """Lock the card, then the transfer; a conflict when it was answered."""
    _held(transfer.resource)
    rows = CardTransfer.objects.whole().select_for_update(of=("self",))
    fresh = rows.get(pk=transfer.pk)
    if fresh.answer:
        raise Conflict(_("Ce transfert a déjà reçu sa réponse."), code="already_answered")
    return fresh


def _ask(
    resource: Resource,
    kind: TransferKind,
    target: Organisation,
    by: User,
    message: str,
    **more: Any,
) -> CardTransfer:
    require_plain_line(message)
    if not resource.live:
        raise Conflict(code="not_published")
    if resource.organisation_id == target.pk:
        raise Invalid(_("Cette organisation tient déjà la fiche."), code="transfer_same")
    holder = resource.organisation or resource.author or resource.producer_name
    sentence = _("Un transfert de cette fiche attend déjà une réponse.")
    with unless_taken(Conflict(sentence, code="already_proposed")):
        made = CardTransfer.objects.create(
            resource=resource,
            kind=kind,
            source_name=str(holder or "")[:200],
            target=target,
            message=message.strip()[:500],
            asked_by=by,
            at=clock.now(),
            **more,
        )
    record("transfer.asked", by=by, on=made, resource=resource, kind=str(kind), to=target)
    owe("mail.transfer_asked", key=str(made.public_id), transfer_id=made.pk)
    return made


def _answer(transfer: CardTransfer, answer: Answer, by: User) -> None:
    transfer.answer, transfer.answered_by, transfer.answered_at = answer.value, by, clock.now()
    transfer.save(update_fields=["answer", "answered_by", "answered_at"])
    record(f"transfer.{answer.value}", by=by, on=transfer, resource=transfer.resource)
    owe("mail.transfer_answered", key=str(transfer.public_id), transfer_id=transfer.pk)


def _hand_over(transfer: CardTransfer, by: User) -> None:
    card = Resource.objects.get(pk=transfer.resource_id)
    card.organisation = transfer.target
    if transfer.kind == TransferKind.CLAIM:
        card.deposit, card.producer_name = Deposit.OWNED, ""
    day = clock.paris_day(clock.now()).isoformat()
    said = {"origin": "region" if transfer.approved_by else "contributor", "date": day}
    card.provenance = {**card.provenance, "organisation": {**said, "verified": True}}
    revision = card.save_revision(clean=False)
    transfer.resource = card_changes.put_online(
        resource=card,
        revision=revision,
        by=by,
        origin=VersionOrigin.TRANSFERRED,
        organisation=transfer.target,
    )

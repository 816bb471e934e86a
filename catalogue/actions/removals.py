"""Remove a published resource by two people: one proposes, another confirms."""

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.actions import resources
from catalogue.models import Removal, Resource
from portal.accounts.authorization import require
from portal.accounts.enums import Answer
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict


@transaction.atomic
def propose(
    *, resource: Resource, reason: str, explanation: str, keep_title: bool = True, by: User
) -> Removal:
    """Propose to remove a resource; it stays as it is until a second person confirms.

    In order: the proposal; event "removal.proposed"; a letter to those who may answer. Raises
    NotAllowed; Conflict when it is neither public nor masked, carries data or challenges, or a
    proposal waits.
    """
    resource = _held(resource)
    require(rules.may_remove, by, resource)
    if not resource.live and resource.masked_at is None:
        raise Conflict(code="not_published")
    _refuse_what_carries_data(resource)
    try:
        with transaction.atomic():
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
    except IntegrityError as error:
        raise Conflict(
            _("Le retrait de cette fiche attend déjà une réponse."), code="already_proposed"
        ) from error
    record("removal.proposed", by=by, on=removal, resource=resource, reason=reason)
    owe("mail.removal_proposed", key=str(removal.public_id), removal_id=removal.pk)
    return removal


@transaction.atomic
def confirm(*, removal: Removal, by: User) -> Removal:
    """Confirm as second person: the resource is gone, its addresses answer 410.

    In order: answer; tombstone, index, rows and event "resource.removed" (`resources.bury`);
    event "removal.confirmed"; a letter to its author. Raises NotAllowed; Conflict.
    """
    removal, resource = _answerable(removal, by)
    removal.proposed_by.forget_roles()
    if not rules.may_remove(removal.proposed_by, resource):
        raise Conflict(
            _("La personne qui l’a proposé ne pourrait plus le faire : proposez-le à nouveau."),
            code="proposer_left",
        )
    _refuse_what_carries_data(resource)
    _answer(removal, Answer.ACCEPTED, by)
    resources.bury(resource=resource, reason=removal.reason, by=by, keep_title=removal.keep_title)
    record("removal.confirmed", by=by, on=removal, proposed_by=removal.proposed_by.person_key)
    owe("mail.resource_removed", key=str(removal.public_id), removal_id=removal.pk)
    return removal


@transaction.atomic
def refuse(*, removal: Removal, by: User) -> Removal:
    """Refuse as second person; event "removal.refused". Raises NotAllowed; Conflict."""
    removal, _resource = _answerable(removal, by)
    _answer(removal, Answer.REFUSED, by)
    record("removal.refused", by=by, on=removal)
    return removal


@transaction.atomic
def withdraw(*, removal: Removal, by: User) -> Removal:
    """Take one's own proposal back; event "removal.withdrawn". Raises NotAllowed; Conflict."""
    removal = _open(removal)
    require(rules.may_withdraw_removal, by, removal)
    _answer(removal, Answer.WITHDRAWN, by)
    record("removal.withdrawn", by=by, on=removal)
    return removal


def _held(resource: Resource) -> Resource:
    return Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)


def _open(removal: Removal) -> Removal:
    """Lock the proposal and read it again. The resource, when both are locked, comes first."""
    fresh = Removal.objects.select_for_update(of=("self",)).get(pk=removal.pk)
    if fresh.answer:
        raise Conflict(_("Cette proposition a déjà reçu sa réponse."), code="already_answered")
    return fresh


def _answerable(removal: Removal, by: User) -> tuple[Removal, Resource]:
    resource = Resource.objects.select_for_update(of=("self",)).filter(removals=removal).first()
    fresh = _open(removal)
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


def _answer(removal: Removal, answer: Answer, by: User) -> None:
    removal.answer, removal.answered_by, removal.answered_at = answer.value, by, clock.now()
    removal.save(update_fields=["answer", "answered_by", "answered_at"])

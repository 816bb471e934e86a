"""Decide on contributions: claim, request changes, publish, refuse."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.actions import resources
from catalogue.actions.contributions import provisional_slug
from catalogue.enums import ContributionStatus, DecisionOutcome, DecisionReason, OwnerAnswer
from catalogue.models import Contribution, Decision, Resource
from catalogue.queries import files, proposals
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.immutable import writes
from portal.lib.refusals import Conflict, Invalid


@transaction.atomic
def claim(*, contribution: Contribution, by: Actor) -> Contribution:
    """Show the other moderators who is reading this, for half an hour.

    In order: who and when; event "contribution.claimed". Raises NotAllowed; Conflict when another
    claim still holds.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_decide, by, contribution)
    if contribution.status != ContributionStatus.SUBMITTED:
        raise Conflict(code="wrong_state", status=contribution.status)
    at = clock.now()
    holds = contribution.claimed_at is not None and contribution.claimed_at > at - timedelta(
        minutes=settings.CLAIM_MINUTES
    )
    if holds and contribution.claimed_by_id != by.pk:
        raise Conflict(_("Une autre personne relit déjà cette contribution."), code="claimed")
    contribution.claimed_by_id, contribution.claimed_at = by.pk, at
    contribution.save(update_fields=["claimed_by", "claimed_at"])
    record("contribution.claimed", by=by, on=contribution)
    return contribution


@transaction.atomic
def release(*, contribution: Contribution, by: Actor) -> Contribution:
    """Let the others know that one no longer reads this.

    In order: the claim goes; event "contribution.released". Raises NotAllowed, Conflict.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_decide, by, contribution)
    if contribution.claimed_by_id != by.pk:
        raise Conflict(code="claimed")
    contribution.claimed_by_id = contribution.claimed_at = None
    contribution.save(update_fields=["claimed_by", "claimed_at"])
    record("contribution.released", by=by, on=contribution)
    return contribution


@transaction.atomic
def assign(*, contribution: Contribution, to: User | None, by: Actor) -> Contribution:
    """Give a contribution to a moderator who may decide on it, or to nobody in particular.

    In order: the assignee; event "contribution.assigned". Raises NotAllowed, also for somebody
    who may not decide; Conflict when it no longer waits.
    """
    contribution = _ready(contribution, by)
    if to is not None:
        require(rules.may_decide, to, contribution)
    contribution.assignee = to
    contribution.save(update_fields=["assignee"])
    record("contribution.assigned", by=by, on=contribution, to=to.person_key if to else "")
    return contribution


@transaction.atomic
def request_changes(
    *,
    contribution: Contribution,
    reason: DecisionReason,
    message: str,
    fields: Sequence[str] = (),
    by: Actor,
) -> Decision:
    """Send a contribution back to its author.

    In order: status SUBMITTED to CHANGES_REQUESTED, decision; event
    "contribution.changes_requested"; one letter to the author. Raises NotAllowed, Conflict,
    Invalid without reason or message.
    """
    contribution = _ready(contribution, by)
    _require_words(reason, message)
    contribution.become(ContributionStatus.CHANGES_REQUESTED, at=clock.now(), **_unclaimed())
    return _decide(
        contribution,
        DecisionOutcome.CHANGES_REQUESTED,
        by=by,
        reason=reason,
        message=message,
        fields=fields,
    )


@transaction.atomic
def refuse(
    *, contribution: Contribution, reason: DecisionReason, message: str, by: Actor
) -> Decision:
    """Refuse a contribution, with its reason and the right to contest.

    In order: status SUBMITTED to REFUSED, decision; event "contribution.refused"; one letter to
    the author. Raises NotAllowed, Conflict, Invalid without reason or message.
    """
    contribution = _ready(contribution, by)
    _require_words(reason, message)
    contribution.become(ContributionStatus.REFUSED, at=clock.now(), **_unclaimed())
    return _decide(contribution, DecisionOutcome.REFUSED, by=by, reason=reason, message=message)


@transaction.atomic
def publish(*, contribution: Contribution, message: str = "", by: Actor) -> Decision:
    """Put a contribution online.

    In order: the revision goes live, under its own address for a new resource, and into the search
    index; status SUBMITTED to PUBLISHED, decision; event "contribution.published"; one letter to
    the author. Raises NotAllowed; Conflict when another revision went online since the work
    began, with the fields that both changed.
    """
    contribution = _ready(contribution, by)
    resource = Resource.objects.select_for_update(of=("self",)).get(pk=contribution.resource_id)
    contribution.resource = resource
    if proposals.is_stale(contribution):
        raise Conflict(
            _("La fiche en ligne a changé depuis le début de ce travail."),
            code="base_changed",
            fields=[collision.name for collision in proposals.collisions(contribution)],
        )
    _put_online(contribution, by)
    contribution.become(ContributionStatus.PUBLISHED, at=clock.now(), **_unclaimed())
    return _decide(contribution, DecisionOutcome.PUBLISHED, by=by, message=message)


def _ready(contribution: Contribution, by: Actor) -> Contribution:
    """Lock and judge; a contribution already decided is a conflict, whoever asks."""
    fresh = Contribution.objects.locked(contribution)
    require(rules.may_decide, by, fresh)
    if fresh.status != ContributionStatus.SUBMITTED:
        raise Conflict(
            _("Cette contribution a déjà fait l’objet d’une décision."),
            code="wrong_state",
            status=fresh.status,
        )
    return fresh


def _require_words(reason: str, message: str) -> None:
    faults = [name for name, value in (("reason", reason), ("message", message)) if not value]
    if faults or not message.strip():
        raise Invalid(_("Donnez un motif et un message."), code="decision_words", faults=faults)


def _unclaimed() -> dict[str, Any]:
    return {"claimed_by_id": None, "claimed_at": None}


def _put_online(contribution: Contribution, by: Actor) -> None:
    resource = contribution.resource
    if resource.slug == provisional_slug(resource.public_id):
        title = str(contribution.content.get("title", ""))
        Resource.objects.filter(pk=resource.pk).update(slug=resources.free_slug(title))
    revision = contribution.revision
    if contribution.keeps_files:
        # A revision of its own: the proposal that its author reads names none of these files.
        card = contribution.proposed
        _refuse_to_open(contribution, card)
        card.details = files.together(resource.details, card.details)
        revision = card.save_revision(user=contribution.author, clean=False)
    # Who answers for a card is never what a text says: it may have changed hands since.
    holder = contribution.organisation_id if contribution.is_new else resource.organisation_id
    if revision is not None and revision.content.get("organisation") != holder:
        revision.content["organisation"] = holder
        revision.save(update_fields=["content"])
    contribution.resource = resources.put_online(
        resource=resource,
        revision=revision,
        by=by,
        organisation=contribution.organisation,
    )


def _refuse_to_open(contribution: Contribution, card: Resource) -> None:
    """Open no file had on request by a change that who answers for it has not accepted."""
    opens = contribution.resource.access in files.ON_REQUEST and card.access not in files.ON_REQUEST
    if opens and contribution.owner_answer != OwnerAnswer.ACCEPTED:
        raise Conflict(
            _(
                "Ce changement ouvrirait les fichiers de la fiche, remis sur demande : seul "
                "l’organisme qui en répond peut l’accepter."
            ),
            code="files_would_open",
        )


def _decide(
    contribution: Contribution,
    outcome: DecisionOutcome,
    *,
    by: Actor,
    reason: str = "",
    message: str = "",
    fields: Sequence[str] = (),
) -> Decision:
    with writes(Decision):
        decision = Decision.objects.create(
            contribution=contribution,
            revision=contribution.revision,
            outcome=outcome,
            reason=reason,
            message=message.strip(),
            fields=list(fields),
            decided_by=by if by.pk is not None else None,
            decided_at=contribution.decided_at or clock.now(),
        )
    record(f"contribution.{outcome}", by=by, on=contribution, reason=str(reason))
    batch = contribution.batch
    if batch is not None and contribution.author_id in {batch.author_id, batch.asked_by_id}:
        _owe_of_lot(batch.pk, decision.decided_at)
        return decision
    owe(
        f"mail.contribution_{outcome}",
        key=contribution.version_key,
        contribution_id=contribution.pk,
    )
    return decision


def _owe_of_lot(batch_id: int, at: datetime) -> None:
    """Owe one letter for all that is decided on an imported lot within an hour, at its end."""
    end = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    owe(
        "mail.batch_decided",
        key=f"{batch_id}-{end.isoformat()}",
        delay_seconds=(end - at).total_seconds(),
        batch_id=batch_id,
        before=end.isoformat(),
    )

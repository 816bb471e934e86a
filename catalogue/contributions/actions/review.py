"""Decide on contributions: claim, request changes, publish, refuse, one or several at once.

Of a change that somebody else proposes, who answers for the card is heard first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from catalogue.contributions import rules
from catalogue.contributions.actions import checks
from catalogue.contributions.actions.drafts import provisional_slug
from catalogue.contributions.enums import (
    ContributionStatus,
    DecisionOutcome,
    DecisionReason,
    OwnerAnswer,
)
from catalogue.contributions.models import Contribution, Decision
from catalogue.contributions.queries import proposals
from catalogue.contributions.record_checks import Verdict
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.models import Resource
from catalogue.resources.queries import files as card_files
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit import denials
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record, reference
from portal.lib import clock
from portal.lib.immutable import writes
from portal.lib.refusals import Conflict, Invalid, NotAllowed, Refusal


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
        Resource.objects.filter(pk=resource.pk).update(slug=card_changes.free_slug(title))
    revision = contribution.revision
    if contribution.keeps_files:
        # A revision of its own: the proposal that its author reads names none of these files.
        card = contribution.proposed
        _refuse_to_open(contribution, card)
        card.details = card_files.files_together(resource.details, card.details)
        revision = card.save_revision(user=contribution.author, clean=False)
    # Who answers for a card is never what a text says: it may have changed hands since.
    holder = contribution.organisation_id if contribution.is_new else resource.organisation_id
    if revision is not None and revision.content.get("organisation") != holder:
        revision.content["organisation"] = holder
        revision.save(update_fields=["content"])
    contribution.resource = card_changes.put_online(
        resource=resource,
        revision=revision,
        by=by,
        organisation=contribution.organisation,
    )


def _refuse_to_open(contribution: Contribution, card: Resource) -> None:
    """Open no file had on request by a change that who answers for it has not accepted."""
    opens = (
        contribution.resource.access in card_files.ON_REQUEST
        and card.access not in card_files.ON_REQUEST
    )
    if opens and contribution.owner_answer != OwnerAnswer.ACCEPTED:
        raise Conflict(
            _(
                "Ce changement ouvrirait les fichiers de la fiche, remis sur demande : seule "
                "l’organisation qui en répond peut l’accepter."
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


class BulkAct(TextChoices):
    """What is done to several contributions."""

    ASSIGN = "assign", _("Confier à")
    REQUEST_CHANGES = "request_changes", _("Demander des corrections")
    REFUSE = "refuse", _("Refuser")
    PUBLISH = "publish", _("Publier ce que rien ne bloque")


@dataclass(frozen=True)
class Order:
    """One act for all: to whom, or why and with which words."""

    act: BulkAct
    assignee: User | None = None
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class OrderLine:
    """One contribution, and why it is left out: nothing where it is not."""

    contribution: Contribution
    skipped: str | Promise = ""


def plan_order(*, contributions: Iterable[Contribution], order: Order, by: User) -> list[OrderLine]:
    """Tell what an order would do to each, and why it would leave some out; nothing is written."""
    return [OrderLine(each, _obstacle(each, order, by)) for each in contributions]


def carry_out_order(
    *,
    contributions: Sequence[Contribution],
    order: Order,
    by: User,
    seconds: float = float("inf"),
) -> list[OrderLine]:
    """Do an order, each contribution in a transaction of its own; return what became of each.

    What one may not decide is left out and the ledger told; what changed meanwhile is left out.
    seconds: after so many it stops, with one done at least: what is not told is not done.
    """
    done: list[OrderLine] = []
    end = monotonic() + seconds
    for each in contributions:
        if done and monotonic() > end:
            break
        skipped = _obstacle(each, order, by)
        if not skipped:
            try:
                _do_order(each, order, by)
            except Refusal as refusal:
                skipped = str(refusal)
                if isinstance(refusal, NotAllowed):
                    denials.note(by=by, on=reference(each))
        elif not rules.may_decide(by, each):
            denials.note(by=by, on=reference(each))
        done.append(OrderLine(each, skipped))
    return done


def _obstacle(contribution: Contribution, order: Order, by: User) -> str | Promise:
    if contribution.status != ContributionStatus.SUBMITTED:
        return _("Une décision a déjà été prise.")
    if not rules.may_decide(by, contribution):
        return _("Elle vous concerne : une autre personne décide.")
    if order.act == BulkAct.ASSIGN:
        if order.assignee is None or not rules.may_decide(order.assignee, contribution):
            return _("Elle concerne cette personne : confiez-la à une autre.")
        return ""
    return _blocked(contribution) if order.act == BulkAct.PUBLISH else ""


def _blocked(contribution: Contribution) -> str | Promise:
    if proposals.is_stale(contribution):
        return _("La fiche en ligne a changé depuis le début de ce travail.")
    if contribution.resource.masked_at is not None:
        return _("La fiche est masquée.")
    found: list[dict[str, Any]] = contribution.checks or [
        check.to_json()
        for check in checks.run(proposals.proposed_record(contribution), contribution=contribution)
    ]
    if any(check.get("verdict") == Verdict.BLOCKING for check in found):
        return _("Un contrôle bloque la publication.")
    if any(check.get("code") == "language" and check.get("remarks") for check in found):
        return _("Langue ou indésirable : à lire avant de publier.")
    return ""


def _do_order(contribution: Contribution, order: Order, by: User) -> None:
    match order.act:
        case BulkAct.ASSIGN:
            assign(contribution=contribution, to=order.assignee, by=by)
        case BulkAct.REQUEST_CHANGES | BulkAct.REFUSE:
            verb = refuse if order.act == BulkAct.REFUSE else request_changes
            reason = DecisionReason(order.reason)
            verb(contribution=contribution, reason=reason, message=order.message, by=by)
        case BulkAct.PUBLISH:
            publish(contribution=contribution, message=order.message, by=by)


SCHEDULER = SystemActor("scheduler")


@transaction.atomic
def accept_change(*, contribution: Contribution, by: User, reason: str = "") -> Contribution:
    """Approve of a change, as one who answers for the card: the Region reviews it as usual.

    In order: the answer, status OFFERED to SUBMITTED; event "proposal.accepted"; a letter to the
    author, one to the moderators. Raises NotAllowed; Conflict when it was answered.
    """
    contribution = _offered(contribution, by)
    return _pass_on(contribution, OwnerAnswer.ACCEPTED, by=by, reason=reason)


@transaction.atomic
def decline_change(*, contribution: Contribution, reason: str, by: User) -> Contribution:
    """Disapprove of a change with a reason, which its author and the Region read; it reviews.

    In order: the answer, status OFFERED to SUBMITTED; event "proposal.declined"; a letter to the
    author, one to the moderators. Raises NotAllowed; Conflict when it was answered; Invalid
    without a reason.
    """
    contribution = _offered(contribution, by)
    if not reason.strip():
        raise Invalid(_("Dites pourquoi vous déclinez ce changement."), code="reason_required")
    return _pass_on(contribution, OwnerAnswer.DECLINED, by=by, reason=reason)


@transaction.atomic
def pass_on_due() -> int:
    """Send to the Region the changes that nobody answered in time; return how many.

    Each: the answer "silent", status OFFERED to SUBMITTED; event "proposal.unanswered"; a letter
    to the author, one to the moderators.
    """
    limit = clock.now() - timedelta(days=settings.OWNER_ANSWER_DAYS)
    # Locked in an order that two schedulers share.
    rows = Contribution.objects.select_for_update(of=("self",)).order_by("pk")
    due = rows.filter(status=ContributionStatus.OFFERED, offered_at__lte=limit)
    for contribution in due:
        _pass_on(contribution, OwnerAnswer.SILENT, by=SCHEDULER)
    return len(due)


def _offered(contribution: Contribution, by: User) -> Contribution:
    """Lock and judge; a change already answered is a conflict, whoever asks."""
    fresh = Contribution.objects.locked(contribution)
    require(rules.may_answer_proposal, by, fresh)
    if fresh.status != ContributionStatus.OFFERED:
        raise Conflict(_("Cette proposition n’attend plus votre avis."), code="already_answered")
    return fresh


def _pass_on(
    contribution: Contribution, answer: OwnerAnswer, *, by: Actor, reason: str = ""
) -> Contribution:
    at = clock.now()
    contribution.become(
        ContributionStatus.SUBMITTED,
        at=at,
        owner_answer=answer,
        owner_answered_at=at,
        owner_answered_by=by if isinstance(by, User) else None,
        owner_reason=reason.strip()[:2_000],
    )
    verb = "unanswered" if answer is OwnerAnswer.SILENT else str(answer)
    record(f"proposal.{verb}", by=by, on=contribution)
    key = contribution.version_key
    owe("mail.proposal_answered", key=key, contribution_id=contribution.pk)
    if not contribution.is_held_back:
        owe("mail.contribution_to_review", key=key, contribution_id=contribution.pk)
    return contribution


def queue_for_review(*, resource: Resource, revision: Revision) -> Contribution:
    """Have the Region review a new card that nobody wrote by hand: no rule is asked here."""
    now = clock.now()
    return Contribution.objects.create(
        resource=resource,
        revision=revision,
        status=ContributionStatus.SUBMITTED,
        organisation=resource.organisation,
        edited_at=now,
        first_submitted_at=now,
        submitted_at=now,
    )


def archive_last(resource: Resource) -> None:
    """Archive the last contribution of a card that is archived."""
    _turn_last(resource, ContributionStatus.PUBLISHED, ContributionStatus.ARCHIVED)


def restore_last(resource: Resource) -> None:
    """Bring the last contribution of a card back with it."""
    _turn_last(resource, ContributionStatus.ARCHIVED, ContributionStatus.PUBLISHED)


def _turn_last(resource: Resource, before: ContributionStatus, after: ContributionStatus) -> None:
    last = Contribution.objects.filter(resource=resource, status=before).order_by("-pk").first()
    if last is not None:
        last.become(after, at=clock.now())


def forget_contributions(resource: Resource) -> None:
    """Delete what was ever proposed of a card that goes for good, with the decisions on it."""
    history = Contribution.objects.filter(resource=resource)
    with writes(Decision):
        Decision.objects.filter(contribution__in=history).delete()
    history.delete()

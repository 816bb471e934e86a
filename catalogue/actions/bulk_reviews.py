"""Decide on several contributions at once: tell first what would be done, then do it one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.actions import checks, moderation
from catalogue.enums import ContributionStatus, DecisionReason
from catalogue.models import Contribution
from catalogue.queries import proposals
from catalogue.validators.checks import Verdict
from portal.accounts.models import User
from portal.audit import denials
from portal.audit.record import reference
from portal.lib.refusals import NotAllowed, Refusal


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
class Line:
    """One contribution, and why it is left out: nothing where it is not."""

    contribution: Contribution
    skipped: str | Promise = ""


def plan(*, contributions: Iterable[Contribution], order: Order, by: User) -> list[Line]:
    """Tell what an order would do to each, and why it would leave some out; nothing is written."""
    return [Line(each, _obstacle(each, order, by)) for each in contributions]


def carry_out(
    *,
    contributions: Sequence[Contribution],
    order: Order,
    by: User,
    seconds: float = float("inf"),
) -> list[Line]:
    """Do an order, each contribution in a transaction of its own; return what became of each.

    What one may not decide is left out and the ledger told; what changed meanwhile is left out.
    seconds: after so many it stops, with one done at least: what is not told is not done.
    """
    done: list[Line] = []
    end = monotonic() + seconds
    for each in contributions:
        if done and monotonic() > end:
            break
        skipped = _obstacle(each, order, by)
        if not skipped:
            try:
                _do(each, order, by)
            except Refusal as refusal:
                skipped = str(refusal)
                if isinstance(refusal, NotAllowed):
                    denials.note(by=by, on=reference(each))
        elif not rules.may_decide(by, each):
            denials.note(by=by, on=reference(each))
        done.append(Line(each, skipped))
    return done


def _obstacle(contribution: Contribution, order: Order, by: User) -> str | Promise:
    if contribution.status != ContributionStatus.SUBMITTED:
        return _("Une décision a déjà été prise.")
    if not rules.may_decide(by, contribution):
        return _("Elle vous touche de près : une autre personne décide.")
    if order.act == BulkAct.ASSIGN:
        if order.assignee is None or not rules.may_decide(order.assignee, contribution):
            return _("Elle touche de près cette personne.")
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


def _do(contribution: Contribution, order: Order, by: User) -> None:
    match order.act:
        case BulkAct.ASSIGN:
            moderation.assign(contribution=contribution, to=order.assignee, by=by)
        case BulkAct.REQUEST_CHANGES:
            moderation.request_changes(
                contribution=contribution,
                reason=DecisionReason(order.reason),
                message=order.message,
                by=by,
            )
        case BulkAct.REFUSE:
            moderation.refuse(
                contribution=contribution,
                reason=DecisionReason(order.reason),
                message=order.message,
                by=by,
            )
        case BulkAct.PUBLISH:
            moderation.publish(contribution=contribution, message=order.message, by=by)

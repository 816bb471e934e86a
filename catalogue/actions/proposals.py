"""What who holds a card makes of the change that somebody else proposes of it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.enums import ContributionStatus, OwnerAnswer
from catalogue.models import Contribution
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

SCHEDULER = SystemActor("scheduler")


@transaction.atomic
def accept(*, contribution: Contribution, by: User, reason: str = "") -> Contribution:
    """Approve of a change, as one who answers for the card: the Region reviews it as usual.

    In order: the answer, status OFFERED to SUBMITTED; event "proposal.accepted"; a letter to the
    author, one to the moderators. Raises NotAllowed; Conflict when it was answered.
    """
    contribution = _offered(contribution, by)
    return _pass_on(contribution, OwnerAnswer.ACCEPTED, by=by, reason=reason)


@transaction.atomic
def decline(*, contribution: Contribution, reason: str, by: User) -> Contribution:
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
    due = _waiting().filter(offered_at__lte=limit)
    for contribution in due:
        _pass_on(contribution, OwnerAnswer.SILENT, by=SCHEDULER)
    return len(due)


def _waiting() -> Any:
    """Lock what waits for an owner, in an order that two schedulers share."""
    rows = Contribution.objects.select_for_update(of=("self",)).order_by("pk")
    return rows.filter(status=ContributionStatus.OFFERED)


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
    contribution.become(ContributionStatus.SUBMITTED, at=at, **_answer(answer, at, by, reason))
    verb = "unanswered" if answer is OwnerAnswer.SILENT else str(answer)
    record(f"proposal.{verb}", by=by, on=contribution)
    _tell_author(contribution)
    _tell_moderators(contribution)
    return contribution


def _answer(answer: OwnerAnswer, at: Any, by: Actor, reason: str) -> dict[str, Any]:
    return {
        "owner_answer": answer,
        "owner_answered_at": at,
        "owner_answered_by": by if isinstance(by, User) else None,
        "owner_reason": reason.strip()[:2_000],
    }


def _tell_author(contribution: Contribution) -> None:
    key = contribution.version_key
    owe("mail.proposal_answered", key=key, contribution_id=contribution.pk)


def _tell_moderators(contribution: Contribution) -> None:
    if not contribution.is_held_back:
        key = contribution.version_key
        owe("mail.contribution_to_review", key=key, contribution_id=contribution.pk)

"""Write one draft with others: merge a saving; end what nobody edits."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, ProtectedError
from django.db.models.functions import Coalesce

from catalogue import rules
from catalogue.actions import contributions, forgotten_files
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution, Resource
from catalogue.queries import drafts, proposals
from catalogue.queries.drafts import Sorted
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock

log = logging.getLogger("catalogue.drafts")
SCHEDULER = SystemActor("scheduler")


@transaction.atomic
def merge(
    *, contribution: Contribution, values: Mapping[str, Any], seen: Mapping[str, str], by: User
) -> tuple[Contribution, Sorted]:
    """Keep what a person typed over what they had read, never over what somebody else wrote since.

    seen: prints of the values that the page showed (`queries.drafts.prints`). Fields that clash
    are not kept: they come back with both texts. Otherwise as `contributions.save_draft`.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    found = drafts.sort(proposals.proposed_record(contribution), values, seen)
    saved = contributions.save_draft(contribution=contribution, values=found.kept, by=by)
    return saved, found


@transaction.atomic
def tell_ending() -> int:
    """Tell who writes each draft that nobody edits any more when it ends; return how many.

    Each: the date of the notice, one letter. A saving starts the time anew.
    """
    days = settings.DRAFT_KEPT_DAYS - settings.DRAFT_NOTICE_DAYS
    # Locked in an order that two schedulers share.
    due = _idle(days).filter(expiry_told_at=None).select_for_update(of=("self",))
    for contribution in due:
        contribution.expiry_told_at = clock.now()
        contribution.save(update_fields=["expiry_told_at"])
        key = f"{contribution.pk}-{contribution.expiry_told_at:%Y%m%d}"
        owe("mail.draft_ending", key=key, contribution_id=contribution.pk)
    return len(due)


def erase_ended() -> int:
    """Erase the drafts that nobody edited in time, told of it long enough ago; return how many.

    Each in its transaction: one that something else stands on is logged, stays, and keeps no
    other waiting.
    """
    erased = 0
    for pk in list(_ended().values_list("pk", flat=True)):
        try:
            erased += _end(pk)
        except ProtectedError:
            log.exception("draft %s was not erased: something stands on it", pk)
    return erased


@transaction.atomic
def _end(pk: int) -> bool:
    """Erase a draft unless it was taken up meanwhile; say whether it was.

    In order: event "contribution.erased"; the proposal, its text, and the card if it was never
    online.
    """
    found = _ended().select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        return False
    record("contribution.erased", by=SCHEDULER, on=found)
    _erase(found)
    return True


def _ended() -> Any:
    told = clock.now() - timedelta(days=settings.DRAFT_NOTICE_DAYS)
    return _idle(settings.DRAFT_KEPT_DAYS).filter(expiry_told_at__lte=told)


def _idle(days: int) -> Any:
    """Select the drafts not edited for so many days."""
    limit = clock.now() - timedelta(days=days)
    rows = Contribution.objects.filter(status=ContributionStatus.DRAFT).alias(
        last=Coalesce(F("edited_at"), F("created_at"))
    )
    return rows.filter(last__lte=limit).order_by("pk")


def _erase(contribution: Contribution) -> None:
    card, text = contribution.resource, contribution.revision
    contribution.delete()
    if text is not None and text.pk != card.live_revision_id:
        same = Resource.objects.filter(pk=card.pk, latest_revision=text)
        same.update(latest_revision=card.live_revision_id)
        text.delete()
    never_seen = not card.live and card.first_published_at is None and card.masked_at is None
    if never_seen and not card.contributions.exists():
        try:
            with transaction.atomic():
                forgotten_files.forget_of(resource=card, by=SCHEDULER)
                Resource.objects.get(pk=card.pk).delete()
        except ProtectedError:
            return  # something of another part stands on it: it stays, unseen

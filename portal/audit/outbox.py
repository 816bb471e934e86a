"""What is owed after a commit, delivered at least once and made once by its key."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.audit.models import Outbox
from portal.lib import clock
from portal.lib.queue import nudge

log = logging.getLogger("portal.outbox")
Deliver = Callable[..., None]
_handlers: dict[str, Deliver] = {}
BACKOFF_SECONDS = (5, 30, 120, 600, 3_600)


def handler(topic: str) -> Callable[[Deliver], Deliver]:
    """Register the function that delivers a topic; it receives the ids as keywords.

    Runs outside a transaction of its own making; must be repeatable.
    """

    def register(function: Deliver) -> Deliver:
        _handlers[topic] = function
        return function

    return register


def owe(topic: str, *, key: str, delay_seconds: float = 0, **ids: int | str) -> None:
    """Owe one delivery for (topic, key); a second call with the same pair changes nothing."""
    due = clock.now() + timedelta(seconds=delay_seconds)
    Outbox.objects.bulk_create(
        [Outbox(topic=topic, key=key, ids=ids, run_after=due)], ignore_conflicts=True
    )
    nudge("audit.relay")


def late(before: datetime) -> int:
    """Count the letters that should have left before this moment and are still owed."""
    owed = Outbox.objects.filter(done_at__isnull=True, run_after__lt=before)
    return owed.filter(topic__startswith="mail.").count()


def relay(*, limit: int = 100) -> int:
    """Deliver what is due, oldest first; return how many were delivered.

    Each delivery and its mark share a transaction, so a killed process redelivers.
    """
    delivered = 0
    due = list(
        Outbox.objects.filter(done_at__isnull=True, run_after__lte=clock.now())
        .order_by("run_after", "pk")
        .values_list("pk", flat=True)[:limit]
    )
    for pk in due:
        delivered += _deliver(pk)
    return delivered


def _deliver(pk: int) -> bool:
    try:
        with transaction.atomic():
            row = _claim(pk)
            if row is None:
                return False
            _handlers[row.topic](**row.ids)
            row.done_at = clock.now()
            row.attempts += 1
            row.save(update_fields=["done_at", "attempts"])
    except Exception as error:  # noqa: BLE001  # the boundary of the relay: one bad row stops none
        log.warning("delivery %s failed: %s", pk, type(error).__name__)
        _postpone(pk, error)
        return False
    return True


def _claim(pk: int) -> Outbox | None:
    return (
        Outbox.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, done_at__isnull=True)
        .first()
    )


def _postpone(pk: int, error: Exception) -> None:
    with transaction.atomic():
        row = _claim(pk)
        if row is None:
            return
        wait = BACKOFF_SECONDS[min(row.attempts, len(BACKOFF_SECONDS) - 1)]
        row.attempts += 1
        row.run_after = clock.now() + timedelta(seconds=wait)
        row.last_error = type(error).__name__
        row.save(update_fields=["attempts", "run_after", "last_error"])


def pending(**filters: Any) -> int:
    """Count what is still owed."""
    return Outbox.objects.filter(done_at__isnull=True, **filters).count()

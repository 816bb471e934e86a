"""Write denials down without letting anybody lengthen the chain at will.

The first denial of an object to an actor within an hour is an event; the others are counted,
and one event tells their number once the hour is over. An actor who is denied many objects
within an hour is told of as a whole from the limit on.
"""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.audit.actors import SystemActor
from portal.audit.duties import duty
from portal.audit.models import Denial
from portal.audit.record import person_key, record
from portal.lib import clock

MANY = "many"
BY = SystemActor("scheduler")


@transaction.atomic
def note(*, by: Any, on: str, **facts: Any) -> None:
    """Note one denial: event "access.denied" the first time within the hour, else a count.

    by: a person, or a visitor, whom the ledger calls "anonymous": all visitors are one actor.
    """
    actor, hour = person_key(by), _hour(clock.now())
    if _again(actor, on, hour):
        return
    if Denial.objects.filter(actor=actor, hour=hour).count() >= settings.DENIALS_PER_HOUR:
        on = MANY
    if _again(actor, on, hour) or not _first(actor, on, hour):
        return
    record("access.denied", by=by, on=on, **facts)


@duty("audit.denials", minutes=60)
def tell() -> None:
    """Tell the counts of the hours that are over, and forget them.

    Event "access.denied_again" where there was more than one: actor, object, times, hour.
    """
    over = Denial.objects.filter(hour__lt=_hour(clock.now())).order_by("hour", "pk")
    for row in over.select_for_update():
        if row.count > 1:
            record(
                "access.denied_again",
                by=BY,
                on=row.object_ref,
                actor=row.actor,
                times=row.count - 1,
                hour=row.hour.astimezone(UTC).isoformat(),
            )
        row.delete()


def _again(actor: str, on: str, hour: datetime) -> bool:
    rows = Denial.objects.filter(actor=actor, object_ref=on, hour=hour)
    return bool(rows.update(count=F("count") + 1))


def _first(actor: str, on: str, hour: datetime) -> bool:
    """Open the count; False when another request did just before."""
    try:
        with transaction.atomic():
            Denial.objects.create(actor=actor, object_ref=on, hour=hour)
    except IntegrityError:
        _again(actor, on, hour)
        return False
    return True


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)

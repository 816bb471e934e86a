"""Set aside the news whose time is over: read at its address, in no list any more."""

from django.db import transaction

from catalogue.enums import ResourceKind
from catalogue.models import Resource
from catalogue.search import index
from catalogue.validators import words
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock

SCHEDULER = SystemActor("scheduler")


def settle_due() -> int:
    """Set aside each public news that is over, once; return how many. Doing it again does nothing.

    A later date comes by a version that goes online, which settles it (`resources.put_online`).
    """
    today = clock.paris_day(clock.now())
    news = Resource.objects.listed().filter(kind=ResourceKind.NEWS).order_by("pk")
    told = list(news.values_list("pk", "details"))
    over = [pk for pk, details in told if words.is_news_over(ResourceKind.NEWS, details, today)]
    return sum(_set_aside(pk) for pk in over)


@transaction.atomic
def _set_aside(pk: int) -> bool:
    """In order: the date, out of the index; event "resource.expired"."""
    row = Resource.objects.listed().select_for_update(of=("self",)).filter(pk=pk).first()
    at = clock.now()
    if row is None or not words.is_news_over(row.kind, row.details, clock.paris_day(at)):
        return False
    row.expired_at = at
    row.save(update_fields=["expired_at"])
    index.write(row)
    record("resource.expired", by=SCHEDULER, on=row)
    return True

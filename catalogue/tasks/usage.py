"""Bring the counters of cards up to date, and keep the index with them."""

from catalogue.actions import usage
from catalogue.models import Resource
from catalogue.search import index
from portal.audit.duties import duty
from portal.audit.outbox import handler


@duty("catalogue.usage", minutes=60, by_itself=True)
def tell_counters() -> None:
    """Tell the counters of every card read since."""
    usage.tell()


@duty("catalogue.usage.forget", minutes=24 * 60)
def forget_days() -> None:
    """Drop the days that are too old to be shown."""
    usage.forget()


@handler("organisation.changed")
def organisation_changed(organisation_id: int) -> None:
    """Write the cards of an organisation into the index again: they are found by its names."""
    rows = Resource.objects.public().filter(organisation_id=organisation_id)
    for resource in rows.select_related("organisation").order_by("pk").iterator(chunk_size=100):
        index.write(resource)

"""Keep the index with what cards and organisations have become."""

from catalogue.actions import usage
from catalogue.models import Resource
from catalogue.search import index
from portal.audit.duties import duty
from portal.audit.outbox import handler


@duty("catalogue.usage", minutes=60, by_itself=True)
def lift_cards() -> None:
    """Write the cards read since into the index again."""
    usage.lift()


@handler("organisation.changed")
def organisation_changed(organisation_id: int) -> None:
    """Write the cards of an organisation into the index again: they are found by its names."""
    rows = Resource.objects.public().filter(organisation_id=organisation_id)
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        index.renew(pk)

"""Keep the search true to what is published, and to what was read of it."""

from catalogue.resources.models import Resource
from catalogue.search import index, server
from portal.audit.duties import duty
from portal.audit.outbox import handler


@handler(index.TOPIC)
def follow_resource(resource_id: int) -> None:
    """Write the present state of a resource to the search server."""
    server.follow(resource_id)


@duty("catalogue.search_drift", minutes=4, by_itself=True)
def repair_search() -> None:
    """Repair the index of the database, then compare the search server with it."""
    index.repair()
    server.repair()


@duty("catalogue.search_words", minutes=24 * 60)
def forget_words() -> None:
    """Forget the words and names that no public resource holds any more."""
    index.forget()


@duty("catalogue.usage", minutes=60, by_itself=True)
def lift_cards() -> None:
    """Write the cards read since into the index again."""
    index.lift_used()


@handler("organisation.changed")
def organisation_changed(organisation_id: int) -> None:
    """Write the cards of an organisation into the index again: they are found by its names."""
    rows = Resource.objects.public().filter(organisation_id=organisation_id)
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        index.renew(pk)

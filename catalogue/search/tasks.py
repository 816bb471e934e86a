"""Keep the search true to what is published, and to what was read of it."""

from catalogue.resources.actions import cards
from catalogue.resources.queries import relations
from catalogue.search import index, server
from portal.accounts.models import Organisation
from portal.audit.duties import schedule
from portal.audit.outbox import handler


@handler(index.TOPIC)
def follow_resource(resource_id: int) -> None:
    """Write the present state of a resource to the search server."""
    server.follow(resource_id)


@handler("organisation.changed")
def organisation_changed(organisation_id: int) -> None:
    """Tie to an organisation the cards that bear its names, and write them into the index."""
    organisation = Organisation.objects.get(pk=organisation_id)
    for resource in relations.naming(organisation).order_by("pk"):
        cards.tie_producers(resource=resource)
        index.renew(resource.pk)


# What the schedule does, and how often.
schedule("catalogue.search_drift", index.repair, server.repair, minutes=4, by_itself=True)
schedule("catalogue.search_words", index.forget, minutes=24 * 60)
schedule("catalogue.usage", index.lift_used, minutes=60, by_itself=True)

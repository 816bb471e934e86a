"""Keep the search true to what is published."""

from catalogue.search import index, mirror, server, upkeep
from portal.audit.duties import duty
from portal.audit.outbox import handler


@handler(mirror.TOPIC)
def follow_resource(resource_id: int) -> None:
    """Write the present state of a resource to the search server."""
    server.follow(resource_id)


@duty("catalogue.search_drift", minutes=4, by_itself=True)
def repair_search() -> None:
    """Repair the index of the database, then compare the search server with it."""
    upkeep.repair()
    server.repair()


@duty("catalogue.search_words", minutes=24 * 60)
def forget_words() -> None:
    """Forget the words and names that no public resource holds any more."""
    index.forget()

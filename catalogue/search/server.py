"""The search server, where SEARCH_URL names one: asked, followed, compared, never needed."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.engines.fallback import Breaker, FallbackEngine
from catalogue.search.mirror import is_used

if TYPE_CHECKING:
    from catalogue.search.engines.elasticsearch import Repair, Store

__all__ = ["is_used"]
HEALTH_SECONDS = 1.0
SHOWN = 100


def engine() -> FallbackEngine:
    """Give the engine that asks the server, and the database when it is away."""
    from catalogue.search.engines import elasticsearch  # noqa: PLC0415  # slow import

    return FallbackEngine(
        elasticsearch.ElasticsearchEngine(elasticsearch.Address.read(settings.SEARCH_URL)),
        DatabaseEngine(),
        _breaker(settings.SEARCH_URL),
        away=elasticsearch.Away,
        refused=elasticsearch.Refused,
    )


@lru_cache(maxsize=4)
def _breaker(url: str) -> Breaker:
    return Breaker()


def store() -> "Store":
    """Give the indices of the server."""
    from catalogue.search.engines.elasticsearch import (  # noqa: PLC0415  # slow import
        Address,
        Store,
    )

    return Store(Address.read(settings.SEARCH_URL))


def follow(resource_id: int) -> None:
    """Write the present state of a resource to the server.

    Raises Away when it waits, Refused when the server answers but does not take this resource:
    the searches of others go on there.
    """
    from catalogue.search.engines.elasticsearch import Away  # noqa: PLC0415  # slow import

    if not is_used():
        return
    breaker = _breaker(settings.SEARCH_URL)
    if not breaker.allows():
        raise Away("left alone since its last failure")
    try:
        store().sync([resource_id])
    except Away:
        breaker.fail()
        raise
    breaker.succeed()


def repair() -> "Repair | None":
    """Compare the server with the database and repair it; None when there is none, or away."""
    from catalogue.search.engines.elasticsearch import Away  # noqa: PLC0415  # slow import

    if not is_used():
        return None
    try:
        return store().repair()
    except Away:
        return None


def breaches() -> Iterator[str]:
    """Yield what the server tells otherwise than the database; its absence is not a breach."""
    from catalogue.search.engines.elasticsearch import Away  # noqa: PLC0415  # slow import

    if not is_used():
        return
    try:
        yield from (str(pk) for pk in store().differences()[:SHOWN])
    except Away:
        return


def health() -> str:
    """Say how the server is: green, yellow, red, locked (our account is refused), away or none."""
    from catalogue.search.engines.elasticsearch import Away, Locked  # noqa: PLC0415  # slow import

    if not is_used():
        return "none"
    try:
        return store().health(seconds=HEALTH_SECONDS)
    except Locked:
        return "locked"
    except Away:
        return "away"

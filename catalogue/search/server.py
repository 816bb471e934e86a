"""The search server, where SEARCH_URL names one: asked, followed, compared, never needed."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.index import is_used
from catalogue.search.query import Engine, FacetCount, ResourceQuery, Results
from portal.lib.breaker import Breaker

if TYPE_CHECKING:
    from catalogue.search.engines.elasticsearch import Repair, Store


EMBEDDED = "embedded:"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def fault(url: str) -> str:
    """Say what is wrong with an address, in French, or ""."""
    if url == EMBEDDED:
        return ""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "n’est pas une adresse : le port ou l’hôte est mal écrit."
    if parts.scheme not in {"http", "https"} or not host:
        return "doit valoir « embedded: » ou désigner Elasticsearch (https://…)."
    if parts.scheme == "http" and host not in LOOPBACK:
        return "envoie les recherches en clair à une autre machine : passez en https."
    authority = parse_qs(parts.query).get("ca", [""])[0]
    if authority and not Path(authority).is_file():
        return "nomme une autorité (ca) qui n’est pas un fichier de cette machine."
    return ""


log = logging.getLogger("portal.search")
BREAK_SECONDS = 30.0
T = TypeVar("T")


class FallbackEngine:
    """Ask the first engine unless it failed lately; the second one answers in its place.

    away: what the first raises when it does not answer, and is then left alone for a while;
    refused: what it raises when it cannot answer one query, others not being concerned.
    """

    def __init__(
        self,
        first: Engine,
        second: Engine,
        breaker: Breaker,
        *,
        away: type[Exception],
        refused: type[Exception],
    ) -> None:
        self._first, self._second, self._breaker = first, second, breaker
        self._away, self._refused = away, refused

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query."""
        found = self._tried(lambda: self._first.search(query))
        return self._second.search(query) if found is None else found

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet."""
        found = self._tried(lambda: self._first.values(query, facet))
        return self._second.values(query, facet) if found is None else found

    def _tried(self, ask: Callable[[], T]) -> T | None:
        if not self._breaker.allows():
            return None
        try:
            found = ask()
        except self._away as error:
            self._breaker.fail()
            log.warning("the search server is away (%s): the database answers", error)
            return None
        except self._refused as error:
            log.error("the search server refuses a query: %s", error)
            return None
        self._breaker.succeed()
        return found


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
    return Breaker(BREAK_SECONDS)


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

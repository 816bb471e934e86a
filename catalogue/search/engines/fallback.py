"""Answer whatever happens: the search server, or within a second the database."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TypeVar

from catalogue.search.query import ResourceQuery
from catalogue.search.results import Engine, FacetCount, Results

log = logging.getLogger("portal.search")
BREAK_SECONDS = 30.0
T = TypeVar("T")


class Breaker:
    """Leave alone what failed for thirty seconds, then let one request try."""

    def __init__(
        self, *, seconds: float = BREAK_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._closed_again = 0.0
        self._failed = False
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Tell whether the last request failed."""
        return self._failed

    def allows(self) -> bool:
        """Say whether to try; of those that come after a failure, one does each thirty seconds."""
        with self._lock:
            if not self._failed:
                return True
            now = self._clock()
            if now < self._closed_again:
                return False
            self._closed_again = now + self._seconds
            return True

    def fail(self) -> None:
        """Note a failure."""
        with self._lock:
            self._failed = True
            self._closed_again = self._clock() + self._seconds

    def succeed(self) -> None:
        """Note that it works."""
        with self._lock:
            self._failed = False


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

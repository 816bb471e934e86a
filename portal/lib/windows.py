"""Bound what one network asks in a minute, in the memory of one process: nothing is written.

For pages that are read a lot: a count in the database would cost more than what it spares. Each
process of the web server counts by itself.
"""

import time
from collections.abc import Callable
from math import ceil
from threading import Lock

MINUTE = 60.0
MOST_KEYS = 10_000


class Window:
    """Count by key since the first request of each, and start again a minute later."""

    def __init__(
        self,
        *,
        seconds: float = MINUTE,
        most_keys: int = MOST_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._most_keys, self._clock = seconds, most_keys, clock
        self._counts: dict[str, tuple[float, int]] = {}
        self._lock = Lock()

    def wait(self, key: str, *, most: int) -> int:
        """Count one request; return 0, or in how many seconds to come back past `most` of them."""
        with self._lock:
            now = self._clock()
            began, count = self._counts.get(key, (now, 0))
            if now - began >= self._seconds:
                began, count = now, 0
                self._counts.pop(key, None)
            if count >= most:
                return max(1, ceil(began + self._seconds - now))
            self._counts[key] = (began, count + 1)
            if len(self._counts) > self._most_keys:
                self._forget(now)
            return 0

    def _forget(self, now: float) -> None:
        """Drop those whose minute is over; failing that, the half that began first."""
        kept = {k: v for k, v in self._counts.items() if now - v[0] < self._seconds}
        if len(kept) > self._most_keys:
            kept = dict(list(kept.items())[len(kept) // 2 :])
        self._counts = kept

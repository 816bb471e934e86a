"""Leave alone for a while what did not answer."""

import time
from collections.abc import Callable
from threading import Lock


class Breaker:
    """After a failure let one call try each so many seconds; the others are to fail at once.

    Each call that waits for its time-out holds a thread of the site: only one may.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._try_again_at: float | None = None
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Tell whether the last call failed."""
        return self._try_again_at is not None

    def allows(self) -> bool:
        """Say whether to try."""
        with self._lock:
            if self._try_again_at is None:
                return True
            now = self._clock()
            if now < self._try_again_at:
                return False
            self._try_again_at = now + self._seconds
            return True

    def fail(self) -> None:
        """Note a failure."""
        with self._lock:
            self._try_again_at = self._clock() + self._seconds

    def succeed(self) -> None:
        """Note that it works."""
        with self._lock:
            self._try_again_at = None

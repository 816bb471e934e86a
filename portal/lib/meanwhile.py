"""Do something again and again beside what takes long."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from django.db import connection

log = logging.getLogger("portal.lib")


@contextmanager
def meanwhile(
    act: Callable[[], object], *, every: float, most: int | None = None
) -> Iterator[None]:
    """Do `act` in a thread every so many seconds, while the block goes on.

    most: how many times at most. What it raises is logged, and it is done again.
    """
    over = threading.Event()

    def again() -> None:
        for _time in count() if most is None else range(most):
            if over.wait(every):
                return
            try:
                act()
            except Exception:  # a boundary: it is tried again
                log.exception("what is done meanwhile failed")
            finally:
                connection.close()  # the thread's own

    thread = threading.Thread(target=again, name="meanwhile", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

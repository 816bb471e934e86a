"""Read what searches keep in memory beside the requests, so that none of them waits for it.

Also where a search server answers: suggestions read it, and the embedded engine takes over within a
second when the server is away.
"""

import atexit
import logging
from threading import Event, Thread

from django.db import Error, connection

from catalogue.search import columns

log = logging.getLogger("portal.search")
EVERY_SECONDS = 30.0
END_SECONDS = 2.0


def warm() -> None:
    """Bring the columns up to date: what changed, or all of them before a search has to."""
    kept = columns.kept()
    if kept.is_ageing():
        kept.renew()
    kept.current().by_use()


def keep_warm(stop: Event, *, every: float = EVERY_SECONDS) -> None:
    """Bring them up to date again and again, whatever failed the time before."""
    while True:
        try:
            _pass()
        except Error as error:
            log.warning("what searches keep in memory could not be read (%s)", error)
        except Exception:
            log.exception("what searches keep in memory could not be made")
        if stop.wait(every):
            return


def _pass() -> None:
    try:
        warm()
    finally:
        connection.close()


def begin() -> None:
    """Keep them warm in a thread that holds up neither the start of a process nor its end.

    At the end it is told to stop, and waited for END_SECONDS: left to itself, it would be in the
    middle of compiled code while the interpreter is taken down.
    """
    stop = Event()
    thread = Thread(target=keep_warm, args=(stop,), name="warm-search", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(END_SECONDS)

    atexit.register(end)

"""Read what searches keep in memory beside the requests, so that none of them waits for it.

Also where a search server answers: suggestions read it, and the embedded engine takes over within a
second when the server is away.
"""

import logging
from threading import Event, Thread

from django.db import Error, connection

from catalogue.search import columns

log = logging.getLogger("portal.search")
EVERY_SECONDS = 30.0


def warm() -> None:
    """Bring the columns up to date: what changed, or all of them before a search has to."""
    kept = columns.kept()
    if kept.is_ageing():
        kept.renew()
    kept.current().by_use()


def keep_warm(stop: Event, *, every: float = EVERY_SECONDS) -> None:
    """Bring them up to date again and again; a database that does not answer is asked later."""
    while True:
        try:
            warm()
        except Error as error:
            log.warning("what searches keep in memory could not be read (%s)", error)
        finally:
            connection.close()
        if stop.wait(every):
            return


def begin() -> Event:
    """Keep them warm in a thread that holds up neither the start of a process nor its end.

    Returns what stops it.
    """
    stop = Event()
    Thread(target=keep_warm, args=(stop,), name="warm-search", daemon=True).start()
    return stop

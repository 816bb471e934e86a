"""Write what may be lost without making a reader wait for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

log = logging.getLogger("portal.patience")
HURRIED_MS = 100


@contextmanager
def hurried() -> Iterator[None]:
    """Give up within a tenth of a second where SQLite's one writer is busy; the loss is logged.

    For figures alone. PostgreSQL locks a row, and its own time-out holds.
    """
    sqlite = connection.vendor == "sqlite" and not connection.in_atomic_block
    if sqlite:
        connection.ensure_connection()
        before = connection.connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.connection.execute(f"PRAGMA busy_timeout = {HURRIED_MS}")
    try:
        yield
    except OperationalError as error:
        if connection.in_atomic_block:
            raise
        log.info("a figure was not counted: %s", error)
    finally:
        if sqlite:
            connection.connection.execute(f"PRAGMA busy_timeout = {before}")

"""Tasks and nudges. A nudge may be lost, late or doubled: nothing changes."""

import logging
import time
from collections.abc import Callable
from typing import Any

from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger("portal.queue")
_QUIET_SECONDS = 30.0
_silent_until = 0.0


def task(name: str) -> Callable[[Callable[..., None]], Any]:
    """Register a task: JSON ids in, nothing out, acknowledged early.

    Its queue follows from its name: settings.CELERY_TASK_ROUTES.
    """

    def register(function: Callable[..., None]) -> Any:
        return shared_task(name=name, ignore_result=True)(function)

    return register


def nudge(name: str, **ids: int | str) -> None:
    """Ask a worker to look, after commit.

    A broker that refuses costs a log line; the process then stops nudging for 30 s, since a
    refused AMQP connection takes two seconds.
    """
    task_named = current_app.tasks[name]  # a misspelt name fails in the caller's own test

    def send() -> None:  # named: robust=True logs __qualname__, a partial has none
        global _silent_until
        if time.monotonic() < _silent_until:
            return
        try:
            task_named.apply_async(kwargs=ids, retry=False)
        except _broker_refusals():
            _silent_until = time.monotonic() + _QUIET_SECONDS
            raise

    transaction.on_commit(send, robust=True)


def _broker_refusals() -> tuple[type[Exception], ...]:
    """List how the broker in use says no; asked for once something was raised, nothing connects."""
    link = current_app.connection_for_write()
    return (OperationalError, *link.connection_errors, *link.channel_errors)

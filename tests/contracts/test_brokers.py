"""A nudge on each broker: sent when it lives, shrugged off when it is dead.

Redis is tried where TEST_REDIS_URL names one; the dead broker is a closed port on loopback.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import transaction

from portal.audit.models import Outbox
from portal.audit.outbox import owe
from portal.lib import queue
from portal.settings.services import IMPATIENT

REDIS = os.environ.get("TEST_REDIS_URL", "")


def closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(params=["memory", "filesystem", "redis", "dead"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Point the application at one broker, and back."""
    if request.param == "redis" and not REDIS:
        pytest.skip("TEST_REDIS_URL names no Redis")
    url = {
        "memory": "memory://",
        "filesystem": "filesystem://",
        "redis": REDIS,
        "dead": f"redis://127.0.0.1:{closed_port()}/0",
    }[request.param]
    folders = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    options: dict[str, Any] = {
        "filesystem": {**folders, "control_folder": str(tmp_path / "control")},
        "redis": IMPATIENT,
        "dead": IMPATIENT,
    }.get(request.param, {})
    before = (current_app.conf.broker_url, current_app.conf.broker_transport_options)
    _switch(url, options)
    queue._silent_until = 0.0
    yield request.param
    _switch(*before)
    queue._silent_until = 0.0


def _switch(url: str, options: dict[str, Any]) -> None:
    current_app.conf.update(broker_url=url, broker_write_url=url, broker_transport_options=options)
    current_app.amqp._producer_pool = None
    current_app.set_current()
    if current_app.pool is not None:
        current_app._pool = None


@pytest.mark.django_db(transaction=True)
def test_what_is_owed_is_committed_whatever_the_broker(broker: str, tmp_path: Path) -> None:
    with transaction.atomic():
        owe("test.topic", key="one")
    assert Outbox.objects.filter(topic="test.topic", done_at__isnull=True).count() == 1
    assert (queue._silent_until > 0) == (broker == "dead")
    if broker == "filesystem":
        assert [path.suffix for path in tmp_path.glob("*.msg")] == [".msg"]


@pytest.mark.django_db(transaction=True)
def test_a_misspelt_task_fails_at_once(broker: str) -> None:
    with pytest.raises(KeyError, match="realy"):
        queue.nudge("audit.realy")


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours_is_not_the_brokers(broker: str) -> None:
    """What cannot be written as JSON is logged, and the next nudge is sent all the same."""
    queue.nudge("audit.relay", number=object())  # type: ignore[arg-type]
    assert queue._silent_until == 0

"""A nudge on each broker: sent when it lives, shrugged off when it is dead.

What every broker must keep to: a message names a task and its ids, in JSON, on the queue of the
task; one that is lost loses nothing, one that comes twice does nothing twice.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery import current_app
from django.db import transaction

from portal import checks
from portal.audit import outbox
from portal.audit.models import Outbox
from portal.audit.outbox import owe
from portal.lib import queue
from tests.brokers import messages, pointed
from tests.servers import free_port

ALIVE = ["memory", "filesystem", "redis", "rabbitmq"]
DEAD = {"dead redis": "redis://127.0.0.1:{}/0", "dead rabbitmq": "amqp://127.0.0.1:{}//"}


@pytest.fixture(params=[*ALIVE, *DEAD])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Point the application at one broker, on a queue of its own, and back."""
    name = request.param
    if name in {"redis", "rabbitmq"}:
        url = request.getfixturevalue(f"{name}_url")
    else:
        url = DEAD.get(name, f"{name}://").format(free_port())
    with pointed(url, folder=tmp_path, name=f"test-{uuid4()}"):
        yield name
        if name == "rabbitmq":
            with current_app.connection_for_write() as link:
                link.default_channel.queue_delete(current_app.conf.task_default_queue)


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Register a topic whose deliveries are listed."""
    numbers: list[int] = []
    monkeypatch.setitem(outbox._handlers, "test.topic", lambda number: numbers.append(number))
    return numbers


@pytest.mark.django_db(transaction=True)
def test_a_message_is_a_task_and_its_ids(broker: str) -> None:
    with transaction.atomic():
        owe("test.topic", key="one", number=1)
        assert queue._silent_until == 0.0  # nothing is sent before the commit
    assert Outbox.objects.filter(topic="test.topic", done_at__isnull=True).count() == 1
    assert (queue._silent_until > 0) == (broker in DEAD)
    if broker in ALIVE:
        ((headers, (args, kwargs, _options)),) = messages()
        assert (headers["task"], args, kwargs) == ("audit.relay", [], {})


@pytest.mark.django_db(transaction=True)
def test_lost_and_doubled_messages_change_nothing(broker: str, delivered: list[int]) -> None:
    """Two of three messages are lost; the last one comes ten times."""
    for number in range(3):
        owe("test.topic", key=str(number), number=number)
    found = messages() if broker in ALIVE else []
    assert len(found) == (3 if broker in ALIVE else 0)
    for headers, (args, kwargs, _options) in found[-1:] * 10:
        current_app.tasks[headers["task"]].apply(args, kwargs, throw=True)
    if broker in DEAD:  # what the schedule does every ten seconds
        current_app.tasks["audit.relay"].apply(throw=True)
    assert delivered == [0, 1, 2]
    assert not Outbox.objects.filter(topic="test.topic", done_at__isnull=True).exists()


def test_a_misspelt_task_fails_at_once() -> None:
    with pytest.raises(KeyError, match="realy"):
        queue.nudge("audit.realy")


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours_is_not_the_brokers(broker: str) -> None:
    """What cannot be written as JSON is logged, and the next nudge is sent all the same."""
    queue.nudge("audit.relay", number=object())  # type: ignore[arg-type]
    assert queue._silent_until == 0


@pytest.mark.parametrize(
    ("account", "host", "expected"),
    [
        ("guest:guest", "", []),
        ("guest:wrong", "", ["portal.E21"]),
        ("guest:guest", "/x", ["portal.E21"]),
    ],
)
def test_rabbitmq_says_whether_it_opens(
    rabbitmq_url: str, settings: Any, account: str, host: str, expected: list[str]
) -> None:
    """A start is refused when the account or the virtual host is wrong, by its own words."""
    given = urlsplit(rabbitmq_url)
    settings.BROKER_URL = f"amqp://{account}@{given.hostname}:{given.port}{host or given.path}"
    assert [found.id for found in checks.broker_keeps()] == expected

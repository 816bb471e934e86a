"""Each stack of the portal under its faults: PostgreSQL with Redis and RabbitMQ, SQLite alone.

The database is the one under test, the broker a server of the test's own, the processes are real:
the scoring worker, and the process of tasks with its schedule.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from challenges.entries.enums import EntryStatus
from challenges.models import Challenge, Entry, Job
from portal.audit.models import AuditBody, Outbox
from portal.lib import clock
from tests import servers
from tests.brokers import messages, pointed
from tests.challenges.world import entered, opened
from tests.faults.processes import TasksProcess, WorkerProcess, until
from tests.faults.test_kills import kill_while_working, nothing_lost, unfinished

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.fault,
    pytest.mark.slow,
    pytest.mark.full,
]
NOTICED_SECONDS = 45
SETTLED_SECONDS = 60
DRAINED_SECONDS = 30
PATIENCE_SECONDS = 300


@pytest.fixture(params=["filesystem", "redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[servers.Server | None]:
    """Start the broker of one stack and send to it; None is the folder of the embedded mode."""
    name = request.param
    if (name == "filesystem") == (connection.vendor == "postgresql"):
        pytest.skip("the folder goes with SQLite, the brokers with PostgreSQL")
    if name == "filesystem":
        with pointed("filesystem://", folder=tmp_path):
            yield None
        return
    kind = servers.BROKERS[name]
    if missing := kind.missing():
        pytest.skip(missing)
    with servers.running(kind()) as server, pointed(server.url, folder=tmp_path):
        yield server


def address(broker: servers.Server | None) -> str:
    return broker.url if broker else "filesystem://"


def letters(var: Path) -> Counter[tuple[str, str]]:
    """Count the letters by their receiver and the address of the page they lead to."""
    found: Counter[tuple[str, str]] = Counter()
    for path in (var / "mail").glob("*.eml"):
        letter = message_from_bytes(path.read_bytes(), policy=default)
        text = letter.get_body(("plain",)).get_content()
        links = [word for word in text.split() if "/soumissions/" in word]
        found[letter["To"], links[0] if links else letter["Subject"]] += 1
    return found


def silences() -> list[timedelta]:
    """List how long each lost worker was silent before it was noticed, by the database's clock."""
    found = []
    for body in AuditBody.objects.filter(event__action="job.reaped").select_related("event"):
        last = datetime.fromisoformat(json.loads(body.body)["facts"]["last_beat"])
        found.append(body.event.at - last)
    return found


def all_done() -> bool:
    return unfinished() == 0 and not Job.objects.alive().exists() and not owed().exists()


def test_fifty_kills_lose_nothing(
    broker: servers.Server | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    challenge = opened(tmp_path)
    enter(challenge, range(120))
    url = {"BROKER_URL": address(broker)}
    tasks = TasksProcess(tmp_path, **url)
    draw = random.Random(7)  # noqa: S311  # test data
    for _ in range(50):
        kill_while_working(WorkerProcess(tmp_path, hurried=False, **url), draw)
    killed_at = clock.now()
    last = WorkerProcess(tmp_path, hurried=False, **url)
    try:
        assert until(all_done, PATIENCE_SECONDS, every=0.5), (tmp_path / "worker.log").read_text()
    finally:
        last.stop()
        tasks.stop()
    nothing_lost(120)
    settled = max(Entry.objects.values_list("status_since", flat=True)) - killed_at
    lost = silences()
    tell(capsys, f"{len(lost)} leases lost, noticed in {max(lost)}, settled in {settled}")
    assert len(lost) >= 40  # most deaths were in the middle of a job
    assert max(lost) <= timedelta(seconds=NOTICED_SECONDS)
    assert settled <= timedelta(seconds=SETTLED_SECONDS)
    assert set(letters(tmp_path).values()) == {1}


def test_a_broker_that_dies_with_a_hundred_queued_loses_nothing(
    broker: servers.Server | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes with what was queued and comes back empty; then it goes under a connected process."""
    challenge = opened(tmp_path)
    url = {"BROKER_URL": address(broker)}
    worker = WorkerProcess(tmp_path, hurried=False, **url)
    enter(challenge, range(100))
    assert until(lambda: unfinished() == 0, PATIENCE_SECONDS, every=0.2)
    # Scored, and what is owed to the teams waits behind the messages.
    assert owed().filter(topic="mail.entry_scored").count() >= 100
    lose(broker, tmp_path)
    tasks = TasksProcess(tmp_path, **url)  # it starts without its broker
    enter(challenge, range(100, 110))
    assert until(lambda: unfinished() == 0, PATIENCE_SECONDS, every=0.2)  # needs no broker
    drained = [returned(broker)]
    lose(broker, tmp_path)
    enter(challenge, range(110, 120))
    assert until(lambda: unfinished() == 0, PATIENCE_SECONDS, every=0.2)
    drained.append(returned(broker))
    worker.stop()
    tasks.stop()
    nothing_lost(120)
    assert Entry.objects.filter(status=EntryStatus.SCORED).count() == 121
    tell(capsys, f"delivered {' and '.join(map(str, drained))} after the return of the broker")
    assert max(drained) <= timedelta(seconds=DRAINED_SECONDS)
    found = letters(tmp_path)
    assert set(found.values()) == {1}
    assert sum("/soumissions/" in link for _, link in found) == 120


def enter(challenge: Challenge, numbers: range) -> None:
    for number in numbers:
        entered(challenge, 0.4 + number / 300, seed=number)


def owed() -> QuerySet[Outbox]:
    return Outbox.objects.filter(done_at__isnull=True)


def lose(broker: servers.Server | None, var: Path) -> None:
    """Kill the broker and forget its messages."""
    if broker is not None:
        broker.kill()
    for path in (var / "queue").glob("*"):
        path.unlink(missing_ok=True)


def returned(broker: servers.Server | None) -> timedelta:
    """Bring the broker back; return how long it took, by the database, to deliver what is owed."""
    if broker is not None:
        broker.start()
    at = clock.now()
    assert until(all_done, PATIENCE_SECONDS, every=0.2), list(owed().values())
    return max(Outbox.objects.values_list("done_at", flat=True)) - at


def test_every_message_ten_times_changes_nothing(
    broker: servers.Server | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    challenge = opened(tmp_path)
    enter(challenge, range(30))
    url = {"BROKER_URL": address(broker)}
    workers = [WorkerProcess(tmp_path, hurried=False, **url) for _ in range(2)]
    assert until(lambda: unfinished() == 0, PATIENCE_SECONDS, every=0.2)
    found = messages(wait=2) * 10
    assert len(found) >= 300
    random.Random(7).shuffle(found)  # noqa: S311  # test data
    for headers, (args, kwargs, _options) in found:
        current_app.send_task(headers["task"], args, kwargs)
    tasks = [TasksProcess(tmp_path, schedule=False, **url) for _ in range(2)]
    try:
        assert until(all_done, PATIENCE_SECONDS, every=0.2), (tmp_path / "tasks.log").read_text()
    finally:
        for process in (*workers, *tasks):
            process.stop()
    nothing_lost(30)
    assert Entry.objects.filter(status=EntryStatus.SCORED).count() == 31
    received = letters(tmp_path)
    tell(capsys, f"{len(found)} messages, {sum(received.values())} letters")
    assert set(received.values()) == {1}
    assert sum("/soumissions/" in link for _, link in received) == 30


def tell(capsys: pytest.CaptureFixture[str], figure: str) -> None:
    """Print a figure of the report, past the capture."""
    with capsys.disabled():
        print(f"\n{settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[-1]}: {figure}")  # noqa: T201

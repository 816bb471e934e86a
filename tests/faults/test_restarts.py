"""The database restarts under writes: what was acknowledged is there, once, and is scored.

On a PostgreSQL cluster of the test's own, which writes to disk as in production.
"""

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from challenges.models import Entry, Job, Phase
from portal.accounts.actions import accounts
from portal.accounts.enums import TokenScope
from portal.audit.models import Heartbeat, Outbox
from portal.lib import clock
from tests import servers
from tests.challenges.world import answer, opened
from tests.factories.challenges import TeamFactory, captain_of
from tests.faults.entrants import Entrant
from tests.faults.processes import PortalProcess, TasksProcess, WorkerProcess, until
from tests.faults.test_brokers import all_done, tell
from tests.faults.test_kills import nothing_lost

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.fault,
    pytest.mark.slow,
    pytest.mark.full,
]
TEAMS = 20
BACK_SECONDS = 10
PATIENCE_SECONDS = 300


@pytest.fixture
def cluster(transactional_db: None) -> Iterator[servers.Postgres]:
    """Copy the database under test into a cluster of our own, and work there."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is a file: it does not restart")
    if missing := servers.Postgres.missing():
        pytest.skip(missing)
    given = connection.settings_dict
    before = {name: given[name] for name in ("HOST", "PORT", "NAME", "USER")}
    source = f"postgresql://{given['USER']}@{given['HOST']}:{given['PORT']}/{given['NAME']}"
    with servers.running(servers.Postgres()) as server:
        programs = server.programs()
        assert programs is not None
        dump = subprocess.run([programs / "pg_dump", source], check=True, stdout=subprocess.PIPE)
        subprocess.run(
            [programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", server.url],
            input=dump.stdout,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        connection.close()
        given |= {"HOST": "127.0.0.1", "PORT": str(server.port), "NAME": "postgres"}
        given["USER"] = "postgres"
        try:
            yield server
        finally:
            connection.close()
            given |= before


def write_until(entrant: Entrant, number: int, stop: threading.Event, over: float) -> None:
    """Enter a file a second until told to stop."""
    count = 0
    while not stop.is_set():
        count += 1
        content = answer(0.5, 1_000 * number + count)
        entrant.enter(content, until=lambda: time.monotonic() > over)
        stop.wait(1)


def back_after(at: datetime) -> timedelta:
    """Wait for the next sign of life of the worker; return how long it took by the database."""

    def alive() -> bool:
        try:
            return Heartbeat.objects.filter(name="worker", at__gt=at).exists()
        except DatabaseError:
            connection.close()
            return False

    assert until(alive, 60)
    return Heartbeat.objects.get(name="worker").at - at


def left() -> str:
    """Say what is not finished."""
    jobs = Counter(Job.objects.values_list("kind", "state"))
    owed = Counter(Outbox.objects.filter(done_at__isnull=True).values_list("topic", "last_error"))
    return f"jobs {dict(jobs)}, owed {dict(owed)}"


def restarted(cluster: servers.Postgres, mode: str) -> timedelta:
    """Restart the database; return when the worker was back."""
    cluster.stop(mode)
    cluster.start()
    connection.close()
    return back_after(clock.now())


def entrants(site: str, folder: Path) -> list[Entrant]:
    """Open a challenge without quotas; make a program for each of its teams."""
    challenge = opened(folder)
    Phase.objects.update(max_per_day=None, max_total=None, max_parallel=None)
    index = challenge.phases.get().index
    path = f"/api/v1/challenges/{challenge.slug}/phases/{index}/entries"
    made = []
    for _ in range(TEAMS):
        captain = captain_of(TeamFactory(challenge=challenge))
        token = accounts.create_token(name="essai", scopes=[TokenScope.ENTER], days=30, by=captain)
        made.append(Entrant(site, path, token.secret))
    return made


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Callable[[int], None]]:
    """Start web, worker and tasks on a port; stop them at the end."""
    started: list[PortalProcess] = []

    def start(port: int) -> None:
        site = {"SITE_URL": f"http://127.0.0.1:{port}", "BROKER_URL": "filesystem://"}
        web = ("-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4")
        started.append(PortalProcess(tmp_path, *web, name="web", **site))
        started.append(WorkerProcess(tmp_path, hurried=False, **site))
        started.append(TasksProcess(tmp_path, **site))
        assert until(lambda: servers.answers(port), 60)

    yield start
    for process in started:
        process.stop()


def test_what_was_acknowledged_survives_two_restarts(
    cluster: servers.Postgres,
    processes: Callable[[int], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = servers.free_port()
    writers = entrants(f"http://127.0.0.1:{port}", tmp_path)
    processes(port)
    stop, over = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    threads = [
        threading.Thread(target=write_until, args=(each, number, stop, over))
        for number, each in enumerate(writers)
    ]
    for thread in threads:
        thread.start()
    back = []
    try:
        for mode in ("fast", "immediate"):
            assert until(lambda: sum(len(each.receipts) for each in writers) > 100, 60), [
                (each.statuses, each.answers[-1:]) for each in writers[:3]
            ]
            back.append(restarted(cluster, mode))
            time.sleep(5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert until(all_done, PATIENCE_SECONDS, every=0.5), left()
    receipts = [each["payload"] for writer in writers for each in writer.receipts.values()]
    met = sum((writer.statuses for writer in writers), Counter[int | None]())
    tell(capsys, f"{len(receipts)} receipts, answers {dict(met)}, worker back after {back}")
    assert set(met) <= {200, 201, 503, None}
    assert met[503] > 0
    away = {
        (answer.headers.get("Retry-After"), answer.body.get("code"))
        for writer in writers
        for answer in writer.answers
        if answer.status == 503
    }
    assert away == {("2", "unavailable")}
    stored = {
        str(pk): sha256 for pk, sha256 in Entry.objects.of_teams().values_list("pk", "sha256")
    }
    assert {each["entry"]: each["sha256"] for each in receipts} == stored
    nothing_lost(len(receipts))
    assert max(back) <= timedelta(seconds=BACK_SECONDS)
    call_command("verify")

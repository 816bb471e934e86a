"""The hostile test run: what would bite in production bites here first."""

import gc
import itertools
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import TransactionTestCase, override_settings
from django.utils import translation

from challenges.models import Job
from challenges.queue.enums import JobState
from portal.lib import clock
from tests import databases, hostile, nursery

# A process a core: threads of a learner would wait for one another, twenty times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of acceptance cases, or skip: a user does not have it."""
    if not (SHARED / "cases").is_dir():
        pytest.skip("the acceptance cases (../shared/cases) are not on this machine")
    return SHARED


def shared_cases(*parts: str) -> Path | None:
    """Return a path below the acceptance cases for parametrisation, or None."""
    path = SHARED.joinpath("cases", *parts)
    return path if path.exists() else None


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Give each run and each worker a copy of the template database."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    with django_db_blocker.unblock():
        copies = databases.copies(worker)
        copies.build()
        copies.fresh()

    def restore(_case: TransactionTestCase) -> None:
        connections.close_all()
        copies.fresh()

    # A flush would empty the tables that data migrations fill (root page, locales).
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
    yield
    patch.undo()
    with django_db_blocker.unblock():
        connections.close_all()
        copies.drop()


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Name one folder after the other: all go at the end, and not one by one."""
    base = tmp_path_factory.mktemp("private")
    return (base / str(number) for number in itertools.count())


def settings_below(place: Path) -> dict[str, Any]:
    """Return the settings that keep objects, media and keys below a folder."""
    keys = place / "keys"
    return {
        "OBJECTS_URL": f"file://{place / 'objects'}",
        "MEDIA_ROOT": place / "media",
        "HOLDOUT_PUBLIC_KEY_FILE": str(keys / "holdout_public.key"),
        "EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE": str(keys / "holdout_private.key"),
        "RECEIPT_KEY_FILE": str(keys / "receipt.key"),
    }


@contextmanager
def shared_rows(blocker: Any, place: Path) -> Iterator[None]:
    """Keep the rows that a module makes until its end; what each of its tests writes is undone.

    place: the folder of objects and keys while the rows are made.
    """
    below = override_settings(**settings_below(place))
    with below, blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def private_folders(request: pytest.FixtureRequest, folders: Iterator[Path], settings: Any) -> None:
    """Keep objects, media and keys of a test to itself, below `tmp_path` where it asks for that."""
    asks = "tmp_path" in request.fixturenames
    place = request.getfixturevalue("tmp_path") if asks else next(folders)
    place.mkdir(exist_ok=True)
    for name, value in settings_below(place).items():
        setattr(settings, name, value)


@pytest.fixture(scope="session", autouse=True)
def hostile_run() -> Iterator[None]:
    """Set the traps of tests/hostile.py."""
    with hostile.traps():
        yield


@pytest.fixture(scope="session", autouse=True)
def children_forked() -> Iterator[None]:
    """Spare the children that look into files their imports."""
    with nursery.opened():
        yield


@pytest.fixture(scope="session", autouse=True)
def unsynchronised() -> Iterator[None]:
    """Write files as ever without awaiting the disk for each: no test cuts the power."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "fsync", lambda _handle: None)
    yield
    patch.undo()


def _sleep(seconds: float) -> None:
    """Jump to the next job instead of waiting, where a test drains the queue and nothing is due.

    Boards are gathered and failures tried again seconds later; a wait of more than a minute, and
    those of tests that commit, last as long as they say.
    """
    if connection.in_atomic_block:
        now = clock.now()
        soon = (now, now + timedelta(minutes=1))
        waiting = Job.objects.filter(state=JobState.READY, run_after__range=soon)
        if (job := waiting.order_by("run_after", "pk").first()) is not None:
            waiting.filter(pk=job.pk).update(run_after=now)
            return
    time.sleep(seconds)


@pytest.fixture(autouse=True)
def waits_pass_at_once() -> None:
    """Let the worker jump over its waits; most tests never load it, which takes a second."""
    if (loop := sys.modules.get("challenges.worker")) is not None:
        vars(loop)["time"] = SimpleNamespace(monotonic=time.monotonic, sleep=_sleep)


@pytest.fixture(autouse=True)
def uncounted() -> None:
    """Forget the requests of the tests before: counts by person and by address are for a minute."""
    cache.clear()


@pytest.fixture(autouse=True)
def every_test_in_french() -> Iterator[None]:
    """Start in French whatever language the test before left behind."""
    with translation.override("fr"):
        yield


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Refuse connections to any machine but this one."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = address[0]
            if not (host.startswith("127.") or host in {"localhost", "::1"}):
                raise AssertionError(f"a test tried to reach {host}")
        real(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


# How gzip begins; then comes the second, and two workers would collect different tests.
PACKED = re.compile(r"\\x1f\\x8b\\x08\\x00[^-\]]")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database: tests/statements.py chooses of those for PostgreSQL."""
    for item in items:
        if PACKED.search(item.nodeid):
            raise pytest.UsageError(
                f"the name of a test holds the second it was made: {item.nodeid}"
            )
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & {"db", "transactional_db"} or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)
    # Each worker begins with modules of long tests: none is left to run while others wait.
    # A module stays whole, which pytest-django cuts in three: what it makes is made once.
    marked = [item for item in items if {"slow", "journey"} & {*item.keywords}]
    long = {item.path for item in marked}
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = {item.path: -at for at, item in enumerate(reversed(items))}
    items.sort(
        key=lambda item: (
            crc32(item.path.name.encode()) % workers,
            item.path not in long,
            first[item.path],
        )
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what was imported, which stays, out of all collections of garbage to come."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # a twentieth of the whole run, for little memory
    gc.enable()
    if "hypothesis" not in sys.modules:  # its summary would load it to say nothing
        session.config.pluginmanager.unregister(name="hypothesispytest")


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of test state."""
    Path(django_settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
    Path(django_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)

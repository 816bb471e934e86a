"""The hostile test run: what would bite in production bites here first."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import TransactionTestCase
from django.utils import translation

from tests import databases, hostile

# No property is timed: a busy machine would fail what is right.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")
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


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, settings: Any) -> None:
    """Keep objects, media and keys of a test to itself."""
    settings.OBJECTS_URL = f"file://{tmp_path / 'objects'}"
    settings.MEDIA_ROOT = tmp_path / "media"
    keys = tmp_path / "keys"
    settings.HOLDOUT_PUBLIC_KEY_FILE = str(keys / "holdout_public.key")
    settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE = str(keys / "holdout_private.key")
    settings.RECEIPT_KEY_FILE = str(keys / "receipt.key")


@pytest.fixture(scope="session", autouse=True)
def hostile_run() -> Iterator[None]:
    """Set the traps of tests/hostile.py."""
    with hostile.traps():
        yield


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


# Folders whose tests read pages. Those that count the queries of a page, and are named so, run
# each page on both databases: a query that one of them refuses is found there.
PAGES = ("tests/challenges/pages/", "tests/portal/pages/", "tests/datasets/views/")
# What says the same on any database: the command-line client, programs in the sandbox, figures of
# whole challenges, forms of export.
SAME = (
    "tests/cases/",
    "tests/challenges/client/",
    "tests/challenges/programs/",
    "tests/challenges/test_four_challenges.py",
    "tests/challenges/test_commands.py",
    "tests/challenges/test_exports.py",
    "tests/challenges/test_round_trips.py",
    # Figures computed twice from the same rows; the other tests of the Ladder run on both.
    "tests/challenges/test_ladders.py::test_the_private_part_is_the_same_with_and_without",
    "tests/challenges/test_ladders.py::test_what_is_stored_is_what_the_sealed_results_give",
    "tests/challenges/test_foreign_imports.py",
)
COUNTS = re.compile("cost|quer|ask_as_much")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database: those tests run on both databases, but for surfaces."""
    for item in items:
        module = item.nodeid.partition("::")[0]
        page = item.nodeid.startswith(PAGES) or module.endswith("pages.py")
        if (page and not COUNTS.search(item.name)) or item.nodeid.startswith(SAME):
            item.add_marker(pytest.mark.surface)
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & {"db", "transactional_db"} or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of test state."""
    Path(django_settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
    Path(django_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)

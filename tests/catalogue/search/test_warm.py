"""What searches keep in memory is read beside the requests."""

import os
import runpy
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from catalogue.models import IndexedResource
from catalogue.search import columns, suggest, warm
from catalogue.search.columns import Kept
from catalogue.search.engines.embedded import EmbeddedEngine
from catalogue.search.query import ResourceQuery
from portal import checks
from tests.catalogue.search.test_columns import same
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
OF_THIS_PROCESS = columns._kept
# A process that warms its memory and ends.
PROCESS = """
import threading, time
import django
django.setup()
from catalogue.search import warm
began, keep_warm = threading.Event(), warm.keep_warm

def pass_():
    began.set()
    {doing}

def told(stop):
    keep_warm(stop)
    print("ended")

warm.warm, warm.keep_warm = pass_, told
warm.begin()
began.wait()
"""


@pytest.fixture(autouse=True)
def _process_that_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_kept", {})


def reads_all_cards(ask: Callable[[], Any]) -> bool:
    with CaptureQueriesContext(connection) as seen:
        ask()
    return any("title_key" in each["sql"] for each in seen)


def search() -> list[int]:
    return list(EmbeddedEngine().search(ResourceQuery(q="emploi")).ids)


def suggestions() -> Any:
    return suggest.suggest("emp", language="fr")


def test_the_first_search_after_the_warming_reads_no_card() -> None:
    card = ResourceFactory(published=True, title="Emploi")
    warm.warm()
    assert not reads_all_cards(search)
    assert not reads_all_cards(suggestions)
    assert search() == [card.pk]
    columns._kept.clear()
    assert reads_all_cards(search)  # what it is without


def test_all_cards_are_read_again_before_a_search_has_to(monkeypatch: pytest.MonkeyPatch) -> None:
    card = ResourceFactory(published=True, title="Emploi")
    warm.warm()
    assert not reads_all_cards(warm.warm)
    IndexedResource.objects.filter(pk=card.pk).update(quality=63)  # beside `index.write`
    later = columns.OLD - columns.AGEING + 1
    monkeypatch.setattr(columns.time, "monotonic", lambda: monotonic() + later)
    assert reads_all_cards(warm.warm)
    assert columns.current().quality.tolist() == [63]
    monkeypatch.setattr(columns.time, "monotonic", lambda: monotonic() + 2 * later)
    assert not reads_all_cards(search)


def test_what_changes_while_all_cards_are_read_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    ResourceFactory(published=True, title="Emploi")
    kept = columns.kept()
    kept.current()
    every = columns._every

    def meanwhile() -> Iterator[tuple[Any, ...]]:
        yield from list(every())
        ResourceFactory(published=True, title="Zone")
        kept.current()

    monkeypatch.setattr(columns, "_every", meanwhile)
    kept.renew()
    monkeypatch.undo()
    assert same(kept.current(), Kept().current())
    assert len(kept.current()) == 2


@pytest.mark.parametrize("fault", [OperationalError("restarting"), MemoryError()])
def test_the_thread_bears_what_fails_tells_it_and_closes_its_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    passes: list[int] = []
    left: list[object] = []
    stop = Event()

    def away_at_first() -> None:
        passes.append(IndexedResource.objects.count())
        if len(passes) == 1:
            raise fault
        stop.set()

    def run() -> None:
        warm.keep_warm(stop, every=0)
        left.append(connection.connection)

    monkeypatch.setattr(warm, "warm", away_at_first)
    thread = Thread(target=run)
    thread.start()
    thread.join(60)
    assert (len(passes), left) == (2, [None])
    assert len(caplog.records) == 1


def test_the_web_begins_warm_and_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, free = Event(), Event()

    def slow(stop: Event) -> None:
        begun.set()
        free.wait(60)

    monkeypatch.setattr(warm, "keep_warm", slow)
    monkeypatch.setattr(checks, "refuse_unsafe_start", lambda: None)
    application = runpy.run_path(str(Path(settings.BASE_DIR) / "portal/wsgi.py"))["application"]
    assert callable(application)
    assert begun.wait(60)
    free.set()


@pytest.mark.slow
@pytest.mark.parametrize(("doing", "said"), [("pass", "ended"), ("time.sleep(60)", "")])
def test_the_thread_ends_with_its_process_and_does_not_hold_it(doing: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROCESS.format(doing=doing)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == (said, "")


def test_a_fork_inherits_no_lock_that_nobody_would_release() -> None:
    """Under `--preload`, the server forks while the thread may hold it."""
    OF_THIS_PROCESS["elsewhere"] = Kept()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # other threads, from Python 3.12
            child = os.fork()
        if not child:
            os._exit(len(OF_THIS_PROCESS))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        del OF_THIS_PROCESS["elsewhere"]

"""The state of the service, in words for whoever uses it and in keys for machines."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from challenges.enums import JobKind
from challenges.queue import actions as jobs
from portal.audit import duties
from portal.audit.outbox import owe
from portal.lib import clock
from portal.pages import health

pytestmark = pytest.mark.django_db
KEYS = [
    "database", "worker", "tasks", "queue", "deliveries", "search", "disk", "sealing", "receipts",
]  # fmt: skip


class Disk(NamedTuple):
    """What shutil says of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture
def alive(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything right: both processes beat, both keys are there, the disk has room."""
    for name in ("HOLDOUT_PUBLIC_KEY_FILE", "RECEIPT_KEY_FILE"):
        path = Path(getattr(settings, name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"k")
    for name in ("worker", "tasks"):
        duties.beat(name)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: Disk(100, 80, 20))


def levels() -> dict[str, str]:
    return {each.key: str(each.level) for each in health.checks()}


def texts() -> dict[str, str]:
    return {each.key: each.text for each in health.checks()}


def test_a_sound_portal_says_so(client: Client, alive: None) -> None:
    assert levels() == dict.fromkeys(KEYS, "good")
    page = client.get("/sante/")
    assert (page.status_code, "Tout fonctionne." in page.text) == (200, True)
    told = json.loads(client.get("/sante/?format=json").content)
    assert told["level"] == "good"
    assert [check["key"] for check in told["checks"]] == KEYS
    assert set(told["checks"][0]) == {"key", "name", "level", "text", "at"}


@pytest.mark.parametrize(
    "word", ["sqlite", "postgresql", "worker", "outbox", "index", "clé privée", "processus"]
)
def test_the_words_are_those_of_a_visitor(client: Client, alive: None, word: str) -> None:
    table = client.get("/sante/").text.split("<table")[1].split("</table>")[0]
    assert word not in table.lower()


def test_a_portal_just_made_is_to_be_watched(client: Client) -> None:
    found = levels()
    assert {key for key, level in found.items() if level == "watch"} >= {"worker", "tasks"}
    page = client.get("/sante/")
    assert (page.status_code, "seront notées à la reprise" in page.text) == (200, True)


def test_a_silent_process_says_what_it_means(alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(seconds=health.FRESH_SECONDS + 1)
    duties.beat("tasks")
    monkeypatch.setattr(clock, "now", lambda: later)
    duties.beat("tasks")
    assert (levels()["worker"], levels()["tasks"]) == ("watch", "good")
    assert "gardées" in texts()["worker"]


@pytest.mark.parametrize(("minutes", "level"), [(1, "good"), (10, "watch")])
def test_what_waits_too_long_is_watched(
    alive: None, monkeypatch: pytest.MonkeyPatch, minutes: int, level: str
) -> None:
    jobs.put(kind=JobKind.SCORE, subject_id=1, dedup_key="1")
    owe("mail.account", key="x")
    later = clock.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(clock, "now", lambda: later)
    found = levels()
    assert (found["queue"], found["deliveries"]) == (level, level)
    assert texts()["queue"] == "1 travail de notation attend son tour."


@pytest.mark.parametrize(("free", "status"), [(11, 200), (9, 503)])
def test_a_disk_that_is_nearly_full_is_not_ready(
    client: Client, alive: None, monkeypatch: pytest.MonkeyPatch, free: int, status: int
) -> None:
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: Disk(100, 100 - free, free))
    assert client.get("/sante/").status_code == status


def test_the_web_must_not_see_the_private_key(client: Client, alive: None, settings: Any) -> None:
    settings.HOLDOUT_PRIVATE_KEY_FILE = "/somewhere/private.key"
    response = client.get("/sante/")
    assert response.status_code == 503
    assert "private.key" not in response.text


@pytest.mark.parametrize(("embedded", "told"), [(True, True), (False, False)])
def test_one_machine_does_not_isolate_the_key(
    alive: None, settings: Any, embedded: bool, told: bool
) -> None:
    settings.EMBEDDED = embedded
    assert ("clé non isolée" in texts()["sealing"]) is told


def test_a_database_that_does_not_answer_leaves_the_rest(
    alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(health, "_database", fail)
    assert levels() == {"database": "bad", "disk": "good", "sealing": "good", "receipts": "good"}


def test_it_costs_the_same_whatever_waits(alive: None) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            health.checks()
        counts.append(len(asked))
        for number in range(3):
            jobs.put(kind=JobKind.SCORE, subject_id=number, dedup_key=str(number))
    assert counts == [7 + (connection.vendor == "postgresql")] * 2


def test_a_bucket_that_does_not_answer_is_told(
    alive: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    settings.OBJECTS_URL = "s3://away/p"
    (told,) = [each for each in health.checks() if each.key == "store"]
    assert told.level == health.Level.BAD

"""Production refuses each unsafe value by name, asks the database and the broker, and starts."""

import os
import secrets
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import amqp
import pytest
import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from portal import checks
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.portal import production as production_values
from tests.servers import free_port

REQUIRED = {
    "SITE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "BROKER_URL", "SEARCH_URL",
    "OBJECTS_URL", "EMAIL_URL", "HOLDOUT_PUBLIC_KEY_FILE", "RECEIPT_KEY_FILE",
}  # fmt: skip


@pytest.fixture
def good(tmp_path: Path) -> dict[str, str]:
    for name in ("public.key", "receipt.key"):
        (tmp_path / name).write_bytes(b"k" * 32)
        (tmp_path / name).chmod(0o400)
    return production_values.environment(tmp_path)


def check(environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--tag", "security"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.ci  # in make test the good values are checked in this process
@pytest.mark.slow
def test_good_production_values_pass(good: dict[str, str]) -> None:
    status, said = check(good)
    assert "portal.E" not in said
    assert status == 0, said


@pytest.mark.slow
def test_missing_values_are_named_together(good: dict[str, str]) -> None:
    for name in REQUIRED:
        del good[name]
    status, said = check(good)
    assert status != 0
    assert [name for name in sorted(REQUIRED) if name not in said] == []


@pytest.mark.slow
def test_a_production_web_process_stops_with_status_3(good: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi"],
        cwd=settings.BASE_DIR,
        env={**good, "DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "portal.E02" in done.stderr


# Each alone, and no other: what a good production has, but for one value.
ALONE: list[tuple[str, dict[str, Any]]] = [
    ("portal.E01", {"SECRET_KEY": secrets.token_urlsafe(64)[:49]}),
    ("portal.E01", {"SECRET_KEY": "django-insecure-" + secrets.token_urlsafe(64)}),
    ("portal.E01", {"SECRET_KEY": "a" * 60}),
    ("portal.E02", {"DEBUG": True}),
    ("portal.E03", {"ALLOWED_HOSTS": []}),
    ("portal.E03", {"ALLOWED_HOSTS": ["portail.invalid", "*"]}),
    ("portal.E04", {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}),
    ("portal.E05", {"BROKER_URL": "filesystem://"}),
    ("portal.E05", {"BROKER_URL": "amqp:///portail"}),
    ("portal.E05", {"BROKER_URL": "amqp://portail:secret@file:port//"}),
    ("portal.E05", {"BROKER_URL": "amqp://file.portail.invalid//"}),
    ("portal.E05", {"BROKER_URL": "amqps://guest:guest@file.portail.invalid//"}),
    ("portal.E06", {"EMAIL_BACKEND": "portal.audit.letters.FolderBackend"}),
    ("portal.E07", {"SITE_URL": "http://portail.invalid"}),
    ("portal.E07", {"SESSION_COOKIE_SECURE": False}),
    ("portal.E07", {"CSRF_COOKIE_SECURE": False}),
    ("portal.E07", {"SECURE_HSTS_SECONDS": 3_600}),
    ("portal.E08", {"HOLDOUT_PRIVATE_KEY_FILE": "{keys}/good.key"}),
    ("portal.E08", {"HOLDOUT_PRIVATE_KEY_FILE": "{keys}/good.key", "PROCESS_KIND": "tasks"}),
    ("portal.E09", {"RECEIPT_KEY_FILE": "{keys}/group.key"}),
    ("portal.E09", {"RECEIPT_KEY_FILE": "{keys}/writable.key"}),
    ("portal.E10", {"HOLDOUT_PUBLIC_KEY_FILE": "{keys}/absent.key"}),
    ("portal.E10", {"RECEIPT_KEY_FILE": "{keys}/absent.key"}),
    ("portal.E12", {"OE_FAILPOINT": "objects.after_rename"}),
    ("portal.E16", {"OBJECTS_URL": "file://{keys}/media/objects"}),
    ("portal.E16", {"OBJECTS_URL": "file://{keys}/static"}),
    ("portal.E16", {"ERASURE_JOURNAL_FILE": "{keys}/media/erasures.jsonl"}),
    ("portal.E17", {"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}),
    ("portal.E22", {"SEARCH_URL": "embedded"}),
    ("portal.E22", {"SEARCH_URL": "https://recherche.invalid:port/"}),
    ("portal.E22", {"SEARCH_URL": "http://recherche.invalid:9200"}),
    ("portal.E22", {"SEARCH_URL": "https://recherche.invalid/a?ca={keys}/absent.pem"}),
]


@pytest.fixture
def production(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Put good production values in place, then those given; `{keys}` is a folder of keys."""
    monkeypatch.setattr(checks, "distributions", list)  # reading them takes most of the time
    for name, mode in (("good", 0o400), ("group", 0o440), ("writable", 0o600)):
        (tmp_path / f"{name}.key").write_bytes(b"k" * 32)
        (tmp_path / f"{name}.key").chmod(mode)
    good = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DEBUG": False,
        "ALLOWED_HOSTS": ["portail.invalid"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
        "BROKER_URL": "redis://127.0.0.1:1/0",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "SITE_URL": "https://portail.invalid",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "PROCESS_KIND": "web",
        "HOLDOUT_PRIVATE_KEY_FILE": "",
        "HOLDOUT_PUBLIC_KEY_FILE": "{keys}/good.key",
        "RECEIPT_KEY_FILE": "{keys}/good.key",
        "ERASURE_JOURNAL_FILE": "{keys}/erasures.jsonl",
        "OBJECTS_URL": "file://{keys}/objects",
        "MEDIA_ROOT": "{keys}/media",
        "STATIC_ROOT": "{keys}/static",
        "CELERY_ACCEPT_CONTENT": ["json"],
    }

    def put(values: dict[str, Any]) -> None:
        for name, value in {**good, **values}.items():
            placed = value.replace("{keys}", str(tmp_path)) if isinstance(value, str) else value
            # Django warns of a change of DATABASES, which here only names an engine.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                setattr(settings, name, placed)

    return put


@pytest.mark.parametrize(
    "values",
    [
        {"BROKER_URL": "rediss://:secret@file.portail.invalid:6379/0"},
        {"BROKER_URL": "amqp://portail:secret@file.portail.invalid:5672/portail"},
        {"BROKER_URL": "amqps://portail:secret@file.portail.invalid//"},
        {"BROKER_URL": "amqp://guest:guest@127.0.0.1:5672//"},
        {"PROCESS_KIND": "worker", "HOLDOUT_PRIVATE_KEY_FILE": "{keys}/good.key"},
    ],
)
def test_good_values_are_taken(production: Callable[..., None], values: dict[str, str]) -> None:
    production(values)
    assert checks.unsafe_values() == []


@pytest.mark.parametrize(("expected", "values"), ALONE)
def test_each_unsafe_value_is_refused_alone(
    production: Callable[..., None], expected: str, values: dict[str, Any]
) -> None:
    production(values)
    assert {found.id for found in checks.unsafe_values()} == {expected}


def test_a_key_of_another_account_is_refused(
    production: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    production({})
    monkeypatch.setattr(checks.os, "geteuid", lambda: os.getuid() + 1)
    assert [found.id for found in checks.unsafe_values()] == ["portal.E09"]


def test_a_library_that_hides_a_module_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """E19."""
    assert list(checks.libraries()) == []
    for name in ("spaCy", "datasets"):
        installed = SimpleNamespace(metadata={"Name": name})
        monkeypatch.setattr(checks, "distributions", lambda one=installed: [one])
        assert [found.id for found in checks.libraries()] == ["portal.E19"]


@pytest.mark.parametrize("debug", [True, False])
def test_debug_stays_on_this_machine_in_every_mode(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    assert checks.debug_off_loopback() == []
    settings.ALLOWED_HOSTS = ["127.0.0.1", "portail.invalid"]
    assert [found.id for found in checks.debug_off_loopback()] == ["portal.E02"] * debug


REDIS = os.environ.get("TEST_REDIS_URL", "")


def ids() -> list[str]:
    return [str(found.id) for found in checks.unsafe_services(databases=["default"])]


def test_nothing_is_asked_without_services() -> None:
    """`check --deploy` alone reads values: no database fixture here, none is needed."""
    assert checks.unsafe_services() == []
    assert checks.unsafe_services(databases=None) == []


@pytest.mark.django_db
def test_a_database_of_another_version_is_refused() -> None:
    assert list(checks.pending_migrations()) == []
    applied = MigrationRecorder.Migration.objects.filter(app="audit")
    applied.order_by("name").reverse()[:1].get().delete()
    assert [found.id for found in checks.pending_migrations()] == ["portal.E18"]


@pytest.mark.django_db
def test_demonstration_accounts_are_refused() -> None:
    assert list(checks.demonstration_accounts()) == []
    user = UserFactory(is_demonstration=True)
    assert [found.id for found in checks.demonstration_accounts()] == ["portal.E11"]
    user.is_active = False
    user.save()
    assert list(checks.demonstration_accounts()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, []), (1.5, []), (-1.5, []), (2.5, ["portal.E15"]), (-2.5, ["portal.E15"])],
)
def test_a_database_whose_clock_is_off_is_refused(
    monkeypatch: pytest.MonkeyPatch, seconds: float, expected: list[str]
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the clock of SQLite is this host's")
    moment = clock.now
    monkeypatch.setattr(clock, "now", lambda: moment() + timedelta(seconds=seconds))
    assert [found.id for found in checks.database_clock()] == expected


@pytest.mark.django_db
def test_a_database_that_is_not_in_utc_is_refused() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no time zone")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Europe/Paris'")
    found = list(checks.database_clock())
    assert [each.id for each in found] == ["portal.E15"]
    assert "Europe/Paris" in found[0].msg


def test_a_database_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Iterator[Any]:
        raise OperationalError
        yield

    monkeypatch.setattr(checks, "DATABASE", (fail,))
    assert ids() == ["portal.E20"]


def test_a_search_server_that_is_down_is_told_and_not_refused(settings: Any) -> None:
    assert list(checks.search_opens()) == []
    settings.SEARCH_URL = f"http://127.0.0.1:{free_port()}"
    found = list(checks.search_opens())
    assert [(each.id, each.is_serious()) for each in found] == [("portal.W16", False)]


class Stranger(BaseHTTPRequestHandler):
    """A search server that does not know us."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_search_server_that_refuses_our_account_is_refused(settings: Any) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as found:
        Thread(target=found.serve_forever, daemon=True).start()
        settings.SEARCH_URL = f"http://portail:faux@127.0.0.1:{found.server_port}"
        assert [each.id for each in checks.search_opens()] == ["portal.E23"]
        found.shutdown()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{}/0", "amqp://127.0.0.1:{}//"])
def test_a_broker_that_is_down_is_told_and_not_refused(settings: Any, url: str) -> None:
    """A message is a hint: the site starts without its broker."""
    settings.BROKER_URL = url.format(free_port())
    found = list(checks.broker_keeps())
    assert [(each.id, each.is_serious()) for each in found] == [("portal.W13", False)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (amqp.AccessRefused("user 'portail' refused"), [("portal.E21", True)]),
        (amqp.NotAllowed("no access to vhost '/portail'"), [("portal.E21", True)]),
        (TimeoutError(), [("portal.W13", False)]),
    ],
)
def test_an_account_that_rabbitmq_refuses_is_refused(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    expected: list[tuple[str, bool]],
) -> None:
    settings.BROKER_URL = "amqp://portail:secret@127.0.0.1:5672//"
    monkeypatch.setattr("kombu.Connection.connect", Mock(side_effect=error))
    found = list(checks.broker_keeps())
    assert [(each.id, each.is_serious()) for each in found] == expected
    assert "secret" not in "".join(str(each.msg) for each in found)


def test_a_password_that_redis_refuses_is_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BROKER_URL = "redis://:secret@127.0.0.1:6379/0"
    error = redis.AuthenticationError("invalid username-password pair")
    monkeypatch.setattr("redis.Redis.info", Mock(side_effect=error))
    found = list(checks.broker_keeps())
    assert [(each.id, each.is_serious()) for each in found] == [("portal.E21", True)]
    assert "secret" not in str(found[0].msg)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "noeviction"])
def test_a_redis_that_drops_messages_is_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:6379/0"
    monkeypatch.setattr("redis.Redis.info", lambda _link, _section: {"maxmemory_policy": policy})
    found = list(checks.broker_keeps())
    assert [each.id for each in found] == ["portal.E13"] * (policy != "noeviction")
    assert all(policy in str(each.msg) for each in found)


def test_a_real_redis_says_its_policy(settings: Any) -> None:
    if not REDIS:
        pytest.skip("TEST_REDIS_URL names no Redis")
    settings.BROKER_URL = REDIS
    link = redis.Redis.from_url(REDIS)
    before = link.config_get("maxmemory-policy")["maxmemory-policy"]
    try:
        found = {}
        for policy in ("allkeys-lru", "noeviction"):
            link.config_set("maxmemory-policy", policy)
            found[policy] = [each.id for each in checks.broker_keeps()]
    finally:
        link.config_set("maxmemory-policy", before)
        link.close()
    assert found == {"allkeys-lru": ["portal.E13"], "noeviction": []}


@pytest.mark.parametrize(("size", "is_said"), [(2 << 30, False), ((2 << 30) + 1, True)])
def test_files_that_no_antivirus_reads_are_told(settings: Any, size: int, is_said: bool) -> None:
    settings.SCANNER_URL, settings.CARD_FILE_MAX_BYTES = "unix:///clamd", size
    said = [each.id for each in checks.absent_on_this_host()]
    assert ("portal.W17" in said) is is_said

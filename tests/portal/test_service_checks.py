"""Production asks the database and the broker before it serves."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import amqp
import pytest
import redis
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from portal import checks
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.servers import free_port

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
    monkeypatch.setattr("kombu.Connection.connect", _raising(error))
    found = list(checks.broker_keeps())
    assert [(each.id, each.is_serious()) for each in found] == expected
    assert "secret" not in "".join(str(each.msg) for each in found)


def test_a_password_that_redis_refuses_is_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BROKER_URL = "redis://:secret@127.0.0.1:6379/0"
    error = redis.AuthenticationError("invalid username-password pair")
    monkeypatch.setattr("redis.Redis.info", _raising(error))
    found = list(checks.broker_keeps())
    assert [(each.id, each.is_serious()) for each in found] == [("portal.E21", True)]
    assert "secret" not in str(found[0].msg)


def _raising(error: Exception) -> Callable[..., None]:
    def fail(*_args: Any, **_options: Any) -> None:
        raise error

    return fail


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

"""Production asks the database and the broker before it serves."""

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from portal import checks
from portal.lib import clock
from tests.factories.accounts import UserFactory

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


def closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_broker_that_is_down_is_told_and_not_refused(settings: Any) -> None:
    """A message is a hint: the site starts without its broker."""
    settings.BROKER_URL = f"redis://127.0.0.1:{closed_port()}/0"
    found = list(checks.broker_keeps())
    assert [(each.id, each.is_serious()) for each in found] == [("portal.W13", False)]


def test_rabbitmq_has_no_eviction(settings: Any) -> None:
    settings.BROKER_URL = "amqp://127.0.0.1:1//"
    assert list(checks.broker_keeps()) == []


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

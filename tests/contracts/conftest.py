"""The brokers and the search server that are really there."""

import os
import time
from collections.abc import Iterator

import pytest

from tests import servers

# A test may name a server that runs already; it is never killed.
GIVEN = {"redis": "TEST_REDIS_URL", "rabbitmq": "TEST_RABBITMQ_URL"}


def _address(name: str) -> Iterator[str]:
    given = os.environ.get(GIVEN[name], "")
    if given:
        yield given
        return
    kind = servers.BROKERS[name]
    if missing := kind.missing():
        pytest.skip(f"{GIVEN[name]} names no server and {missing}")
    with servers.running(kind()) as server:
        yield server.url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the address of a Redis, started for the session when none is named."""
    yield from _address("redis")


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """Return the address of a RabbitMQ, started for the session when none is named."""
    yield from _address("rabbitmq")


@pytest.fixture(scope="session")
def elasticsearch_server() -> Iterator[servers.Elasticsearch]:
    """Return a server of our own, to stop and to freeze."""
    if missing := servers.Elasticsearch.missing():
        pytest.skip(missing)
    with servers.running(servers.Elasticsearch()) as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch_url(request: pytest.FixtureRequest) -> str:
    """Return the address of an Elasticsearch, started for the session when none is named.

    One that was started meanwhile may take ELASTICSEARCH_SECONDS (180) to answer.
    """
    if given := os.environ.get("ELASTICSEARCH_URL", "").rstrip("/"):
        until = time.monotonic() + float(os.environ.get("ELASTICSEARCH_SECONDS", "180"))
        while not servers.searches(given):
            if time.monotonic() > until:
                pytest.skip(f"no Elasticsearch answers at {given}")
            time.sleep(1)
        return given
    server: servers.Elasticsearch = request.getfixturevalue("elasticsearch_server")
    return server.url

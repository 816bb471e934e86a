"""A served portal and a real browser for the journeys.

Fixtures: `running` (the browser, once a session), `site` (the address of the served portal,
its database being the test's own), `as_user` (cookies of a signed-in person, for `tab`),
`faults_of` (what is wrong with pages in the looks of the test), `check_pages` (that nothing is).
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from portal.accounts.models import User
from tests.journeys import axe, browser

Cookies = Callable[[User], list[dict[str, Any]]]
Faults = Callable[..., dict[str, list[str]]]
CheckPages = Callable[..., None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the start on an empty folder, the longest: no worker then waits for it."""
    items.sort(key=lambda item: "test_up.py" not in item.nodeid)


@pytest.fixture(scope="session")
def running() -> Iterator[Any]:
    """Start the browser once, or skip with the reason."""
    if reason := browser.missing():
        pytest.skip(reason)
    patch = pytest.MonkeyPatch()
    # Playwright runs an event loop in this thread; the tests still use the ORM beside it.
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with browser.browser() as started:
        yield started
    patch.undo()


@pytest.fixture
def site(running: Any, live_server: Any) -> str:
    """Serve the portal on loopback and return its address."""
    return str(live_server.url)


@pytest.fixture
def as_user(site: str) -> Cookies:
    """Return a function that signs a person in and gives their cookies."""

    def cookies(user: User) -> list[dict[str, Any]]:
        client = Client()
        client.force_login(user)
        morsel = client.cookies[settings.SESSION_COOKIE_NAME]
        host = urlsplit(site).hostname
        return [{"name": morsel.key, "value": morsel.value, "domain": host, "path": "/"}]

    return cookies


@pytest.fixture
def faults_of(
    running: Any,
    site: str,
    as_user: Cookies,
    looks: tuple[axe.Look, ...],
) -> Faults:
    """Return a function that visits pages as a person, None being a visitor, and lists faults."""

    def faults(person: User | None, *paths: str) -> dict[str, list[str]]:
        with browser.tab(running, cookies=as_user(person) if person else None) as page:
            return {
                path: found for path in paths if (found := axe.audit(page, site + path, *looks))
            }

    return faults


@pytest.fixture
def check_pages(faults_of: Faults) -> CheckPages:
    """Return a function that visits pages as a person and accepts no fault."""

    def check(person: User | None, *paths: str) -> None:
        assert faults_of(person, *paths) == {}

    return check

"""A database that is away or too busy is told as such: 503, and when to come back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client, RequestFactory

from challenges.queue.actions import NoSandbox
from portal.lib.refusals import Hidden, Refusal, Unavailable
from portal.middleware import refusal_response

pytestmark = pytest.mark.django_db


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_arguments: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize("path", ["/", "/catalogue/", "/api/v1/challenges", "/en/challenges/"])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("server closed the connection unexpectedly"), 503),
        (InterfaceError("connection already closed"), 503),
        (ProgrammingError("no such table"), 500),
    ],
)
def test_only_a_database_that_is_away_is_a_503(path: str, error: Exception, status: int) -> None:
    client = Client(raise_request_exception=False)
    with connection.execute_wrapper(failing(error)):
        response = client.get(path)
    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("2" if status == 503 else None)
    if path.startswith("/api/"):
        assert response.json()["code"] == ("unavailable" if status == 503 else "server_error")


@pytest.mark.parametrize(
    ("refusal", "after"), [(Unavailable(), "2"), (NoSandbox(), None), (Hidden(), None)]
)
def test_what_is_away_for_a_moment_says_when_to_come_back(
    rf: RequestFactory, refusal: Refusal, after: str | None
) -> None:
    response = refusal_response(rf.post("/api/v1/challenges"), refusal)
    assert response.headers.get("Retry-After") == after

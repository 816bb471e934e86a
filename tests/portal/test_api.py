"""The API: who asks, how it says no, what it says of itself; outages and odd numbers."""

from collections import Counter
from io import BytesIO
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client, RequestFactory
from ninja import Schema

from challenges.organising.queries import NoSandbox
from portal.accounts.enums import TokenScope
from portal.api import api
from portal.lib.refusals import Hidden, Refusal, Unavailable
from portal.lib.web.requests import natural
from portal.middleware import refusal_response
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import ChallengeFactory, TeamFactory, captain_of
from tests.portal.openapi import SNAPSHOT, written

pytestmark = pytest.mark.django_db


CHECK = "/api/v1/challenges/{}/check"


@pytest.fixture
def address() -> str:
    """Return the address of the check of an open challenge."""
    return CHECK.format(ChallengeFactory(opened=True).slug)


def problem(answer: Any) -> tuple[int, str]:
    """Return the status and the code of a refusal, its form checked."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"] == "about:blank"
    assert told["detail"][0].isupper()
    return answer.status_code, told["code"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_path_is_told_as_the_others(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.generic(method, "/api/v1/rien", b"{}", content_type="application/json")
    assert problem(answer) == (404, "not_found")
    beside = client.generic(method, "/api/rien", b"{}", content_type="application/json")
    assert problem(beside) == (404, "not_found")
    root = client.generic(method, "/api/v1/", b"{}", content_type="application/json")
    assert root.status_code == (200 if method == "GET" else 405)


def test_a_session_opens_nothing(client: Client) -> None:
    team = TeamFactory()
    client.force_login(captain_of(team))
    answer = client.post(CHECK.format(team.challenge.slug))
    assert problem(answer) == (401, "token_required")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Open Emploi"'
    assert not answer.cookies


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer x", "Basic eDp5", "Bearer oe_" + "a" * 43, "Bearer " + "a" * 9_999, "é"],
)
def test_a_worthless_token_is_refused(client: Client, address: str, header: str) -> None:
    answer = client.post(address, headers={"Authorization": header})
    assert problem(answer) == (401, "token_invalid")


def test_a_token_does_what_it_permits_and_its_answer_is_kept_by_nobody(
    client: Client, address: str
) -> None:
    headers = bearer(UserFactory(), TokenScope.READ)
    answer = client.post(address, headers=headers)
    assert problem(answer) == (403, "scope_required")
    assert answer.json()["scope"] == "enter"
    answer = client.post(address, headers=bearer(UserFactory()))
    assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(("method", "host"), [("post", "192.0.2.7"), ("get", "192.0.2.8")])
def test_wrong_tokens_are_counted(
    client: Client, address: str, settings: Any, method: str, host: str
) -> None:
    settings.API_WRONG_TOKENS_PER_MINUTE = 2
    wrong = {"Authorization": "Bearer x"}
    asked = address if method == "post" else "/api/v1/challenges"
    told = [getattr(client, method)(asked, headers=wrong, REMOTE_ADDR=host) for _ in range(3)]
    assert [problem(answer)[0] for answer in told] == [401, 401, 429]


def test_too_many_requests_say_when_to_come_back(
    client: Client, address: str, settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    headers = bearer(UserFactory())
    client.post(address, headers=headers)
    answer = client.post(address, headers=headers)
    assert problem(answer) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_functions_that_ask_for_a_second_factor_ask_it_of_programs(
    client: Client, address: str, settings: Any
) -> None:
    settings.MFA_REQUIRED_FOR_ROLES = True
    answer = client.post(address, headers=bearer(UserFactory(region="moderator")))
    assert problem(answer) == (403, "second_factor_required")


def test_another_method_is_named_and_head_is_answered_where_get_is(
    client: Client, address: str
) -> None:
    answer = client.get(address)
    assert problem(answer) == (405, "wrong_method")
    assert answer.headers["Allow"] == "POST"
    got, head = client.get("/api/v1/challenges"), client.head("/api/v1/challenges")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert client.head(address).status_code == 405


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("fr", "Ce champ est obligatoire."), ("en", "This field is required.")],
)
def test_missing_values_are_named_in_the_language_asked(
    client: Client, address: str, language: str, sentence: str
) -> None:
    headers = {**bearer(UserFactory()), "Accept-Language": language}
    answer = client.post(address, headers=headers)
    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"] == [{"field": "file", "code": "missing", "message": sentence}]


def test_a_text_with_a_nul_byte_is_refused_everywhere(client: Client) -> None:
    """PostgreSQL keeps none and looks for none; UTF-8 writes no half of a surrogate pair."""
    team = TeamFactory()
    place, headers = f"/api/v1/challenges/{team.challenge.slug}", bearer(captain_of(team))
    file = BytesIO(b"id,y\n")
    file.name = "a.csv"
    entry = {"file": file, "note": "a\0b"}
    key = {"Idempotency-Key": "1"}
    answers = [
        client.get("/api/v1/entries?challenge=%00", headers=headers),
        client.post(f"{place}/phases/0/entries", entry, headers={**headers, **key}),
        client.post(f"{place}/teams", {"name": "a\0b"}, "application/json", headers=headers),
        client.post(f"{place}/teams", {"name": "a\ud800"}, "application/json", headers=headers),
        client.post(f"{place}/teams", {"a\ud800": "b"}, "application/json", headers=headers),
        client.post(
            f"{place}/phases/0/entries",
            {"file": BytesIO(b"id,y\n1,0.5\n")},
            headers={**headers, "Idempotency-Key": "a\0b"},
        ),
    ]
    assert [problem(each) for each in answers] == [(400, "malformed")] * 6
    for name in ("a%00b", "a%00b.csv"):
        answer = client.get(f"{place}/leaderboards/{name}")
        assert problem(answer) == (404, "not_found")


def test_other_sites_may_read_what_is_public(client: Client) -> None:
    answer = client.get("/api/v1/")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json() == {
        "openapi": "http://testserver/api/v1/openapi.json",
        "documentation": "http://testserver/api/",
    }


def test_the_document_is_the_one_promised(client: Client) -> None:
    told = client.get("/api/v1/openapi.json").json()
    promised = SNAPSHOT.read_text(encoding="utf-8")
    assert promised == written(told), "after a change: python -m tests.portal.openapi"


def test_no_two_shapes_of_the_document_have_one_name() -> None:
    """Of two of one name one would overwrite the other, and a generated client read neither."""
    shapes = [Schema]
    for each in shapes:
        shapes += each.__subclasses__()
    parts = ("portal.", "catalogue.", "challenges.", "datasets.")
    ours = [each.__name__ for each in set(shapes) if each.__module__.startswith(parts)]
    assert len(ours) > 50
    assert not [name for name, times in Counter(ours).items() if times > 1]


def test_every_operation_says_what_it_does_and_how_it_refuses(client: Client) -> None:
    told = client.get("/api/v1/openapi.json").json()
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            name = f"{method} {path}"
            assert operation["summary"][0].isupper(), name
            assert operation["tags"][0].isascii(), name  # generated clients name modules so
            statuses = set(operation["responses"])
            assert "401" in statuses, name  # a token that is shown must be worth something


@pytest.mark.parametrize("address", ["/api/", "/en/api/"])
def test_the_guide_lists_every_operation(client: Client, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 200
    count = sum(len(each) for each in api.get_openapi_schema()["paths"].values())
    assert page.text.count('<tr><th scope="row"><code>') == count


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
    with connection.execute_wrapper(Mock(side_effect=error)):
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


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("", 0),
        ("-1", 0),
        ("²", 0),
        ("1.0", 0),
        ("9" * 19, 10**18),
        ("9" * 5_000, 10**18),
    ],
)
def test_a_number_is_read_or_is_none(text: str, number: int) -> None:
    assert natural(text) == number


def test_an_announced_length_that_is_absurd_is_an_answer() -> None:
    sent = Client().generic("POST", "/csp/", b"{}", "application/json", CONTENT_LENGTH="9" * 5_000)
    assert sent.status_code == 413

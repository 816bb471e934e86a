"""The check of a file by the API: the verdict, nothing stored, the same limits as the form."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from challenges.models import Entry, Team
from portal.accounts.enums import TokenScope
from tests.challenges.pages.scenes import clocked, compile_keys, with_contract
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import ChallengeFactory, TeamFactory, captain_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    """Return a team of an open challenge whose identifiers are known."""
    made: Team = TeamFactory()
    with_contract(made.challenge)
    compile_keys(made.challenge, ["1", "2"])
    return made


@pytest.fixture
def headers(team: Team) -> dict[str, str]:
    """Return the token of its captain."""
    return bearer(captain_of(team), TokenScope.ENTER)


def check(
    client: Client,
    team: Team,
    headers: dict[str, str],
    content: bytes,
    *,
    name: str = "a.csv",
    **fields: Any,
) -> Any:
    file = BytesIO(content)
    file.name = name
    address = f"/api/v1/challenges/{team.challenge.slug}/check"
    return client.post(address, {"file": file, **fields}, headers=headers)


def test_a_good_file_is_accepted(client: Client, team: Team, headers: dict[str, str]) -> None:
    answer = check(client, team, headers, b"id,y\n1,0.5\n2,0.25\n")
    assert answer.status_code == 200
    told = answer.json()
    assert told.pop("digest", None) is None
    assert told == {
        "verdict": "accept",
        "code": None,
        "line": None,
        "hint": None,
        "message": None,
        "rows": 2,
        "warnings": [],
        "notices": [],
        "errors": [],
    }
    assert Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "E_EMPTY", None),
        (b"id,y", "E_NO_ROWS", None),
        (b"id,y\n1,0.5\n9,0.5\n", "E_ID_UNKNOWN", 3),
        (b"id,y\n1,0.5\n", "E_ID_MISSING", None),
    ],
)
def test_a_refused_file_is_explained(
    client: Client, team: Team, headers: dict[str, str], content: bytes, code: str, line: int | None
) -> None:
    told = check(client, team, headers, content).json()
    assert (told["verdict"], told["code"], told["line"]) == ("reject", code, line)
    assert told["errors"][0]["message"] == told["message"]


def test_checks_are_counted_with_those_of_the_form(
    client: Client, team: Team, headers: dict[str, str], settings: Any
) -> None:
    settings.CHECKS_PER_HOUR = 1
    Team.objects.filter(pk=team.pk).update(checks_used=0)
    assert check(client, team, headers, b"id,y\n").status_code == 200
    answer = check(client, team, headers, b"id,y\n")
    assert (answer.status_code, answer.json()["code"]) == (429, "checks_reached")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_large_file_is_refused(client: Client, team: Team, headers: dict[str, str]) -> None:
    answer = check(client, team, headers, b"x" * 100_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_phase_is_named_by_its_number(
    client: Client, team: Team, headers: dict[str, str]
) -> None:
    assert check(client, team, headers, b"id,y\n", phase=0).status_code == 200
    assert check(client, team, headers, b"id,y\n", phase=7).status_code == 404
    assert check(client, team, headers, b"id,y\n", phase="x").status_code == 422


def test_who_has_no_team_checks_nothing(client: Client, team: Team) -> None:
    answer = check(client, team, bearer(UserFactory()), b"id,y\n")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_team")


def test_a_challenge_in_preparation_says_so(client: Client) -> None:
    team = TeamFactory(challenge=ChallengeFactory(opened=True))
    answer = check(client, team, bearer(captain_of(team)), b"id,y\n")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_a_check_costs_so_many_queries(
    client: Client, team: Team, headers: dict[str, str], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(clocked(12, reads=4)):
        check(client, team, headers, b"id,y\n")


def test_a_fault_is_said_in_the_language_that_the_client_asks_for(
    client: Client, team: Team, headers: dict[str, str]
) -> None:
    told = check(client, team, headers | {"Accept-Language": "en"}, b"id,y\n1,0.5\n").json()
    assert told["message"].startswith("1 identifier is missing out of 2.")

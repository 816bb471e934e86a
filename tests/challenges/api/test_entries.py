"""Submit, check, follow, choose and withdraw by the API: the same actions as the pages."""

import hashlib
import json
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from challenges.enums import EntryStatus, Split
from challenges.models import Entry, Team
from portal.lib import clock
from tests.challenges.pages.scenes import Costs, clocked, compile_keys, with_contract
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    ScoreReceiptFactory,
    TeamFactory,
    captain_of,
    score,
)

pytestmark = pytest.mark.django_db
FILE = b"id,y\n1,0.5\n"
Headers = dict[str, str]


def send(
    client: Client,
    team: Team,
    headers: Headers,
    *,
    content: bytes = FILE,
    key: str | None = "",
    index: int = 0,
    **fields: str,
) -> Any:
    """Submit a file; key: the idempotency key, none for None."""
    file = BytesIO(content)
    file.name = "réponse.csv"
    given = {} if key is None else {"Idempotency-Key": key or str(uuid4())}
    return client.post(
        f"/api/v1/challenges/{team.challenge.slug}/phases/{index}/entries",
        {"file": file, **fields},
        headers={**headers, **given},
    )


def ask(client: Client, headers: Headers, entry: Entry, act: str = "", body: Any = None) -> Any:
    address = f"/api/v1/entries/{entry.pk}{act}"
    if body is None:
        return client.get(address, headers=headers)
    return client.post(address, body, content_type="application/json", headers=headers)


def test_a_file_is_received_and_its_receipt_given(
    client: Client, team: Team, token: Headers
) -> None:
    sent = send(client, team, token, note="premier essai")
    entry = Entry.objects.get()
    assert sent.status_code == 201
    assert sent.content.decode() == entry.receipt
    assert sent.json()["payload"]["sha256"] == hashlib.sha256(FILE).hexdigest()
    assert (entry.note, entry.original_name) == ("premier essai", "réponse.csv")
    followed = client.get(sent.headers["Location"], headers=token).json()
    assert (followed["id"], followed["status"], followed["finished"]) == (
        str(entry.pk),
        "received",
        False,
    )
    assert ask(client, token, entry, "/receipt").content == sent.content


def test_the_same_key_gives_the_same_receipt(client: Client, team: Team, token: Headers) -> None:
    first = send(client, team, token, key="a")
    again = send(client, team, token, key="a")
    other = send(client, team, token, key="a", content=b"id,y\n1,0.6\n")
    assert [each.status_code for each in (first, again, other)] == [201, 200, 409]
    assert first.content == again.content
    assert other.json()["code"] == "idempotency_conflict"
    assert Entry.objects.count() == 1


def test_a_file_sent_before_is_refused_on_demand(
    client: Client, team: Team, token: Headers
) -> None:
    send(client, team, token)
    told = send(client, team, token, again="false")
    assert (told.status_code, told.json()["code"], told.json()["number"]) == (409, "same_file", 1)
    assert send(client, team, token).status_code == 201


@pytest.mark.parametrize("key", [None, "k" * 65])
def test_a_key_is_asked_for(client: Client, team: Team, token: Headers, key: str | None) -> None:
    sent = send(client, team, token, key=key)
    assert (sent.status_code, sent.json()["code"]) == (422, "invalid")
    assert Entry.objects.count() == 0


def test_a_spent_quota_says_when_to_come_back(client: Client, team: Team, token: Headers) -> None:
    team.challenge.phases.update(max_per_day=1)
    send(client, team, token)
    sent = send(client, team, token, content=b"id,y\n1,0.6\n")
    told = sent.json()
    assert (sent.status_code, told["code"]) == (429, "quota_reached")
    assert told["next_opening"] == clock.next_paris_midnight(clock.now()).isoformat()
    assert int(sent.headers["Retry-After"]) > 0


def test_the_close_is_an_instant(
    client: Client, team: Team, token: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    closes_at = timezone.now() + timedelta(hours=1)
    team.challenge.phases.update(closes_at=closes_at)
    monkeypatch.setattr(clock, "now", lambda: closes_at)
    told = send(client, team, token).json()
    assert (told["status"], told["code"]) == (403, "phase_closed")
    assert told["closes_at"] == closes_at.isoformat()


@pytest.mark.parametrize(
    ("sheet", "status"),
    [
        ("{}", 422),
        ('{"modele": "arbre"}', 201),
        ("[1]", 422),
        ("{", 422),
        ('{"modele": 1}', 422),
        ('{"modele": "\\u0000"}', 422),
        ("[" * 100_000, 422),
    ],
)
def test_the_questions_of_the_organiser_are_answered(
    client: Client, team: Team, token: Headers, sheet: str, status: int
) -> None:
    team.challenge.fact_sheet = [{"key": "modele", "label": "Modèle"}]
    team.challenge.save()
    assert send(client, team, token, fact_sheet=sheet).status_code == status
    assert list(Entry.objects.values_list("fact_sheet", flat=True)) == (
        [{"modele": "arbre"}] if status == 201 else []
    )


CHECKBOX = {"key": "o", "label": "Outils", "type": "checkbox", "options": ["R", "Python", "Go"]}


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"o": ["R", "Go"], "c": True}, 201),
        ({"o": [], "c": False}, 422),
        ({"o": ["R", "C"], "c": True}, 422),
        ({"o": ["R", ["Go"]], "c": True}, 422),
        ({"o": ["R"] * 51, "c": True}, 422),
        ({"o": "R", "c": ["true"]}, 422),
    ],
)
def test_a_question_of_several_choices_is_told_and_answered_by_a_list(
    client: Client, team: Team, token: Headers, answers: dict[str, Any], status: int
) -> None:
    questions = [CHECKBOX | {"required": True}, {"key": "c", "label": "Code", "type": "boolean"}]
    team.challenge.fact_sheet = questions
    team.challenge.save()
    told = client.get(f"/api/v1/challenges/{team.challenge.slug}").json()["fact_sheet"]
    assert told == [questions[0], questions[1] | {"options": [], "required": False}]

    assert send(client, team, token, fact_sheet=json.dumps(answers)).status_code == status

    kept = list(Entry.objects.values_list("fact_sheet", flat=True))
    assert kept == ([answers] if status == 201 else [])


def test_an_empty_file_and_a_large_one_are_refused(
    client: Client, team: Team, token: Headers
) -> None:
    empty = send(client, team, token, content=b"")
    assert (empty.status_code, empty.json()["code"]) == (422, "format_refused")
    assert [each["code"] for each in empty.json()["errors"]] == ["E_EMPTY"]
    large = send(client, team, token, content=b"x" * 100_001)
    assert (large.status_code, large.json()["limit_bytes"]) == (413, 100_000)
    assert Entry.objects.count() == 0


def test_nobody_enters_for_a_team_of_others(client: Client, team: Team) -> None:
    sent = send(client, team, bearer(UserFactory()))
    assert (sent.status_code, sent.json()["code"]) == (404, "no_team")
    unknown = send(client, team, bearer(captain_of(team)), index=9)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert Entry.objects.count() == 0


def test_ones_entries_are_listed(
    client: Client, team: Team, token: Headers, count: int, costs: Costs
) -> None:
    made = [EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True) for _ in range(count)]
    EntryFactory(scored=True)
    with costs(clocked(6)):
        told = client.get("/api/v1/entries", headers=token).json()
    assert {each["id"] for each in told["entries"]} == {str(each.pk) for each in made}
    assert told["entries"][0]["scores"] == {
        "public": {"mae": {"value": 0.25, "text": "0.2500", "low": None, "high": None}}
    }
    assert told["next_cursor"] is None
    query = {"challenge": "autre"}
    assert client.get("/api/v1/entries", query, headers=token).json()["entries"] == []


def test_entries_are_listed_by_pages(client: Client, team: Team, token: Headers) -> None:
    at = timezone.now()
    made = [
        EntryFactory(enrolment=EnrolmentFactory(team=team), received_at=at, status_since=at)
        for _ in range(3)
    ]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        query = {"limit": 1, "cursor": cursor}
        told = client.get("/api/v1/entries", query, headers=token).json()
        seen += [each["id"] for each in told["entries"]]
        cursor = told["next_cursor"]
    assert sorted(seen) == sorted(str(each.pk) for each in made)


def test_private_and_hidden_figures_are_not_told(
    client: Client, team: Team, token: Headers
) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    score(entry, 0.738, Split.PRIVATE)
    score(entry, 0.739, metric="equite")
    score(entry, 0.737, metric="cachee")
    told = ask(client, token, entry)
    assert told.json()["scores"] == {
        "public": {"mae": {"value": 0.25, "text": "0.2500", "low": None, "high": None}}
    }
    assert not {"0.738", "0.739", "0.737"} & set(told.text.split('"'))


def test_a_refused_format_is_explained(client: Client, team: Team, token: Headers) -> None:
    fault = {"code": "E_ID_UNKNOWN", "line": 4, "message": "Ligne 4 : inconnu.", "hint": None}
    entry = EntryFactory(
        enrolment=EnrolmentFactory(team=team),
        status=EntryStatus.REJECTED,
        day_slot=None,
        total_slot=None,
        verdict={"faults": [fault], "warnings": [{"code": "W_BOM", "message": "Marque."}]},
    )
    told = ask(client, token, entry).json()
    assert (told["status"], told["finished"], told["warnings"]) == ("rejected", True, ["W_BOM"])
    assert [(each["code"], each["line"]) for each in told["errors"]] == [("E_ID_UNKNOWN", 4)]


def test_the_entry_of_another_team_is_not_there(client: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    other = bearer(captain_of(TeamFactory(challenge=team.challenge)))
    unknown = Entry(pk=uuid4())
    for act, body in (("", None), ("/receipt", None), ("/withdraw", {}), ("/choose", {})):
        one, two = ask(client, other, entry, act, body), ask(client, other, unknown, act, body)
        assert (one.status_code, one.content) == (404, two.content)
    entry.refresh_from_db()
    assert (entry.status, entry.final_choice) == ("scored", False)


def test_a_final_choice_is_made_and_taken_back(client: Client, team: Team, token: Headers) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    assert ask(client, token, entry, "/choose", {}).json()["final_choice"] is True
    assert ask(client, token, entry, "/choose", {"chosen": False}).json()["final_choice"] is False
    wrong = ask(client, token, entry, "/choose", {"choice": 1})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "choice.choice")


def test_json_says_it_is_json(client: Client, team: Team, token: Headers) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    address = f"/api/v1/entries/{entry.pk}/choose"
    answer = client.post(address, b"{}", content_type="text/plain", headers=token)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    answer = client.post(address, b"{", content_type="application/json", headers=token)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    entry.refresh_from_db()
    assert entry.final_choice is False


def test_an_entry_is_withdrawn_once(client: Client, team: Team, token: Headers) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    assert ask(client, token, entry, "/withdraw", {}).json()["status"] == "withdrawn"
    again = ask(client, token, entry, "/withdraw", {})
    assert (again.status_code, again.json()["code"]) == (409, "entry_status")


def test_the_score_receipt_in_force_is_given(client: Client, team: Team, token: Headers) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    assert ask(client, token, entry, "/score-receipt").status_code == 404
    first = ScoreReceiptFactory(entry=entry)
    second = ScoreReceiptFactory(entry=entry, replaces=first)
    assert ask(client, token, entry, "/score-receipt").content.decode() == second.text
    assert json.loads(second.text)["payload"]["serial"] == 2


def test_what_may_still_be_sent_is_told(client: Client, team: Team, token: Headers) -> None:
    send(client, team, token)
    told = client.get(f"/api/v1/challenges/{team.challenge.slug}/quota", headers=token)
    assert told.json() == {
        "phase": 0,
        "day": {"used": 1, "limit": 5, "left": 4},
        "total": {"used": 1, "limit": 100, "left": 99},
        "left": 4,
        "next_opening": None,
        "bytes": {"left": 5_000_000_000 - Entry.objects.get().size, "limit": 5_000_000_000},
    }
    outside = bearer(UserFactory())
    answer = client.get(f"/api/v1/challenges/{team.challenge.slug}/quota", headers=outside)
    assert answer.status_code == 404


@pytest.fixture
def team() -> Team:
    """Return a team of an open challenge whose identifiers are known."""
    made: Team = TeamFactory()
    with_contract(made.challenge)
    compile_keys(made.challenge, ["1", "2"])
    return made


def check(
    client: Client,
    team: Team,
    token: dict[str, str],
    content: bytes,
    *,
    name: str = "a.csv",
    **fields: Any,
) -> Any:
    file = BytesIO(content)
    file.name = name
    address = f"/api/v1/challenges/{team.challenge.slug}/check"
    return client.post(address, {"file": file, **fields}, headers=token)


def test_a_good_file_is_accepted(
    client: Client, team: Team, token: dict[str, str], costs: Costs
) -> None:
    with costs(clocked(12, reads=4)):
        answer = check(client, team, token, b"id,y\n1,0.5\n2,0.25\n")
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
    client: Client, team: Team, token: dict[str, str], content: bytes, code: str, line: int | None
) -> None:
    told = check(client, team, token, content).json()
    assert (told["verdict"], told["code"], told["line"]) == ("reject", code, line)
    assert told["errors"][0]["message"] == told["message"]


def test_checks_are_counted_with_those_of_the_form(
    client: Client, team: Team, token: dict[str, str], settings: Any
) -> None:
    settings.CHECKS_PER_HOUR = 1
    Team.objects.filter(pk=team.pk).update(checks_used=0)
    assert check(client, team, token, b"id,y\n").status_code == 200
    answer = check(client, team, token, b"id,y\n")
    assert (answer.status_code, answer.json()["code"]) == (429, "checks_reached")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_phase_is_named_by_its_number(client: Client, team: Team, token: dict[str, str]) -> None:
    assert check(client, team, token, b"id,y\n", phase=0).status_code == 200
    assert check(client, team, token, b"id,y\n", phase=7).status_code == 404
    assert check(client, team, token, b"id,y\n", phase="x").status_code == 422


def test_a_challenge_in_preparation_says_so(client: Client) -> None:
    team = TeamFactory(challenge=ChallengeFactory(opened=True))
    answer = check(client, team, bearer(captain_of(team)), b"id,y\n")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_a_fault_is_said_in_the_language_that_the_client_asks_for(
    client: Client, team: Team, token: dict[str, str]
) -> None:
    told = check(client, team, token | {"Accept-Language": "en"}, b"id,y\n1,0.5\n").json()
    assert told["message"].startswith("1 identifier is missing out of 2.")

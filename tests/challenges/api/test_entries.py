"""Submit, follow, choose and withdraw by the API: the same actions as the pages."""

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
from tests.challenges.pages.scenes import clocked
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import (
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


@pytest.mark.parametrize(("gap_ms", "status"), [(-1, 201), (0, 403), (1, 403)])
def test_the_close_is_an_instant(
    client: Client,
    team: Team,
    token: Headers,
    gap_ms: int,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closes_at = timezone.now() + timedelta(hours=1)
    team.challenge.phases.update(closes_at=closes_at)
    monkeypatch.setattr(clock, "now", lambda: closes_at + timedelta(milliseconds=gap_ms))
    sent = send(client, team, token)
    assert sent.status_code == status
    if status == 403:
        assert sent.json()["code"] == "phase_closed"
        assert sent.json()["closes_at"] == closes_at.isoformat()


def test_new_rules_are_accepted_first(client: Client, team: Team, token: Headers) -> None:
    team.challenge.terms.create(number=2, text="Neuf", sha256="1" * 64, created_at=timezone.now())
    sent = send(client, team, token)
    assert (sent.status_code, sent.json()["code"]) == (403, "terms_required")


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


@pytest.mark.parametrize("count", [1, 3])
def test_ones_entries_are_listed(
    client: Client, team: Team, token: Headers, count: int, django_assert_num_queries: Any
) -> None:
    made = [EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True) for _ in range(count)]
    EntryFactory(scored=True)
    with django_assert_num_queries(clocked(5)):
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

"""Entries by the API: checked, sent whole or in parts, followed, chosen, withdrawn."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from challenges.entries.actions import uploads
from challenges.entries.enums import EntryStatus, UploadState
from challenges.evaluation.enums import Split
from challenges.models import Entry, Team, Upload
from challenges.organising.actions import challenges
from portal.accounts.enums import TokenScope
from portal.lib import clock
from portal.lib.refusals import Conflict, QuotaSpent, Unavailable
from portal.lib.storage import objects
from tests.challenges.entries.test_deposits import enter
from tests.challenges.pages.scenes import Costs, clocked, compile_keys, url_of, with_contract
from tests.challenges.refusals import refuses
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
from tests.ledger import events as acts

pytestmark = pytest.mark.django_db
FILE = b"id,y\n1,0.5\n"
Headers = dict[str, str]


@pytest.fixture
def team() -> Team:
    """Return a team of an open challenge whose identifiers are known."""
    made: Team = TeamFactory()
    with_contract(made.challenge)
    compile_keys(made.challenge, ["1", "2"])
    return made


@pytest.fixture
def token(team: Team) -> Headers:
    """Return the token of its captain."""
    return bearer(captain_of(team), TokenScope.READ, TokenScope.ENTER)


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
    sent = send(client, team, token, key="a", note="premier essai")
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
    again = send(client, team, token, key="a")
    assert (again.status_code, again.content) == (200, sent.content)
    other = send(client, team, token, key="a", content=b"id,y\n1,0.6\n")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    told = send(client, team, token, again="false")
    assert (told.status_code, told.json()["code"], told.json()["number"]) == (409, "same_file", 1)
    assert Entry.objects.count() == 1
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


CHECKBOX = {"key": "o", "label": "Outils", "type": "checkbox", "options": ["R", "Python", "Go"]}


@pytest.mark.parametrize(
    ("sheet", "status"),
    [
        ("{}", 422),
        ("[1]", 422),
        ("{", 422),
        ('{"m": 1, "o": ["R"]}', 422),
        ('{"m": "\\u0000", "o": ["R"]}', 422),
        ("[" * 100_000, 422),
        ('{"m": "arbre", "o": ["R", "Go"], "c": true}', 201),
        ('{"m": "arbre", "o": [], "c": false}', 422),
        ('{"m": "arbre", "o": ["R", "C"], "c": true}', 422),
        ('{"m": "arbre", "o": ["R", ["Go"]], "c": true}', 422),
        (json.dumps({"m": "arbre", "o": ["R"] * 51, "c": True}), 422),
        ('{"m": "arbre", "o": "R", "c": ["true"]}', 422),
    ],
)
def test_the_questions_of_the_organiser_are_told_and_answered(
    client: Client, team: Team, token: Headers, sheet: str, status: int
) -> None:
    """By a text, by a list of choices, by yes or no."""
    questions = [
        {"key": "m", "label": "Modèle"},
        CHECKBOX | {"required": True},
        {"key": "c", "label": "Code", "type": "boolean"},
    ]
    team.challenge.fact_sheet = questions
    team.challenge.save()
    told = client.get(f"/api/v1/challenges/{team.challenge.slug}").json()["fact_sheet"]
    assert told[1:] == [questions[1], questions[2] | {"options": [], "required": False}]
    assert send(client, team, token, fact_sheet=sheet).status_code == status
    kept = list(Entry.objects.values_list("fact_sheet", flat=True))
    assert kept == ([json.loads(sheet)] if status == 201 else [])


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


def test_an_entry_is_chosen_and_withdrawn_by_json(
    client: Client, team: Team, token: Headers
) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    assert ask(client, token, entry, "/choose", {}).json()["final_choice"] is True
    assert ask(client, token, entry, "/choose", {"chosen": False}).json()["final_choice"] is False
    wrong = ask(client, token, entry, "/choose", {"choice": 1})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "choice.choice")
    for kind, content, answer in (
        ("text/plain", b"{}", (415, "unsupported_media_type")),
        ("application/json", b"{", (400, "malformed")),
    ):
        address = f"/api/v1/entries/{entry.pk}/choose"
        sent = client.post(address, content, content_type=kind, headers=token)
        assert (sent.status_code, sent.json()["code"]) == answer
    entry.refresh_from_db()
    assert entry.final_choice is False
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


def check(
    client: Client,
    team: Team,
    token: Headers,
    content: bytes,
    *,
    name: str = "a.csv",
    **fields: Any,
) -> Any:
    file = BytesIO(content)
    file.name = name
    address = f"/api/v1/challenges/{team.challenge.slug}/check"
    return client.post(address, {"file": file, **fields}, headers=token)


def test_a_good_file_is_accepted(client: Client, team: Team, token: Headers, costs: Costs) -> None:
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


def test_a_refused_file_is_explained_in_the_language_that_the_client_asks_for(
    client: Client, team: Team, token: Headers
) -> None:
    told = check(client, team, token | {"Accept-Language": "en"}, b"id,y\n1,0.5\n").json()
    assert (told["verdict"], told["code"], told["line"]) == ("reject", "E_ID_MISSING", None)
    assert told["message"].startswith("1 identifier is missing out of 2.")
    assert told["errors"][0]["message"] == told["message"]


def test_checks_are_counted_with_those_of_the_form(
    client: Client, team: Team, token: Headers, settings: Any
) -> None:
    settings.CHECKS_PER_HOUR = 1
    Team.objects.filter(pk=team.pk).update(checks_used=0)
    assert check(client, team, token, b"id,y\n").status_code == 200
    answer = check(client, team, token, b"id,y\n")
    assert (answer.status_code, answer.json()["code"]) == (429, "checks_reached")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_phase_is_named_by_its_number(client: Client, team: Team, token: Headers) -> None:
    assert check(client, team, token, b"id,y\n", phase=0).status_code == 200
    assert check(client, team, token, b"id,y\n", phase=7).status_code == 404
    assert check(client, team, token, b"id,y\n", phase="x").status_code == 422


def test_a_challenge_in_preparation_says_so(client: Client) -> None:
    team = TeamFactory(challenge=ChallengeFactory(opened=True))
    answer = check(client, team, bearer(captain_of(team)), b"id,y\n")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


MEDIA_TYPE = "application/offset+octet-stream"


def begin(client: Client, team: Team, token: Headers, length: int = len(FILE), **more: Any) -> Any:
    body = {"challenge": team.challenge.slug, "length": length, "name": "réponse.csv", **more}
    return client.post("/api/v1/uploads", body, content_type="application/json", headers=token)


def patch(
    client: Client, address: str, token: Headers, content: bytes, offset: Any, **given: str
) -> Any:
    headers = {**token, "Upload-Offset": str(offset), **given}
    return client.generic("PATCH", address, content, MEDIA_TYPE, headers=headers)


def submit(client: Client, team: Team, token: Headers, upload: str, key: str = "") -> Any:
    return client.post(
        f"/api/v1/challenges/{team.challenge.slug}/phases/0/entries",
        {"upload": upload},
        headers={**token, "Idempotency-Key": key or str(uuid4())},
    )


def whole(client: Client, team: Team, token: Headers, content: bytes = FILE) -> str:
    """Send a file in two parts; return the id of its upload."""
    made = begin(client, team, token, len(content))
    address = made.headers["Location"]
    half = len(content) // 2
    assert patch(client, address, token, content[:half], 0).status_code == 204
    assert patch(client, address, token, content[half:], half).status_code == 204
    found: str = made.json()["id"]
    return found


def kept() -> list[Path]:
    """List the parts that are kept."""
    root = objects.store().root / "incoming"  # type: ignore[attr-defined]
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_file_is_sent_in_parts_then_submitted(client: Client, team: Team, token: Headers) -> None:
    made = begin(client, team, token)
    address = made.headers["Location"]
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, "0")
    first = patch(client, address, token, FILE[:4], 0)
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "4")
    where = client.head(address, headers=token)
    assert (where.headers["Upload-Offset"], where.headers["Upload-Length"]) == ("4", "11")
    patch(client, address, token, FILE[4:], 4)
    sent = submit(client, team, token, made.json()["id"], key="a")
    entry = Entry.objects.get()
    assert sent.status_code == 201
    assert (entry.sha256, entry.original_name) == (hashlib.sha256(FILE).hexdigest(), "réponse.csv")
    assert objects.read(entry.sha256) == FILE
    assert entry.first_byte_at == Upload.objects.get().first_byte_at
    again = submit(client, team, token, made.json()["id"], key="a")
    assert (again.status_code, again.content) == (200, sent.content)
    assert acts()[-2:] == ["upload.begun", "entry.received"]


def test_a_whole_file_is_stored_before_it_is_submitted(
    client: Client,
    team: Team,
    token: Headers,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        made = whole(client, team, token)
    assert kept() == []
    upload = Upload.objects.get()
    assert (upload.state, upload.parts) == ("stored", [])
    assert objects.read(upload.sha256) == FILE
    assert list(Upload.objects.live(clock.now())) == [upload]  # it still takes a place
    monkeypatch.setattr(objects, "put", Mock(side_effect=AssertionError("the file is copied")))
    assert submit(client, team, token, made).status_code == 201
    assert Entry.objects.get().sha256 == upload.sha256
    assert not Upload.objects.live(clock.now()).exists()


def test_a_file_that_could_not_be_assembled_is_when_it_is_submitted(
    client: Client, team: Team, token: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(objects, "put", Mock(side_effect=OSError("no space")))
        made = whole(client, team, token)
    assert Upload.objects.get().state == UploadState.OPEN
    assert submit(client, team, token, made).status_code == 201
    assert Upload.objects.get().state == UploadState.STORED


def test_a_whole_file_that_nobody_submitted_expires(team: Team) -> None:
    upload = begun(team)
    captain = captain_of(team)
    upload = uploads.append(
        upload=upload, offset=0, content=[b"x" * upload.length], checksum=None, by=captain
    )
    Upload.objects.update(expires_at=clock.now())
    upload.refresh_from_db()
    with refuses(Conflict, "upload_expired"):
        uploads.submit(upload=upload, idempotency_key="a", by=captain)


@pytest.mark.parametrize("offset", [1, 3, 5, 11, 10**18])
def test_another_offset_is_a_conflict_that_tells_the_right_one(
    client: Client, team: Team, token: Headers, offset: int
) -> None:
    address = begin(client, team, token).headers["Location"]
    patch(client, address, token, FILE[:4], 0)
    before = [path.read_bytes() for path in kept()]
    told = patch(client, address, token, b"zz", offset)
    assert (told.status_code, told.json()["code"], told.json()["offset"]) == (
        409,
        "upload_offset",
        4,
    )
    assert [path.read_bytes() for path in kept()] == before
    assert Upload.objects.get().offset == 4


def test_a_whole_file_takes_no_more(client: Client, team: Team, token: Headers) -> None:
    made = whole(client, team, token)
    told = patch(client, f"/api/v1/uploads/{made}", token, b"z", len(FILE))
    assert (told.status_code, told.json()["code"]) == (409, "upload_complete")


@pytest.mark.parametrize("extra", [1, 200_000])
def test_a_part_past_the_length_is_refused_whole(
    client: Client, team: Team, token: Headers, extra: int
) -> None:
    address = begin(client, team, token).headers["Location"]
    told = patch(client, address, token, FILE + b"z" * extra, 0)
    assert (told.status_code, told.json()["code"]) == (413, "too_large")
    assert kept() == []
    assert Upload.objects.get().offset == 0


def test_a_part_that_arrived_damaged_is_refused(client: Client, team: Team, token: Headers) -> None:
    address = begin(client, team, token).headers["Location"]

    def digest(content: bytes) -> str:
        return f"sha256 {base64.b64encode(hashlib.sha256(content).digest()).decode()}"

    told = patch(client, address, token, FILE, 0, **{"Upload-Checksum": digest(b"autre")})
    assert (told.status_code, told.json()["code"]) == (460, "checksum_mismatch")
    assert told.json()["title"] == "Checksum Mismatch"
    assert kept() == []
    for wrong in ("sha256", "md5 eA==", "sha256 eA==", "sha256 é"):
        told = patch(client, address, token, FILE, 0, **{"Upload-Checksum": wrong})
        assert told.status_code == 400
    right = patch(client, address, token, FILE, 0, **{"Upload-Checksum": digest(FILE)})
    assert right.status_code == 204


@pytest.mark.parametrize(
    ("length", "status"), [(0, 400), (-1, 400), (100_000, 201), (100_001, 413), (10**18, 413)]
)
def test_a_length_is_one_that_the_phase_takes(
    client: Client, team: Team, token: Headers, length: int, status: int
) -> None:
    assert begin(client, team, token, length).status_code == status
    assert Upload.objects.count() == (status == 201)


@pytest.mark.parametrize(
    ("offset", "kind", "status"),
    [("0", "text/plain", 415), *((wrong, MEDIA_TYPE, 422) for wrong in ("", "-1", "x", "1.5"))],
)
def test_a_part_says_what_it_is_and_where_it_goes(
    client: Client, team: Team, token: Headers, offset: str, kind: str, status: int
) -> None:
    address = begin(client, team, token).headers["Location"]
    headers = {**token, "Upload-Offset": offset}
    assert client.generic("PATCH", address, FILE, kind, headers=headers).status_code == status


def test_the_upload_of_another_team_is_not_there(
    client: Client, team: Team, token: Headers
) -> None:
    made = whole(client, team, token)
    other = TeamFactory(challenge=team.challenge)
    stranger = bearer(captain_of(other))
    for name in (made, str(uuid4())):
        address = f"/api/v1/uploads/{name}"
        assert client.head(address, headers=stranger).status_code == 404
        assert patch(client, address, stranger, b"z", 11).status_code == 404
        assert submit(client, other, stranger, name).status_code == 404
    elsewhere = TeamFactory(captain=captain_of(team))  # nor of one's team in another challenge
    assert submit(client, elsewhere, token, made).status_code == 404
    assert Entry.objects.count() == 0


def test_one_file_is_given_one_way(client: Client, team: Team, token: Headers) -> None:
    address = f"/api/v1/challenges/{team.challenge.slug}/phases/0/entries"
    told = client.post(address, {}, headers={**token, "Idempotency-Key": "a"})
    assert (told.status_code, told.json()["code"]) == (422, "one_file")


def test_an_upload_that_lacks_bytes_is_not_submitted(
    client: Client, team: Team, token: Headers
) -> None:
    made = begin(client, team, token)
    patch(client, made.headers["Location"], token, FILE[:4], 0)
    told = submit(client, team, token, made.json()["id"])
    assert (told.status_code, told.json()["code"], told.json()["offset"]) == (
        409,
        "upload_incomplete",
        4,
    )


def test_a_team_has_so_many_uploads_open(team: Team, settings: Any) -> None:
    settings.UPLOADS_PER_TEAM = 1
    given = {"phase": team.challenge.phases.get(), "team": team, "by": captain_of(team)}
    uploads.begin(length=5, name="a.csv", **given)
    with pytest.raises(QuotaSpent):
        uploads.begin(length=5, name="b.csv", **given)


def begun(team: Team) -> Upload:
    phase = team.challenge.phases.get()
    return uploads.begin(phase=phase, team=team, length=5, name="a.csv", by=captain_of(team))


def test_a_connection_that_breaks_leaves_nothing(team: Team) -> None:
    upload = begun(team)

    def broken() -> Iterator[bytes]:
        yield b"ab"
        raise OSError

    with pytest.raises(Unavailable):
        uploads.append(
            upload=upload, offset=0, content=broken(), checksum=None, by=captain_of(team)
        )
    assert kept() == []
    assert Upload.objects.get().offset == 0


def test_of_two_parts_at_one_place_one_is_kept(team: Team) -> None:
    upload = begun(team)
    captain = captain_of(team)

    def slow() -> Iterator[bytes]:
        yield b"ab"
        uploads.append(upload=upload, offset=0, content=[b"xyz"], checksum=None, by=captain)

    with pytest.raises(Conflict):
        uploads.append(upload=upload, offset=0, content=slow(), checksum=None, by=captain)
    assert Upload.objects.get().offset == 3
    assert [path.read_bytes() for path in kept()] == [b"xyz"]


@pytest.mark.parametrize(("first_ms", "status"), [(-1, 201), (0, 403)])
def test_an_upload_begun_before_the_close_may_end_after(
    client: Client,
    team: Team,
    token: Headers,
    first_ms: int,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the millisecond, and for how long: test_days_and_closes.py."""
    closes_at = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    team.challenge.phases.update(closes_at=closes_at)
    made = begin(client, team, token)
    moment = closes_at + timedelta(milliseconds=first_ms)
    monkeypatch.setattr(clock, "now", lambda: moment)
    patch(client, made.headers["Location"], token, FILE[:4], 0)
    later = closes_at + timedelta(minutes=14)
    monkeypatch.setattr(clock, "now", lambda: later)
    told = begin(client, team, token)  # none begins after the close
    assert (told.status_code, told.json()["code"]) == (403, "phase_closed")
    assert challenges.close_those_over() == 1
    patch(client, made.headers["Location"], token, FILE[4:], 4)
    sent = submit(client, team, token, made.json()["id"])
    assert sent.status_code == status
    if status == 201:
        assert Entry.objects.get().grace is True
        assert sent.json()["payload"]["grace"] is True


def test_an_upload_that_nobody_finished_expires(
    team: Team, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(team)
    captain = captain_of(team)
    uploads.append(upload=upload, offset=0, content=[b"ab"], checksum=None, by=captain)
    before = upload.expires_at - timedelta(milliseconds=1)
    monkeypatch.setattr(clock, "now", lambda: before)
    assert uploads.expire() == 0
    monkeypatch.setattr(clock, "now", lambda: upload.expires_at)
    with pytest.raises(Conflict):
        uploads.append(upload=upload, offset=2, content=[b"c"], checksum=None, by=captain)
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.expire() == 1
    assert kept() == []
    assert Upload.objects.get().state == UploadState.EXPIRED
    assert uploads.expire() == 0


@pytest.fixture
def crowded(settings: Any) -> Team:
    settings.TEAM_PHASE_MAX_BYTES = 30
    made: Team = TeamFactory()
    return made


def test_a_file_beyond_the_room_is_refused_and_uses_no_attempt(
    crowded: Team, client: Client
) -> None:
    """The same bytes again take no room, nor what was deleted; a smaller file still enters.

    The page tells the room left once less than a fifth of it is, and why a file is refused.
    """
    client.force_login(captain_of(crowded))
    page = url_of(crowded.challenge, "entries")
    first = enter(crowded, FILE).entry
    assert "place restante" not in client.get(page).text
    enter(crowded, FILE)
    enter(crowded, b"id,y\n1,0.6\n")
    with refuses(QuotaSpent, "storage_reached") as refused:
        enter(crowded, b"id,y\n1,0.75\n")
    assert refused.value.facts["left_bytes"] == 30 - 2 * len(FILE)
    sent = {"key": "k", "file": SimpleUploadedFile("a.csv", b"id,y\n1,0.75\n")}
    answer = client.post(page, sent)
    assert answer.status_code == 429
    said = str(refused.value).replace("\u202f", " ")
    assert said in answer.text.replace("\u202f", " ")
    left = 30 - 2 * len(FILE)
    assert f"reste à votre équipe {left} octets sur 30 octets" in said
    assert "celui-ci pèse 12 octets" in said
    assert Entry.objects.count() == 3
    enter(crowded, b"id,y\n1,2")
    told = client.get(page).text.replace("\u202f", " ").replace("\xa0", " ")
    assert "place restante pour vos fichiers : 0 octet sur 30 octets" in told
    Entry.objects.filter(sha256=first.sha256).update(file_deleted_at=first.received_at)
    enter(crowded, b"id,y\n1,0.7\n")


def test_uploads_that_come_count_when_another_begins(crowded: Team) -> None:
    begun: dict[str, Any] = {
        "phase": crowded.challenge.phases.get(),
        "team": crowded,
        "name": "a.csv",
    }
    uploads.begin(length=20, by=captain_of(crowded), **begun)
    uploads.begin(length=10, by=captain_of(crowded), **begun)
    with refuses(QuotaSpent, "storage_reached"):
        uploads.begin(length=1, by=captain_of(crowded), **begun)

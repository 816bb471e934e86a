"""Uploads: parts at their place, nothing kept of what is refused, the close, and the room left."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from challenges.entries.actions import uploads
from challenges.enums import UploadState
from challenges.models import Entry, Team, Upload
from challenges.organising.actions import challenges
from portal.lib import clock, objects
from portal.lib.refusals import Conflict, QuotaSpent, Unavailable
from tests.challenges.pages.scenes import url_of
from tests.challenges.refusals import refuses
from tests.challenges.test_entries import enter
from tests.factories.accounts import bearer
from tests.factories.challenges import TeamFactory, captain_of
from tests.portal.accounts.ledger import acts

pytestmark = pytest.mark.django_db
FILE = b"id,y\n1,0.5\n"
MEDIA_TYPE = "application/offset+octet-stream"
Headers = dict[str, str]


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


def test_the_parts_go_once_the_file_is_stored(
    client: Client, team: Team, token: Headers, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        whole(client, team, token)
    assert kept() == []
    upload = Upload.objects.get()
    assert (upload.state, upload.parts, upload.sha256) == (
        "stored",
        [],
        hashlib.sha256(FILE).hexdigest(),
    )


def test_to_submit_a_whole_file_copies_nothing(
    client: Client, team: Team, token: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = whole(client, team, token)
    upload = Upload.objects.get()
    assert objects.read(upload.sha256) == FILE
    assert list(Upload.objects.live(clock.now())) == [upload]  # it still takes a place

    def no_copy(*_given: Any, **_named: Any) -> Any:
        raise AssertionError("the file is copied")

    monkeypatch.setattr(objects, "put", no_copy)
    assert submit(client, team, token, made).status_code == 201
    assert Entry.objects.get().sha256 == upload.sha256
    assert not Upload.objects.live(clock.now()).exists()


def test_a_file_that_could_not_be_assembled_is_when_it_is_submitted(
    client: Client, team: Team, token: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = objects.put
    with monkeypatch.context() as full:
        full.setattr(objects, "put", Mock(side_effect=OSError("no space")))
        made = whole(client, team, token)
    assert Upload.objects.get().state == UploadState.OPEN
    assert objects.put is put
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


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.5"])
def test_an_offset_is_a_number(client: Client, team: Team, token: Headers, offset: str) -> None:
    address = begin(client, team, token).headers["Location"]
    assert patch(client, address, token, FILE, offset).status_code == 422


def test_a_part_says_what_it_is(client: Client, team: Team, token: Headers) -> None:
    address = begin(client, team, token).headers["Location"]
    headers = {**token, "Upload-Offset": "0"}
    told = client.generic("PATCH", address, FILE, "text/plain", headers=headers)
    assert told.status_code == 415


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
    assert Entry.objects.count() == 0


def test_an_upload_is_submitted_where_it_was_begun(
    client: Client, team: Team, token: Headers
) -> None:
    made = whole(client, team, token)
    elsewhere = TeamFactory(captain=captain_of(team))
    assert submit(client, elsewhere, token, made).status_code == 404


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


@pytest.mark.parametrize(
    ("first_ms", "ends", "status"),
    [
        (-1, timedelta(minutes=15, milliseconds=-1), 201),
        (-1, timedelta(minutes=15), 403),
        (-1, timedelta(minutes=15, milliseconds=1), 403),
        (0, timedelta(minutes=1), 403),
        (1, timedelta(minutes=1), 403),
    ],
)
def test_an_upload_begun_before_the_close_may_end_after(
    client: Client,
    team: Team,
    token: Headers,
    first_ms: int,
    ends: timedelta,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closes_at = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    team.challenge.phases.update(closes_at=closes_at)
    made = begin(client, team, token)
    moment = closes_at + timedelta(milliseconds=first_ms)
    monkeypatch.setattr(clock, "now", lambda: moment)
    patch(client, made.headers["Location"], token, FILE[:4], 0)
    later = closes_at + ends
    monkeypatch.setattr(clock, "now", lambda: later)
    assert challenges.close_those_over() == 1
    patch(client, made.headers["Location"], token, FILE[4:], 4)
    sent = submit(client, team, token, made.json()["id"])
    assert sent.status_code == status
    if status == 201:
        assert Entry.objects.get().grace is True
        assert sent.json()["payload"]["grace"] is True


def test_no_upload_begins_after_the_close(
    client: Client, team: Team, token: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    closes_at = timezone.now() + timedelta(hours=1)
    team.challenge.phases.update(closes_at=closes_at)
    monkeypatch.setattr(clock, "now", lambda: closes_at)
    told = begin(client, team, token)
    assert (told.status_code, told.json()["code"]) == (403, "phase_closed")


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


def test_a_file_beyond_the_room_is_refused_and_uses_no_attempt(crowded: Team) -> None:
    """The same bytes again take no room; a smaller file still enters."""
    enter(crowded, FILE)
    enter(crowded, FILE)
    enter(crowded, b"id,y\n1,0.6\n")
    with refuses(QuotaSpent, "storage_reached") as refused:
        enter(crowded, b"id,y\n1,0.75\n")
    assert refused.value.facts["left_bytes"] == 30 - 2 * len(FILE)
    assert Entry.objects.count() == 3
    enter(crowded, b"id,y\n1,2")


def test_what_was_deleted_takes_no_room(crowded: Team) -> None:
    first = enter(crowded, FILE).entry
    enter(crowded, b"id,y\n1,0.6\n")
    first.file_deleted_at = first.received_at
    first.save()
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


def test_the_room_left_is_shown(crowded: Team, client: Client) -> None:
    enter(crowded, FILE)
    client.force_login(captain_of(crowded))
    page = client.get(url_of(crowded.challenge, "entries")).content.decode()
    assert "19\u202foctets sur 30\u202foctets" in page

"""Files of cards on their way: downloads that go on, uploads in parts."""

import base64
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from django.conf import settings as django_settings
from django.test import Client

from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.actions import uploads as file_uploads
from catalogue.enums import FileState
from catalogue.models import CardFile, CardUpload, Contribution, Resource
from catalogue.resources.actions import files as file_care
from catalogue.resources.queries import files as reads
from datasets.actions import releases
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib import buckets, clock, objects, parts
from portal.lib.refusals import Conflict, Hidden, NotAllowed, Unavailable
from tests.factories import contributions as make
from tests.factories.accounts import bearer
from tests.factories.card_files import CSV, SHA256, House, given

pytestmark = pytest.mark.django_db
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}


def online(house: House) -> CardFile:
    file = house.file()
    house.publish()
    return file


def test_a_download_goes_on_where_it_stopped(house: House) -> None:
    file = online(house)
    whole = given(file)
    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    assert "Content-Range" not in whole
    rest = given(file, Range="bytes=5-", **{"If-Range": whole["ETag"]})
    assert (rest.status_code, rest.body) == (206, CSV[5:])
    assert rest["Content-Range"] == f"bytes 5-{len(CSV) - 1}/{len(CSV)}"
    assert rest["Content-Length"] == str(len(CSV) - 5)
    for name in ("ETag", "Cache-Control", "Content-Disposition", "Content-Type"):
        assert rest[name] == whole[name]
    assert "Content-Range" in rest["Access-Control-Expose-Headers"]
    other = given(file, Range="bytes=5-", **{"If-Range": '"other"'})
    assert (other.status_code, other.body) == (200, CSV)
    known = given(file, Range="bytes=5-", **{"If-None-Match": f'W/"x", {whole["ETag"]}'})
    assert (known.status_code, known.body) == (304, b"")
    assert given(file, Range="bytes=5-", **{"If-Match": '"other"'}).status_code == 412


def test_a_large_answer_is_kept_by_no_proxy(house: House, settings: Any) -> None:
    file = online(house)
    assert "X-Accel-Buffering" not in given(file)
    settings.PROXY_READS_AHEAD_BYTES = len(CSV) - 1
    assert given(file)["X-Accel-Buffering"] == "no"
    assert "X-Accel-Buffering" not in given(file, Range="bytes=5-")


def test_a_part_beyond_the_end_is_refused(house: House) -> None:
    file = online(house)
    answer = given(file, Range=f"bytes={len(CSV)}-", Accept="application/json")
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(CSV)}")
    told = json.loads(answer.body)
    assert (told["code"], told["size_bytes"]) == ("range_not_satisfiable", len(CSV))
    assert given(file, Range="bytes=0-1,4-5").body == CSV


def test_a_head_tells_the_whole(house: House) -> None:
    file = online(house)
    place = reads.file_address(file).removeprefix(django_settings.SITE_URL)
    for asked in ({}, {"Range": "bytes=5-"}, {"Range": "bytes=500-"}):
        answer: Any = Client(headers=asked).head(place)
        told = (answer.status_code, answer["Content-Length"], answer["Accept-Ranges"])
        assert told == (200, str(len(CSV)), "bytes")


def test_a_download_in_two_parts_counts_once(house: House) -> None:
    file = online(house)
    for part in ("bytes=0-4", "bytes=5-9", "bytes=10-", "bytes=-3", "bytes=500-"):
        given(file, Range=part, **BROWSER)
    assert Resource.objects.get(pk=file.resource_id).downloads == 1


def test_who_may_not_have_a_file_has_no_part_of_it(house: House) -> None:
    file = house.file()
    assert given(file, Range="bytes=0-4").status_code == 404
    assert given(file, Range="bytes=500-").status_code == 404
    assert given(file, make.person(), Range="bytes=0-4").status_code == 404


def test_a_file_without_bytes_is_answered_for(house: House, caplog: Any) -> None:
    file = online(house)
    objects.store().delete(file.sha256)
    answer = given(file, Accept="application/json")
    assert (answer.status_code, json.loads(answer.body)["code"]) == (503, "unavailable")
    assert "Retry-After" in answer
    assert f"file {file.pk} has no bytes" in caplog.text


def test_what_was_opened_is_closed_when_the_answer_fails(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, closed = house.file(), []
    opened = objects.open_span(file.sha256, first=0, size=1)
    close = opened.close
    monkeypatch.setattr(opened, "close", lambda: closed.append(close()))
    monkeypatch.setattr(objects, "open_span", lambda *_args, **_named: opened)
    monkeypatch.setattr(file_care, "note_reading", lambda **_named: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        given(file, house.by)
    assert closed == [None]


def test_who_no_longer_reads_a_file_frees_the_thread_that_sends_it(
    house: House, settings: Any
) -> None:
    settings.PIECE_SECONDS = 0.01
    place = reads.file_address(online(house)).removeprefix(django_settings.SITE_URL)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer: Any = Client().get(place, **{"gunicorn.socket": ours})
        assert b"".join(answer) == CSV
        assert ours.gettimeout() == 0.01


class Shelf(BaseHTTPRequestHandler):
    """As much of S3 as giving a part of an object asks: over HTTP, to the client of Amazon."""

    kept: dict[str, bytes]
    fails: bool

    def do_HEAD(self) -> None:
        """Say how large what is kept is."""
        content = self.kept.get(self.path.split("?")[0])
        status = 503 if self.fails else 200 if content is not None else 404
        self.send_response(status)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()

    def do_GET(self) -> None:
        """Give the part asked, 404 for what is not kept."""
        content = self.kept.get(self.path.split("?")[0])
        if self.fails:
            self._say(503, b"<Error><Code>SlowDown</Code></Error>")
            return
        if content is None:
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        if "Range" not in self.headers:
            self._say(200, content)
            return
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        self._say(206, content[first : last + 1])

    def _say(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Write nothing."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """Give the objects of a bucket that answers on this machine, by their paths."""
    Shelf.kept, Shelf.fails = {}, False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="eu-west-3",
        aws_access_key_id="key",
        aws_secret_access_key="secret",  # of nothing
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )
    store = buckets.S3Store(client, "b", "p/")
    monkeypatch.setattr(objects, "store", lambda: store)
    yield Shelf.kept
    server.shutdown()
    server.server_close()


def test_a_bucket_gives_the_part_alone(house: House, request: pytest.FixtureRequest) -> None:
    file = online(house)
    kept = request.getfixturevalue("bucket")
    kept[f"/b/p/{file.sha256}"] = CSV
    assert given(file).body == CSV
    assert given(file, Range="bytes=5-9").body == CSV[5:10]
    with pytest.raises(FileNotFoundError):
        objects.open_span("0" * 64, first=0, size=1)


def test_a_file_put_together_in_a_bucket_is_told_by_its_head_alone(
    house: House, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft is held meanwhile: gigabytes are not fetched for some bytes."""
    kept = request.getfixturevalue("bucket")
    kept[f"/b/p/{SHA256}"] = CSV
    monkeypatch.setattr(buckets.S3Store, "open", lambda *_args: pytest.fail("the whole is asked"))
    stored = objects.Stored(SHA256, len(CSV))
    file = draft_files.add(
        contribution=make.again(house.draft), name="a.csv", content=stored, by=house.by
    )
    assert (file.sha256, file.kind) == (SHA256, "text")


def test_a_bucket_that_fails_has_lost_nothing(house: House, request: pytest.FixtureRequest) -> None:
    file = online(house)
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    kept = request.getfixturevalue("bucket")
    store = objects.store()
    assert not store.exists(file.sha256)
    opening = (store.open, lambda sha256: store.open_span(sha256, first=0, size=1))
    for opened in opening:
        with pytest.raises(FileNotFoundError):
            opened(file.sha256)
    Shelf.fails = True
    for asked in (store.exists, *opening):
        with pytest.raises(Unavailable):
            asked(file.sha256)
    assert file_care.examine_waiting() == 0
    file.refresh_from_db()
    assert (file.state, file.attempts) == (FileState.WAITING, 0)
    kept[f"/b/p/{file.sha256}"], Shelf.fails = CSV, False
    assert file_care.examine_waiting() == 1


MEDIA_TYPE = "application/offset+octet-stream"


class Program:
    """A program of somebody, on one card."""

    def __init__(self, by: User, card: Any) -> None:
        self.client, self.card = Client(), f"/api/v1/resources/{card}"
        self.headers = bearer(by, TokenScope.CONTRIBUTE)

    def put(self, name: str, content: bytes = CSV) -> Any:
        return self.client.generic(
            "PUT", f"{self.card}/files/{name}", content, "text/csv", headers=self.headers
        )

    def delete(self, name: str) -> Any:
        return self.client.delete(f"{self.card}/files/{name}", headers=self.headers)

    def begin(self, length: int = len(CSV), name: str = "offres.csv") -> Any:
        body = {"length": length, "name": name}
        return self.client.post(
            f"{self.card}/uploads", body, content_type="application/json", headers=self.headers
        )

    def patch(self, place: str, content: bytes, offset: int, **more: str) -> Any:
        headers = {**self.headers, "Upload-Offset": str(offset), **more}
        # Told even of an empty body, of which the client would say nothing.
        kind = {"CONTENT_TYPE": MEDIA_TYPE}
        return self.client.generic("PATCH", place, content, MEDIA_TYPE, headers=headers, **kind)


@pytest.fixture
def program(house: House) -> Program:
    return Program(house.by, house.draft.resource.public_id)


def test_a_program_brings_a_file_and_takes_it_out(house: House, program: Program) -> None:
    made = program.put("offres.csv")
    assert made.status_code == 201
    told = made.json()
    assert (told["sha256"], told["bytes"], told["state"]) == (SHA256, len(CSV), "sound")
    assert program.put("offres.csv").status_code == 200
    assert [row["download_url"] for row in house.rows()] == [told["url"]]
    assert program.delete("offres.csv").status_code == 204
    assert house.rows() == []
    assert program.delete("offres.csv").status_code == 404


def test_a_file_of_a_card_online_opens_a_change_of_it(house: House, program: Program) -> None:
    old = house.file()
    card = house.publish()
    assert program.put("offres.csv", CSV + b"2026-02;13\n").status_code == 201
    change = Contribution.objects.open().get(resource=card)
    assert change.base_revision == card.live_revision
    assert given(old).status_code == 200


def test_others_find_nothing_and_what_is_wrong_is_named(house: House, program: Program) -> None:
    stranger = Program(make.person(), house.draft.resource.public_id)
    assert stranger.put("a.csv").status_code == 404
    assert stranger.begin().status_code == 404
    assert program.put("a.csv", b"").json()["code"] == "file_empty"
    assert program.put("a%0Ab.csv").status_code == 422
    most = django_settings.CARD_FILE_MAX_BYTES
    assert program.begin(most + 1).json()["code"] == "too_large"
    need = Program(house.by, make.draft(house.by).resource.public_id)
    assert need.put("a.csv").json()["code"] == "no_files_of_kind"


def test_a_file_comes_in_parts(house: House, program: Program, tmp_path: Path) -> None:
    made = program.begin()
    assert (made.status_code, made["Upload-Offset"]) == (201, "0")
    place = made["Location"]
    digest = base64.b64encode(hashlib.sha256(CSV[:5]).digest()).decode()
    sum_of_five = {"Upload-Checksum": f"sha256 {digest}"}
    assert program.patch(place, CSV[:5], 0, **sum_of_five).status_code == 204
    assert program.patch(place, CSV[5:], 0).json()["offset"] == 5
    assert program.patch(place, CSV[5:] + b"x", 5).status_code == 413
    damaged = program.patch(place, CSV[5:], 5, **sum_of_five)
    assert (damaged.status_code, damaged.json()["code"]) == (460, "checksum_mismatch")
    head = program.client.head(place, headers=program.headers)
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("5", str(len(CSV)))
    other = Program(make.person(), "x")
    assert other.patch(place, CSV[5:], 5).status_code == 404
    assert program.patch(place, CSV[5:], 5).status_code == 204
    (row,) = house.rows()
    assert (row["sha256"], row["bytes"]) == (SHA256, len(CSV))
    assert CardUpload.objects.get().file == CardFile.objects.get()
    assert program.patch(place, b"", len(CSV)).json()["code"] == "upload_complete"


@pytest.fixture
def come(program: Program, settings: Any) -> CardUpload:
    """Send a whole file that is put together by a task."""
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    program.patch(program.begin()["Location"], CSV, 0)
    return CardUpload.objects.select_related("contribution", "begun_by").get()


def test_a_large_file_goes_to_its_draft_by_a_task(
    house: House, program: Program, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES = 3
    place = program.begin()["Location"]
    with django_capture_on_commit_callbacks() as waiting:
        program.patch(place, CSV, 0)
    assert (bool(waiting), house.rows()) == (True, [])
    assert file_uploads.finish_waiting() == 1
    assert [row["sha256"] for row in house.rows()] == [SHA256]
    assert CardFile.objects.get().state == "waiting"
    assert file_uploads.finish_waiting() == 0


def test_what_is_refused_is_not_put_together_waits_longer_each_time_and_is_tried_again(
    house: House, program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, put, waits = program.begin()["Location"], [], []
    settings.ORGANISATION_FILES_MAX_BYTES = 1
    with monkeypatch.context() as patched:
        patched.setattr(objects, "put", lambda *_args, **_more: put.append(1))
        refusal = program.patch(place, CSV, 0)
        assert (refusal.status_code, refusal.json()["code"]) == (429, "files_room")
        for _time in range(3):
            upload = CardUpload.objects.get()
            waits.append(upload.retry_at)
            assert file_uploads.finish_waiting() == 0
            assert CardUpload.objects.get().attempts == upload.attempts
            CardUpload.objects.update(retry_at=None)
            file_uploads.finish_waiting()
    assert waits[2] - waits[1] > waits[1] - waits[0]
    assert put == []
    settings.ORGANISATION_FILES_MAX_BYTES = 1_000
    assert program.patch(place, b"", len(CSV)).status_code == 204
    assert len(house.rows()) == 1


@pytest.mark.usefixtures("come")
def test_one_process_puts_an_upload_together(monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = CardUpload.objects.select_related("contribution", "begun_by")
    put, meanwhile = objects.put, []

    def slow(content: Any, *, limit_bytes: int) -> Any:
        second = file_uploads.finish(uploads.get())
        meanwhile.append((second.file_id, file_uploads.finish_waiting()))
        return put(content, limit_bytes=limit_bytes)

    monkeypatch.setattr(objects, "put", slow)
    assert file_uploads.finish_waiting() == 1
    assert meanwhile == [(None, 0)]
    assert CardFile.objects.count() == 1


@pytest.mark.usefixtures("come")
def test_an_upload_left_by_a_killed_process_is_put_together_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until = clock.now() + timedelta(minutes=file_uploads.ASSEMBLY_MINUTES)
    CardUpload.objects.update(assembling_until=until)
    assert file_uploads.finish_waiting() == 0
    monkeypatch.setattr(clock, "now", lambda: until)
    assert file_uploads.finish_waiting() == 1


@pytest.mark.usefixtures("come")
def test_of_who_may_not_write_any_more_nothing_is_kept(settings: Any) -> None:
    Contribution.objects.update(organisation=make.organisation(), author=make.person())
    assert file_uploads.finish_waiting() == 0
    assert not CardUpload.objects.exists()
    assert not left(settings)


def test_uploads_of_an_organisation_share_its_room(
    house: House, program: Program, settings: Any
) -> None:
    settings.ORGANISATION_FILES_MAX_BYTES = 2 * len(CSV) - 1
    other = Program(house.colleague(), house.draft.resource.public_id)
    assert program.begin().status_code == 201
    assert other.begin().json()["code"] == "files_room"


def test_an_upload_that_ends_meanwhile_is_not_found(house: House, program: Program) -> None:
    upload = CardUpload.objects.get(pk=program.begin()["Location"].rsplit("/", 1)[-1])

    def slow() -> Iterator[bytes]:
        yield CSV[:5]
        CardUpload.objects.all().delete()

    with pytest.raises(Hidden):
        file_uploads.append(upload=upload, offset=0, content=slow(), checksum=None, by=house.by)


def test_an_upload_becomes_one_file_whoever_comes_twice(house: House, come: CardUpload) -> None:
    stored = objects.put(iter([CSV]), limit_bytes=100)
    assert file_uploads.finish(come).file_id
    file = CardFile.objects.get()
    draft_files.remove(contribution=make.again(house.draft), file=file, by=house.by)
    with pytest.raises(Hidden):
        file_uploads._settle(come, stored, house.by)
    assert not CardFile.objects.exists()


def test_uploads_end_after_a_day_and_are_few(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CARD_UPLOADS_PER_PERSON = 1
    place = program.begin()["Location"]
    assert program.begin().json()["code"] == "limit_reached"
    program.patch(place, CSV[:5], 0)
    later = clock.now() + timedelta(hours=django_settings.UPLOAD_HOURS, seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        assert file_uploads.expire() == 1
    assert program.patch(place, CSV[5:], 5).status_code == 404
    assert not left(settings)


def test_a_part_that_no_upload_names_goes_after_a_day(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = program.begin()["Location"]
    program.patch(place, CSV[:5], 0)
    (kept,) = left(settings)
    with monkeypatch.context() as patched:  # killed between the part and its row
        patched.setattr(parts, "_kept", lambda upload, *_of: upload)
        program.patch(place, CSV[5:], 5)
    parts.put("elsewhere/lost", [b"lost"], limit_bytes=4)
    assert len(left(settings)) == 3
    assert parts.sweep(before=time.time() - 3_600) == 0
    for each in left(settings):
        os.utime(each, times=(time.time() - 90_000,) * 2)
    releases.sweep()
    assert left(settings) == [kept]
    assert program.patch(place, CSV[5:], 5).status_code == 204


def left(settings: Any) -> list[Path]:
    """List the parts that are kept."""
    incoming = Path(settings.OBJECTS_URL.removeprefix("file://")) / "incoming"
    return [each for each in incoming.rglob("*") if each.is_file()]


def test_the_parts_of_an_erased_draft_are_dropped(
    house: House, program: Program, settings: Any
) -> None:
    place = program.begin()["Location"]
    program.patch(place, CSV[:5], 0)
    assert left(settings)
    make.again(house.draft).delete()
    assert program.patch(place, CSV[5:], 5).status_code == 404
    assert file_uploads.expire() == 1
    assert not left(settings)


def arrived(house: House, name: str = "suite.csv", **values: Any) -> CardUpload:
    """Make an upload whose bytes have all come, that ends now."""
    now = clock.now()
    day_before = now - timedelta(days=1)
    given_values = {"begun_at": day_before, "expires_at": now, **values}
    return CardUpload.objects.create(
        contribution=make.again(house.draft),
        begun_by=house.by,
        name=name,
        length=3,
        offset=3,
        first_byte_at=day_before,
        **given_values,
    )


def test_an_upload_that_is_put_together_is_not_taken_away(house: House) -> None:
    now = clock.now()
    upload = arrived(house, assembling_until=now + timedelta(minutes=1))
    assert file_uploads.expire() == 0
    CardUpload.objects.filter(pk=upload.pk).update(assembling_until=now)
    assert file_uploads.expire() == 1


def test_an_upload_that_another_process_takes_meanwhile_keeps_its_parts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    for name in ("a.csv", "b.csv"):
        arrived(house, name)
    dropped = []

    def takes(names: list[str]) -> None:
        dropped.append(names)
        others = CardUpload.objects.filter(assembling_until=None)
        others.update(assembling_until=now + timedelta(hours=1))

    monkeypatch.setattr(file_uploads.parts, "drop", takes)
    assert (file_uploads.expire(), len(dropped)) == (1, 1)
    assert CardUpload.objects.get().assembling_until == now + timedelta(hours=1)


def test_a_draft_waits_for_the_file_that_has_arrived(house: House) -> None:
    house.file()
    now = clock.now()
    upload = arrived(house, begun_at=now, expires_at=now + timedelta(hours=1))
    with pytest.raises(Conflict) as refused:
        house.publish()
    assert refused.value.code == "file_arriving"
    Contribution.objects.filter(pk=house.draft.pk).update(
        status="submitted", submitted_at=now, first_submitted_at=now
    )
    with pytest.raises(NotAllowed):
        file_uploads.finish(CardUpload.objects.get(pk=upload.pk))
    upload.refresh_from_db()
    assert upload.attempts == 1

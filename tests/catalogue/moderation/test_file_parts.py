"""A download of a kept file that broke goes on where it stopped, from a folder or a bucket."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from django.conf import settings as django_settings
from django.test import Client

from catalogue.actions import file_examinations, file_reads, stored_files
from catalogue.enums import FileState
from catalogue.models import CardFile, Resource
from catalogue.queries import stored_files as reads
from portal.lib import buckets, objects
from portal.lib.refusals import Unavailable
from tests.factories import contributions as make
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
    place = reads.address(file).removeprefix(django_settings.SITE_URL)
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
    monkeypatch.setattr(file_reads, "note", lambda **_named: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        given(file, house.by)
    assert closed == [None]


def test_who_no_longer_reads_a_file_frees_the_thread_that_sends_it(
    house: House, settings: Any
) -> None:
    settings.PIECE_SECONDS = 0.01
    place = reads.address(online(house)).removeprefix(django_settings.SITE_URL)
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
    file = stored_files.add(
        contribution=make.again(house.draft), name="a.csv", content=stored, by=house.by
    )
    assert (file.sha256, file.kind) == (SHA256, "text")


def test_a_bucket_that_fails_has_lost_nothing(house: House, request: pytest.FixtureRequest) -> None:
    file = online(house)
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    kept = request.getfixturevalue("bucket")
    store = objects.store()
    assert not store.exists(file.sha256)
    for opened in (store.open, lambda sha256: store.open_span(sha256, first=0, size=1)):
        with pytest.raises(FileNotFoundError):
            opened(file.sha256)
    Shelf.fails = True
    for asked in (
        store.exists,
        store.open,
        lambda sha256: store.open_span(sha256, first=0, size=1),
    ):
        with pytest.raises(Unavailable):
            asked(file.sha256)
    assert file_examinations.examine_waiting() == 0
    file.refresh_from_db()
    assert (file.state, file.attempts) == (FileState.WAITING, 0)
    kept[f"/b/p/{file.sha256}"], Shelf.fails = CSV, False
    assert file_examinations.examine_waiting() == 1

"""A bucket that fails is an outage for each call of the store, never an error of its client."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config

from portal.lib.breaker import Breaker
from portal.lib.refusals import Unavailable
from portal.lib.storage import buckets
from portal.lib.storage.buckets import S3Store
from portal.lib.storage.folders import Readable


def read_whole(span: Readable) -> bytes:
    return b"".join(iter(lambda: span.read(8), b""))


CALLS: dict[str, Callable[[S3Store], object]] = {
    "put": lambda store: store.put([b"bytes"], limit_bytes=5),
    "put_part": lambda store: store.put_part("a/b", [b"bytes"], limit_bytes=5),
    "open": lambda store: store.open("a"),
    "open_part": lambda store: store.open_part("a/b"),
    "open_span": lambda store: store.open_span("a", first=0, size=1),
    "read_span": lambda store: read_whole(store.open_span("a", first=0, size=8)),
    "exists": lambda store: store.exists("a"),
    "delete": lambda store: store.delete("a"),
    "delete_part": lambda store: store.delete_part("a/b"),
    "ages": lambda store: list(store.ages()),
    "aside": lambda store: list(store.aside()),
    "parts": lambda store: list(store.parts()),
    "set_aside": lambda store: store.set_aside("a", before=0),
    "is_aside": lambda store: store.is_aside("a"),
    "bring_back": lambda store: store.bring_back("a"),
    "drop_aside": lambda store: store.drop_aside("a"),
}


class Shelf(BaseHTTPRequestHandler):
    """A bucket that answers the same to all that it is asked, or the part that is asked."""

    status: int
    content: bytes
    announced: int

    def _answer(self) -> None:
        if self.status == 200 and "Range" in self.headers:
            self._give_part()
            return
        self.send_response(self.status)
        self.send_header("Content-Length", str(self.announced))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.content)

    do_GET = do_HEAD = do_PUT = do_DELETE = _answer

    def _give_part(self) -> None:
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        part = self.content[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part) + self.announced - len(self.content)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_args: Any) -> None:
        """Write nothing."""


def says(status: int, content: bytes, announced: int | None = None) -> None:
    """Choose what the bucket answers. announced: more bytes than come, where it breaks off."""
    Shelf.status, Shelf.content = status, content
    Shelf.announced = len(content) if announced is None else announced


@pytest.fixture
def store() -> Iterator[S3Store]:
    """Give the store of a bucket that answers on this machine, to the client of Amazon."""
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
    yield S3Store(client, "b", "p/")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("call", CALLS)
def test_a_bucket_that_refuses_all_is_away(store: S3Store, call: str) -> None:
    says(503, b"<Error><Code>SlowDown</Code></Error>")
    with pytest.raises(Unavailable):
        CALLS[call](store)


@pytest.mark.parametrize("call", ["open", "open_part", "read_span"])
def test_a_bucket_that_always_breaks_off_is_away(store: S3Store, call: str) -> None:
    says(200, b"half", announced=8)
    with pytest.raises(Unavailable):
        CALLS[call](store)


def test_a_bucket_gives_the_part_alone_and_what_is_not_there_is_no_outage(store: S3Store) -> None:
    says(200, b"0123456789")
    assert read_whole(store.open_span("a", first=3, size=4)) == b"3456"
    says(404, b"<Error><Code>NoSuchKey</Code></Error>")
    for call in ("delete", "delete_part", "bring_back", "drop_aside"):
        CALLS[call](store)
    assert not any(CALLS[call](store) for call in ("exists", "set_aside", "is_aside"))
    for call in ("open", "open_part", "open_span"):
        with pytest.raises(FileNotFoundError):
            CALLS[call](store)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    """Give the store, made as in production, of a bucket that takes a call and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.getsockname()[1]}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setattr(buckets, "ANSWER_SECONDS", 0.2)
    yield buckets.named("s3://b/p")
    server.close()


def test_a_bucket_that_hangs_holds_nobody_for_long(hanging: S3Store) -> None:
    """A few time-outs for the first who asks, no wait for the others while it rests."""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        hanging.exists("a")
    asked = time.monotonic()
    assert asked - began < 5  # with the client's own limits: five minutes
    for call in CALLS.values():
        with pytest.raises(Unavailable):
            call(hanging)
    assert time.monotonic() - asked < 1


def test_one_call_asks_a_bucket_that_rested_and_lets_the_others_in(store: S3Store) -> None:
    says(404, b"<Error><Code>NoSuchKey</Code></Error>")
    now = [0.0]
    store._breaker = Breaker(buckets.REST_SECONDS, clock=lambda: now[0])
    store._breaker.fail()
    with pytest.raises(Unavailable):
        store.exists("a")
    now[0] = buckets.REST_SECONDS
    assert store._breaker.allows()  # the one that asks
    with pytest.raises(Unavailable):
        store.exists("a")
    store._breaker.succeed()
    assert not store.exists("a")

"""The private store in an S3 bucket."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from s3transfer.exceptions import RetriesExceededError

from portal.lib.breaker import Breaker
from portal.lib.refusals import Unavailable
from portal.lib.storage.folders import ASIDE, CHUNK_BYTES, INCOMING, Readable, Stored, written

# What a bucket answers of an object that is not there; all else is an outage.
ABSENT = frozenset({"404", "NoSuchKey"})
# No connection, one that broke, a transfer that gave up.
SERVER_ERROR = 500
AWAY = (BotoCoreError, RetriesExceededError, S3UploadFailedError)
# A bucket that hangs must not take every thread of the site with it.
CONNECT_SECONDS, ANSWER_SECONDS, ATTEMPTS = 2.0, 5.0, 2
REST_SECONDS = 5.0
TRANSFER = TransferConfig(num_download_attempts=ATTEMPTS)


class BucketRefused(Unavailable):
    """The bucket answers that it will not: an account or a key to mend, no outage to wait for."""


class _Body:
    """What a bucket gives, read as it comes; one that breaks off is an outage."""

    def __init__(self, body: Readable) -> None:
        self.body = body
        self.close = body.close

    def read(self, size: int, /) -> bytes:
        """Read on; raises Unavailable. It makes no bucket rest: a slow reader may have ended it."""
        try:
            return self.body.read(size)
        except AWAY as error:
            raise Unavailable from error


class S3Store:
    """Objects in a bucket, under `prefix/<sha256>`."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix
        self._breaker = Breaker(REST_SECONDS)

    def _key(self, sha256: str) -> str:
        return f"{self.prefix}{sha256}"

    @contextmanager
    def _asked(self, sha256: str) -> Iterator[None]:
        """Raise FileNotFoundError for what is not there, Unavailable for a bucket that fails."""
        if not self._breaker.allows():
            raise Unavailable
        try:
            yield
            self._breaker.succeed()
        except self.client.exceptions.ClientError as error:
            self._breaker.succeed()
            if error.response["Error"]["Code"] in ABSENT:
                raise FileNotFoundError(sha256) from error
            answer = error.response.get("ResponseMetadata", {})
            if answer.get("HTTPStatusCode", SERVER_ERROR) < SERVER_ERROR:
                raise BucketRefused from error
            raise Unavailable from error
        except AWAY as error:
            self._breaker.fail()
            raise Unavailable from error

    def put(self, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
        """Spool to a private file, hash and count, then send."""
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "object"
            stored = written(draft, chunks, limit_bytes)
            # Also where the object is there: its date says that somebody counts on it.
            self._send(draft, stored.sha256)
        return stored

    def _send(self, draft: Path, name: str) -> None:
        with self._asked(name):
            self.client.upload_file(str(draft), self.bucket, self._key(name))

    def open(self, sha256: str) -> IO[bytes]:
        """Fetch into a private spooled file; raises FileNotFoundError, Unavailable."""
        spool = tempfile.SpooledTemporaryFile(max_size=8 * CHUNK_BYTES)  # noqa: SIM115
        try:
            with self._asked(sha256):
                self.client.download_fileobj(self.bucket, self._key(sha256), spool, Config=TRANSFER)
        except BaseException:
            spool.close()
            raise
        spool.seek(0)
        return spool

    def open_span(self, sha256: str, *, first: int, size: int) -> Readable:
        """Ask the bucket for this part alone, read as it comes; raises as `open`."""
        part = f"bytes={first}-{first + size - 1}"
        with self._asked(sha256):
            found = self.client.get_object(Bucket=self.bucket, Key=self._key(sha256), Range=part)
        return _Body(found["Body"])

    def exists(self, sha256: str) -> bool:
        try:
            with self._asked(sha256):
                self.client.head_object(Bucket=self.bucket, Key=self._key(sha256))
        except FileNotFoundError:
            return False
        return True

    def delete(self, sha256: str) -> None:
        with suppress(FileNotFoundError), self._asked(sha256):
            self.client.delete_object(Bucket=self.bucket, Key=self._key(sha256))

    def ages(self) -> Iterator[tuple[str, float]]:
        yield from self._listed("")

    def _listed(self, folder: str) -> Iterator[tuple[str, float]]:
        return (each for each in self._below(folder) if "/" not in each[0])

    def _below(self, folder: str) -> Iterator[tuple[str, float]]:
        pages = self.client.get_paginator("list_objects_v2")
        with self._asked(folder):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._key(folder)):
                for item in page.get("Contents", ()):
                    name = item["Key"].removeprefix(self._key(folder))
                    yield name, item["LastModified"].timestamp()

    def _move(self, source: str, target: str) -> bool:
        """Copy, then remove; False when another sweep moved it."""
        place = {"Bucket": self.bucket, "Key": self._key(source)}
        try:
            with self._asked(source):
                self.client.copy(place, self.bucket, self._key(target))
        except FileNotFoundError:
            return False
        self.delete(source)
        return True

    def set_aside(self, sha256: str, *, before: float) -> bool:
        """Copy, then remove; no rename is atomic here, so what is aside is judged again later."""
        try:
            with self._asked(sha256):
                head = self.client.head_object(Bucket=self.bucket, Key=self._key(sha256))
        except FileNotFoundError:  # another sweep moved it
            return False
        if head["LastModified"].timestamp() > before:
            return False
        return self._move(sha256, f"{ASIDE}/{sha256}")

    def aside(self) -> Iterator[tuple[str, float]]:
        yield from self._listed(f"{ASIDE}/")

    def is_aside(self, sha256: str) -> bool:
        """Say whether an object is set aside."""
        return self.exists(f"{ASIDE}/{sha256}")

    def bring_back(self, sha256: str) -> None:
        self._move(f"{ASIDE}/{sha256}", sha256)

    def drop_aside(self, sha256: str) -> None:
        self.delete(f"{ASIDE}/{sha256}")

    def drop_drafts(self, *, before: float) -> None:
        """Remove nothing: an upload is whole or absent."""

    def put_part(self, name: str, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
        """Spool to a private file, then send under `prefix/incoming/`."""
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "part"
            stored = written(draft, chunks, limit_bytes)
            self._send(draft, f"{INCOMING}/{name}")
        return stored

    def open_part(self, name: str) -> IO[bytes]:
        """Fetch a part; raises FileNotFoundError, Unavailable."""
        return self.open(f"{INCOMING}/{name}")

    def delete_part(self, name: str) -> None:
        self.delete(f"{INCOMING}/{name}")

    def parts(self) -> Iterator[tuple[str, float]]:
        yield from self._below(f"{INCOMING}/")


def named(url: str) -> S3Store:
    """Return the store of an address `s3://bucket/prefix`."""
    parts = urlsplit(url)
    prefix = parts.path.lstrip("/")
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    client = boto3.client("s3", config=config)
    return S3Store(client, parts.netloc, f"{prefix}/" if prefix else "")

"""The private store, a folder or S3: written once under its sha256, kept while a row names it."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models

from portal.lib import clock
from portal.lib.storage.folders import CHUNK_BYTES, FolderStore, Readable, Store, Stored


@lru_cache(maxsize=4)
def _store(url: str) -> Store:
    if url.startswith("s3://"):
        from portal.lib.storage import buckets  # noqa: PLC0415  # optional dependency

        return buckets.named(url)
    return FolderStore(Path(urlsplit(url).path))


def store() -> Store:
    """Return the store named by settings.OBJECTS_URL."""
    return _store(settings.OBJECTS_URL)


def pieces(file: "IO[bytes] | Readable") -> Iterator[bytes]:
    """Cut a binary file into chunks of 1 MiB."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def chunks(content: "bytes | IO[bytes] | Readable | Iterable[bytes]") -> Iterator[bytes]:
    """Cut bytes or a binary file into chunks; leave chunks as they are."""
    if isinstance(content, bytes):
        yield content
    elif hasattr(content, "read"):
        yield from pieces(cast(Readable, content))
    else:
        yield from cast(Iterable[bytes], content)


def put(content: bytes | IO[bytes] | Iterable[bytes], *, limit_bytes: int = 5 << 30) -> Stored:
    """Store bytes, a binary file or chunks of bytes, once.

    limit_bytes: the largest size accepted; TooLarge past it, and nothing is kept.
    """
    return store().put(chunks(content), limit_bytes=limit_bytes)


def open(sha256: str) -> IO[bytes]:
    """Open an object for reading; raises FileNotFoundError."""
    return store().open(sha256)


def open_span(sha256: str, *, first: int, size: int) -> Readable:
    """Open a part of an object, without the rest of it; raises FileNotFoundError.

    Nothing is copied before the first byte is read, whatever the store: so downloads begin.
    """
    return store().open_span(sha256, first=first, size=size)


def read(sha256: str) -> bytes:
    """Return the whole content of an object; raises FileNotFoundError."""
    with store().open(sha256) as file:
        return file.read()


FEW = 500
DIGEST_CHARACTERS = 64
# Which of these sha256 a row names.
Names = Callable[[Collection[str]], Iterable[str]]
# What tells the objects that an app refers to.
references: list[Names] = []


def digests_in_columns(
    tables: Iterable[type[models.Model]], hashes: Collection[str]
) -> Iterator[str]:
    """Give what stands in any column of 64 characters of these tables, some more than asked.

    Every such column counts, also one that holds a digest of something else: a column that comes
    later is never forgotten, and what is kept for nothing costs little.
    """
    for table in tables:
        yield from digests_in_rows(table._base_manager.all(), hashes)  # noqa: SLF001  # Django’s own


def digests_in_rows(rows: "models.QuerySet[Any]", hashes: Collection[str]) -> Iterator[str]:
    """Give what stands in any column of 64 characters of these rows, as `in_columns`."""
    for field in rows.model._meta.concrete_fields:  # noqa: SLF001  # Django’s own
        if isinstance(field, models.CharField) and field.max_length == DIGEST_CHARACTERS:
            found = rows.order_by()
            if len(hashes) <= FEW:
                found = found.filter(**{f"{field.attname}__in": list(hashes)})
            for each in found.values_list(field.attname, flat=True).iterator():
                yield each or ""


def referenced(hashes: Collection[str]) -> set[str]:
    """Return those of these sha256 that a row, an upload or an import names."""
    wanted = set(hashes)
    return {one for names in references for one in names(wanted) if one in wanted}


def unnamed(*, hours: float) -> list[str]:
    """List the objects put so many hours ago at least that nothing names."""
    before = hours_ago(hours)
    old = {sha256 for sha256, at in store().ages() if at <= before}
    return sorted(old - referenced(old))


def hours_ago(hours: float) -> float:
    """Return the instant so many hours ago, in seconds of the epoch."""
    return clock.now().timestamp() - hours * 3_600

"""What a store of objects can do, and the store that is a folder."""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from portal.lib import failpoints
from portal.lib.refusals import TooLarge

CHUNK_BYTES = 1 << 20


# Where files that are still coming are, and objects that a sweep takes away, apart from the others.
INCOMING, ASIDE = "incoming", "aside"


DRAFT = ".draft"


@dataclass(frozen=True)
class Stored:
    """A stored object: its sha256 in hexadecimal and its size in bytes."""

    sha256: str
    size: int


class Readable(Protocol):
    """Bytes that are read as they come."""

    def read(self, size: int, /) -> bytes:
        """Read on, so many bytes at most; none at the end."""

    def close(self) -> None:
        """Leave it, read or not."""


class Store(Protocol):
    """What a store of objects can do; each may raise Unavailable while it does not answer.

    So does what `open_span` gave, while it is read.
    """

    def put(self, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
        """Write once; raises TooLarge past the limit."""

    def open(self, sha256: str) -> IO[bytes]:
        """Open for reading; raises FileNotFoundError."""

    def open_span(self, sha256: str, *, first: int, size: int) -> "Readable":
        """Open so many bytes of an object from its byte `first` on; raises FileNotFoundError."""

    def exists(self, sha256: str) -> bool:
        """Say whether the object is there."""

    def delete(self, sha256: str) -> None:
        """Remove an object, if it is there."""

    def ages(self) -> Iterator[tuple[str, float]]:
        """List the sha256 of all objects, and when each was last put, in seconds of the epoch."""

    def set_aside(self, sha256: str, *, before: float) -> bool:
        """Take an object out of sight; False, and nothing moves, if it was put since `before`."""

    def aside(self) -> Iterator[tuple[str, float]]:
        """List what is set aside, and since when."""

    def is_aside(self, sha256: str) -> bool:
        """Say whether an object is still set aside."""

    def bring_back(self, sha256: str) -> None:
        """Put back what was set aside, if it still is; an object put meanwhile stays."""

    def drop_aside(self, sha256: str) -> None:
        """Remove for good what was set aside."""

    def drop_drafts(self, *, before: float) -> None:
        """Remove what puts that were killed left half written."""

    def put_part(self, name: str, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
        """Keep a part of a file to come under a name; raises TooLarge past the limit."""

    def open_part(self, name: str) -> IO[bytes]:
        """Open a part; raises FileNotFoundError."""

    def delete_part(self, name: str) -> None:
        """Remove a part, if it is there."""

    def parts(self) -> Iterator[tuple[str, float]]:
        """List the names of the parts kept, and when each was put, in seconds of the epoch."""


class FolderStore:
    """Objects as files `objects/aa/bb/<sha256>`, each synchronised before it is named."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def location(self, sha256: str) -> Path:
        """Return the place of an object."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def put(self, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
        """Stream to incoming/, hash and count, fsync, rename, fsync the folder."""
        incoming = self.root / INCOMING
        incoming.mkdir(parents=True, exist_ok=True)
        draft = incoming / f"{secrets.token_hex(16)}.part"
        try:
            stored = written(draft, chunks, limit_bytes)
            target = self.location(stored.sha256)
            target.parent.mkdir(parents=True, exist_ok=True)
            failpoints.hit("objects.before_rename")
            if _touched(target):
                draft.unlink()
            else:
                draft.rename(target)
            # Also where the file was there: who named it may not have come this far.
            for folder in (target.parent, target.parent.parent, self.root):
                _sync_folder(folder)
            failpoints.hit("objects.after_rename")
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return stored

    def open(self, sha256: str) -> IO[bytes]:
        return self.location(sha256).open("rb")

    def open_span(self, sha256: str, *, first: int, size: int) -> Readable:
        file = self.open(sha256)
        file.seek(first)
        return _Span(file, size)

    def exists(self, sha256: str) -> bool:
        return self.location(sha256).exists()

    def delete(self, sha256: str) -> None:
        self.location(sha256).unlink(missing_ok=True)

    def ages(self) -> Iterator[tuple[str, float]]:
        yield from _dated(self.root.glob("??/??/*"))

    def set_aside(self, sha256: str, *, before: float) -> bool:
        """Rename, then look at the date: a put that found the object there has renewed it."""
        place, aside = self.location(sha256), self.root / ASIDE / sha256
        aside.parent.mkdir(exist_ok=True)
        try:
            place.rename(aside)
            renewed = aside.stat().st_mtime > before
            if not renewed:
                os.utime(aside)
        except FileNotFoundError:  # another sweep moved it
            return False
        if renewed:
            self.bring_back(sha256)
        return not renewed

    def aside(self) -> Iterator[tuple[str, float]]:
        yield from _dated((self.root / ASIDE).glob("*"))

    def is_aside(self, sha256: str) -> bool:
        """Say whether an object is set aside."""
        return (self.root / ASIDE / sha256).exists()

    def bring_back(self, sha256: str) -> None:
        place = self.location(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another sweep moved it
            (self.root / ASIDE / sha256).rename(place)
        _sync_folder(place.parent)

    def drop_aside(self, sha256: str) -> None:
        (self.root / ASIDE / sha256).unlink(missing_ok=True)

    def drop_drafts(self, *, before: float) -> None:
        late = [
            path
            for pattern in ("*.part", f"*/*{DRAFT}")
            for path in (self.root / INCOMING).glob(pattern)
            if any(at <= before for _name, at in _dated([path]))
        ]
        for path in late:
            path.unlink(missing_ok=True)

    def _part(self, name: str) -> Path:
        return self.root / INCOMING / name

    def put_part(self, name: str, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
        """Write beside its name, synchronise, then name."""
        target = self._part(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}{DRAFT}")
        try:
            stored = written(draft, chunks, limit_bytes)
            draft.rename(target)
            _sync_folder(target.parent)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return stored

    def open_part(self, name: str) -> IO[bytes]:
        return self._part(name).open("rb")

    def delete_part(self, name: str) -> None:
        target = self._part(name)
        target.unlink(missing_ok=True)
        with suppress(OSError):  # others are still there
            target.parent.rmdir()

    def parts(self) -> Iterator[tuple[str, float]]:
        for folder in (self.root / INCOMING).glob("*"):
            for name, at in _dated(folder.glob("*")):
                if not name.endswith(DRAFT):
                    yield f"{folder.name}/{name}", at


class _Span:
    """So many bytes of a file, from where it stands."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int, /) -> bytes:
        """Read on, never past the part."""
        piece = self._file.read(min(size, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


def written(path: Path, chunks: Iterable[bytes], limit_bytes: int) -> Stored:
    """Write chunks to a file and synchronise it; raises TooLarge past the limit."""
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:
                raise TooLarge(limit_bytes=limit_bytes)
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Stored(digest.hexdigest(), size)


def _touched(path: Path) -> bool:
    """Renew the date of a file that is there: no sweep takes it away then."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _dated(paths: Iterable[Path]) -> Iterator[tuple[str, float]]:
    for path in paths:
        with suppress(FileNotFoundError):  # removed meanwhile
            yield path.name, path.stat().st_mtime


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

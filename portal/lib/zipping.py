"""Write a zip as it is sent: nothing is held but the part under way."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from portal.lib import objects

# Archives with the same content have the same bytes.
FIXED_DATE = (2020, 1, 1, 0, 0, 0)
STORED_ALREADY = frozenset({"zip", "png", "jpg", "parquet", "sealed", "gz", "pyz"})


@dataclass(frozen=True)
class Member:
    """One file of an archive: its path, and its bytes or what opens them when their turn comes."""

    path: str
    content: bytes | Callable[[], IO[bytes]]

    def pieces(self) -> Iterator[bytes]:
        """Give the content in pieces of at most 1 MiB."""
        if isinstance(self.content, bytes):
            yield self.content
            return
        with self.content() as source:
            yield from objects.pieces(source)


class _Sink(io.RawIOBase):
    """A place that zipfile writes to and that is emptied as it goes; it cannot seek."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def writable(self) -> bool:
        """Say that it takes bytes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are what zipfile gives
        """Keep bytes until they are taken."""
        self.written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        found = b"".join(self.written)
        self.written.clear()
        return found


def streamed(members: Iterable[Member], *, sums: str = "") -> Iterator[bytes]:
    """Write a zip of these files, in their order, without dates.

    sums: the name of a last file that lists the SHA-256 of the others, as sha256sum writes it.
    """
    sink = _Sink()
    lines: list[str] = []
    with zipfile.ZipFile(sink, "w") as archive:
        for member in members:
            digest = hashlib.sha256()
            with archive.open(_head(member.path), "w", force_zip64=True) as target:
                for piece in member.pieces():
                    digest.update(piece)
                    target.write(piece)
                    if sink.written:
                        yield sink.taken()
            lines.append(f"{digest.hexdigest()}  {member.path}\n")
        if sums:
            archive.writestr(_head(sums), "".join(lines).encode())
    yield sink.taken()


def _head(path: str) -> zipfile.ZipInfo:
    head = zipfile.ZipInfo(path, FIXED_DATE)
    suffix = path.rsplit(".", 1)[-1].lower()
    head.compress_type = zipfile.ZIP_STORED if suffix in STORED_ALREADY else zipfile.ZIP_DEFLATED
    head.external_attr = 0o100644 << 16
    return head

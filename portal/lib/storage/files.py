"""Files from people: safe names in, attachments and archives out."""

import csv
import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from portal.lib.storage import objects
from portal.lib.storage.folders import Readable
from portal.lib.storage.objects import chunks

NAME_MAX_CHARACTERS = 200
# Bidirectional controls can make "exe.csv" read as "csv.exe".
_FORBIDDEN = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069/\\\\]")


def safe_name(name: str) -> str:
    """Return a displayable file name: NFC, no control or direction mark, 200 characters."""
    cleaned = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(". ")
    return cleaned[-NAME_MAX_CHARACTERS:] or "fichier"


def _protect(response: FileResponse | StreamingHttpResponse, name: str) -> None:
    response["Content-Disposition"] = content_disposition_header(True, safe_name(name)) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"


def attachment(
    content: IO[bytes] | Readable | Iterable[bytes],
    name: str,
    *,
    media_type: str,
    size: int | None = None,
) -> StreamingHttpResponse:
    """Serve bytes as a download that no browser runs: attachment, nosniff, sandboxed.

    content: a binary file, closed at the end, or chunks. size: in bytes, when known.
    """
    response = StreamingHttpResponse(_Closing(content), content_type=media_type)
    _protect(response, name)
    if size is not None:
        response["Content-Length"] = str(size)
    return response


class _Closing:
    """Chunks of a content that is closed with the response, even one that nobody read."""

    def __init__(self, content: IO[bytes] | Readable | Iterable[bytes]) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        return chunks(self._content)

    def close(self) -> None:
        close = getattr(self._content, "close", None)
        if close is not None:
            close()


def csv_safe(cell: object) -> str:
    """Neutralise a cell that a spreadsheet would run as a formula."""
    text = str(cell)
    return (
        "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _number(text) else text
    )


def csv_answer(rows: Iterable[Iterable[object]], name: str) -> HttpResponse:
    """Give a table as a file that a spreadsheet opens: a mark, semicolons, no formula."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([csv_safe(cell) for cell in row] for row in rows)
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?", text) is not None


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


def streamed_zip(members: Iterable[Member], *, sums: str = "") -> Iterator[bytes]:
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

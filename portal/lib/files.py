"""Files from people: safe names in, attachments out."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import IO

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from portal.lib.objects import Readable, chunks

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

"""Answers: problems (RFC 9457), and files or documents, unchanged, in part, never for too long."""

import hashlib
import math
import re
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _

from portal.lib.refusals import OutOfRange
from portal.lib.web.requests import natural

API = "/api/v1/"
# The page that explains the API: all else under it is for machines.
GUIDE = "/api/"
PROBLEM = "application/problem+json"
# When to come back to a database that restarts or is too busy.
RETRY_SECONDS = 2
# The one status that HTTP does not name: that of the tus protocol for damaged parts.
OTHER_TITLES = {460: "Checksum Mismatch"}


def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a machine."""
    path = request.path
    under_api = path.startswith(GUIDE) and path != GUIDE
    return under_api or "application/json" in request.headers.get("Accept", "")


def problem(status: int, code: str, detail: str, facts: Mapping[str, Any] = {}) -> JsonResponse:
    """Answer with a problem: the status and its English name, a stable code, a French sentence.

    facts: further members, JSON-able or told by their text.
    """
    document = {
        "type": "about:blank",
        "title": OTHER_TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **{key: _plain(value) for key, value in facts.items()},
    }
    return JsonResponse(document, status=status, content_type=PROBLEM)


def broken(reference: str) -> JsonResponse:
    """Answer for an error of ours. reference: what the log names it by."""
    sentence = _("Le portail a rencontré une erreur. Réessayez.")
    return problem(500, "server_error", sentence, {"reference": reference})


def away() -> JsonResponse:
    """Answer while the database is away or too busy."""
    sentence = _("Le portail ne répond pas pour l’instant. Réessayez dans quelques secondes.")
    return problem(503, "unavailable", sentence)


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def tagged(
    request: HttpRequest, response: HttpResponse, *, digest: str, cache: str = "no-cache"
) -> HttpResponseBase:
    """Tag an answer with a digest of the facts and that of its bytes; 304 when it is known.

    The bytes hold what the facts do not: the names of the teams, before and after a change.
    cache: for how long others may keep it, by default asking each time.
    """
    content = hashlib.sha256(response.content).hexdigest()[:32]
    etag = quote_etag(f"{digest}-{content}")
    response["ETag"] = etag
    response["Cache-Control"] = cache
    known = get_conditional_response(request, etag=etag, response=response)
    return known if isinstance(known, HttpResponseNotModified) else response


PARTIAL = 206
_SPEC = re.compile(r"([0-9]*)-([0-9]*)")


@dataclass(frozen=True)
class Span:
    """A part of a file: its first byte, how many bytes, and of how many."""

    first: int
    size: int
    whole: int
    is_part: bool = True

    def told(self, answer: HttpResponseBase) -> HttpResponseBase:
        """Write in an answer which part it holds."""
        answer["Accept-Ranges"] = "bytes"
        if self.is_part:
            answer.status_code = PARTIAL
            last = self.first + self.size - 1
            answer["Content-Range"] = f"bytes {self.first}-{last}/{self.whole}"
        return answer


def asked_range(request: HttpRequest, *, size: int, etag: str) -> Span:
    """Give the part that a request asks of a file, or the whole; raises OutOfRange.

    size: of the file, above zero. etag: the strong one of its bytes, quoted.
    """
    whole = Span(0, size, size, is_part=False)
    text = request.headers.get("Range", "")
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return whole
    unit, _equals, listed = text.partition("=")
    specs = [each.strip() for each in listed.split(",") if each.strip()]
    found = _SPEC.fullmatch(specs[0]) if len(specs) == 1 else None
    if unit.lower() != "bytes" or found is None or found[0] == "-":
        return whole
    begins, ends = found.groups()
    if not begins:
        many = min(natural(ends), size)
        first, last = size - many, size - 1
    else:
        first, last = natural(begins), natural(ends) if ends else size - 1
        if ends and last < first:
            return whole
    if first >= size:
        raise OutOfRange(size_bytes=size)
    return Span(first, min(last, size - 1) - first + 1, size)


# Where gunicorn keeps the connection of a request.
SOCKET = "gunicorn.socket"
# What the system may hold of an answer that is looked at: some pieces, and the rest is here.
HELD_BYTES, LOOK_MILLISECONDS = 1 << 18, 250


def cut_slow_readers(
    response: StreamingHttpResponse,
    request: HttpRequest,
    *,
    end: float = math.inf,
    piece_seconds: float,
    look: Callable[[], None] | None = None,
) -> None:
    """Cut an answer past an instant of the monotonic clock, or when a piece takes too long.

    Without an end, who reads on may read as long as it takes. look: raises once the answer must
    stop; asked while a piece waits for its reader too, so that little is held back for one who is
    slow (HELD_BYTES).
    Who no longer reads blocks the sending of a piece, which gunicorn alone ends. Cut means
    TimeoutError while it is sent: the connection is shut before the end that was announced, which
    every client sees. So it is where the content itself fails; what the system still held to send
    is thrown away.
    """
    link = request.META.get(SOCKET)
    if link is not None:
        link.settimeout(piece_seconds)
    wait = _wait(link, look, piece_seconds) if link is not None and look is not None else None
    response.streaming_content = _until(end, iter(response), link, wait)


def _wait(
    link: socket.socket, look: Callable[[], None], piece_seconds: float
) -> Callable[[], None]:
    """Give what waits until a piece would be taken at once, and looks meanwhile."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HELD_BYTES)
    room = select.poll()
    room.register(link, select.POLLOUT)

    def wait() -> None:
        late = time.monotonic() + piece_seconds
        while not room.poll(LOOK_MILLISECONDS):
            look()
            if time.monotonic() > late:
                raise TimeoutError("an answer was read too slowly")

    return wait


def _until(
    end: float,
    pieces: Iterator[bytes],
    link: socket.socket | None,
    wait: Callable[[], None] | None,
) -> Iterator[bytes]:
    try:
        for piece in pieces:
            if wait is not None:
                wait()
            if time.monotonic() > end:
                raise TimeoutError("an answer was read too slowly")
            yield piece
    except Exception:
        if link is not None:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise

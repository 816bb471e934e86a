"""Cut an answer that is read too slowly: it holds a thread of the web server until its end."""

import math
import time
from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse

# Where gunicorn keeps the connection of a request.
SOCKET = "gunicorn.socket"


def cut(
    response: StreamingHttpResponse,
    request: HttpRequest,
    *,
    end: float = math.inf,
    piece_seconds: float,
) -> None:
    """Cut an answer past an instant of the monotonic clock, or when a piece takes too long.

    Without an end, who reads on may read as long as it takes.
    Who no longer reads blocks the sending of a piece, which gunicorn alone ends. Cut means
    TimeoutError while it is sent: the connection is shut before the end that was announced, which
    every client sees.
    """
    if SOCKET in request.META:
        request.META[SOCKET].settimeout(piece_seconds)
    response.streaming_content = _until(end, iter(response))


def _until(end: float, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if time.monotonic() > end:
            raise TimeoutError("an answer was read too slowly")
        yield piece

"""Have an antivirus read a file: clamd, by the INSTREAM command of its socket.

A file counts as clean when the scanner said so, never because it did not answer.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings

PIECE_BYTES = 64 * 1024
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 120.0
MOST_ANSWER_BYTES = 4_096
MOST_READ_BYTES = 2 << 30  # clamd reads no larger file, whatever is set
CLEAN, FOUND = "OK", "FOUND"


class ScannerAway(Exception):
    """No scanner answers: every file waits, and it is asked again later."""

    code = "scanner_away"


class ScannerStopped(ScannerAway):
    """No scanner answers any more since it was sent this file, which may have stopped it."""


class ScannerFailed(Exception):
    """The scanner answers, but does not say whether this file is clean."""

    code = "scanner_failed"


def is_set() -> bool:
    """Say whether this installation has a scanner."""
    return bool(settings.SCANNER_URL)


def scan(source: Path | IO[bytes], *, seconds: float = ANSWER_SECONDS) -> str | None:
    """Return the name of what the scanner found in a file, from its start, None when it is clean.

    Without a scanner, every file is. Raises ScannerFailed when it answers anything else, as of a
    file beyond its StreamMaxLength, or nothing of this file while it still answers a ping;
    ScannerAway when it does not: before the file, so that one that is frozen holds nobody as long
    as a file may take; ScannerStopped, a ScannerAway, after it. seconds: how long each step of the
    exchange may last.
    """
    if not is_set():
        return None
    if not _answers():
        raise ScannerAway("no answer to a ping")
    try:
        with closing(_connected(settings.SCANNER_URL)) as link:
            link.settimeout(seconds)
            answer = _asked(link, source)
    except OSError as error:
        raise _silent(type(error).__name__) from error
    if not answer:
        raise _silent("no answer")
    said = answer.removeprefix("stream:").strip()
    if said == CLEAN:
        return None
    name, _blank, word = said.rpartition(" ")
    if word != FOUND or not name:
        raise ScannerFailed(said[:100])
    return name[:100]


def _silent(why: str) -> ScannerStopped | ScannerFailed:
    """Say whether the scanner still answers others once this file was sent.

    Beyond its limits clamd may reset the connection before its answer is read.
    """
    return ScannerFailed(why) if _answers() else ScannerStopped(why)


def _answers() -> bool:
    """Say whether the scanner answers a ping."""
    try:
        with closing(_connected(settings.SCANNER_URL)) as link:
            link.sendall(b"zPING\0")
            return _line(link) == "PONG"
    except OSError:
        return False


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(CONNECT_SECONDS)
        try:
            link.connect(parts.path)
        except OSError:
            link.close()
            raise
    else:
        address = (parts.hostname or "", parts.port or 3310)
        link = socket.create_connection(address, timeout=CONNECT_SECONDS)
    return link


def _asked(link: socket.socket, source: Path | IO[bytes]) -> str:
    """Send a file by pieces, each after its length, and read the one line of the answer."""
    try:
        link.sendall(b"zINSTREAM\0")
        for piece in _pieces(source):
            link.sendall(struct.pack(">I", len(piece)) + piece)
        link.sendall(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it stopped reading and says why, or nothing
    return _line(link)


def _line(link: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < MOST_ANSWER_BYTES:
        piece = link.recv(1_024)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _pieces(source: Path | IO[bytes]) -> Iterator[bytes]:
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece

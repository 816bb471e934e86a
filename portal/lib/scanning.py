"""Have an antivirus read a file: clamd, by the INSTREAM command of its socket.

A file counts as clean when the scanner said so, never because it did not answer.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

PIECE_BYTES = 64 * 1024
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 120.0
MOST_ANSWER_BYTES = 4_096
CLEAN, FOUND = "OK", "FOUND"


class ScannerAway(Exception):
    """The scanner did not say whether a file is clean; it is asked again later."""

    code = "scanner_away"


def is_set() -> bool:
    """Say whether this installation has a scanner."""
    return bool(settings.SCANNER_URL)


def scan(path: Path) -> str | None:
    """Return the name of what the scanner found in a file, None when it is clean.

    Without a scanner, every file is. Raises ScannerAway when it does not answer, or answers
    anything else: a file beyond its StreamMaxLength is such a case.
    """
    if not is_set():
        return None
    try:
        with closing(_connected(settings.SCANNER_URL)) as link:
            answer = _asked(link, path)
    except OSError as error:
        raise ScannerAway(type(error).__name__) from error
    said = answer.removeprefix("stream:").strip()
    if said == CLEAN:
        return None
    name, _blank, word = said.rpartition(" ")
    if word != FOUND or not name:
        raise ScannerAway(said[:100] or "no answer")
    return name[:100]


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
    link.settimeout(ANSWER_SECONDS)
    return link


def _asked(link: socket.socket, path: Path) -> str:
    """Send a file by pieces, each after its length, and read the one line of the answer."""
    try:
        link.sendall(b"zINSTREAM\0")
        for piece in _pieces(path):
            link.sendall(struct.pack(">I", len(piece)) + piece)
        link.sendall(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it stopped reading and says why, or nothing
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < MOST_ANSWER_BYTES:
        piece = link.recv(1_024)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece

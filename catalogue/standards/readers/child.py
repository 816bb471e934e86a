"""Read documents in a child process: no network, no file, bounded time and memory.

The child imports the parsers once, then forks for each document, so that nothing of one is left
for the next and each fork can be killed. An idle child leaves by itself after a minute.
"""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter

from catalogue.standards.readers import formats
from catalogue.standards.readers.formats import FORMATS
from catalogue.standards.readers.record import Fault, Reading, failed, fault
from catalogue.standards.readers.record import gettext_noop as _

READING = TypeAdapter(Reading)
ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
}
MAX_IDLE = 1
GRACE_SECONDS = 3.0
START_SECONDS = 20.0  # to import the parsers, on a busy machine
PIECE_BYTES = 2**16

LOST: dict[str, tuple[str, str]] = {
    "time": (
        "reading_time",
        _(
            "Ce document demande plus de %(seconds)s secondes de lecture : il n’a pas été lu. "
            "Réduisez-le."
        ),
    ),
    "memory": (
        "reading_memory",
        _("Ce document demande trop de mémoire : il n’a pas été lu. Réduisez-le."),
    ),
    "lost": (
        "reading_lost",
        _("La lecture de ce document s’est interrompue : réessayez, puis signalez-le."),
    ),
}


class ChildLost(Exception):
    """Say that a child died, or did not answer in time."""


def read(format_: str, content: bytes, *, base_url: str = "") -> Reading:
    """Read one document, at most 5 MB, in a killable child without network.

    format_: a code of FORMATS. base_url: address it was read at, for relative addresses.
    Never raises on bad input: what could not be read is among the faults of the reading.
    """
    if format_ not in FORMATS:
        return failed(format_, unknown_format(format_))
    if len(content) > formats.DOCUMENT_BYTES:
        return failed(format_, too_large(len(content)))
    request = json.dumps({"format": format_, "base_url": base_url}).encode()
    try:
        state, body = _ask(request, content)
    except ChildLost:
        state, body = "lost", b""
    if state == "read":
        return READING.validate_json(body)
    return failed(format_, _lost(state))


def unknown_format(format_: str) -> Fault:
    """Say that no reader takes this format."""
    return fault(
        "unknown_format",
        _("Le format « %(format)s » n’est pas lu ici."),
        format=format_,
        fatal=True,
    )


def too_large(size_bytes: int) -> Fault:
    """Say that a document is over the limit."""
    return fault(
        "document_too_large",
        _("Ce document pèse %(size)s Mo : la limite est de 5 Mo."),
        size=f"{size_bytes / 1_000_000:.1f}".replace(".", ","),
        fatal=True,
    )


def _lost(state: str) -> Fault:
    code, sentence = LOST.get(state, LOST["lost"])
    return fault(code, sentence, seconds=formats.READ_SECONDS, fatal=True)


def send(pipe: IO[bytes], head: bytes, body: bytes) -> None:
    """Write two byte strings, each after its length."""
    pipe.write(len(head).to_bytes(8, "big") + len(body).to_bytes(8, "big") + head + body)
    pipe.flush()


def receive(pipe: IO[bytes], until: float | None = None) -> tuple[bytes, bytes]:
    """Read what send wrote; raises EOFError, or TimeoutError past a monotonic time."""
    sizes = _exactly(pipe, 16, until)
    head = _exactly(pipe, int.from_bytes(sizes[:8], "big"), until)
    return head, _exactly(pipe, int.from_bytes(sizes[8:], "big"), until)


def _exactly(pipe: IO[bytes], size: int, until: float | None) -> bytes:
    out, descriptor = bytearray(), pipe.fileno()
    while len(out) < size:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
        piece = os.read(descriptor, min(size - len(out), PIECE_BYTES))
        if not piece:
            raise EOFError
        out += piece
    return bytes(out)


class _Server:
    """Run one warm child and speak with it, one document at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(  # our own module, by our own interpreter
            [sys.executable, "-P", "-m", "catalogue.standards.readers.serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            close_fds=True,
            start_new_session=True,
        )
        self.fresh = True

    def ask(self, request: bytes, content: bytes) -> tuple[str, bytes]:
        """Send one document and wait for its reading; raises ChildLost."""
        assert self.process.stdin is not None  # noqa: S101  # a pipe was asked for
        assert self.process.stdout is not None  # noqa: S101  # a pipe was asked for
        start = START_SECONDS if self.fresh else 0.0
        until = time.monotonic() + start + formats.READ_SECONDS + GRACE_SECONDS
        try:
            send(self.process.stdin, request, content)
            state, body = receive(self.process.stdout, until)
        except (BrokenPipeError, EOFError) as error:
            raise ChildLost from error
        except TimeoutError:
            self.stop()
            return "time", b""
        self.fresh = False
        return state.decode(), body

    def stop(self) -> None:
        """Kill the child and its fork."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


_idle: list[_Server] = []
_lock = threading.Lock()
_owner = os.getpid()


def _ask(request: bytes, content: bytes) -> tuple[str, bytes]:
    """Ask a child; one that left while idle is replaced, once."""
    server = _take()
    try:
        try:
            answer = server.ask(request, content)
        except ChildLost:
            if server.fresh:
                raise
            server.stop()
            server = _Server()
            answer = server.ask(request, content)
    except BaseException:
        server.stop()
        raise
    _give_back(server)
    return answer


def _give_back(server: _Server) -> None:
    with _lock:
        alive = server.process.poll() is None
        if alive and len(_idle) < MAX_IDLE and os.getpid() == _owner:
            _idle.append(server)
            return
    server.stop()


def _take() -> _Server:
    global _owner
    with _lock:
        if os.getpid() != _owner:  # a fork of ours: the children are its parent's
            _idle.clear()
            _owner = os.getpid()
        while _idle:
            server = _idle.pop()
            if server.process.poll() is None:
                return server
            server.stop()
    return _Server()


@atexit.register
def stop_children() -> None:
    """Stop the idle child of this process."""
    if os.getpid() != _owner:
        return
    with _lock:
        while _idle:
            _idle.pop().stop()

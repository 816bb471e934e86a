"""Read prediction files in a child process: no Django, no label, no secret, rlimits, killable.

The child is a warm server: it imports NumPy once, then forks for each file, so that nothing
of one file is left for the next and each has its own limits. It never sees a label: it gets
identifiers and a specification, and answers with a verdict and an aligned answer."""

import atexit
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from challenges.scoring.answer import AnswerSpec, Limits, canonical
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.faults import Reporter, refused
from challenges.scoring.predictions.formats import human_bytes
from challenges.scoring.process import wire
from challenges.scoring.process.wire import Recent, Shelf
from challenges.scoring.truth.keys import count_keys
from challenges.scoring.verdict import Verdict

ROOT = Path(__file__).resolve().parents[3]
MAX_IDLE = 2
GRACE_SECONDS = 2.0
SHELF_BYTES = 2**20  # for labels and the header of an answer
# What a process that reads or scores files is started with; the worker too.
SETTINGS = {
    "MALLOC_ARENA_MAX": "2",
    # Keep freed memory: a process that gives it back and asks again spends half its time there.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20),
    # Threads of a small product of matrices wait for each other longer than they compute.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    **SETTINGS,
}


class ChildLost(Exception):
    """Say that a child died, or did not answer in time."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check(
    path: Path | str,
    spec: AnswerSpec,
    keys: bytes,
    limits: Limits | None = None,
    *,
    name: str | None = None,
) -> Verdict:
    """Check a prediction file in a child process.

    name: the file name its authors gave, whose extension declares the format; the name of
    path when None. limits: derived from spec and keys when None. Codes X_TIMEOUT and
    X_MEMORY are the platform's limits, not faults of form; X_PLATFORM is our own failure: the
    caller tries again. Raises OSError when the file cannot be found.
    """
    verdict, _ = read(path, spec, keys, limits, name=name)
    return verdict


def read(
    path: Path | str,
    spec: AnswerSpec,
    keys: bytes,
    limits: Limits | None = None,
    *,
    name: str | None = None,
) -> tuple[Verdict, Answer | None]:
    """Read a prediction file in a child process: verdict, and answer when accepted."""
    limits = limits or Limits.of(spec, count_keys(keys))
    Path(path).stat()
    request = {
        "path": str(Path(path).resolve()),
        "name": name or Path(path).name,
        "spec": spec.to_json(),
        "limits": asdict(limits),
    }
    try:
        head, body = _ask(request, keys, limits)
    except ChildLost as lost:
        report = Reporter(spec)
        size, seconds = human_bytes(limits.memory_bytes), f"{limits.wall_seconds:g} s"
        if lost.code == "X_TIMEOUT":
            size = {"max": seconds, "max_en": seconds}
        facts: dict[str, Any] = {"limite": size["max"], "limite_en": size["max_en"]}
        return refused(report.refuse(lost.code, **facts)), None
    verdict = Verdict.from_json(json.loads(head))
    return verdict, Answer.from_bytes(body) if verdict.accepted else None


class _Server:
    """Run one warm child and speak with it, one file at a time.

    It keeps the identifiers of the truths last asked for, and we the list of them.
    """

    def __init__(self) -> None:
        self.shelf = Shelf.new()
        self.known: Recent[bool] = Recent(wire.KEPT_BYTES)
        self.process = subprocess.Popen(  # noqa: S603 (our own module, by our own interpreter)
            [
                sys.executable,
                "-P",
                "-m",
                "challenges.scoring.process.serve",
                str(self.shelf.descriptor),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            close_fds=True,
            pass_fds=[self.shelf.descriptor],
            pipesize=wire.PIPE_BYTES,
            start_new_session=True,
        )

    def ask(self, request: dict[str, Any], keys: bytes, limits: Limits) -> tuple[bytes, bytes]:
        """Send one request and wait for its verdict and answer; raises ChildLost."""
        assert self.process.stdin is not None  # noqa: S101 (a pipe was asked for)
        assert self.process.stdout is not None  # noqa: S101 (a pipe was asked for)
        name = _fingerprint(keys)
        body = b"" if self.known.get(name) else keys
        self.known.add(name, True, len(keys))
        self.shelf.clear(SHELF_BYTES + 2 * limits.max_uncompressed_bytes + 32 * limits.max_rows)
        until = time.monotonic() + limits.wall_seconds + GRACE_SECONDS
        try:
            wire.send(self.process.stdin, canonical(request | {"keys": name}), body)
            head, size = wire.receive(self.process.stdout, until)
            return head, self.shelf.take(int.from_bytes(size, "big"))
        except (BrokenPipeError, EOFError) as error:
            raise ChildLost("X_MEMORY") from error
        except TimeoutError as error:
            raise ChildLost("X_TIMEOUT") from error

    def stop(self) -> None:
        """Kill the child and its forks."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.shelf.close()


_idle: list[_Server] = []
_seen: tuple[bytes, str] = (b"", "")
_lock = threading.Lock()
_owner = os.getpid()


def _fingerprint(keys: bytes) -> str:
    """Return the sha256 of keys, computed once while they are the same object."""
    global _seen
    held, name = _seen
    if held is not keys:
        name = hashlib.sha256(keys).hexdigest()
        _seen = keys, name
    return name


def _ask(request: dict[str, Any], keys: bytes, limits: Limits) -> tuple[bytes, bytes]:
    server = _take()
    try:
        answer = server.ask(request, keys, limits)
    except BaseException:
        server.stop()
        raise
    with _lock:
        if len(_idle) < MAX_IDLE and os.getpid() == _owner:
            _idle.append(server)
            return answer
    server.stop()
    return answer


def _take() -> _Server:
    global _owner
    with _lock:
        if os.getpid() != _owner:
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
    """Stop the idle children of this process."""
    if os.getpid() != _owner:
        return
    with _lock:
        while _idle:
            _idle.pop().stop()

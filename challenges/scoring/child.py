"""Read prediction files in a child process: no Django, no label, no secret, rlimits, killable.

The child is a warm server, this module run as a program: it imports NumPy once, then forks for
each file, so that nothing of one file is left for the next and each has its own limits. It never
sees a label: it gets identifiers and a specification, and answers with a verdict and an aligned
answer, through a pipe and through memory that both see. The parent empties that memory and sets
its size before each use: what holds it cannot make it grow.
"""

import atexit
import hashlib
import importlib
import json
import mmap
import os
import select
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

import numpy.ma  # noqa: F401 (NumPy imports it at the first np.unique: once here, not in each fork)

from challenges.scoring.arrays import Data
from challenges.scoring.contract import AnswerSpec, Limits, canonical
from challenges.scoring.predictions.fast import MOST_THREADS
from challenges.scoring.predictions.files import human_bytes
from challenges.scoring.predictions.reader import read_predictions
from challenges.scoring.truth import Answer, Keys, count_keys, load_keys
from challenges.scoring.verdict import Reporter, Verdict, refused

if sys.platform != "win32":  # on a team's own machine files are read in the calling process
    import resource

T = TypeVar("T")


class Recent(Generic[T]):
    """Hold things that weigh at most so much together; the one used longest ago leaves first.

    The last one stays, whatever it weighs. Two of them that see the same calls hold the same
    names.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[object, tuple[T, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, name: object) -> T | None:
        """Return what has a name, None when it is not held; it is then the last used."""
        if name not in self._held:
            return None
        self._held.move_to_end(name)
        return self._held[name][0]

    def add(self, name: object, value: T, weight: int) -> None:
        """Hold something, the last used."""
        self._held[name] = value, weight
        self._held.move_to_end(name)
        total = sum(each for _, each in self._held.values())
        while total > self._most and len(self._held) > 1:
            total -= self._held.popitem(last=False)[1][1]


class Shelf:
    """Hold one byte string, by a file descriptor that child processes inherit."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def new(cls) -> "Shelf":
        """Make an empty shelf."""
        return cls(os.memfd_create("shelf"))

    def clear(self, most_bytes: int) -> None:
        """Forget what it holds; it may then hold so many bytes, which cost nothing until used."""
        os.ftruncate(self.descriptor, 0)
        os.ftruncate(self.descriptor, most_bytes)

    def put(self, pieces: Sequence[Data]) -> int:
        """Write pieces one after the other; returns their size. Raises ValueError over its own."""
        size = sum(map(len, pieces))
        if size > os.fstat(self.descriptor).st_size:
            raise ValueError("more than the shelf holds")
        if not size:
            return 0
        with mmap.mmap(self.descriptor, size) as memory:
            for piece in pieces:
                memory.write(piece)
        return size

    def take(self, size: int) -> bytes:
        """Return a copy of its first bytes."""
        return os.pread(self.descriptor, size, 0)

    def close(self) -> None:
        """Give the memory back."""
        os.close(self.descriptor)


PIPE_BYTES = 2**20
KEPT_BYTES = 2**28  # of identifiers that a child keeps, and that its parent knows it keeps


def send(pipe: IO[bytes], head: bytes, body: bytes) -> None:
    """Write two byte strings, each after its length."""
    pipe.write(len(head).to_bytes(8, "big") + len(body).to_bytes(8, "big"))
    pipe.write(head)
    pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes], until: float | None = None) -> tuple[bytes, bytearray]:
    """Read what send wrote; raises EOFError, or TimeoutError past a monotonic time."""
    sizes = _exactly(pipe, 16, until)
    head = _exactly(pipe, int.from_bytes(sizes[:8], "big"), until)
    return bytes(head), _exactly(pipe, int.from_bytes(sizes[8:], "big"), until)


def _exactly(pipe: IO[bytes], size: int, until: float | None) -> bytearray:
    out = bytearray()
    descriptor = pipe.fileno()
    while len(out) < size:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
        piece = os.read(descriptor, min(size - len(out), PIPE_BYTES))
        if not piece:
            raise EOFError
        out += piece
    return out


ROOT = Path(__file__).resolve().parents[2]
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
        self.known: Recent[bool] = Recent(KEPT_BYTES)
        self.process = subprocess.Popen(  # noqa: S603 (our own module, by our own interpreter)
            [
                sys.executable,
                "-P",
                "-m",
                "challenges.scoring.child",
                str(self.shelf.descriptor),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            close_fds=True,
            pass_fds=[self.shelf.descriptor],
            pipesize=PIPE_BYTES,
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
            send(self.process.stdin, canonical(request | {"keys": name}), body)
            head, size = receive(self.process.stdout, until)
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


MEMORY_FACTOR = 8
OPEN_FILES = 64
THREAD_BYTES = 160 * 2**20  # address space that a thread reserves, hardly used
NO_MEMORY = 3


def main() -> None:
    """Answer requests until the parent closes the pipe; the argument is the shelf's descriptor."""
    warnings.simplefilter("ignore")
    shelf = Shelf(int(sys.argv[1]))
    kept: Recent[Keys] = Recent(KEPT_BYTES)
    with open(0, "rb", buffering=0) as source, open(1, "wb") as sink:
        while True:
            try:
                head, body = receive(source)
            except EOFError:
                return
            request = json.loads(head)
            if body:
                kept.add(request["keys"], load_keys(body), len(body))
            keys = kept.get(request["keys"])
            if keys is None:
                raise KeyError(request["keys"])
            send(sink, *_forked(request, keys, shelf))


def _forked(request: dict[str, Any], keys: Keys, shelf: Shelf) -> tuple[bytes, bytes]:
    """Read a file in a fork; returns the verdict, and how many bytes of answer are shelved."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve_and_exit(request, keys, shelf, writing)
    os.close(writing)
    try:
        with open(reading, "rb", buffering=0) as pipe:
            verdict, size = receive(pipe)
    except EOFError:
        verdict, size = b"", bytearray()
    _, status = os.waitpid(child, 0)
    if verdict and status == 0:
        return verdict, bytes(size)
    return _lost(request, status)


def _lost(request: dict[str, Any], status: int) -> tuple[bytes, bytes]:
    """Turn the death of a fork into a refusal."""
    report = Reporter(AnswerSpec.from_json(request["spec"]))
    limits = Limits(**request["limits"])
    timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU)
    if timed_out:
        refusal = report.refuse("X_TIMEOUT", limite=f"{limits.wall_seconds:g} s")
    elif os.WIFSIGNALED(status) and request["name"].casefold().endswith(".parquet"):
        refusal = report.refuse("E_PARQUET_CORRUPT")
    elif os.WIFEXITED(status) and os.WEXITSTATUS(status) != NO_MEMORY:
        refusal = report.refuse("X_PLATFORM")
    else:
        refusal = report.refuse("X_MEMORY", limite=f"{limits.memory_bytes // 2**20} Mo")
    return canonical(refused(refusal).to_json()), b""


# So near its limit of address space, a process that fails has failed for want of memory.
STARVED_BYTES = 32 * 2**20


def _serve_and_exit(request: dict[str, Any], keys: Keys, shelf: Shelf, writing: int) -> None:
    code = 1
    try:
        _serve(request, keys, shelf, writing)
        code = 0
    except MemoryError:
        code = NO_MEMORY
    finally:
        try:  # a library that could not start a thread or map a page says so in its own way
            code = NO_MEMORY if code == 1 and _starved() else code
        finally:
            os._exit(code)


def _starved() -> bool:
    most, _hard = resource.getrlimit(resource.RLIMIT_AS)
    return most != resource.RLIM_INFINITY and _mapped_bytes() + STARVED_BYTES > most


def _serve(request: dict[str, Any], keys: Keys, shelf: Shelf, writing: int) -> None:
    limits = Limits(**request["limits"])
    spec = AnswerSpec.from_json(request["spec"])
    with open(request["path"], "rb") as file:
        data = file.read(limits.max_bytes + 1)
    _import_readers(request["name"].casefold(), data)
    bound(limits, _weight(request["name"].casefold(), len(data), limits))
    verdict, answer = read_predictions(data, request["name"], spec, keys, limits)
    size = 0 if answer is None else shelf.put(answer.pieces())
    with open(writing, "wb") as pipe:
        send(pipe, canonical(verdict.to_json()), size.to_bytes(8, "big"))


def _import_readers(name: str, data: bytes) -> None:
    """Map the slow libraries a file needs: the limit on memory counts from there.

    In the fork, as their threads would not survive one.
    """
    zipped = name.endswith(".zip")
    if name.endswith(".parquet") or (zipped and b".parquet" in data.lower()):
        importlib.import_module("challenges.scoring.predictions.parquet")


def _weight(name: str, size: int, limits: Limits) -> int:
    """Return the bytes of virtual memory that reading a file may take."""
    if name.endswith((".parquet", ".zip")):
        size = min(limits.max_uncompressed_bytes, size * limits.max_zip_ratio)
    return MEMORY_FACTOR * size + MOST_THREADS * THREAD_BYTES


def bound(limits: Limits, weight: int) -> None:
    """Set the limits of this process, weight bytes over its base; they cannot be raised again."""
    memory = _mapped_bytes() + weight + limits.memory_bytes
    seconds = max(1, int(limits.wall_seconds))
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(what, (most, most))
    # At the hard limit Linux sends SIGKILL, as it does for want of memory; SIGXCPU at the soft one.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def _mapped_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()

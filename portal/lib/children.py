"""Run modules of ours in processes of their own: bounded, killable, without our environment.

`run` starts one for one answer. `Warm` keeps one that has imported its parsers, and that forks for
each request (`serve`), so that nothing of one is left for the next. This module imports the
standard library alone: plain Python may import it.
"""

import atexit
import gc
import io
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
}
ANSWER_BYTES = 64_000_000
IDLE_SECONDS = 60.0  # an unused child leaves
START_SECONDS = 20.0  # to import the parsers, on a busy machine
GRACE_SECONDS = 3.0
PIECE_BYTES = 2**16
# How an answer ended, or why there is none.
ANSWERED, TIME, MEMORY, LOST = "answered", "time", "memory", "lost"
TIMED_OUT = (signal.SIGALRM, signal.SIGXCPU)
NO_MEMORY = 3  # the status of a fork that was refused memory


class ChildLost(Exception):
    """A child that gave no answer. ending: TIME, MEMORY, or LOST when it died otherwise."""

    def __init__(self, ending: str) -> None:
        super().__init__(ending)
        self.ending = ending


@dataclass(frozen=True)
class Bounds:
    """What a process may use. opens: whether it may open files and sockets."""

    seconds: int
    memory_bytes: int
    written_bytes: int = 0
    opens: bool = True

    def apply(self) -> None:
        """Bind this process, for good."""
        limits = {
            # A second before it is killed, the kernel says that it is for its time.
            resource.RLIMIT_CPU: (self.seconds, self.seconds + 1),
            resource.RLIMIT_AS: (self.memory_bytes, self.memory_bytes),
            resource.RLIMIT_FSIZE: (self.written_bytes, self.written_bytes),
            resource.RLIMIT_CORE: (0, 0),
        }
        if not self.opens:
            limits[resource.RLIMIT_NOFILE] = (0, 0)
        for limit, values in limits.items():
            resource.setrlimit(limit, values)


def run(
    module: str,
    *arguments: str,
    given: IO[bytes] | bytes,
    seconds: float,
    answer_bytes: int = ANSWER_BYTES,
    environment: Mapping[str, str] = {},
) -> bytes:
    """Run a module on a file, from its start, as its standard input; return what it writes.

    The module binds itself, with `Bounds`, before it reads. seconds: of clock. Raises ChildLost
    for a child that fails, is stopped, or writes more than answer_bytes.
    """
    until = time.monotonic() + seconds
    with _as_file(given) as file:
        process = _start([module, *arguments], file, {**ENVIRONMENT, **environment})
        try:
            answer = _to_the_end(_pipe(process.stdout), answer_bytes, until)
            status = process.wait(max(0.0, until - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            raise ChildLost(TIME) from error
        finally:
            _stop(process)
    if status != 0:
        raise ChildLost(TIME if -status in TIMED_OUT else LOST)
    return answer


def finish(answer: bytes) -> NoReturn:
    """Write the answer of this child of `run`, and end at once.

    At an ordinary end the threads of a native library (Arrow's) now and then abort the process, on
    a busy machine, and its answer is lost though it was whole.
    """
    with open(1, "wb") as pipe:
        pipe.write(answer)
    os._exit(0)


@contextmanager
def _as_file(given: IO[bytes] | bytes) -> Iterator[IO[bytes]]:
    """Give a file that another process can read: a pipe could fill while nobody reads."""
    stream = io.BytesIO(given) if isinstance(given, bytes) else given
    stream.seek(0)
    try:
        descriptor = stream.fileno()
    except (OSError, AttributeError):  # in memory
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy)
            copy.seek(0)
            yield copy
        return
    # Both processes move along the same place, which `stream`, that buffers, believes its own.
    place = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        yield stream
    finally:
        os.lseek(descriptor, place, os.SEEK_SET)


def _start(
    command: list[str], given: IO[bytes] | int, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-P", "-m", *command],
        stdin=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment,
        start_new_session=True,
    )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Kill a child and its forks."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("a pipe was asked for")
    return pipe


def _piece(pipe: IO[bytes], most: int, until: float | None) -> bytes:
    """Read what has come, at most so much; raises TimeoutError past a monotonic time."""
    if until is not None:
        left = until - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError
    return os.read(pipe.fileno(), min(most, PIECE_BYTES))


def _to_the_end(pipe: IO[bytes], most: int, until: float | None = None) -> bytes:
    """Read all that a child writes; raises ChildLost past `most`."""
    answer = bytearray()
    while piece := _piece(pipe, PIECE_BYTES, until):
        answer += piece
        if len(answer) > most:
            raise ChildLost(LOST)
    return bytes(answer)


def _send(pipe: IO[bytes], number: int, head: bytes, body: bytes) -> None:
    sizes = (number, len(head), len(body))
    pipe.write(b"".join(each.to_bytes(8, "big") for each in sizes) + head + body)
    pipe.flush()


def _receive(pipe: IO[bytes], until: float | None = None) -> tuple[int, bytes, bytes]:
    """Read what `_send` wrote; raises EOFError, or TimeoutError past a monotonic time."""
    sizes = _exactly(pipe, 24, until)
    number, head, body = (int.from_bytes(sizes[at : at + 8], "big") for at in (0, 8, 16))
    return number, _exactly(pipe, head, until), _exactly(pipe, body, until)


def _exactly(pipe: IO[bytes], size: int, until: float | None) -> bytes:
    content = bytearray()
    while len(content) < size:
        piece = _piece(pipe, size - len(content), until)
        if not piece:
            raise EOFError
        content += piece
    return bytes(content)


class _Child:
    """A warm child, that one request at a time is asked of."""

    def __init__(self, module: str) -> None:
        self.process = _start([module], subprocess.PIPE, ENVIRONMENT)
        self.is_new = True

    def ask(self, request: bytes, content: bytes, seconds: int) -> tuple[str, bytes]:
        """Return how a request ended, and its answer; raises OSError, EOFError, TimeoutError."""
        start = START_SECONDS if self.is_new else 0.0
        until = time.monotonic() + start + seconds + GRACE_SECONDS
        _send(_pipe(self.process.stdin), seconds, request, content)
        _number, ending, answer = _receive(_pipe(self.process.stdout), until)
        self.is_new = False
        return ending.decode(), answer


class Warm:
    """The warm children of a module that calls `serve`; one stays for whoever asks next."""

    def __init__(self, module: str) -> None:
        self._module = module
        self.idle: list[_Child] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()
        atexit.register(self.stop)

    def ask(self, request: bytes, content: bytes, *, seconds: int) -> bytes:
        """Return what the module answers to a request about a content; raises ChildLost.

        seconds: of processor and of clock. A child that left while it was idle is replaced.
        """
        while True:
            child = self._take()
            try:
                ending, answer = child.ask(request, content, seconds)
            except TimeoutError as error:
                _stop(child.process)
                raise ChildLost(TIME) from error
            except (BrokenPipeError, EOFError) as error:
                _stop(child.process)
                if child.is_new:  # one that dies at once is not tried again
                    raise ChildLost(LOST) from error
            except BaseException:
                _stop(child.process)
                raise
            else:
                self._give_back(child)
                break
        if ending != ANSWERED:
            raise ChildLost(ending)
        return answer

    def stop(self) -> None:
        """Stop the idle child of this process."""
        with self._lock:
            while self.idle and self._owner == os.getpid():
                _stop(self.idle.pop().process)

    def _take(self) -> _Child:
        with self._lock:
            if self._owner != os.getpid():  # a fork of ours: the children are its parent's
                self.idle.clear()
                self._owner = os.getpid()
            while self.idle:
                child = self.idle.pop()
                if child.process.poll() is None:
                    return child
                _stop(child.process)
        return _Child(self._module)

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            if not self.idle and self._owner == os.getpid():
                self.idle.append(child)
                return
        _stop(child.process)


Answer = Callable[[bytes, bytes], bytes]


def serve(answer: Answer, *, memory_bytes: int) -> None:
    """Be a warm child: answer each request in a fork, until nobody asks for a minute.

    A fork may open no descriptor, hence no socket and no file: what `answer` needs is imported, and
    has run once, before. It is called with the request and its content.
    """
    gc.freeze()  # what is shared with the forks stays so
    with open(0, "rb", buffering=0) as source, open(1, "wb") as sink:
        while select.select([source], [], [], IDLE_SECONDS)[0]:
            try:
                seconds, request, content = _receive(source)
            except EOFError:
                return
            bounds = Bounds(seconds, memory_bytes, opens=False)
            _send(sink, 0, *_forked(answer, request, content, bounds))


def _forked(answer: Answer, request: bytes, content: bytes, bounds: Bounds) -> tuple[bytes, bytes]:
    """Answer in a fork; return how it ended, and what it answered."""
    reading, writing = os.pipe()
    fork = os.fork()
    if fork == 0:
        os.close(reading)
        _answer_and_exit(answer, request, content, bounds, writing)
    os.close(writing)
    answered = b""
    with open(reading, "rb", buffering=0) as pipe:
        try:
            answered = _to_the_end(pipe, ANSWER_BYTES)
        except ChildLost:
            os.kill(fork, signal.SIGKILL)
    ending = _ending(os.waitpid(fork, 0)[1])
    return ending.encode(), answered if ending == ANSWERED else b""


def _answer_and_exit(
    answer: Answer, request: bytes, content: bytes, bounds: Bounds, writing: int
) -> None:
    status = 1
    try:
        bounds.apply()
        for each in TIMED_OUT:
            signal.signal(each, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, bounds.seconds)
        written = answer(request, content)
        with open(writing, "wb") as pipe:
            pipe.write(written)
        status = 0
    except (MemoryError, RecursionError):
        status = NO_MEMORY
    finally:
        os._exit(status)


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return ANSWERED
    if -code in TIMED_OUT:
        return TIME
    return MEMORY if code in {NO_MEMORY} or code < 0 else LOST

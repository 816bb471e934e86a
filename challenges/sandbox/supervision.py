"""Follow one started run to its end: what it prints, what it uses, when it must stop."""

import os
import select
import selectors
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field

from challenges.sandbox.base import End, Limits, SandboxBroken, is_halted
from challenges.sandbox.limits import POLL_SECONDS, Watch

TAIL_BYTES = 4096
DEATH_SECONDS = 10.0
# What runtimes print when an allocation is refused; the worst a lie does is to name one's own
# failure differently.
NO_MEMORY = (b"MemoryError", b"std::bad_alloc", b"OutOfMemoryError")


@dataclass
class Stream:
    """One stream of a program: its first bytes, its last bytes, whether some were dropped."""

    most: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytes = b""
    cut: bool = False

    def add(self, data: bytes) -> None:
        """Take what was printed."""
        room = self.most - len(self.head)
        self.head += data[:room]
        self.cut = self.cut or len(data) > room
        self.tail = (self.tail + data)[-TAIL_BYTES:]


@dataclass(frozen=True)
class Started:
    """The handles of a run that waits for the word.

    process, init: pidfds of the isolating process and of the first process of the namespace.
    program: the pid of the program, as this host counts. pipes: reading ends of its streams.
    """

    pid: int
    process: int
    init: int
    program: int
    pipes: tuple[int, int]


@dataclass
class Supervision:
    """Stop a run at its limits, and make sure that nothing of it is left."""

    started: Started
    watch: Watch
    limits: Limits
    out: Stream
    err: Stream
    passed: tuple[End, str] | None = None
    killed: bool = False
    halted: bool = False
    next_look: float = 0.0

    def follow(self) -> tuple[int | None, float]:
        """Wait for the end; returns exit code (None when stopped) and wall seconds."""
        began = time.monotonic()
        end = began + self.limits.wall_seconds
        with selectors.DefaultSelector() as selector:
            for pipe, stream in zip(self.started.pipes, (self.out, self.err), strict=True):
                os.set_blocking(pipe, False)
                selector.register(pipe, selectors.EVENT_READ, stream)
            selector.register(self.started.process, selectors.EVENT_READ, None)
            while not self._ended(selector):
                end = self._judge(end)
        wall = time.monotonic() - began
        self.kill()
        _, status = os.waitpid(self.started.pid, 0)
        self._empty()
        self._drain()
        if self.halted:
            raise SandboxBroken("the run was asked to stop")
        # a last look at the folders: what was written between two polls counts too
        passed = self.watch.look()
        self.passed = self.passed or passed
        code = None if self.passed else os.waitstatus_to_exitcode(status)
        return code, wall

    def kill(self) -> None:
        """Kill the namespace's first process: the kernel kills all the others with it."""
        self.killed = True
        for handle in (self.started.init, self.started.process):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)

    @property
    def without_memory(self) -> bool:
        """Say whether the program's last words are those of a refused allocation."""
        return any(words in self.err.tail for words in NO_MEMORY)

    def _ended(self, selector: selectors.BaseSelector) -> bool:
        over = False
        for key, _ in selector.select(POLL_SECONDS):
            if key.data is None:
                over = True
            elif not _read(key.fd, key.data):
                selector.unregister(key.fd)
        return over

    def _judge(self, end: float) -> float:
        """Stop what passed a limit; returns when to look at the clock next."""
        now = time.monotonic()
        if self.killed or now < self.next_look:
            return end  # a program that prints without end does not make us look without end
        self.next_look = now + POLL_SECONDS
        if is_halted():
            self.halted = True
            self.kill()
            return end
        passed = self.watch.look()
        if passed and not self.passed:
            self.passed = passed
            self.kill()
        elif now >= end:
            if self.passed:
                self.kill()
            else:
                self.passed = (End.TIMEOUT, f"plus de {self.limits.wall_seconds:g} s")
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.started.program, signal.SIGTERM)
                return now + self.limits.grace_seconds
        return end

    def _empty(self) -> None:
        """Wait until no process of the run is left, so that its files stand still.

        The first process of a namespace is over only when the kernel has ended all the others.
        """
        over = select.poll()
        over.register(self.started.init, select.POLLIN)
        if not over.poll(DEATH_SECONDS * 1000):
            raise SandboxBroken("a process of the run does not die")

    def _drain(self) -> None:
        for pipe, stream in zip(self.started.pipes, (self.out, self.err), strict=True):
            while _read(pipe, stream):
                pass


def _read(pipe: int, stream: Stream) -> bool:
    """Read what is there; False at the end, or when nothing is there."""
    try:
        data = os.read(pipe, 65536)
    except BlockingIOError:
        return False
    stream.add(data)
    return bool(data)

"""Say what a sandbox is: the values that go in, the values that come out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

KIB, MIB, GIB = 2**10, 2**20, 2**30
# Besides the names that the sandbox sets itself, a call may set these and no other.
ENVIRONMENT_NAMES = frozenset({"OE_SEED", "PYTHONHASHSEED", "PYTHONPATH"})


class NotIsolated(Exception):
    """A host that cannot isolate was asked to run a program: nothing was run."""

    def __init__(self, missing: "Missing") -> None:
        super().__init__(f"{missing.cause}: {missing.sentence}")
        self.missing = missing


class SandboxBroken(Exception):
    """The isolation did not start although the host can isolate: our fault, to be tried again."""


class End(StrEnum):
    """Say how a run ended."""

    EXITED = "exited"  # by itself, with any exit code or signal
    TIMEOUT = "timeout"  # wall clock or processor time
    MEMORY = "memory"
    OUTPUT = "output"  # too much written, or something that is no plain file


@dataclass(frozen=True)
class Missing:
    """What a host lacks. cause: a stable word for operators; sentence: French, for people."""

    cause: str
    sentence: str


@dataclass(frozen=True)
class Environment:
    """A named, closed set of host folders that programs may read, and its Python.

    folders are mounted read-only at their own path. python must lie in one of them: it also
    starts every run, before any foreign byte is read.
    """

    name: str
    folders: tuple[str, ...]
    python: str


SYSTEM = Environment("systeme", ("/usr",), "/usr/bin/python3")


@dataclass(frozen=True)
class Shown:
    """A host file or folder that a program reads at target, and cannot change."""

    source: Path
    target: str


@dataclass(frozen=True)
class Copied:
    """A host folder copied into memory at target, for a program that writes beside itself.

    room_bytes: what the folder may hold in all, copy included.
    """

    source: Path
    target: str
    room_bytes: int = 128 * MIB


@dataclass(frozen=True)
class Written:
    """An empty folder in memory that a program fills; its plain files are copied into `into`.

    into: an existing empty folder of the host, filled only when the program exits with 0.
    """

    target: str
    into: Path


@dataclass(frozen=True)
class Limits:
    """What one run may use; it is stopped at the first limit it reaches.

    memory_bytes: resident memory of all processes together; files in memory (the folders
    written, /tmp, /dev/shm) have their own sizes and come on top of it. sockets: of all processes
    together, as what waits in them is memory that no process is charged for.
    """

    wall_seconds: float = 600.0
    cpu_seconds: float = 600.0
    memory_bytes: int = GIB
    processes: int = 64
    open_files: int = 256
    sockets: int = 64
    output_bytes: int = 64 * MIB
    output_files: int = 1000
    scratch_bytes: int = 64 * MIB
    log_bytes: int = 64 * KIB
    grace_seconds: float = 10.0
    threads: int = 1


ORDINARY = Limits()

_halted: ContextVar[Callable[[], bool]] = ContextVar("halted", default=lambda: False)


@contextmanager
def halted_by(asked: Callable[[], bool]) -> Iterator[None]:
    """Kill the runs that are followed in this context as soon as `asked` says so.

    They end by SandboxBroken: the work they belong to is no longer ours.
    """
    token = _halted.set(asked)
    try:
        yield
    finally:
        _halted.reset(token)


def is_halted() -> bool:
    """Say whether the runs of this context must stop now."""
    return _halted.get()()


@dataclass(frozen=True)
class Call:
    """One program to run.

    argv: the command, without a shell. folder: its working folder. logs: whether what it prints
    is kept, at most limits.log_bytes of each stream; otherwise it goes nowhere.
    """

    argv: tuple[str, ...]
    folder: str
    mounts: tuple[Shown | Copied | Written, ...] = ()
    limits: Limits = ORDINARY
    environment: Mapping[str, str] = field(default_factory=dict)
    logs: bool = True

    def __post_init__(self) -> None:
        """Refuse a variable outside the closed list, an empty command and a relative target."""
        if unknown := sorted(set(self.environment) - ENVIRONMENT_NAMES):
            raise ValueError(f"variables outside the list: {', '.join(unknown)}")
        if not self.argv or any("\0" in word for word in self.argv):
            raise ValueError("no command, or a NUL in it")
        targets = [mount.target for mount in self.mounts]
        if any(not t.startswith("/") or ".." in t.split("/") for t in (*targets, self.folder)):
            raise ValueError("targets are absolute paths without ..")


@dataclass(frozen=True)
class Measures:
    """What a run used, polled every 50 ms. io_bytes: read and written, pipes included.

    A shorter spike of memory, and the processor time of the last moment, may be missing.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    processes: int
    output_bytes: int
    io_bytes: int = 0


@dataclass(frozen=True)
class Ended:
    """How a run ended, what it used, and what it printed.

    exit_code: as a shell gives it, 128 + signal for a death by signal; None when the run was
    stopped. detail: French, for the organiser and the moderators, never for a team whose program
    saw hidden data. stdout, stderr: untrusted bytes, cut at the limit; cut says so.
    """

    end: End
    exit_code: int | None
    measures: Measures
    stdout: bytes = b""
    stderr: bytes = b""
    cut: bool = False
    detail: str = ""

    @property
    def succeeded(self) -> bool:
        """Say whether the program ended by itself with 0, and its files were taken."""
        return self.end is End.EXITED and self.exit_code == 0


class Sandbox(Protocol):
    """What runs a call in isolation."""

    def available(self) -> Missing | None:
        """Say what this host lacks to isolate, or None. Runs a trial; asked once, remembered."""
        ...

    def room(self, parent: Path) -> AbstractContextManager[Path]:
        """Make a folder for the files of one evaluation, removed at the end with its content.

        What a call mounts must lie in a room, or be readable by every user of the host. parent
        must let every user through (mode 0711 or more) when the worker is root.
        """
        ...

    def run(self, call: Call) -> Ended:
        """Run a call to its end.

        Raises NotIsolated where the host cannot isolate, SandboxBroken when the start failed.
        """
        ...

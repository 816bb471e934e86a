"""Follow one started run to its end: what it prints, what it uses, when it must stop.

The kernel holds what it can for each process (RLIMIT_*) and for each folder (sized tmpfs). What
only the whole tree shows (memory, processor time, entries of folders) is polled every 50 ms
through the sandbox's own /proc, which lists its processes and no other, by descriptors that the
program cannot touch."""

import os
import select
import selectors
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from challenges.sandbox.base import MIB, End, Limits, SandboxBroken, is_halted

POLL_SECONDS = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
# Address space is not memory: runtimes reserve more than they touch. The poll counts the rest.
ADDRESS_ROOM = 1024 * MIB
# 1 and not 0: a core_pattern that pipes to a program ignores 0.
NO_CORE = 1
FOLDER_ENTRIES = 20_000
# The first process of the namespace, and a moment in which a process and its child are both there.
BESIDE = 3


def kernel_limits(limits: Limits) -> dict[str, int]:
    """List the RLIMIT_* that the launcher takes on, for each process of the run."""
    return {
        "AS": limits.memory_bytes + ADDRESS_ROOM,
        "CPU": max(1, int(limits.cpu_seconds) + 1),
        # a page more than may be taken: a file cut there is refused, never taken for a whole one
        "FSIZE": limits.output_bytes + PAGE,
        "NOFILE": limits.open_files,
        "NPROC": limits.processes,
        "CORE": NO_CORE,
        "MEMLOCK": 64 * 1024,
        "MSGQUEUE": 0,
        "RTPRIO": 0,
    }


@dataclass
class Usage:
    """What a run was seen to use so far."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    processes: int = 0
    output_bytes: int = 0
    io_bytes: int = 0


@dataclass
class Watch:
    """Look at a run and say which limit it passed.

    proc: descriptor of the sandbox's /proc. written, scratch: descriptors of its folders in
    memory, the first ones being those whose content is taken.
    """

    limits: Limits
    proc: int
    written: tuple[int, ...]
    scratch: tuple[int, ...]
    usage: Usage = field(default_factory=Usage)
    spent: "Spent" = field(default_factory=lambda: Spent())
    moved: "Moved" = field(default_factory=lambda: Moved())

    def look(self) -> tuple[End, str] | None:
        """Measure once; returns the limit that was passed, with a French sentence."""
        resident, ticks, count = measure(self.proc, self.spent)
        if resident > self.limits.memory_bytes:
            resident = min(resident, proportional(self.proc))
        used = sum(_used(folder)[0] for folder in self.written)
        usage = self.usage
        usage.peak_bytes = max(usage.peak_bytes, resident)
        usage.cpu_seconds = max(usage.cpu_seconds, ticks / TICKS)
        usage.processes = max(usage.processes, count)
        usage.output_bytes = max(usage.output_bytes, used)
        usage.io_bytes = max(usage.io_bytes, self.moved.add(self.proc))
        return self._passed(resident, used) or self._too_many(count)

    def _passed(self, resident: int, used: int) -> tuple[End, str] | None:
        limits = self.limits
        if resident > limits.memory_bytes:
            return End.MEMORY, f"plus de {limits.memory_bytes // MIB} Mio de mémoire"
        if self.usage.cpu_seconds > limits.cpu_seconds:
            return End.TIMEOUT, f"plus de {limits.cpu_seconds:g} s de processeur"
        if used > limits.output_bytes:
            return End.OUTPUT, f"plus de {limits.output_bytes // MIB} Mio écrits"
        if any(_used(folder)[1] > limits.output_files + 100 for folder in self.written):
            return End.OUTPUT, f"plus de {limits.output_files} fichiers écrits"
        if any(_used(folder)[1] > FOLDER_ENTRIES for folder in self.scratch):
            return End.OUTPUT, f"plus de {FOLDER_ENTRIES} fichiers dans un dossier de travail"
        return None

    def _too_many(self, count: int) -> tuple[End, str] | None:
        """Judge what the kernel limits for each process or user, over the whole run."""
        limits = self.limits
        if count > limits.processes + BESIDE:
            return End.MEMORY, f"plus de {limits.processes} processus"
        if sockets(self.proc) > limits.sockets:
            return End.MEMORY, f"plus de {limits.sockets} prises réseau"
        return None


@dataclass
class Spent:
    """The processor time of each process seen, also of those that ended unseen by their parent.

    A program that ignores its children's end is charged for none of them by the kernel.
    """

    living: dict[tuple[str, bytes], int] = field(default_factory=dict)
    gone: int = 0

    def add(self, living: dict[tuple[str, bytes], int]) -> int:
        """Take what the living have used by themselves; returns the ticks of all so far."""
        self.gone += sum(used for who, used in self.living.items() if who not in living)
        self.living = living
        return self.gone + sum(living.values())


@dataclass
class Moved:
    """The bytes that each process seen has read and written, by whatever means."""

    most: dict[str, int] = field(default_factory=dict)

    def add(self, proc: int) -> int:
        """Look at the living; returns the bytes of all so far, 0 where the host tells nothing."""
        for pid in processes(proc):
            try:
                told = _read_proc(proc, f"{pid}/io")
            except OSError:
                continue  # it ended meanwhile, or the host keeps it to itself
            words = dict(line.split(b": ") for line in told.splitlines())
            moved = sum(int(words.get(name, b"0")) for name in (b"rchar", b"wchar"))
            self.most[pid] = max(self.most.get(pid, 0), moved)
        return sum(self.most.values())


def measure(proc: int, spent: Spent) -> tuple[int, int, int]:
    """Sum resident bytes, processor ticks and processes over a /proc, given by descriptor.

    Ticks are the more of two counts: what the living used with the children they waited for, and
    what spent remembers of all.
    """
    resident = ticks = count = 0
    living: dict[tuple[str, bytes], int] = {}
    for pid in processes(proc):
        try:
            stat = _read_proc(proc, f"{pid}/stat")
        except OSError:
            continue  # it ended meanwhile
        # the name, in parentheses, may hold anything; what follows the last one is the kernel's
        fields = stat.rpartition(b")")[2].split()
        if len(fields) < 22:
            continue
        ticks += sum(int(value) for value in fields[11:15])
        living[pid, fields[19]] = int(fields[11]) + int(fields[12])  # by its start: pids come back
        resident += int(fields[21]) * PAGE
        count += 1
    return resident, max(ticks, spent.add(living)), count


def sockets(proc: int) -> int:
    """Count the sockets of the network namespace that the run's processes share."""
    try:
        head = _read_proc(proc, "1/net/sockstat").split(b"\n", 1)[0]
    except OSError:
        return 0  # the namespace has ended
    words = head.split()
    return int(words[2]) if len(words) == 3 and words[2].isdigit() else 0


def proportional(proc: int) -> int:
    """Sum memory with each shared page counted once, which costs more to ask: forks share much."""
    total = 0
    for pid in processes(proc):
        try:
            rollup = _read_proc(proc, f"{pid}/smaps_rollup")
        except OSError:
            continue
        for line in rollup.splitlines():
            if line.startswith(b"Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def processes(proc: int) -> Iterable[str]:
    """List the processes of a /proc; nothing once its namespace has ended."""
    try:
        return [name for name in os.listdir(proc) if name.isdigit()]
    except OSError:
        return []


def _used(folder: int) -> tuple[int, int]:
    """Count bytes and entries of a folder in memory, without walking it."""
    state = os.fstatvfs(folder)
    return (state.f_blocks - state.f_bfree) * state.f_frsize, state.f_files - state.f_ffree


def _read_proc(folder: int, name: str) -> bytes:
    number = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.read(number, 4096)
    finally:
        os.close(number)


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

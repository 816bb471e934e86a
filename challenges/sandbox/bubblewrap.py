"""Isolate a program with bubblewrap.

What a program finds: its own user, process, network, host name, IPC and cgroup namespaces, none
of which it can nest; no capability; a read-only root with `/usr` and its environment; /tmp and
/dev/shm of a fixed size in memory; what its call mounts; a closed list of variables; a seccomp
filter. It runs as an ordinary user of the host even when the worker is root: RLIMIT_NPROC and
file permissions mean nothing to root.

What a call mounts lies in a `room`, a folder that the run's user and root alone can enter; below
it, files are readable by others, whatever their owner.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from challenges.sandbox import host, outputs, rooms, seccomp
from challenges.sandbox.base import (
    SYSTEM,
    Call,
    Copied,
    End,
    Ended,
    Environment,
    Measures,
    Missing,
    NotIsolated,
    SandboxBroken,
    Shown,
    Written,
)
from challenges.sandbox.supervision import Started, Stream, Supervision, Watch, kernel_limits

LAUNCHER = Path(__file__).with_name("launcher.py").read_text(encoding="utf-8")
START_SECONDS = 60.0
INSIDE_ID = 1000
# Users of the host that no account has; one for each worker process, so that two runs do not
# count against each other's limit of processes.
FIRST_USER = 1_879_048_192
USERS = 4_194_304
ALIASES = "/opt/alias"
ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
ETC = ("/etc/ld.so.cache", "/etc/alternatives")
SCRATCH = ("/tmp", "/dev/shm")  # noqa: S108 # inside the sandbox
PASSWD = b"programme:x:1000:1000::/tmp:/bin/sh\n"
GROUP = b"programme:x:1000:\n"
SLACK_BYTES = 64 * 1024


@dataclass
class Bubblewrap:
    """The sandbox of a Linux host with bubblewrap 0.8 or newer and user namespaces."""

    environment: Environment = SYSTEM
    program: str = "bwrap"
    _asked: bool = False
    _missing: Missing | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def available(self) -> Missing | None:
        """Say what this host lacks, or None; the trial runs once for this object."""
        with self._lock:
            if not self._asked:
                self._missing = host.host_lacks(self.program, self.environment) or self._trial()
                self._asked = True
            return self._missing

    def run(self, call: Call) -> Ended:
        """Run a call to its end (see base.Sandbox)."""
        if missing := self.available():
            raise NotIsolated(missing)
        return self._run(call)

    @contextmanager
    def room(self, parent: Path) -> Iterator[Path]:
        """Make a folder for the files of one evaluation, and remove it at the end."""
        room = Path(tempfile.mkdtemp(prefix=rooms.prefix("run"), dir=parent))
        try:
            if (user := _user()) is not None:
                os.chown(room, user, -1)
            yield room
        finally:
            shutil.rmtree(room)

    def _trial(self) -> Missing | None:
        try:
            ended = self._run(Call(("/bin/sh", "-c", "echo $((6*7))"), "/tmp"))  # noqa: S108
        except (SandboxBroken, OSError) as error:
            return host.refused_namespaces(str(error))
        if ended.stdout == b"42\n" and ended.succeeded:
            return None
        return host.refused_namespaces(ended.stderr.decode(errors="replace"))

    def _run(self, call: Call) -> Ended:
        with ExitStack() as stack:
            started, held, channel = self._start(call, stack)
            written = [m for m in call.mounts if isinstance(m, Written)]
            folders = held[: len(written)]
            watch = Watch(call.limits, held[-1], tuple(folders), tuple(held[len(written) : -1]))
            most = call.limits.log_bytes if call.logs else 0
            supervision = Supervision(started, watch, call.limits, Stream(most), Stream(most))
            try:
                channel.send(b"go")
                code, wall = supervision.follow()
            finally:
                supervision.kill()
            end, detail = supervision.passed or (End.EXITED, "")
            if end is End.EXITED and code and supervision.without_memory:
                end, detail = End.MEMORY, "mémoire refusée au programme"
            if end is End.EXITED and code == 0:
                end, detail = _taken(written, folders, call)
            use = watch.usage
            return Ended(
                end,
                code if end is End.EXITED else None,
                Measures(wall, **asdict(use)),
                bytes(supervision.out.head),
                bytes(supervision.err.head),
                call.logs and (supervision.out.cut or supervision.err.cut),
                detail,
            )

    def _start(self, call: Call, stack: ExitStack) -> tuple[Started, list[int], socket.socket]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(ours)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        ours.settimeout(START_SECONDS)
        info, told = os.pipe2(os.O_CLOEXEC)
        stack.callback(os.close, info)
        with ExitStack() as handed:
            handed.enter_context(theirs)
            handed.callback(os.close, told)
            command, passed = self._command(call, theirs.fileno(), told, handed)
            process = subprocess.Popen(  # noqa: S603 # the command is ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={},
                cwd="/",
                pass_fds=passed,
                user=_user(),
                group=_user(),
                extra_groups=None if _user() is None else [],
            )
        streams = [stack.enter_context(pipe) for pipe in (process.stdout, process.stderr) if pipe]
        handle = os.pidfd_open(process.pid)
        stack.callback(os.close, handle)
        try:
            ours.send(_orders(call, self.environment))
            said, ancillary, _, _ = ours.recvmsg(4096, 4096)
            held, program = _received(ancillary, stack)
            if said != b"ready":
                raise SandboxBroken(said.decode(errors="replace") or "no answer")
            init = os.pidfd_open(json.loads(os.read(info, 4096))["child-pid"])
        except (OSError, ValueError, KeyError, SandboxBroken) as error:
            said_by_it = _bury(process, handle)
            raise SandboxBroken(said_by_it or str(error)) from error
        stack.callback(os.close, init)
        process.returncode = 0  # reaped by the supervision
        pipes = (streams[0].fileno(), streams[1].fileno())
        return Started(process.pid, handle, init, program, pipes), held, ours

    def _command(
        self, call: Call, channel: int, info: int, stack: ExitStack
    ) -> tuple[list[str], list[int]]:
        """Write the command line; returns it with the descriptors it needs."""
        passed = [channel, info]

        def data(content: bytes) -> str:
            number = os.memfd_create("sandbox")
            stack.callback(os.close, number)
            os.write(number, content)
            os.lseek(number, 0, os.SEEK_SET)
            passed.append(number)
            return str(number)

        words = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"]
        words += ["--new-session", "--cap-drop", "ALL", "--clearenv", "--hostname", "sandbox"]
        words += ["--uid", str(INSIDE_ID), "--gid", str(INSIDE_ID), "--info-fd", str(info)]
        words += ["--seccomp", data(seccomp.program())]
        words += _system(self.environment)
        words += ["--ro-bind-data", data(PASSWD), "/etc/passwd"]
        words += ["--ro-bind-data", data(GROUP), "/etc/group"]
        words += ["--proc", "/proc", "--dev", "/dev"]
        for folder in SCRATCH:
            words += _memory(call.limits.scratch_bytes, folder)
        for place, mount in enumerate(call.mounts):
            match mount:
                case Shown():
                    words += ["--ro-bind", str(mount.source), mount.target]
                case Copied():
                    words += ["--ro-bind", str(mount.source), _copy_of(place)]
                    words += _memory(mount.room_bytes, mount.target)
                case Written():
                    words += _memory(call.limits.output_bytes + SLACK_BYTES, mount.target)
        words += ["--remount-ro", "/dev", "--remount-ro", "/"]
        arguments = data(b"".join(word.encode() + b"\0" for word in words))
        python = [self.environment.python, "-I", "-S", "-c", LAUNCHER, str(channel)]
        return [self.program, "--args", arguments, "--", *python], passed


def _system(environment: Environment) -> Iterator[str]:
    """List what every program finds: its environment, and the links that lead into /usr."""
    for folder in dict.fromkeys(("/usr", *environment.folders)):
        yield from ("--ro-bind", folder, folder)
    for name in ROOT_LINKS:
        place = Path("/", name)
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        else:
            yield from ("--ro-bind-try", str(place), str(place))
    for path in ETC:
        yield from ("--ro-bind-try", path, path)
    yield from ("--symlink", environment.python, f"{ALIASES}/python")
    yield from ("--symlink", environment.python, f"{ALIASES}/python3")


def _memory(size: int, target: str) -> list[str]:
    return ["--size", str(size), "--tmpfs", target]


def _copy_of(place: int) -> str:
    return f"/run/copies/{place}"


def _orders(call: Call, environment: Environment) -> bytes:
    """Write what the launcher does; a message of a SEQPACKET socket."""
    copied = [(n, mount) for n, mount in enumerate(call.mounts) if isinstance(mount, Copied)]
    written = [mount.target for mount in call.mounts if isinstance(mount, Written)]
    return json.dumps(
        {
            "copies": [(_copy_of(n), mount.target) for n, mount in copied],
            "held": [*written, *SCRATCH, *(mount.target for _, mount in copied), "/proc"],
            "folder": call.folder,
            "limits": kernel_limits(call.limits),
            "argv": call.argv,
            "environment": _variables(call, environment),
        }
    ).encode()


def _variables(call: Call, environment: Environment) -> dict[str, str]:
    threads = str(call.limits.threads)
    bin_folder = str(Path(environment.python).parent)
    return {
        "PATH": ":".join(dict.fromkeys((bin_folder, "/usr/bin", "/bin", ALIASES))),
        "HOME": "/tmp",  # noqa: S108
        "TMPDIR": "/tmp",  # noqa: S108
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        **call.environment,
    }


def _user() -> int | None:
    """Choose the host's user for a run when this is root: one that has no account."""
    return FIRST_USER + os.getpid() % USERS if os.geteuid() == 0 else None


def _received(ancillary: list[tuple[int, int, bytes]], stack: ExitStack) -> tuple[list[int], int]:
    """Read the descriptors and the pid that came with the launcher's message."""
    held: list[int] = []
    program = 0
    for _, kind, data in ancillary:
        if kind == socket.SCM_RIGHTS:
            size = len(data) // 4 * 4
            held += [int.from_bytes(data[i : i + 4], "little") for i in range(0, size, 4)]
        elif kind == socket.SCM_CREDENTIALS:
            program = int.from_bytes(data[:4], "little")
    for number in held:
        stack.callback(os.close, number)
    return held, program


def _bury(process: "subprocess.Popen[bytes]", handle: int) -> str:
    """Kill and reap a start that failed; returns what bubblewrap said of it."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    _, said = process.communicate()
    return said.decode(errors="replace").strip()[:500]


def _taken(written: list[Written], folders: list[int], call: Call) -> tuple[End, str]:
    room = outputs.Room(call.limits.output_bytes, call.limits.output_files)
    try:
        for mount, folder in zip(written, folders, strict=True):
            outputs.take(folder, mount.into, room)
    except outputs.OutputRefused as refused:
        return End.OUTPUT, str(refused)
    return End.EXITED, ""

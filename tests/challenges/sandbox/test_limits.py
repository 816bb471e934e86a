"""A run is stopped at each of its limits, and the host stays as it was."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from challenges.sandbox.base import (
    MIB,
    Call,
    Copied,
    End,
    Ended,
    Limits,
    NotIsolated,
    SandboxBroken,
    Written,
    halted_by,
)
from challenges.sandbox.bubblewrap import Bubblewrap
from tests.challenges.sandbox.conftest import processes_with

SLEEP = f"86398.{os.getpid():09d}"  # nobody else's program sleeps exactly so
LIMITS = Limits(
    wall_seconds=20,
    cpu_seconds=20,
    memory_bytes=128 * MIB,
    output_bytes=4 * MIB,
    output_files=20,
    log_bytes=1000,
    grace_seconds=0.5,
)


def python(sandbox: Bubblewrap, room: Path, code: str, limits: Limits = LIMITS) -> Ended:
    """Run a program that may write into /app/out."""
    (room / "out").mkdir()
    mounts = (Written("/app/out", room / "out"),)
    return sandbox.run(Call(("python3", "-c", code), "/app/out", mounts, limits))


def test_a_program_answers_by_its_exit_code_its_streams_and_its_files(
    sandbox: Bubblewrap, room: Path
) -> None:
    code = """
import os, sys
os.makedirs("deep/er")
open("deep/er/b.txt", "w").write("b")
open("a.txt", "w").write("a")
print("said")
print("complained", file=sys.stderr)
"""
    ended = python(sandbox, room, code)
    assert (ended.end, ended.exit_code, ended.succeeded) == (End.EXITED, 0, True)
    assert (ended.stdout, ended.stderr, ended.cut) == (b"said\n", b"complained\n", False)
    assert sorted(str(p.relative_to(room)) for p in (room / "out").rglob("*")) == [
        "out/a.txt",
        "out/deep",
        "out/deep/er",
        "out/deep/er/b.txt",
    ]
    assert (room / "out/deep/er/b.txt").read_text() == "b"


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("import sys; sys.exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137), ("x", 1)],
)
def test_a_failure_keeps_its_exit_code_and_leaves_no_file(
    sandbox: Bubblewrap, room: Path, code: str, exit_code: int
) -> None:
    ended = python(sandbox, room, "open('left.txt', 'w').write('x')\n" + code)
    assert (ended.end, ended.exit_code) == (End.EXITED, exit_code)
    assert list((room / "out").iterdir()) == []


def test_an_unknown_program_exits_with_127_and_python_has_its_old_name(sandbox: Bubblewrap) -> None:
    ended = sandbox.run(Call(("absent",), "/tmp", limits=LIMITS))
    assert (ended.exit_code, ended.stderr) == (127, b"absent: No such file or directory\n")
    ended = sandbox.run(Call(("python", "-c", "print(1)"), "/tmp", limits=LIMITS))
    assert (ended.exit_code, ended.stdout) == (0, b"1\n")


# It forks, and the kernel charges a parent for no child whose end it ignores.
UNWAITED = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
        os._exit(0)
    time.sleep(0.4)
"""
# What waits in a socket is memory that no process is charged for.
SOCKETS = """
import os, socket, time
for _ in range(3):
    if os.fork() == 0:
        held = [socket.socket(socket.{family}) for _ in range(25)]
        time.sleep(30)
time.sleep(30)
"""
MEMORY = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        kept = bytearray(os.urandom(1)) * (48 * 2**20)
        time.sleep(15)
time.sleep(15)
"""
DEAF = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nwhile True: time.sleep(1)"
FAMILY = f"import os, time\n[os.fork() for _ in range(3)]\ntime.sleep({SLEEP})"
BYTES = """
import contextlib
with contextlib.suppress(OSError):
    for n in range(10):
        open(str(n), "wb").write(bytes(2**20))
"""
EMPTY = "import itertools\nfor n in itertools.count(): open('/tmp/' + str(n), 'w').close()"
HALF, BUSY = {"wall_seconds": 0.5}, {"cpu_seconds": 0.5}
# What a program does, under which limits; how it ends, and what is told of it.
STOPPED: dict[str, tuple[str, dict[str, float], End, str]] = {
    "deaf to SIGTERM": (DEAF, HALF, End.TIMEOUT, "plus de 0.5 s"),
    "family": (FAMILY, HALF, End.TIMEOUT, "plus de 0.5 s"),
    "prints": ("while True: print('x' * 65536)", HALF, End.TIMEOUT, "plus de 0.5 s"),
    "processor": (
        "import os\nos.fork()\nos.fork()\nwhile True: pass",
        BUSY,
        End.TIMEOUT,
        "plus de 0.5 s de processeur",
    ),
    "unwaited": (UNWAITED, BUSY, End.TIMEOUT, "plus de 0.5 s de processeur"),
    **{
        family: (SOCKETS.format(family=family), {}, End.MEMORY, "plus de 64 prises réseau")
        for family in ("AF_UNIX", "AF_INET")
    },
    "memory": (MEMORY, {}, End.MEMORY, "plus de 128 Mio de mémoire"),
    "bytes": (BYTES, {}, End.OUTPUT, "plus de 4 Mio écrits"),
    "files": (
        "[open(str(n), 'w').close() for n in range(21)]",
        {},
        End.OUTPUT,
        "trop de fichiers produits",
    ),
    "empty files": (EMPTY, {}, End.OUTPUT, "plus de 20000 fichiers dans un dossier de travail"),
}
LONG = {"deaf to SIGTERM", "family", "prints", "processor", "empty files"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in STOPPED],
)
def test_a_program_is_stopped_at_each_limit(sandbox: Bubblewrap, room: Path, name: str) -> None:
    """Over all its processes; nothing that it wrote arrives, nothing of it goes on."""
    code, limits, end, detail = STOPPED[name]
    ended = python(sandbox, room, code, replace(LIMITS, **limits))
    assert (ended.end, ended.exit_code, ended.detail) == (end, None, detail)
    assert list((room / "out").iterdir()) == []
    assert processes_with(SLEEP) == []


@pytest.mark.slow
def test_a_program_has_its_grace_to_end_but_is_late_all_the_same(
    sandbox: Bubblewrap, room: Path
) -> None:
    code = """
import signal, sys, time
def end(*_):
    print("ended", flush=True)
    open("late.txt", "w").write("x")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
while True: time.sleep(1)
"""
    # Long enough for a busy machine to start Python, which must hear the signal.
    ended = python(sandbox, room, code, replace(LIMITS, wall_seconds=3, grace_seconds=20))
    assert (ended.end, ended.exit_code, ended.stdout) == (End.TIMEOUT, None, b"ended\n")
    assert list((room / "out").iterdir()) == []


@pytest.mark.slow
def test_memory_that_processes_share_counts_once(sandbox: Bubblewrap, room: Path) -> None:
    code = """
import os, time
kept = b"x" * (64 * 2**20)
for _ in range(6):
    if os.fork() == 0:
        time.sleep(1)
        os._exit(0)
for _ in range(6): os.wait()
"""
    assert python(sandbox, room, code).succeeded


def test_a_refused_allocation_is_a_lack_of_memory(sandbox: Bubblewrap, room: Path) -> None:
    ended = python(sandbox, room, "bytearray(64 * 2**30)")
    assert (ended.end, ended.exit_code) == (End.MEMORY, None)


def test_logs_are_cut_and_can_be_left_out(sandbox: Bubblewrap) -> None:
    loud = ("python3", "-c", "print('x' * 10**6)")
    ended = sandbox.run(Call(loud, "/tmp", limits=LIMITS))
    assert (ended.succeeded, ended.stdout, ended.cut) == (True, b"x" * 1000, True)
    silent = sandbox.run(Call(loud, "/tmp", limits=LIMITS, logs=False))
    assert (silent.succeeded, silent.stdout, silent.cut) == (True, b"", False)


@pytest.mark.slow
def test_measures_are_those_of_the_program(sandbox: Bubblewrap, room: Path) -> None:
    code = """
import time
kept = b"x" * (60 * 2**20)
open("a", "wb").write(bytes(2**20))
while time.process_time() < 0.4: pass
time.sleep(0.2)
"""
    used = python(sandbox, room, code).measures
    assert used.wall_seconds >= 0.5
    assert used.cpu_seconds >= 0.2  # polled: what was used since the last look is missing
    assert 60 * MIB <= used.peak_bytes <= 128 * MIB
    assert used.output_bytes >= MIB
    assert used.processes >= 1


def test_a_program_may_change_its_copy_and_nothing_else(sandbox: Bubblewrap, room: Path) -> None:
    source = room / "program"
    source.mkdir()
    (source / "run.sh").write_text("#!/bin/sh\necho changed > run.txt; cat run.txt\n")
    (source / "run.sh").chmod(0o755)
    (source / "link").symlink_to("/etc/hostname")
    call = Call(("/app/run.sh",), "/app", (Copied(source, "/app"),), LIMITS)
    ended = sandbox.run(call)
    assert (ended.exit_code, ended.stdout) == (0, b"changed\n")
    assert sorted(p.name for p in source.iterdir()) == ["link", "run.sh"]


def test_only_listed_variables_can_be_set(sandbox: Bubblewrap) -> None:
    shown = ("sh", "-c", "echo $OE_SEED $PYTHONHASHSEED")
    ended = sandbox.run(Call(shown, "/tmp", environment={"OE_SEED": "7"}))
    assert ended.stdout == b"7 0\n"
    with pytest.raises(ValueError, match="variables outside the list: LD_PRELOAD"):
        Call(shown, "/tmp", environment={"LD_PRELOAD": "/tmp/x.so"})


@pytest.mark.parametrize("target", ["app", "/app/../etc", "../x"])
def test_targets_are_plain_absolute_paths(target: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="absolute paths without"):
        Call(("true",), "/tmp", (Written(target, tmp_path),))


def test_a_host_that_cannot_isolate_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    absent = Bubblewrap(program=str(tmp_path / "bwrap"))
    with pytest.raises(NotIsolated, match="bubblewrap n’est pas installé"):
        absent.run(Call(("touch", str(tmp_path / "out/bare")), "/tmp"))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_runs_side_by_side_leave_nothing_open(sandbox: Bubblewrap, room: Path) -> None:
    def one(number: int) -> bytes:
        folder = room / str(number)
        folder.mkdir()
        code = f"print({number}); open('a', 'w').write('{number}')"
        ended = python(sandbox, folder, code)
        assert (folder / "out/a").read_text() == str(number)
        return ended.stdout

    assert one(99) == b"99\n"
    before = sorted(os.listdir("/proc/self/fd"))
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(one, range(12)))
    assert said == [f"{number}\n".encode() for number in range(12)]
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_run_that_is_no_longer_ours_is_killed(sandbox: Bubblewrap, room: Path) -> None:
    asked = iter([False, False])
    with halted_by(lambda: next(asked, True)), pytest.raises(SandboxBroken):
        python(sandbox, room, f"import time; time.sleep({SLEEP})")
    assert processes_with(SLEEP) == []

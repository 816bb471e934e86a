"""No process outlives the command that started it, nor the one that replaces it."""

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from portal.management import supervisor
from portal.management.supervisor import Child, Sources, Supervisor
from tests.servers import alive

# A process that starts another, deaf as itself, and says which.
DEAF = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) > 1:
    started = subprocess.Popen([sys.executable, __file__])
    part = pathlib.Path(sys.argv[1] + ".part")
    part.write_text(str(started.pid))
    part.rename(sys.argv[1])
    if sys.argv[2] == "ends":
        sys.exit(1)
time.sleep(300)
"""


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def child(folder: Path, how: str) -> tuple[Child, Path]:
    program, said = folder / "deaf.py", folder / "pid"
    program.write_text(DEAF)
    return Child("deaf", [sys.executable, str(program), str(said), how]), said


def test_the_end_takes_along_what_a_deaf_child_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.2)
    deaf, said = child(tmp_path, "stays")
    deaf.start()
    wait_for(said.exists)
    other = int(said.read_text())
    assert alive(other)
    Supervisor([deaf]).end()
    assert deaf.process is not None
    assert deaf.process.poll() is not None
    wait_for(lambda: not alive(other))


def test_a_child_that_starts_again_finds_nothing_of_the_former(tmp_path: Path) -> None:
    deaf, said = child(tmp_path, "ends")
    deaf.start()
    wait_for(lambda: said.exists() and deaf.process is not None and deaf.process.poll() is not None)
    former = int(said.read_text())
    assert alive(former)
    deaf.tend()
    deaf.retry_at = time.monotonic()
    deaf.tend()
    wait_for(lambda: not alive(former))
    deaf.sweep()
    assert deaf.process is not None
    deaf.process.wait()


def test_a_change_of_the_code_starts_anew_all_but_who_sees_it_alone(tmp_path: Path) -> None:
    waits = [sys.executable, "-c", "import time; time.sleep(300)"]
    web, worker = Child("web", waits, reloads=True), Child("worker", waits)
    group = Supervisor([web, worker])
    sources = Sources([tmp_path])
    web.start()
    worker.start()
    assert web.process is not None
    assert worker.process is not None
    before = (web.process.pid, worker.process.pid)
    (tmp_path / "a.py").write_text("")
    changes: list[bool] = []

    def has_changed() -> bool:
        changes.append(sources.have_changed())
        group.stopping = len(changes) == 2
        if group.stopping:
            pids.extend(each.process.pid for each in (web, worker) if each.process)
        return changes[-1]

    pids: list[int] = []
    group.watch(has_changed)
    assert changes == [True, False]
    assert pids[0] == before[0]
    assert pids[1] != before[1]
    wait_for(lambda: not any(map(alive, (*before, *pids))))


def test_no_portal_starts_where_another_answers(settings: LazySettings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.PORT, settings.VAR_DIR = other.getsockname()[1], tmp_path / "var"
        settings.EMBEDDED = True
        with pytest.raises(CommandError, match=f"occupe le port {settings.PORT}"):
            call_command("up")
    assert not settings.VAR_DIR.exists()

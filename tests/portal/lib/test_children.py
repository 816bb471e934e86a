"""Processes of our own that can be killed: what they may not do, how they end."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.lib import children
from portal.lib.children import LOST, MEMORY, TIME, ChildLost, Warm

SERVED = """
import socket, sys, time
from portal.lib import children

def answer(request, content):
    if request == b"socket":
        socket.socket()
    if request == b"file":
        open(content)
    if request == b"memory":
        bytearray(1 << 30)
    if request == b"time":
        time.sleep(60)
    if request == b"dies":
        sys.exit(4)
    try:
        socket.socket()
    except OSError as error:
        return str(error.errno).encode() + content

children.serve(answer, memory_bytes=256 << 20)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a module that the children of this test find."""
    path = f"{children.ROOT}{os.pathsep}{tmp_path}"
    monkeypatch.setitem(children.ENVIRONMENT, "PYTHONPATH", path)
    (tmp_path / "served.py").write_text(SERVED)
    return "served"


def written(tmp_path: Path, code: str) -> str:
    (tmp_path / "once.py").write_text(f"import sys, time\n{code}\n")
    return "once"


def ending_of(warm: Warm, request: bytes) -> str:
    with pytest.raises(ChildLost) as lost:
        warm.ask(request, b"/etc/hostname", seconds=1)
    return lost.value.ending


def test_a_child_reads_a_file_whatever_holds_it(module: str, tmp_path: Path) -> None:
    once = written(tmp_path, "sys.stdout.write(sys.argv[1] + sys.stdin.read())")
    path = tmp_path / "given"
    text = b"lu" * 10_000
    path.write_bytes(text)
    with path.open("rb") as file:
        assert file.read(1) == b"l"
        for given in (text, io.BytesIO(text), file):
            assert children.run(once, "a", given=given, seconds=20) == b"a" + text
        file.seek(0)
        assert file.read() == text


def test_a_child_has_nothing_of_our_environment(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x")
    once = written(tmp_path, "import os; sys.stdout.write(' '.join(sorted(os.environ)))")
    names = children.run(once, given=b"", seconds=20, environment={"TMPDIR": "/"}).decode()
    assert set(names.split()) - {"LC_CTYPE"} == {*children.ENVIRONMENT, "TMPDIR"}


@pytest.mark.parametrize(
    ("code", "seconds", "ending"),
    [
        ("time.sleep(60)", 1, TIME),
        (
            "from portal.lib.children import Bounds; Bounds(0, 1 << 30).apply()\nwhile True: pass",
            20,
            TIME,
        ),
        ("sys.exit(3)", 10, LOST),
        ("sys.stdout.write('a' * 1_001)", 10, LOST),
    ],
)
def test_a_child_that_gives_no_answer_is_stopped(
    module: str, tmp_path: Path, code: str, seconds: float, ending: str
) -> None:
    with pytest.raises(ChildLost) as lost:
        children.run(written(tmp_path, code), given=b"", seconds=seconds, answer_bytes=1_000)
    assert lost.value.ending == ending


def test_what_would_abort_a_child_at_its_end_costs_no_answer(module: str, tmp_path: Path) -> None:
    """Threads of a native library do, on a busy machine: a preview that was whole went missing."""
    code = """
import atexit, os
from portal.lib import children
atexit.register(os.abort)
children.finish(b"whole" * 100_000)
"""
    answer = children.run(written(tmp_path, code), given=b"", seconds=20)
    assert answer == b"whole" * 100_000


def test_the_limits_of_a_child_are_its_own(tmp_path: Path) -> None:
    """A process that bounded itself can neither write a file nor map a gigabyte, nor open more."""
    tried = f"""
import signal, socket
from portal.lib.children import Bounds
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
Bounds(5, 512 << 20).apply()
file = open({str(tmp_path / "x")!r}, "wb", 0)
Bounds(5, 512 << 20, opens=False).apply()
for act in (
    lambda: bytearray(1 << 30), lambda: file.write(b"x"), socket.socket, lambda: open("/etc/hosts")
):
    try:
        act()
    except MemoryError:
        print("memory")
    except OSError as error:
        print(error.errno)
"""
    done = subprocess.run(
        [sys.executable, "-c", tried],
        env={"PYTHONPATH": str(children.ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    limits = ["memory", errno.EFBIG, errno.EMFILE, errno.EMFILE]
    assert done.stdout.split() == [str(limit) for limit in limits]


def test_a_warm_child_answers_in_forks_that_open_nothing(module: str) -> None:
    warm = Warm(module)
    answer = f"{errno.EMFILE}x".encode()
    assert warm.ask(b"", b"x", seconds=5) == answer
    [child] = warm.idle
    for request, ending in (
        (b"socket", LOST),
        (b"file", LOST),
        (b"memory", MEMORY),
        (b"time", TIME),
        (b"dies", LOST),
    ):
        assert ending_of(warm, request) == ending
    assert warm.ask(b"", b"x", seconds=5) == answer
    assert warm.idle == [child]
    child.process.kill()
    child.process.wait()
    assert warm.ask(b"", b"x", seconds=5) == answer
    assert warm.idle != [child]
    warm.stop()
    assert warm.idle == []


def test_a_warm_child_that_cannot_start_is_lost() -> None:
    warm = Warm("portal.lib.no_such_module")
    assert ending_of(warm, b"") == LOST
    assert warm.idle == []


def test_every_module_that_is_run_as_a_child_binds_itself() -> None:
    parts = ("portal", "catalogue", "datasets", "challenges")
    texts = {
        path.relative_to(children.ROOT): path.read_text(encoding="utf-8")
        for part in parts
        for path in (children.ROOT / part).rglob("*.py")
    }
    run = {
        path: text
        for path, text in texts.items()
        if 'if __name__ == "__main__":' in text and "portal.lib" in text
    }
    bound = {path for path, text in run.items() if ").apply()" in text or "children.serve(" in text}
    assert len(bound) >= 7
    assert sorted(map(str, set(run) - bound)) == []

"""The child process: limits hold, deaths become verdicts, nothing is left behind."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from challenges.scoring import child
from challenges.scoring.contract import Limits
from challenges.scoring.truth import keys_of
from tests.challenges.scoring.answers import spec

KEYS = keys_of(["01", "02"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.csv"
    path.write_text("id,p\n01,0.5\n02,1\n")
    return path


def test_a_file_is_read_and_the_child_stays_warm(file: Path) -> None:
    child.stop_children()
    assert child.check(file, spec(), KEYS).accepted
    warm = child._idle[0].process.pid
    assert child.check(file, spec(), KEYS).accepted
    assert [server.process.pid for server in child._idle] == [warm]
    child._idle[0].process.kill()
    child._idle[0].process.wait()
    assert child.check(file, spec(), KEYS).accepted  # by another
    child.stop_children()
    assert child._idle == []


def test_the_declared_name_decides_the_format(file: Path, tmp_path: Path) -> None:
    stored = tmp_path / "0a1b2c"
    stored.write_bytes(file.read_bytes())
    assert child.check(stored, spec(), KEYS, name="essai.csv").accepted
    assert child.check(stored, spec(), KEYS).faults[0].code == "E_FORMAT"
    with pytest.raises(FileNotFoundError):  # our mistake, no verdict
        child.check(tmp_path / "absent.csv", spec(), KEYS)


def test_time_is_limited(file: Path) -> None:
    limits = Limits.of(spec(), 2).but(wall_seconds=0.000001)
    found = child.check(file, spec(), KEYS, limits)
    assert [f.code for f in found.faults] == ["X_TIMEOUT"]
    assert child.check(file, spec(), KEYS).accepted


def test_a_pattern_slow_on_every_row_is_stopped(tmp_path: Path) -> None:
    """A pattern let through ends soon on a cell, but may pass the limit of time over many."""
    wanted = spec(type="category", pattern="(a|a){1,15}b")  # some 3 ms to refuse a cell
    ids = [f"{at:04}" for at in range(2_000)]
    codes = []
    for asked in (ids[:2], ids):
        path = tmp_path / f"{len(asked)}.csv"
        path.write_text("id,p\n" + "".join(f"{key},{'a' * 60}\n" for key in asked))
        limits = Limits.of(wanted, len(asked)).but(wall_seconds=1.9)  # of processor: 1
        refusal = child.check(path, wanted, keys_of(asked), limits)
        codes.append({fault.code for fault in refusal.faults})
    assert codes == [{"E_VALUE_TYPE"}, {"X_TIMEOUT"}]


@pytest.mark.slow
def test_memory_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,p\n" + "01,0.5\n" * 400_000)
    limits = Limits.of(spec(), 2).but(memory_bytes=-330 * 2**20, max_rows=10**9)
    found = child.check(path, spec(), KEYS, limits)
    assert [f.code for f in found.faults] == ["X_MEMORY"]


@pytest.mark.slow
def test_a_child_ends_with_its_parent(file: Path) -> None:
    code = (
        "import sys, os; from challenges.scoring import child;"
        "from challenges.scoring.commands.guess import check_template;"
        "check_template(sys.argv[1], sys.argv[1]);"
        "print(child._idle[0].process.pid, flush=True); os._exit(9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        cwd=child.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 9
    pid = int(done.stdout)
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_the_child_sees_no_secret() -> None:
    """And nothing of the portal: client/test_cli.py."""
    assert set(child.ENVIRONMENT) <= {
        "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PATH", "LANG", "MALLOC_ARENA_MAX",
        "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
    }  # fmt: skip


def test_limits_close_writing(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            child.bound(Limits(), 0)
            (tmp_path / "x").write_bytes(b"data")
        except OSError:
            code = 0
        finally:
            os._exit(code)
    status: Any = os.waitpid(pid, 0)[1]
    # SIGXFSZ kills, or the write fails: either way nothing is written
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


# --- what passes between the engine and its child


def test_a_child_that_keeps_the_identifiers_it_saw_takes_those_of_the_file(tmp_path: Path) -> None:
    one, two = keys_of(["01", "02"]), keys_of(["01", "03"])
    path = tmp_path / "p.csv"
    path.write_text("id,p\n01,0.5\n03,1\n")
    told = [child.check(path, spec(), keys).accepted for keys in (one, two, one, two, two)]
    assert told == [False, True, False, True, True]

"""What a killed process leaves in clear is removed, and nothing else."""

import os
import subprocess
from pathlib import Path

from challenges.sandbox import rooms


def test_folders_of_dead_processes_go_and_no_others(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])  # a process that is over
    dead.wait()
    mine = rooms.prefix("run")
    gone = tmp_path / mine.replace(f"-{os.getpid()}-", f"-{dead.pid}-")
    kept = [
        tmp_path / f"{mine}a",
        tmp_path / f"run-1-{dead.pid}-elsewhere",
        tmp_path / f"other-{dead.pid}-",
    ]
    for folder in (gone, *kept):
        (folder / "inside").mkdir(parents=True)
        (folder / "inside/hidden.csv").write_text("secret")
    (tmp_path / f"{gone.name}link").symlink_to(kept[0])

    assert rooms.clean([tmp_path]) == 1

    assert not gone.exists()
    assert [(one / "inside/hidden.csv").read_text() for one in kept] == ["secret"] * 3


def test_a_file_is_overwritten_before_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"secret" * 400_000)
    with (tmp_path / "a.csv").open("rb") as still:
        rooms.wipe(tmp_path)
        assert set(still.read()) == {0}

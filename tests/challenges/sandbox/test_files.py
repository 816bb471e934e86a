"""Outputs are read by descriptor; what a sandbox cannot make is refused as well.

What a killed process leaves in clear is removed, and nothing else.
"""

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from challenges.sandbox import rooms
from challenges.sandbox.outputs import OutputRefused, Room, take


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Give an empty folder."""
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def modes(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): stat.S_IMODE(p.stat().st_mode) for p in folder.rglob("*")}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of outputs, where the test stands."""
    folder = tmp_path / "written"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def taken(folder: Path, into: Path, size: int = 1000, files: int = 10) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        take(number, into, Room(size, files))
    finally:
        os.close(number)


def test_outputs_arrive_with_modes_of_ours(written: Path, into: Path) -> None:
    (written / "sub").mkdir(mode=0o700)
    (written / "sub/a").write_text("a")
    (written / "sub/a").chmod(0o6711)
    (written / "b").write_text("b")
    former = os.umask(0o077)
    try:
        taken(written, into)
    finally:
        os.umask(former)
    assert modes(into) == {"sub": 0o755, "sub/a": 0o755, "b": 0o644}


@pytest.mark.parametrize(
    ("size", "files", "sentence"),
    [
        (9, 2, "fichiers produits trop volumineux"),
        (10, 1, "trop de fichiers produits"),
        (10, 2, None),
    ],
)
def test_room_is_exact(
    written: Path, into: Path, size: int, files: int, sentence: str | None
) -> None:
    (written / "a").write_text("12345")
    (written / "b").write_text("12345")
    if sentence is None:
        taken(written, into, size, files)
        return
    with pytest.raises(OutputRefused, match=sentence):
        taken(written, into, size, files)


def truncate() -> None:
    with Path("hole").open("wb") as file:
        file.truncate(10 * 2**30)


def device() -> None:
    try:
        os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device needs root")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (truncate, "fichiers produits trop volumineux"),  # a hole counts in full
        (device, "un périphérique au lieu d’un fichier ordinaire"),
        (lambda: os.makedirs("/".join("d" * 18)), "plus de 16 dossiers emboîtés"),
        (lambda: Path("n" * 201).touch(), "nom de fichier illisible ou trop long"),
    ],
    ids=["hole", "device", "deep", "long"],
)
def test_what_is_no_plain_file_is_refused(
    written: Path, into: Path, make: Callable[[], None], sentence: str
) -> None:
    """What a sandbox can make: test_escapes.py."""
    make()
    with pytest.raises(OutputRefused, match=sentence):
        taken(written, into, files=100)
    assert [path for path in into.rglob("*") if not path.is_dir()] == []


# --- rooms


def test_folders_of_dead_processes_go_and_no_others(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])  # a process that is over
    dead.wait()
    mine = rooms.prefix("run")
    gone = tmp_path / mine.replace(f"-{os.getpid()}-", f"-{dead.pid}-")
    names = (f"{mine}a", f"run-1-{dead.pid}-elsewhere", f"other-{dead.pid}-")
    kept = [tmp_path / name for name in names]
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

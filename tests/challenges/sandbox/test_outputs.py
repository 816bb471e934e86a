"""What a program wrote is read by descriptor; what a sandbox cannot make is refused as well."""

import os
import socket
import stat
from pathlib import Path

import pytest

from challenges.sandbox.outputs import OutputRefused, Room, take


def taken(folder: Path, into: Path, size: int = 1000, files: int = 10) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        take(number, into, Room(size, files))
    finally:
        os.close(number)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    folder = tmp_path / "written"
    folder.mkdir()
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_files_arrive_with_modes_of_ours(written: Path, into: Path) -> None:
    (written / "sub").mkdir(mode=0o700)
    (written / "sub/a").write_text("a")
    (written / "sub/a").chmod(0o6711)
    (written / "b").write_text("b")
    former = os.umask(0o077)
    try:
        taken(written, into)
    finally:
        os.umask(former)
    found = {str(p.relative_to(into)): stat.S_IMODE(p.stat().st_mode) for p in into.rglob("*")}
    assert found == {"sub": 0o755, "sub/a": 0o755, "b": 0o644}


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


def test_a_hole_counts_in_full(written: Path, into: Path) -> None:
    with (written / "hole").open("wb") as file:
        file.truncate(10 * 2**30)
    with pytest.raises(OutputRefused, match="trop volumineux"):
        taken(written, into)
    assert list(into.iterdir()) == []


def test_a_link_to_a_folder_is_not_entered(written: Path, into: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/truth").write_text("x")
    (written / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OutputRefused, match="un lien"):
        taken(written, into)
    assert list(into.iterdir()) == []


def test_a_pipe_does_not_hold_the_reader(written: Path, into: Path) -> None:
    os.mkfifo(written / "pipe")
    with pytest.raises(OutputRefused, match="un tube"):
        taken(written, into)


def test_a_socket_is_refused(written: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(written)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")
    with pytest.raises(OutputRefused, match="une prise réseau"):
        taken(written, into)


def test_a_device_is_refused(written: Path, into: Path) -> None:
    try:
        os.mknod(written / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device needs root")
    with pytest.raises(OutputRefused, match="un périphérique"):
        taken(written, into)

"""Zips and folders of strangers: judged whole, then opened; nothing is written before."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from challenges.bundles.foreign import archives
from challenges.scoring.archives import RATIO_FLOOR_BYTES, ArchiveRefused, Bounds

LINK = (stat.S_IFLNK | 0o777) << 16
FIFO = (stat.S_IFIFO | 0o644) << 16


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give temporary folders a place of their own, to see what is left there."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("un.txt", b"un")
        for name, content in members:
            archive.writestr(name, content)
    return path


def member(name: str, attributes: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = attributes
    return info


def encrypted(path: Path) -> Path:
    content = bytearray(zipped(path).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def lying(path: Path) -> Path:
    """Declare 10 bytes for a member that inflates to two."""
    content = bytearray(zipped(path).read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    return path


def cut(path: Path) -> Path:
    content = zipped(path).read_bytes()
    path.write_bytes(b"x" * 30 + content[30:])
    return path


def misplaced(path: Path) -> Path:
    """Point to a member before the start of the archive."""
    content = bytearray(zipped(path).read_bytes())
    end = content.index(b"PK\x05\x06") + 16  # a later directory moves every member back
    content[end : end + 4] = (1_000).to_bytes(4, "little")
    path.write_bytes(content)
    return path


ZEROS = b"\0" * (RATIO_FLOOR_BYTES + 1)
REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "climbs": (lambda p: zipped(p, ("a/../../b", b"")), "E_ZIP_PATH"),
    "absolute": (lambda p: zipped(p, ("/etc/b", b"")), "E_ZIP_PATH"),
    "drive": (lambda p: zipped(p, ("C:b", b"")), "E_ZIP_PATH"),
    "backslash": (lambda p: zipped(p, ("a\\b", b"")), "E_ZIP_PATH"),
    "empty part": (lambda p: zipped(p, ("a//b", b"")), "E_ZIP_PATH"),
    "link": (lambda p: zipped(p, (member("l", LINK), b"/etc/passwd")), "E_ZIP_SYMLINK"),
    "fifo": (lambda p: zipped(p, (member("f", FIFO), b"")), "E_ZIP_ENTRY_TYPE"),
    "password": (encrypted, "E_ZIP_ENCRYPTED"),
    "file and folder": (lambda p: zipped(p, ("un.txt/b", b"")), "E_ZIP_DUPLICATE"),
    "bomb": (lambda p: zipped(p, ("zeros", ZEROS)), "E_ZIP_BOMB"),
    "false size": (lying, "E_ZIP_CORRUPT"),
    "broken header": (cut, "E_ZIP_CORRUPT"),
    "before the start": (misplaced, "E_ZIP_CORRUPT"),
    "long name": (lambda p: zipped(p, ("é" * 101, b"")), "E_ZIP_PATH"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_zip_with_a_fault_is_refused_and_nothing_is_written(
    name: str, tmp_path: Path, scratch: Path
) -> None:
    make, code = REFUSED[name]

    with (
        pytest.raises(ArchiveRefused) as refusal,
        archives.opened(make(tmp_path / "b.zip")),
    ):
        pass

    assert refusal.value.code == code
    assert list(scratch.iterdir()) == []


def test_a_compression_that_is_not_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("un.txt", b"un")

    with pytest.raises(ArchiveRefused, match="E_ZIP_METHOD"), archives.opened(path):
        pass


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        (Bounds(members=1), "E_ZIP_ENTRIES"),
        (Bounds(total_bytes=5), "E_ZIP_BOMB"),
    ],
)
def test_bounds_hold_for_a_zip_and_for_a_folder(bounds: Bounds, code: str, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "un.txt").write_bytes(b"un")
    (folder / "deux.txt").write_bytes(b"deux")
    archive = zipped(tmp_path / "b.zip", ("deux.txt", b"deux"))

    for path in (folder, archive):
        with pytest.raises(ArchiveRefused, match=code), archives.opened(path, bounds):
            pass


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda place: place.symlink_to("/etc/passwd"), "E_ZIP_SYMLINK"),
        (os.mkfifo, "E_ZIP_ENTRY_TYPE"),
    ],
)
def test_a_folder_with_a_link_or_a_pipe_is_refused(
    make: Callable[[Path], None], code: str, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    (folder / "sous").mkdir(parents=True)
    make(folder / "sous/x")

    with pytest.raises(ArchiveRefused, match=code) as refusal, archives.opened(folder):
        pass

    assert refusal.value.member == "sous/x"


@pytest.mark.parametrize("content", [b"", b"bonjour", b"PK\x05\x06"])
def test_what_is_no_zip_is_no_bundle(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(content)

    with pytest.raises(ArchiveRefused, match="E_BUNDLE_FORMAT"), archives.opened(path):
        pass
    with (
        pytest.raises(ArchiveRefused, match="E_BUNDLE_FORMAT"),
        archives.opened(tmp_path / "absent"),
    ):
        pass


def test_a_zip_is_opened_in_a_private_folder_that_goes(tmp_path: Path, scratch: Path) -> None:
    path = zipped(
        tmp_path / "b.zip",
        ("dossier/", b""),
        ("dossier/é.txt", b"accent"),
        ("__MACOSX/._un.txt", b"x"),
        ("dossier/.DS_Store", b"x"),
    )

    with archives.opened(path) as folder:
        assert folder.parent == scratch
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert archives.paths(folder) == ["dossier/é.txt", "un.txt"]
        assert (folder / "dossier/é.txt").read_bytes() == b"accent"

    assert list(scratch.iterdir()) == []

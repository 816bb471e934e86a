"""Bundles of strangers, a zip or a folder, are opened apart; nothing is left of what is refused.

What an archive may hold is judged by scoring/archives.py, which has its own tests.
"""

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


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give temporary folders a place of their own, to see what is left there."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("un.txt", b"un")
        for name, content in members:
            archive.writestr(name, content)
    return path


def refused(path: Path, bounds: Bounds | None = None) -> ArchiveRefused:
    """Return the refusal of what is opened."""
    opened = archives.opened(path, *([bounds] if bounds else []))
    with pytest.raises(ArchiveRefused) as refusal, opened:
        pass
    return refusal.value


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a/../../b", b"", "E_ZIP_PATH"),
        ("un.txt/b", b"", "E_ZIP_DUPLICATE"),
        ("zeros", b"\0" * (RATIO_FLOOR_BYTES + 1), "E_ZIP_BOMB"),
    ],
)
def test_nothing_is_left_of_a_zip_that_is_refused(
    name: str, content: bytes, code: str, tmp_path: Path, scratch: Path
) -> None:
    assert refused(zipped(tmp_path / "b.zip", (name, content))).code == code
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("bounds", "code"),
    [(Bounds(members=1), "E_ZIP_ENTRIES"), (Bounds(total_bytes=5), "E_ZIP_BOMB")],
)
def test_bounds_hold_for_a_zip_and_for_a_folder(bounds: Bounds, code: str, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "un.txt").write_bytes(b"un")
    (folder / "deux.txt").write_bytes(b"deux")
    archive = zipped(tmp_path / "b.zip", ("deux.txt", b"deux"))

    assert [refused(path, bounds).code for path in (folder, archive)] == [code, code]


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
    (tmp_path / "d/sous").mkdir(parents=True)
    make(tmp_path / "d/sous/x")

    refusal = refused(tmp_path / "d")

    assert (refusal.code, refusal.member) == (code, "sous/x")


@pytest.mark.parametrize("content", [b"", b"bonjour", b"PK\x05\x06", None])
def test_what_is_no_zip_is_no_bundle(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "b.zip").write_bytes(content)

    assert refused(tmp_path / "b.zip").code == "E_BUNDLE_FORMAT"


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

"""A zip of strangers is judged before a byte is written, and counted while it inflates."""

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from challenges.sandbox.archives import ArchiveRefused, Bounds, unpack


def zipped(folder: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write an archive of deflated members."""
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def kind(name: str, mode: int) -> zipfile.ZipInfo:
    """Name a member with a mode."""
    member = zipfile.ZipInfo(name)
    member.external_attr = mode << 16
    return member


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Give an empty folder."""
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_files_arrive_readable_by_all_with_their_executable_bit(tmp_path: Path, into: Path) -> None:
    path = zipped(
        tmp_path,
        ("a.txt", b"a"),
        ("deep/", b""),
        ("deep/er/été.txt", "é".encode()),
        (kind("run.sh", stat.S_IFREG | 0o700), b"#!/bin/sh"),
        ("__MACOSX/._a.txt", b"x"),
        ("deep/.DS_Store", b"x"),
    )
    former = os.umask(0o077)
    try:
        unpack(path, into)
    finally:
        os.umask(former)
    found = {str(p.relative_to(into)): stat.S_IMODE(p.stat().st_mode) for p in into.rglob("*")}
    assert found == {
        "a.txt": 0o644,
        "deep": 0o755,
        "deep/er": 0o755,
        "deep/er/été.txt": 0o644,
        "run.sh": 0o755,
    }
    assert (into / "deep/er/été.txt").read_text(encoding="utf-8") == "é"


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ("../x", "E_ZIP_PATH"),
        ("a/../../x", "E_ZIP_PATH"),
        ("/etc/x", "E_ZIP_PATH"),
        ("a\\..\\x", "E_ZIP_PATH"),
        ("C:x", "E_ZIP_PATH"),
        ("a//b", "E_ZIP_PATH"),
        ("./a", "E_ZIP_PATH"),
        ("a\nb", "E_ZIP_PATH"),
        ("n" * 201, "E_ZIP_PATH"),
        (kind("link", stat.S_IFLNK | 0o777), "E_ZIP_SYMLINK"),
        (kind("pipe", stat.S_IFIFO | 0o644), "E_ZIP_ENTRY_TYPE"),
        (kind("disk", stat.S_IFBLK | 0o644), "E_ZIP_ENTRY_TYPE"),
    ],
)
def test_members_that_are_no_plain_files_are_refused(
    tmp_path: Path, into: Path, member: str | zipfile.ZipInfo, code: str
) -> None:
    path = zipped(tmp_path, ("first.txt", b"a"), (member, b"x"))
    with pytest.raises(ArchiveRefused) as refused:
        unpack(path, into)
    assert refused.value.code == code
    assert list(into.iterdir()) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b")])
def test_a_name_stands_once(tmp_path: Path, into: Path, names: tuple[str, str]) -> None:
    path = zipped(tmp_path, (names[0], b"1"), (names[1], b"2"))
    with pytest.raises(ArchiveRefused, match="E_ZIP_DUPLICATE"):
        unpack(path, into)
    assert list(into.iterdir()) == []


def test_a_declared_size_is_not_believed(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path, ("bomb", bytes(20_000_000)))
    raw = path.read_bytes()
    for head, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = raw.index(head) + place
        raw = raw[:start] + struct.pack("<I", 10) + raw[start + 4 :]
    path.write_bytes(raw)
    with pytest.raises(ArchiveRefused) as refused:
        unpack(path, into)
    # zipfile stops at the declared size and finds the checksum wrong, or we count it
    assert refused.value.code in {"E_ZIP_BOMB", "E_ZIP_CORRUPT"}
    assert sum(p.stat().st_size for p in into.iterdir()) <= 2 * 2**20


def test_what_inflates_too_much_is_refused(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path, ("bomb", bytes(5_000_000)))
    with pytest.raises(ArchiveRefused, match="E_ZIP_BOMB"):
        unpack(path, into)
    assert sum(p.stat().st_size for p in into.iterdir()) <= 2**20


def test_bounds_hold_for_all_members_together(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path, ("a", b"x" * 600), ("b", b"x" * 600))
    with pytest.raises(ArchiveRefused, match="E_ZIP_BOMB"):
        unpack(path, into, Bounds(total_bytes=1000))
    with pytest.raises(ArchiveRefused, match="E_ZIP_ENTRIES"):
        unpack(path, into, Bounds(members=1))
    assert list(into.iterdir()) == []
    unpack(path, into, Bounds(members=2, total_bytes=1200))
    assert len(list(into.iterdir())) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"",
        lambda raw: b"PK\x03\x04 not a zip",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:40] + b"\xff\xff\xff" + raw[43:],
        lambda raw: raw[:-22] + raw[-22:-10] + b"\xff\xff\x00\x00" + raw[-6:],
    ],
    ids=["nothing", "a head alone", "half", "a byte", "a count"],
)
def test_an_archive_that_cannot_be_read_is_refused(
    tmp_path: Path, into: Path, change: object
) -> None:
    path = zipped(tmp_path, ("a", os.urandom(1000)))
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ArchiveRefused, match="E_ZIP_CORRUPT"):
        unpack(path, into)


def test_a_huge_directory_is_not_read(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path, ("a", b"1"))
    raw = path.read_bytes()
    path.write_bytes(raw[:-10] + struct.pack("<I", 2**30) + raw[-6:])
    with pytest.raises(ArchiveRefused, match="E_ZIP_ENTRIES"):
        unpack(path, into)


@pytest.mark.parametrize(
    ("place", "value", "code"), [(8, 1, "E_ZIP_ENCRYPTED"), (10, 12, "E_ZIP_METHOD")]
)
def test_passwords_and_rare_compressions_are_refused(
    tmp_path: Path, into: Path, place: int, value: int, code: str
) -> None:
    path = zipped(tmp_path, ("a", b"1"))
    raw = path.read_bytes()
    start = raw.index(b"PK\x01\x02") + place
    path.write_bytes(raw[:start] + struct.pack("<H", value) + raw[start + 2 :])
    with pytest.raises(ArchiveRefused, match=code):
        unpack(path, into)


def test_an_empty_archive_is_no_fault(tmp_path: Path, into: Path) -> None:
    path = tmp_path / "empty.zip"
    raw = io.BytesIO()
    zipfile.ZipFile(raw, "w").close()
    path.write_bytes(raw.getvalue())
    unpack(path, into)
    assert list(into.iterdir()) == []


def longer(folder: Path, size: int) -> Path:
    """Write an archive whose longer end names another size for its directory."""
    path = zipped(folder, ("a.txt", b"a"))
    whole = path.read_bytes()
    end = whole.rfind(b"PK\x05\x06")
    entries, length, offset = struct.unpack("<HLL", whole[end + 10 : end + 20])
    record = struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, entries, entries, size or length, offset)
    note = b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
    path.write_bytes(whole[:end] + b"PK\x06\x06" + record + note + whole[end:])
    return path


def test_the_longer_end_of_large_archives_is_judged_too(tmp_path: Path, into: Path) -> None:
    unpack(longer(tmp_path, 0), into)
    assert (into / "a.txt").read_text() == "a"
    with pytest.raises(ArchiveRefused) as refused:
        unpack(longer(tmp_path, 16 * 2**20 + 1), tmp_path)
    assert refused.value.code == "E_ZIP_ENTRIES"


def test_a_note_without_its_longer_end_is_refused(tmp_path: Path, into: Path) -> None:
    path = longer(tmp_path, 0)
    path.write_bytes(path.read_bytes().replace(b"PK\x06\x06", b"PK\x06\x00"))
    with pytest.raises(ArchiveRefused) as refused:
        unpack(path, into)
    assert refused.value.code == "E_ZIP_CORRUPT"

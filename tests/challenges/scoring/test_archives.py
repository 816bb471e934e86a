"""A zip of strangers is judged before a byte is written, and counted while it inflates."""

import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from challenges.scoring.archives import ArchiveRefused, Bounds, unpack

Change = Callable[[bytes], bytes]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Give an empty folder."""
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


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


def refused(path: Path, into: Path, bounds: Bounds | None = None) -> str:
    """Return the code of the refusal."""
    with pytest.raises(ArchiveRefused) as refusal:
        unpack(path, into, *([bounds] if bounds else []))
    return refusal.value.code


def test_files_arrive_readable_by_all_with_their_executable_bit(tmp_path: Path, into: Path) -> None:
    path = zipped(
        tmp_path,
        ("a.txt", b"a"),
        ("deep/", b""),
        ("models/empty/", b""),
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
    folders = dict.fromkeys(("deep", "deep/er", "models", "models/empty"), 0o755)
    modes = {str(p.relative_to(into)): stat.S_IMODE(p.stat().st_mode) for p in into.rglob("*")}
    assert modes == folders | {"a.txt": 0o644, "deep/er/été.txt": 0o644, "run.sh": 0o755}
    assert (into / "deep/er/été.txt").read_text(encoding="utf-8") == "é"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("member", "code"),
    [
        *[(name, "E_ZIP_PATH") for name in ("../x", "a/../../x", "/etc/x", "a\\..\\x", "C:x",
                                            "a//b", "./a", "a\nb", "n" * 201, "é" * 101)],
        (kind("link", stat.S_IFLNK | 0o777), "E_ZIP_SYMLINK"),
        (kind("pipe", stat.S_IFIFO | 0o644), "E_ZIP_ENTRY_TYPE"),
        (kind("disk", stat.S_IFBLK | 0o644), "E_ZIP_ENTRY_TYPE"),
        ("first.txt", "E_ZIP_DUPLICATE"),
        ("first.txt/b", "E_ZIP_DUPLICATE"),
        ("first.txt/", "E_ZIP_DUPLICATE"),
    ],
)  # fmt: skip
def test_members_that_are_no_plain_files_are_refused(
    tmp_path: Path, into: Path, member: str | zipfile.ZipInfo, code: str
) -> None:
    assert refused(zipped(tmp_path, ("first.txt", b"a"), (member, b"x")), into) == code
    assert list(into.iterdir()) == []


def test_what_inflates_too_much_is_refused_whatever_size_it_declares(
    tmp_path: Path, into: Path
) -> None:
    path = zipped(tmp_path, ("bomb", bytes(5_000_000)))
    assert refused(path, into) == "E_ZIP_BOMB"
    assert size(into) <= 2**20
    path = zipped(tmp_path, ("bomb", bytes(20_000_000)))
    raw = path.read_bytes()
    for head, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = raw.index(head) + place
        raw = raw[:start] + struct.pack("<I", 10) + raw[start + 4 :]
    path.write_bytes(raw)
    # zipfile stops at the declared size and finds the checksum wrong, or we count it
    again = tmp_path / "again"
    again.mkdir()
    assert refused(path, again) in {"E_ZIP_BOMB", "E_ZIP_CORRUPT"}
    assert size(again) <= 2**20


def test_bounds_hold_for_all_members_together(tmp_path: Path, into: Path) -> None:
    unpack(zipped(tmp_path), into)  # an empty archive is no fault
    path = zipped(tmp_path, ("a", b"x" * 600), ("b", b"x" * 600))
    assert refused(path, into, Bounds(total_bytes=1000)) == "E_ZIP_BOMB"
    assert refused(path, into, Bounds(members=1)) == "E_ZIP_ENTRIES"
    assert list(into.iterdir()) == []
    unpack(path, into, Bounds(members=2, total_bytes=1200))
    assert len(list(into.iterdir())) == 2


def patch(mark: bytes, offset: int, content: bytes) -> Change:
    """Write bytes at a place after a mark."""

    def change(raw: bytes) -> bytes:
        start = raw.index(mark) + offset
        return raw[:start] + content + raw[start + len(content) :]

    return change


CENTRAL, END = b"PK\x01\x02", b"PK\x05\x06"


DAMAGED: dict[str, tuple[Change, str]] = {
    "nothing": (lambda raw: b"", "E_ZIP_CORRUPT"),
    "a head": (lambda raw: b"PK\x03\x04 not a zip", "E_ZIP_CORRUPT"),
    "half": (lambda raw: raw[: len(raw) // 2], "E_ZIP_CORRUPT"),
    "a byte": (lambda raw: raw[:40] + b"\xff\xff\xff" + raw[43:], "E_ZIP_CORRUPT"),
    "a size": (patch(END, 12, b"\xff\xff\0\0"), "E_ZIP_CORRUPT"),
    "a huge directory": (patch(END, 12, struct.pack("<I", 2**30)), "E_ZIP_ENTRIES"),
    # A later directory moves every member back, before the start of the archive.
    "before the start": (patch(END, 16, (9_999).to_bytes(4, "little")), "E_ZIP_CORRUPT"),
    "password": (patch(CENTRAL, 8, b"\1\0"), "E_ZIP_ENCRYPTED"),
    "method": (patch(CENTRAL, 10, b"\x0c\0"), "E_ZIP_METHOD"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_an_archive_that_cannot_be_read_is_refused(tmp_path: Path, into: Path, name: str) -> None:
    change, code = DAMAGED[name]
    path = zipped(tmp_path, ("a", os.urandom(1000)))
    path.write_bytes(change(path.read_bytes()))
    assert refused(path, into) == code


def test_the_longer_end_of_large_archives_is_judged_too(tmp_path: Path, into: Path) -> None:
    """Where another size of the directory may stand, or nothing."""
    whole = zipped(tmp_path, ("a.txt", b"a")).read_bytes()
    end = whole.rfind(END)
    entries, length, offset = struct.unpack("<HLL", whole[end + 10 : end + 20])

    def longer(stated: int, mark: bytes = b"PK\x06\x06") -> Path:
        facts = (44, 45, 45, 0, 0, entries, entries, stated, offset)
        note = b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
        record = mark + struct.pack("<QHHLLQQQQ", *facts) + note
        (tmp_path / "b.zip").write_bytes(whole[:end] + record + whole[end:])
        return tmp_path / "b.zip"

    unpack(longer(length), into)
    assert (into / "a.txt").read_text() == "a"
    assert refused(longer(16 * 2**20 + 1), into) == "E_ZIP_ENTRIES"
    assert refused(longer(length, b"PK\x06\x00"), into) == "E_ZIP_CORRUPT"

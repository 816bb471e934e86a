"""Files of strangers: archives are judged before a byte is written, outputs by descriptor.

What a killed process leaves in clear is removed, and nothing else.
"""

import io
import os
import socket
import stat
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from challenges.sandbox import rooms
from challenges.sandbox.outputs import OutputRefused, Room, take
from challenges.scoring.archives import ArchiveRefused, Bounds, unpack

Change = Callable[[bytes], bytes]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Give an empty folder."""
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def modes(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): stat.S_IMODE(p.stat().st_mode) for p in folder.rglob("*")}


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


# --- archives


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
    folders = {"deep": 0o755, "deep/er": 0o755}
    assert modes(into) == folders | {"a.txt": 0o644, "deep/er/été.txt": 0o644, "run.sh": 0o755}
    assert (into / "deep/er/été.txt").read_text(encoding="utf-8") == "é"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("member", "code"),
    [
        *[(name, "E_ZIP_PATH") for name in ("../x", "a/../../x", "/etc/x", "a\\..\\x", "C:x",
                                            "a//b", "./a", "a\nb", "n" * 201)],
        (kind("link", stat.S_IFLNK | 0o777), "E_ZIP_SYMLINK"),
        (kind("pipe", stat.S_IFIFO | 0o644), "E_ZIP_ENTRY_TYPE"),
        (kind("disk", stat.S_IFBLK | 0o644), "E_ZIP_ENTRY_TYPE"),
        ("first.txt", "E_ZIP_DUPLICATE"),
        ("first.txt/b", "E_ZIP_DUPLICATE"),
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
    assert refused(path, into) in {"E_ZIP_BOMB", "E_ZIP_CORRUPT"}
    assert size(into) <= 2 * 2**20


def test_bounds_hold_for_all_members_together(tmp_path: Path, into: Path) -> None:
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


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: b"", "E_ZIP_CORRUPT"),
        (lambda raw: b"PK\x03\x04 not a zip", "E_ZIP_CORRUPT"),
        (lambda raw: raw[: len(raw) // 2], "E_ZIP_CORRUPT"),
        (lambda raw: raw[:40] + b"\xff\xff\xff" + raw[43:], "E_ZIP_CORRUPT"),
        (patch(END, 12, b"\xff\xff\0\0"), "E_ZIP_CORRUPT"),
        (patch(END, 12, struct.pack("<I", 2**30)), "E_ZIP_ENTRIES"),
        (patch(CENTRAL, 8, b"\1\0"), "E_ZIP_ENCRYPTED"),
        (patch(CENTRAL, 10, b"\x0c\0"), "E_ZIP_METHOD"),
    ],
    ids=["nothing", "a head", "half", "a byte", "a size", "a huge directory", "password", "method"],
)
def test_an_archive_that_cannot_be_read_is_refused(
    tmp_path: Path, into: Path, change: Change, code: str
) -> None:
    path = zipped(tmp_path, ("a", os.urandom(1000)))
    path.write_bytes(change(path.read_bytes()))
    assert refused(path, into) == code


def test_an_empty_archive_is_no_fault(tmp_path: Path, into: Path) -> None:
    raw = io.BytesIO()
    zipfile.ZipFile(raw, "w").close()
    (tmp_path / "empty.zip").write_bytes(raw.getvalue())
    unpack(tmp_path / "empty.zip", into)
    assert list(into.iterdir()) == []


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


# --- outputs; what a sandbox cannot make is refused as well


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


def bind() -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")


def twice() -> None:
    Path("a").touch()
    os.link("a", "b")


def device() -> None:
    try:
        os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device needs root")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (truncate, "fichiers produits trop volumineux"),  # a hole counts in full
        (lambda: Path("link").symlink_to("/"), "un lien au lieu d’un fichier ordinaire"),
        (lambda: os.mkfifo("pipe"), "un tube au lieu d’un fichier ordinaire"),
        (bind, "une prise réseau au lieu d’un fichier ordinaire"),
        (device, "un périphérique au lieu d’un fichier ordinaire"),
        (twice, "un fichier produit a plusieurs noms"),
        (lambda: os.makedirs("/".join("d" * 18)), "plus de 16 dossiers emboîtés"),
        (lambda: Path(os.fsdecode(b"\xff")).touch(), "nom de fichier illisible"),
        (lambda: Path("a\nb").touch(), "nom de fichier illisible ou trop long"),
        (lambda: Path("n" * 201).touch(), "nom de fichier illisible ou trop long"),
    ],
    ids=["hole", "link", "pipe", "socket", "device", "two names", "deep", "no text", "lines",
         "long"],
)  # fmt: skip
def test_what_is_no_plain_file_is_refused(
    written: Path, into: Path, make: Callable[[], None], sentence: str
) -> None:
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

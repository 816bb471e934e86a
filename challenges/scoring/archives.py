"""Open a zip of strangers: judged whole first, counted while inflating; standard library only.

Files are written readable by all, folders passable by all; only the executable bit of an owner is
kept.
"""

import copy
import errno
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MIB = 2**20
END, END_BYTES, MOST_COMMENT = b"PK\x05\x06", 22, 65_535
# The longer end of large archives, and the note that says it is there, stand before the end.
END_64, END_64_BYTES, NOTE_64, NOTE_64_BYTES = b"PK\x06\x06", 56, b"PK\x06\x07", 20
MOST_DIRECTORY_BYTES = 16 * MIB
CHUNK = MIB
MOST_PATH, MOST_NAME_BYTES = 255, 200
RATIO_FLOOR_BYTES = MIB  # below this, a ratio means nothing
ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
IGNORED = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
# What zipfile raises at archives that are cut or forged; seeking before the start is an OSError.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
    OSError,
)
Take = Callable[[bytes], object]
CORRUPT, DAMAGED = "E_ZIP_CORRUPT", "l’archive est abîmée"


@dataclass(frozen=True)
class Bounds:
    """What an archive may hold once inflated."""

    members: int = 10_000
    total_bytes: int = 2 * 2**30
    ratio: int = 100


ORDINARY = Bounds()


class ArchiveRefused(Exception):
    """An archive that is not opened. code: stable; reason: French; member: where, if known."""

    def __init__(self, code: str, reason: str, member: str = "") -> None:
        """Keep the three, the member shortened and printable."""
        super().__init__(f"{code}: {reason}")
        name = "".join(letter if letter.isprintable() else "�" for letter in member[:256])
        self.code, self.reason = code, reason
        self.member = name if len(name) <= 64 else name[:63] + "…"


def is_relative(path: str) -> bool:
    """Say whether a path is relative, plain and without a way out."""
    return (
        0 < len(path) <= MOST_PATH
        and "\\" not in path
        and ":" not in path
        and path.isprintable()
        and all(part not in {"", ".", ".."} for part in path.split("/"))
    )


def unpack(
    source: Path, into: Path, bounds: Bounds = ORDINARY, *, not_a_zip: str = CORRUPT
) -> None:
    """Unpack source into an existing empty folder. not_a_zip: the code for what is no zip.

    Raises ArchiveRefused: E_ZIP_PATH, E_ZIP_SYMLINK, E_ZIP_ENTRY_TYPE, E_ZIP_ENCRYPTED,
    E_ZIP_METHOD, E_ZIP_ENTRIES, E_ZIP_DUPLICATE, E_ZIP_BOMB, E_ZIP_CORRUPT; a refusal while
    inflating leaves what was written, for the caller to drop. The same bytes twice under one name
    are one file: some tools write it so.
    """

    @contextmanager
    def written(path: str, member: zipfile.ZipInfo) -> Iterator[Take]:
        target = into / path
        _folder(target.parent)
        with target.open("xb") as file:
            yield file.write
        target.chmod(0o755 if member.external_attr >> 16 & stat.S_IXUSR else 0o644)

    with source.open("rb") as stream:
        _inflated(stream, bounds, written, not_a_zip, lambda path: _folder(into / path))


def judged(
    stream: BinaryIO, bounds: Bounds = ORDINARY, *, not_a_zip: str = CORRUPT
) -> dict[str, zipfile.ZipInfo]:
    """Judge a zip whole and list its members by path, folders and system files left out.

    Inflates every member, counting, and keeps nothing. Raises ArchiveRefused.
    """
    return _inflated(
        stream, bounds, lambda _path, _member: nullcontext(len), not_a_zip, lambda _path: None
    )


def _inflated(
    stream: BinaryIO,
    bounds: Bounds,
    sink: Callable[[str, zipfile.ZipInfo], AbstractContextManager[Take]],
    not_a_zip: str,
    make_folder: Callable[[str], None],
) -> dict[str, zipfile.ZipInfo]:
    _judge_end(stream, not_a_zip)
    try:
        with zipfile.ZipFile(stream) as archive:
            members, folders = _listed(archive.infolist(), bounds)
            for path in sorted(folders):
                make_folder(path)
            left = bounds.total_bytes
            for path, member in members.items():
                with sink(path, member) as take:
                    left -= _counted(archive, member, path, left, bounds, take)
    except UNREADABLE as error:
        # Our own disk, full or bounded, is no fault of the archive.
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise
        raise ArchiveRefused(CORRUPT, DAMAGED) from error
    return members


def _judge_end(stream: BinaryIO, not_a_zip: str) -> None:
    """Judge the size of the archive's directory before a library reads it."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - END_BYTES - MOST_COMMENT - END_64_BYTES - NOTE_64_BYTES))
    tail = stream.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_BYTES:
        raise ArchiveRefused(not_a_zip, "une archive zip est attendue")
    directory = int.from_bytes(tail[place + 12 : place + 16], "little")
    if tail[:place][-NOTE_64_BYTES:].startswith(NOTE_64):  # the library then believes this one
        longer = tail[:place][-NOTE_64_BYTES - END_64_BYTES :]
        if not longer.startswith(END_64):
            raise ArchiveRefused(CORRUPT, DAMAGED)
        directory = int.from_bytes(longer[40:48], "little")
    if directory > MOST_DIRECTORY_BYTES:
        raise ArchiveRefused("E_ZIP_ENTRIES", "l’archive contient trop de fichiers")


def _listed(
    members: list[zipfile.ZipInfo], bounds: Bounds
) -> tuple[dict[str, zipfile.ZipInfo], set[str]]:
    """Judge the members of an archive; return its files by path, and the folders it names."""
    if len(members) > bounds.members:
        raise ArchiveRefused("E_ZIP_ENTRIES", f"plus de {bounds.members} fichiers")
    listed: dict[str, zipfile.ZipInfo] = {}
    folders: set[str] = set()
    for member in members:
        # zipfile cuts names at NUL; orig_filename is what the archive says.
        name = member.orig_filename
        path = name[:-1] if name.endswith("/") else name
        longest = max(len(part.encode("utf-8", "replace")) for part in path.split("/"))
        if longest > MOST_NAME_BYTES or not is_relative(path):
            said = "chemin relatif attendu, sans « .. », « \\ » ni lecteur"
            raise ArchiveRefused("E_ZIP_PATH", said, name)
        if IGNORED.intersection(path.split("/")):
            continue
        _judge_kind(member, path)
        if name.endswith("/"):
            folders.add(path)
            continue
        if path in listed and not _is_same(listed[path], member):
            raise ArchiveRefused("E_ZIP_DUPLICATE", "deux fois dans l’archive", path)
        listed[path] = member
    for path in (*listed, *(f"{folder}/" for folder in folders)):
        parts = path.split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        if file := next((one for one in above if one in listed), None):
            raise ArchiveRefused("E_ZIP_DUPLICATE", "à la fois fichier et dossier", file)
    if sum(member.file_size for member in listed.values()) > bounds.total_bytes:
        raise _bomb(bounds, "")
    return listed, folders


def _is_same(one: zipfile.ZipInfo, other: zipfile.ZipInfo) -> bool:
    """Say whether two members announce the same bytes: some tools write a file twice."""
    return (one.CRC, one.file_size) == (other.CRC, other.file_size)


def _judge_kind(member: zipfile.ZipInfo, path: str) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise ArchiveRefused("E_ZIP_SYMLINK", "les liens sont refusés", path)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRefused("E_ZIP_ENTRY_TYPE", "seuls les fichiers ordinaires sont lus", path)
    if member.flag_bits & ENCRYPTED:
        raise ArchiveRefused("E_ZIP_ENCRYPTED", "archive protégée par un mot de passe", path)
    if member.compress_type not in METHODS:
        raise ArchiveRefused("E_ZIP_METHOD", "compression inconnue", path)


def _counted(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    path: str,
    left: int,
    bounds: Bounds,
    take: Take,
) -> int:
    """Inflate a member without believing its declared size; return its bytes."""
    blind = copy.copy(member)
    blind.file_size = bounds.total_bytes + 1
    most = min(left, max(RATIO_FLOOR_BYTES, bounds.ratio * member.compress_size))
    size = 0
    with archive.open(blind) as reading:
        while data := reading.read(CHUNK):
            size += len(data)
            if size > most:
                raise _bomb(bounds, path)
            take(data)
    if size != member.file_size:
        raise ArchiveRefused(CORRUPT, f"{size} octets, {member.file_size} annoncés", path)
    return size


def _folder(path: Path) -> None:
    if not path.is_dir():
        _folder(path.parent)
        path.mkdir()
        path.chmod(0o755)


def _bomb(bounds: Bounds, path: str) -> ArchiveRefused:
    most, ratio = bounds.total_bytes // MIB, bounds.ratio
    said = f"plus de {most} Mio en tout, ou plus de {ratio} fois la taille compressée"
    return ArchiveRefused("E_ZIP_BOMB", said, path)

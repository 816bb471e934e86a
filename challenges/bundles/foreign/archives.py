"""Open a bundle given by a stranger: judged whole before anything is written.

A zip is inflated twice: once counted and thrown away, once into a private folder. A folder is
judged by the same rules (paths, links, kinds, number, size) and read in place. The sandbox opens
what runs in it by itself: the two packages do not know each other.
"""

from __future__ import annotations

import copy
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from challenges.bundles.folder import is_relative
from challenges.bundles.report import shown

END, END_BYTES, MOST_COMMENT = b"PK\x05\x06", 22, 65_535
MAX_DIRECTORY_BYTES = 16 << 20
CHUNK = 1 << 20
MAX_NAME_BYTES = 200
RATIO_FLOOR_BYTES = 1 << 20  # below this, a ratio means nothing
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
IGNORED = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
ENCRYPTED = 0x1
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
FORMAT = "E_BUNDLE_FORMAT"


@dataclass(frozen=True)
class Bounds:
    """What a bundle may hold once inflated."""

    members: int = 10_000
    total_bytes: int = 2 << 30
    ratio: int = 100


ORDINARY = Bounds()


class BundleRefused(Exception):
    """A bundle that is not opened. code: stable; reason: French; member: where, if known."""

    def __init__(self, code: str, reason: str, member: str = "") -> None:
        """Keep the three, the member shortened."""
        self.code, self.reason, self.member = code, reason, shown(member)
        super().__init__(f"{code}: {reason}")


@contextmanager
def opened(path: Path, bounds: Bounds = ORDINARY) -> Iterator[Path]:
    """Give the folder of a bundle: itself, or a private copy of a zip, removed at the end.

    Raises BundleRefused, nothing being written then: E_ZIP_PATH, E_ZIP_SYMLINK, E_ZIP_ENTRY_TYPE,
    E_ZIP_ENCRYPTED, E_ZIP_METHOD, E_ZIP_ENTRIES, E_ZIP_DUPLICATE, E_ZIP_BOMB, E_ZIP_CORRUPT;
    E_BUNDLE_FORMAT when path is neither a zip nor a folder.
    """
    if path.is_dir():
        _judge_folder(path, bounds)
        yield path
        return
    if not path.is_file():
        raise BundleRefused(FORMAT, "une archive zip ou un dossier est attendu", path.name)
    with path.open("rb") as stream:
        members = judged(stream, bounds)
        with tempfile.TemporaryDirectory(prefix="import-") as folder:
            _extract(stream, members, Path(folder))
            yield Path(folder)


def judged(stream: BinaryIO, bounds: Bounds = ORDINARY) -> dict[str, zipfile.ZipInfo]:
    """Judge a zip whole and list its members by path, folders and system files left out.

    Inflates every member, counting, and keeps nothing. Raises BundleRefused.
    """
    _judge_end(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            members = _listed(archive.infolist(), bounds)
            left = bounds.total_bytes
            for name, member in members.items():
                left -= _counted(archive, member, name, left, bounds)
    except UNREADABLE as error:
        raise BundleRefused("E_ZIP_CORRUPT", "l’archive est abîmée") from error
    return members


def _judge_end(stream: BinaryIO) -> None:
    """Judge the size of the archive's directory before a library reads it."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - END_BYTES - MOST_COMMENT))
    tail = stream.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_BYTES:
        raise BundleRefused(FORMAT, "une archive zip ou un dossier est attendu")
    if int.from_bytes(tail[place + 12 : place + 16], "little") > MAX_DIRECTORY_BYTES:
        raise BundleRefused("E_ZIP_ENTRIES", "l’archive contient trop de fichiers")


def _listed(found: list[zipfile.ZipInfo], bounds: Bounds) -> dict[str, zipfile.ZipInfo]:
    if len(found) > bounds.members:
        raise BundleRefused("E_ZIP_ENTRIES", f"plus de {bounds.members} fichiers")
    members: dict[str, zipfile.ZipInfo] = {}
    for member in found:
        # zipfile cuts names at NUL; orig_filename is what the archive says.
        name = member.orig_filename
        path = name[:-1] if name.endswith("/") else name
        if not is_relative(path) or not _fits(path):
            raise BundleRefused(
                "E_ZIP_PATH", "chemin relatif attendu, sans « .. », « \\ » ni lecteur", name
            )
        if IGNORED.intersection(path.split("/")):
            continue
        _judge_kind(member, path)
        if name.endswith("/"):
            continue
        if path in members and not _same(members[path], member):
            raise BundleRefused("E_ZIP_DUPLICATE", "deux fois dans l’archive", path)
        members[path] = member
    for path in members:
        if above := next((one for one in _above(path) if one in members), None):
            raise BundleRefused("E_ZIP_DUPLICATE", "à la fois fichier et dossier", above)
    return members


def _same(one: zipfile.ZipInfo, other: zipfile.ZipInfo) -> bool:
    """Say whether two members announce the same bytes: some tools write a file twice."""
    return (one.CRC, one.file_size) == (other.CRC, other.file_size)


def _fits(path: str) -> bool:
    """Say whether every name of a path can be written on this file system."""
    return all(len(part.encode("utf-8", "replace")) <= MAX_NAME_BYTES for part in path.split("/"))


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _judge_kind(member: zipfile.ZipInfo, path: str) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise BundleRefused("E_ZIP_SYMLINK", "les liens sont refusés", path)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BundleRefused("E_ZIP_ENTRY_TYPE", "seuls les fichiers ordinaires sont lus", path)
    if member.flag_bits & ENCRYPTED:
        raise BundleRefused("E_ZIP_ENCRYPTED", "archive protégée par un mot de passe", path)
    if member.compress_type not in METHODS:
        raise BundleRefused("E_ZIP_METHOD", "compression inconnue", path)


def _counted(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, left: int, bounds: Bounds
) -> int:
    """Inflate a member without believing its declared size; return its bytes."""
    trusted = member.file_size
    blind = copy.copy(member)
    blind.file_size = bounds.total_bytes + 1
    most = min(left, max(RATIO_FLOOR_BYTES, bounds.ratio * member.compress_size))
    size = 0
    with archive.open(blind) as reading:
        while data := reading.read(CHUNK):
            size += len(data)
            if size > most:
                raise BundleRefused(
                    "E_ZIP_BOMB",
                    f"plus de {bounds.total_bytes >> 20} Mio en tout, ou plus de "
                    f"{bounds.ratio} fois la taille compressée",
                    path,
                )
    if size != trusted:
        raise BundleRefused("E_ZIP_CORRUPT", f"{size} octets, {trusted} annoncés", path)
    return size


def _extract(stream: BinaryIO, members: dict[str, zipfile.ZipInfo], folder: Path) -> None:
    """Write the judged members; the sizes were counted."""
    with zipfile.ZipFile(stream) as archive:
        for path, member in members.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as reading, place.open("xb") as writing:
                while data := reading.read(CHUNK):
                    writing.write(data)


def _judge_folder(root: Path, bounds: Bounds) -> None:
    """Judge the files of a folder as those of a zip."""
    seen, total = 0, 0
    for place, mode, size in _walked(root):
        name = place.relative_to(root).as_posix()
        if not is_relative(name):
            raise BundleRefused("E_ZIP_PATH", "nom de fichier refusé", name)
        if stat.S_ISLNK(mode):
            raise BundleRefused("E_ZIP_SYMLINK", "les liens sont refusés", name)
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise BundleRefused("E_ZIP_ENTRY_TYPE", "seuls les fichiers ordinaires sont lus", name)
        seen, total = seen + 1, total + (size if stat.S_ISREG(mode) else 0)
        if seen > bounds.members:
            raise BundleRefused("E_ZIP_ENTRIES", f"plus de {bounds.members} fichiers")
        if total > bounds.total_bytes:
            raise BundleRefused("E_ZIP_BOMB", f"plus de {bounds.total_bytes >> 20} Mio en tout")


def _walked(root: Path) -> Iterator[tuple[Path, int, int]]:
    """Give every entry below a folder, links not followed, system files left out."""
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.name in IGNORED:
                    continue
                found = entry.stat(follow_symlinks=False)
                yield Path(entry.path), found.st_mode, found.st_size
                if stat.S_ISDIR(found.st_mode):
                    waiting.append(Path(entry.path))


def paths(root: Path) -> list[str]:
    """List the files of an opened bundle, relative, sorted, system files left out."""
    return sorted(
        place.relative_to(root).as_posix()
        for place, mode, _size in _walked(root)
        if stat.S_ISREG(mode)
    )

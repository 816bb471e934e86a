"""Unpack a zip of strangers into an empty folder of a room: checked first, counted while inflating.

Nothing is written before the whole directory of the archive is judged. Files are readable by
every run; only the executable bit of an owner is kept.
"""

import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MIB = 2**20
END, END_BYTES, MOST_COMMENT = b"PK\x05\x06", 22, 65_535
# The longer end of large archives, and the note that says it is there, stand before the end.
END_64, END_64_BYTES, NOTE_64, NOTE_64_BYTES = b"PK\x06\x06", 56, b"PK\x06\x07", 20
MOST_DIRECTORY_BYTES = 16 * MIB
CHUNK = MIB
RATIO_FLOOR_BYTES = MIB  # below this, a ratio means nothing
ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
IGNORED = ("__MACOSX", ".DS_Store")


@dataclass(frozen=True)
class Bounds:
    """What an archive may hold once inflated."""

    members: int = 10_000
    total_bytes: int = 2 * 2**30
    ratio: int = 100


ORDINARY_BOUNDS = Bounds()


class ArchiveRefused(Exception):
    """An archive that is not unpacked. code: E_ZIP_*; sentence: French, names are shortened."""

    def __init__(self, code: str, sentence: str) -> None:
        """Keep both."""
        super().__init__(f"{code}: {sentence}")
        self.code, self.sentence = code, sentence


def unpack(source: Path, into: Path, bounds: Bounds = ORDINARY_BOUNDS) -> None:
    """Unpack source into an existing empty folder.

    Raises ArchiveRefused; a refusal while inflating leaves what was written, for the room to drop.
    """
    _check_end(source)
    try:
        with zipfile.ZipFile(source) as archive:
            members = _judged(archive.infolist(), bounds)
            left = bounds.total_bytes
            for path, member in members.items():
                left = _inflate(archive, member, into / path, left, bounds)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        raise ArchiveRefused("E_ZIP_CORRUPT", "L’archive est abîmée.") from error


def _check_end(source: Path) -> None:
    """Judge the size of the directory before a library reads it."""
    size = source.stat().st_size
    with source.open("rb") as file:
        file.seek(max(0, size - END_BYTES - MOST_COMMENT - END_64_BYTES - NOTE_64_BYTES))
        tail = file.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_BYTES:
        raise ArchiveRefused("E_ZIP_CORRUPT", "Le fichier n’est pas une archive zip.")
    directory = int.from_bytes(tail[place + 12 : place + 16], "little")
    if tail[:place][-NOTE_64_BYTES:].startswith(NOTE_64):  # the library then believes this one
        longer = tail[:place][-NOTE_64_BYTES - END_64_BYTES :]
        if not longer.startswith(END_64):
            raise ArchiveRefused("E_ZIP_CORRUPT", "L’archive est abîmée.")
        directory = int.from_bytes(longer[40:48], "little")
    if directory > MOST_DIRECTORY_BYTES:
        raise ArchiveRefused("E_ZIP_ENTRIES", "L’archive contient trop de fichiers.")


def _judged(members: list[zipfile.ZipInfo], bounds: Bounds) -> dict[str, zipfile.ZipInfo]:
    if len(members) > bounds.members:
        raise ArchiveRefused(
            "E_ZIP_ENTRIES", f"L’archive contient plus de {bounds.members} fichiers."
        )
    found: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        path = _path(member)
        if any(part in IGNORED for part in PurePosixPath(path).parts):
            continue
        _check_kind(member)
        if path in found or any(str(parent) in found for parent in _files_above(path, found)):
            raise ArchiveRefused(
                "E_ZIP_DUPLICATE", f"« {path[:64]} » est deux fois dans l’archive."
            )
        found[path] = member
    if sum(member.file_size for member in found.values()) > bounds.total_bytes:
        raise _bomb(bounds)
    return found


def _files_above(path: str, found: dict[str, zipfile.ZipInfo]) -> list[PurePosixPath]:
    above = PurePosixPath(path).parents
    return [one for one in above if str(one) in found and not found[str(one)].is_dir()]


def _path(member: zipfile.ZipInfo) -> str:
    """Read the path of a member, relative and plain; zipfile cuts names at NUL, orig does not."""
    name = member.orig_filename
    parts = name.rstrip("/").split("/")
    plain = name.isprintable() and "\\" not in name and ":" not in name
    if not plain or any(part in ("", ".", "..") or len(part.encode()) > 200 for part in parts):
        raise ArchiveRefused("E_ZIP_PATH", "Un chemin de l’archive n’est pas un nom simple.")
    return "/".join(parts)


def _check_kind(member: zipfile.ZipInfo) -> None:
    mode = member.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        raise ArchiveRefused("E_ZIP_SYMLINK", "L’archive contient un lien.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRefused("E_ZIP_ENTRY_TYPE", "L’archive contient autre chose que des fichiers.")
    if member.flag_bits & ENCRYPTED:
        raise ArchiveRefused("E_ZIP_ENCRYPTED", "L’archive est protégée par un mot de passe.")
    if member.compress_type not in METHODS:
        raise ArchiveRefused("E_ZIP_METHOD", "La compression de l’archive n’est pas lue.")


def _inflate(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int, bounds: Bounds
) -> int:
    """Write one member; returns how many bytes the others may still take."""
    _folder(target if member.is_dir() else target.parent)
    if member.is_dir():
        return left
    most = min(left, max(RATIO_FLOOR_BYTES, bounds.ratio * member.compress_size))
    size = 0
    with archive.open(member) as reading, target.open("xb") as writing:
        while data := reading.read(CHUNK):
            size += len(data)
            if size > most:
                raise _bomb(bounds)
            writing.write(data)
    target.chmod(0o755 if member.external_attr >> 16 & stat.S_IXUSR else 0o644)
    return left - size


def _folder(path: Path) -> None:
    if not path.is_dir():
        _folder(path.parent)
        path.mkdir()
        path.chmod(0o755)


def _bomb(bounds: Bounds) -> ArchiveRefused:
    return ArchiveRefused(
        "E_ZIP_BOMB",
        f"L’archive dépasse {bounds.total_bytes // MIB} Mio ou gonfle plus de {bounds.ratio} fois.",
    )

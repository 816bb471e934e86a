"""Read what a foreign program wrote, as hostile: by descriptor, no link followed, all bounded.

A symbolic link passes a sandbox's mounts, and following it reads the host (CVE-2024-28185).
Here every name is opened relative to the descriptor of its folder with O_NOFOLLOW, must be a
plain file with one name, and counts against a size and a number before a byte is kept.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

MOST_DEPTH = 16
MOST_NAME_BYTES = 200
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
CHUNK = 2**20


class OutputRefused(Exception):
    """Something written is refused. The sentence is French and names no content."""


@dataclass
class Room:
    """What may still be taken."""

    size_bytes: int
    files: int

    def take(self, size: int) -> None:
        """Count one file; raises OutputRefused when it is one too many, or too much."""
        self.files -= 1
        self.size_bytes -= size
        if self.files < 0:
            raise OutputRefused("trop de fichiers produits")
        if self.size_bytes < 0:
            raise OutputRefused("fichiers produits trop volumineux")


def take(folder: int, into: Path, room: Room, depth: int = 0) -> None:
    """Copy the plain files under a folder (an open descriptor) into an empty host folder.

    Raises OutputRefused at a link, a pipe, a socket, a device, a second name of a file, a name
    that is not plain text, or past room; what was copied before stays, for the caller to drop.
    """
    if depth > MOST_DEPTH:
        raise OutputRefused(f"plus de {MOST_DEPTH} dossiers emboîtés")
    for name in sorted(_names(folder, room)):
        _check_name(name)
        found = _open(folder, name)
        try:
            state = os.fstat(found)
            if stat.S_ISDIR(state.st_mode):
                room.take(0)
                (into / name).mkdir()
                (into / name).chmod(0o755)  # whatever the umask: the next step reads it
                take(found, into / name, room, depth + 1)
            else:
                _take_file(found, state, into / name, room)
        finally:
            os.close(found)


def _names(folder: int, room: Room) -> list[str]:
    names = []
    # os.scandir(fd) does not move the descriptor it is given
    with os.scandir(folder) as entries:
        for entry in entries:
            names.append(entry.name)
            if len(names) > room.files:
                raise OutputRefused("trop de fichiers produits")
    return names


def _check_name(name: str) -> None:
    try:
        raw = name.encode()
    except UnicodeEncodeError as error:
        raise OutputRefused("nom de fichier illisible") from error
    if len(raw) > MOST_NAME_BYTES or not name.isprintable():
        raise OutputRefused("nom de fichier illisible ou trop long")


def _open(folder: int, name: str) -> int:
    try:
        found = os.lstat(name, dir_fd=folder)
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise OutputRefused(f"{_kind(found.st_mode)} au lieu d’un fichier ordinaire")
        return os.open(name, FLAGS, dir_fd=folder)
    except OSError as error:
        raise OutputRefused("un fichier produit ne peut pas être lu") from error


def _take_file(found: int, state: os.stat_result, target: Path, room: Room) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise OutputRefused(f"{_kind(state.st_mode)} au lieu d’un fichier ordinaire")
    if state.st_nlink != 1:
        raise OutputRefused("un fichier produit a plusieurs noms")
    room.take(state.st_size)
    left = state.st_size
    number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        os.fchmod(number, 0o755 if state.st_mode & stat.S_IXUSR else 0o644)
        while left and (data := os.read(found, min(CHUNK, left))):
            left -= len(data)
            _write(number, data)
    finally:
        os.close(number)


def _write(number: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]


def _kind(mode: int) -> str:
    for test, word in (
        (stat.S_ISLNK, "un lien"),
        (stat.S_ISFIFO, "un tube"),
        (stat.S_ISSOCK, "une prise réseau"),
        (stat.S_ISDIR, "un dossier"),
    ):
        if test(mode):
            return word
    return "un périphérique"

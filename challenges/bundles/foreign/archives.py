"""Open a bundle given by a stranger, a zip or a folder, judged by the same rules.

A folder (paths, links, kinds, number, size) is read in place; a zip is written into a private
folder, counted.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from challenges.scoring.archives import (
    IGNORED,
    MIB,
    ORDINARY,
    ArchiveRefused,
    Bounds,
    is_relative,
    unpack,
)

FORMAT = "E_BUNDLE_FORMAT"


@contextmanager
def opened(path: Path, bounds: Bounds = ORDINARY) -> Iterator[Path]:
    """Give the folder of a bundle: itself, or a private copy of a zip, removed at the end.

    Raises ArchiveRefused, as `unpack` does, nothing being left then; E_BUNDLE_FORMAT when path is
    neither a zip nor a folder.
    """
    if path.is_dir():
        _judge_folder(path, bounds)
        yield path
        return
    if not path.is_file():
        raise ArchiveRefused(FORMAT, "une archive zip ou un dossier est attendu", path.name)
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        unpack(path, Path(folder), bounds, not_a_zip=FORMAT)
        yield Path(folder)


def _judge_folder(root: Path, bounds: Bounds) -> None:
    """Judge the files of a folder as those of a zip."""
    seen, total = 0, 0
    for place, mode, size in _walked(root):
        name = place.relative_to(root).as_posix()
        if not is_relative(name):
            raise ArchiveRefused("E_ZIP_PATH", "nom de fichier refusé", name)
        if stat.S_ISLNK(mode):
            raise ArchiveRefused("E_ZIP_SYMLINK", "les liens sont refusés", name)
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ArchiveRefused("E_ZIP_ENTRY_TYPE", "seuls les fichiers ordinaires sont lus", name)
        seen, total = seen + 1, total + (size if stat.S_ISREG(mode) else 0)
        if seen > bounds.members:
            raise ArchiveRefused("E_ZIP_ENTRIES", f"plus de {bounds.members} fichiers")
        if total > bounds.total_bytes:
            raise ArchiveRefused("E_ZIP_BOMB", f"plus de {bounds.total_bytes // MIB} Mio en tout")


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

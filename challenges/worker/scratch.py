"""The folder where a worker writes what it opens in clear on disk; gone with it, even killed.

A killed process removes nothing: a deposit being read, an archive unpacked, a draft being written
would stay in clear. The temporary files of a worker lie in one folder of its own, held by a lock
that dies with it; the next worker of the same user on this host removes those that nobody holds.
What lies in memory is named by its process: `sandbox.rooms`.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX, LOCK = "openemploi-work-", "held"
BORN_SECONDS = 5.0  # a folder so young may not be held yet
_roots: list[Path] = []  # where this process has its folder


@contextmanager
def claimed() -> Iterator[None]:
    """Write the temporary files of this process in a folder of its own, removed at the end."""
    before, root = tempfile.tempdir, Path(tempfile.gettempdir())
    with held(root) as folder:
        tempfile.tempdir = str(folder)
        _roots.append(root)
        try:
            yield
        finally:
            _roots.remove(root)
            tempfile.tempdir = before


def clean() -> int:
    """Remove what other workers left on disk since they were killed; return how many folders."""
    return sum(forget_left(root) for root in _roots)


@contextmanager
def held(root: Path) -> Iterator[Path]:
    """Make a folder that a lock holds, after those of dead workers are removed."""
    forget_left(root)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    folder.chmod(0o711)  # the rooms of runs inside belong to another user
    try:
        with (folder / LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_left(root: Path) -> int:
    """Remove the folders that killed workers of this user left; return how many."""
    return sum(_forget(folder) for folder in sorted(root.glob(f"{PREFIX}*")))


def _forget(folder: Path) -> bool:
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            return False
        with (folder / LOCK).open() as file:
            if time.time() - os.fstat(file.fileno()).st_mtime < BORN_SECONDS:
                return False
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            return True
    except OSError:  # held by a living worker, or going away by itself
        return False

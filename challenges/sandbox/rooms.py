"""Name private folders by the process that made them, and remove those of processes that died.

A process killed by the system removes nothing: what it laid in memory would stay in clear until
the host restarts.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Kind, namespace of processes, process.
NAME = re.compile(r"(?:run|predictions|draft|import|scoring|entry)-(\d+)-(\d+)-")
ZEROS = bytes(2**20)
SHARED = Path("/dev/shm")  # noqa: S108  # private folders of it, removed at the end


def prefix(kind: str) -> str:
    """Return how the folders of this process begin; kind: one of those that NAME lists."""
    return f"{kind}-{_namespace()}-{os.getpid()}-"


def in_memory() -> Path:
    """Return where folders lie in memory; the temporary folder where the host has none."""
    return SHARED if SHARED.is_dir() else Path(tempfile.gettempdir())


@contextmanager
def private(kind: str) -> Iterator[Path]:
    """Make a folder in memory, named by this process, removed at the end; kind: as `prefix`."""
    with tempfile.TemporaryDirectory(prefix=prefix(kind), dir=in_memory()) as folder:
        yield Path(folder)


def clean(parents: Iterable[Path]) -> int:
    """Remove the folders of dead processes of this host; returns how many.

    Those of another namespace of processes are left alone: their makers cannot be seen.
    """
    removed, ours = 0, _namespace()
    for parent in parents if ours else ():
        for name in os.listdir(parent):
            found = NAME.match(name)
            if found is None or int(found[1]) != ours or _lives(int(found[2])):
                continue
            place = parent / name
            if place.is_dir() and not place.is_symlink():
                with suppress(OSError):  # another worker does the same
                    wipe(place)
                    shutil.rmtree(place)
                    removed += 1
    return removed


def made(folder: Path) -> Path:
    """Make a folder of a room that programs read, and return it."""
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def wipe(folder: Path) -> None:
    """Overwrite every plain file below a folder, before it goes."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("r+b") as file:
                left = path.stat().st_size
                while left > 0:
                    left -= file.write(ZEROS[:left])


def _lives(pid: int) -> bool:
    return Path("/proc", str(pid)).exists()


def _namespace() -> int:
    """Return what tells this namespace of processes from another, 0 where the host has none."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0

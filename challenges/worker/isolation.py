"""The sandbox of this process, asked once whether the host can isolate, and where runs live."""

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from challenges.sandbox import archives, host, rooms
from challenges.sandbox.base import SYSTEM, Missing
from challenges.sandbox.bubblewrap import Bubblewrap


@functools.cache
def sandbox() -> Bubblewrap:
    """Give the sandbox of this process."""
    return Bubblewrap()


def missing() -> Missing | None:
    """Say what this host lacks to isolate programs, or None."""
    return sandbox().available()


@functools.cache
def environment_digest() -> str:
    """Digest what programs run with, for receipts; asked once, it costs a run."""
    return host.fingerprint(SYSTEM.name, sandbox())


@contextmanager
def room() -> Iterator[Path]:
    """Make the folder of one evaluation, in memory where the host has such a folder.

    Held-out data lie there in clear while a program reads them, and go with the folder.
    """
    with sandbox().room(rooms.in_memory()) as folder:
        yield folder


@contextmanager
def desk() -> Iterator[Path]:
    """Make a folder for what a team sent, on a disk: nothing held out lies there."""
    with sandbox().room(Path(tempfile.gettempdir())) as folder:
        yield folder


def clean() -> int:
    """Remove what processes that were killed left in clear; returns how many folders."""
    return rooms.clean({Path(tempfile.gettempdir()), rooms.in_memory()})


def laid(content: bytes, folder: Path) -> Path:
    """Unpack an archive of ours into a new folder of a room."""
    packed = folder.with_suffix(".zip.part")
    packed.write_bytes(content)
    folder.mkdir()
    folder.chmod(0o755)
    archives.unpack(packed, folder)
    packed.unlink()
    return folder

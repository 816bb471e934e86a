"""Hand large bytes from a process to its parent through memory that both see.

The parent empties the shelf and sets its size before each use: what holds it cannot make it
grow, and nothing of one file is left for the next.
"""

import mmap
import os
from collections.abc import Sequence

from challenges.scoring.blob import Data


class Shelf:
    """Hold one byte string, by a file descriptor that child processes inherit."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def new(cls) -> "Shelf":
        """Make an empty shelf."""
        return cls(os.memfd_create("shelf"))

    def clear(self, most_bytes: int) -> None:
        """Forget what it holds; it may then hold so many bytes, which cost nothing until used."""
        os.ftruncate(self.descriptor, 0)
        os.ftruncate(self.descriptor, most_bytes)

    def put(self, pieces: Sequence[Data]) -> int:
        """Write pieces one after the other; returns their size. Raises ValueError over its own."""
        size = sum(map(len, pieces))
        if size > os.fstat(self.descriptor).st_size:
            raise ValueError("more than the shelf holds")
        if not size:
            return 0
        with mmap.mmap(self.descriptor, size) as memory:
            for piece in pieces:
                memory.write(piece)
        return size

    def take(self, size: int) -> bytes:
        """Return a copy of its first bytes."""
        return os.pread(self.descriptor, size, 0)

    def close(self) -> None:
        """Give the memory back."""
        os.close(self.descriptor)

"""Pass bytes between a process and its child: through a pipe, or through memory that both see.

The parent empties the shelf and sets its size before each use: what holds it cannot make it
grow, and nothing of one file is left for the next."""

import mmap
import os
import select
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import IO, Generic, TypeVar

from challenges.scoring.arrays.blob import Data

T = TypeVar("T")


class Recent(Generic[T]):
    """Hold things that weigh at most so much together; the one used longest ago leaves first.

    The last one stays, whatever it weighs. Two of them that see the same calls hold the same
    names.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[object, tuple[T, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, name: object) -> T | None:
        """Return what has a name, None when it is not held; it is then the last used."""
        if name not in self._held:
            return None
        self._held.move_to_end(name)
        return self._held[name][0]

    def add(self, name: object, value: T, weight: int) -> None:
        """Hold something, the last used."""
        self._held[name] = value, weight
        self._held.move_to_end(name)
        total = sum(each for _, each in self._held.values())
        while total > self._most and len(self._held) > 1:
            total -= self._held.popitem(last=False)[1][1]


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


PIPE_BYTES = 2**20
KEPT_BYTES = 2**28  # of identifiers that a child keeps, and that its parent knows it keeps


def send(pipe: IO[bytes], head: bytes, body: bytes) -> None:
    """Write two byte strings, each after its length."""
    pipe.write(len(head).to_bytes(8, "big") + len(body).to_bytes(8, "big"))
    pipe.write(head)
    pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes], until: float | None = None) -> tuple[bytes, bytearray]:
    """Read what send wrote; raises EOFError, or TimeoutError past a monotonic time."""
    sizes = _exactly(pipe, 16, until)
    head = _exactly(pipe, int.from_bytes(sizes[:8], "big"), until)
    return bytes(head), _exactly(pipe, int.from_bytes(sizes[8:], "big"), until)


def _exactly(pipe: IO[bytes], size: int, until: float | None) -> bytearray:
    out = bytearray()
    descriptor = pipe.fileno()
    while len(out) < size:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
        piece = os.read(descriptor, min(size - len(out), PIPE_BYTES))
        if not piece:
            raise EOFError
        out += piece
    return out

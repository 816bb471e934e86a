"""Pass two byte strings through a pipe, each after its length."""

import os
import select
import time
from typing import IO

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

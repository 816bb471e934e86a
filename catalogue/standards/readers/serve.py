"""Be the child process: import the parsers once, then fork for each document.

A fork may open no descriptor at all (RLIMIT_NOFILE is 0), hence no socket and no file: a parser
that tries to fetch a context, a schema or an entity gets an error from the kernel.
"""

import gc
import json
import os
import resource
import select
import signal
from typing import Any

from catalogue.standards.readers import dispatch, limits
from catalogue.standards.readers.child import receive, send
from catalogue.standards.readers.record import to_json

NO_MEMORY = 3
TIMED_OUT = (signal.SIGALRM, signal.SIGXCPU)


def main() -> None:
    """Answer requests until the parent closes the pipe, or for a minute without any."""
    dispatch.warm_up()
    gc.freeze()  # what is shared with the forks stays so
    with open(0, "rb", buffering=0) as source, open(1, "wb") as sink:
        while select.select([source], [], [], limits.IDLE_SECONDS)[0]:
            try:
                head, content = receive(source)
            except EOFError:
                return
            send(sink, *_forked(json.loads(head), content))


def _forked(request: dict[str, Any], content: bytes) -> tuple[bytes, bytes]:
    """Read a document in a fork; returns how it ended and the reading."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve_and_exit(request, content, writing)
    os.close(writing)
    answer = bytearray()
    with open(reading, "rb", buffering=0) as pipe:
        while piece := pipe.read(2**16):
            answer += piece
            if len(answer) > limits.ANSWER_BYTES:
                os.kill(child, signal.SIGKILL)
                break
    _, status = os.waitpid(child, 0)
    return _ended(status).encode(), bytes(answer) if status == 0 else b""


def _ended(status: int) -> str:
    if status == 0:
        return "read"
    if os.WIFSIGNALED(status):
        signalled = os.WTERMSIG(status)
        return "time" if signalled in TIMED_OUT else "memory"
    return "memory" if os.WEXITSTATUS(status) == NO_MEMORY else "lost"


def _serve_and_exit(request: dict[str, Any], content: bytes, writing: int) -> None:
    code = 1
    try:
        confine()
        found = dispatch.read_here(request["format"], content, base_url=request["base_url"])
        answer = json.dumps(to_json(found), ensure_ascii=False).encode("utf-8", "replace")
        with open(writing, "wb") as pipe:
            pipe.write(answer)
        code = 0
    except (MemoryError, RecursionError):
        code = NO_MEMORY
    finally:
        os._exit(code)


def confine() -> None:
    """Set the limits of this process; they cannot be raised again."""
    seconds = limits.READ_SECONDS
    for what, most in (
        (resource.RLIMIT_AS, limits.MEMORY_BYTES),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (most, most))
    for each in TIMED_OUT:
        signal.signal(each, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()

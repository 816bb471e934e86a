"""Be the child process: import once, then fork for each prediction file."""

import importlib
import json
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

if sys.platform != "win32":  # a team's own machine reads in its own process
    import resource

import numpy.ma  # noqa: F401 (NumPy imports it at the first np.unique: once here, not in each fork)

from challenges.scoring.answer import AnswerSpec, Limits, canonical
from challenges.scoring.predictions.fast import MOST_THREADS
from challenges.scoring.predictions.faults import Reporter, refused
from challenges.scoring.predictions.reader import read_predictions
from challenges.scoring.process.wire import KEPT_BYTES, Recent, Shelf, receive, send
from challenges.scoring.truth.keys import Keys, load_keys

MEMORY_FACTOR = 8
OPEN_FILES = 64
THREAD_BYTES = 160 * 2**20  # address space that a thread reserves, hardly used
NO_MEMORY = 3


def main() -> None:
    """Answer requests until the parent closes the pipe; the argument is the shelf's descriptor."""
    warnings.simplefilter("ignore")
    shelf = Shelf(int(sys.argv[1]))
    kept: Recent[Keys] = Recent(KEPT_BYTES)
    with open(0, "rb", buffering=0) as source, open(1, "wb") as sink:
        while True:
            try:
                head, body = receive(source)
            except EOFError:
                return
            request = json.loads(head)
            if body:
                kept.add(request["keys"], load_keys(body), len(body))
            keys = kept.get(request["keys"])
            if keys is None:
                raise KeyError(request["keys"])
            send(sink, *_forked(request, keys, shelf))


def _forked(request: dict[str, Any], keys: Keys, shelf: Shelf) -> tuple[bytes, bytes]:
    """Read a file in a fork; returns the verdict, and how many bytes of answer are shelved."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve_and_exit(request, keys, shelf, writing)
    os.close(writing)
    try:
        with open(reading, "rb", buffering=0) as pipe:
            verdict, size = receive(pipe)
    except EOFError:
        verdict, size = b"", bytearray()
    _, status = os.waitpid(child, 0)
    if verdict and status == 0:
        return verdict, bytes(size)
    return _lost(request, status)


def _lost(request: dict[str, Any], status: int) -> tuple[bytes, bytes]:
    """Turn the death of a fork into a refusal."""
    report = Reporter(AnswerSpec.from_json(request["spec"]))
    limits = Limits(**request["limits"])
    timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU)
    if timed_out:
        refusal = report.refuse("X_TIMEOUT", limite=f"{limits.wall_seconds:g} s")
    elif os.WIFSIGNALED(status) and request["name"].casefold().endswith(".parquet"):
        refusal = report.refuse("E_PARQUET_CORRUPT")
    elif os.WIFEXITED(status) and os.WEXITSTATUS(status) != NO_MEMORY:
        refusal = report.refuse("X_PLATFORM")
    else:
        refusal = report.refuse("X_MEMORY", limite=f"{limits.memory_bytes // 2**20} Mo")
    return canonical(refused(refusal).to_json()), b""


# So near its limit of address space, a process that fails has failed for want of memory.
STARVED_BYTES = 32 * 2**20


def _serve_and_exit(request: dict[str, Any], keys: Keys, shelf: Shelf, writing: int) -> None:
    code = 1
    try:
        _serve(request, keys, shelf, writing)
        code = 0
    except MemoryError:
        code = NO_MEMORY
    finally:
        try:  # a library that could not start a thread or map a page says so in its own way
            code = NO_MEMORY if code == 1 and _starved() else code
        finally:
            os._exit(code)


def _starved() -> bool:
    most, _hard = resource.getrlimit(resource.RLIMIT_AS)
    return most != resource.RLIM_INFINITY and _mapped_bytes() + STARVED_BYTES > most


def _serve(request: dict[str, Any], keys: Keys, shelf: Shelf, writing: int) -> None:
    limits = Limits(**request["limits"])
    spec = AnswerSpec.from_json(request["spec"])
    with open(request["path"], "rb") as file:
        data = file.read(limits.max_bytes + 1)
    _import_readers(request["name"].casefold(), data)
    bound(limits, _weight(request["name"].casefold(), len(data), limits))
    verdict, answer = read_predictions(data, request["name"], spec, keys, limits)
    size = 0 if answer is None else shelf.put(answer.pieces())
    with open(writing, "wb") as pipe:
        send(pipe, canonical(verdict.to_json()), size.to_bytes(8, "big"))


def _import_readers(name: str, data: bytes) -> None:
    """Map the slow libraries a file needs: the limit on memory counts from there.

    In the fork, as their threads would not survive one.
    """
    zipped = name.endswith(".zip")
    if name.endswith(".parquet") or (zipped and b".parquet" in data.lower()):
        importlib.import_module("challenges.scoring.predictions.parquet")


def _weight(name: str, size: int, limits: Limits) -> int:
    """Return the bytes of virtual memory that reading a file may take."""
    if name.endswith((".parquet", ".zip")):
        size = min(limits.max_uncompressed_bytes, size * limits.max_zip_ratio)
    return MEMORY_FACTOR * size + MOST_THREADS * THREAD_BYTES


def bound(limits: Limits, weight: int) -> None:
    """Set the limits of this process, weight bytes over its base; they cannot be raised again."""
    memory = _mapped_bytes() + weight + limits.memory_bytes
    seconds = max(1, int(limits.wall_seconds))
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def _mapped_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()

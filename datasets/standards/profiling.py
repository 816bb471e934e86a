"""Profile a table in a process of its own, which can be stopped; run as a program, be it.

A CSV of 50 MB may be one line, or 500 columns of distinct long cells: read in the process that
serves pages, it would take its time and its memory. The child has neither environment nor
Django, under limits that it sets itself before the first byte.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from datasets.standards.profile import TableFault, profile

ROOT = Path(__file__).resolve().parents[2]
MEMORY_BYTES = 512 << 20
CHUNK = 1 << 20


@dataclass(frozen=True)
class Profiled:
    """What a child said of a table: its rows, its columns as plain records, its first rows."""

    rows: int
    schema: list[dict[str, object]]
    preview: dict[str, object]


def profile_apart(stream: BinaryIO, *, seconds: int) -> Profiled:
    """Profile a whole CSV, from its start, in a child process.

    seconds: of processor and of clock. Raises TableFault as `profile`, and `heavy` when the
    child was stopped for its time or its memory; the stream is then to be rewound.
    """
    stream.seek(0)
    with tempfile.TemporaryFile() as file:  # a pipe could fill while nobody reads
        while chunk := stream.read(CHUNK):
            file.write(chunk)
        file.seek(0)
        try:
            done = subprocess.run(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-P", "-m", __name__, str(seconds)],
                stdin=file,
                capture_output=True,
                cwd="/",
                env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
                timeout=seconds,
                check=True,
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            raise TableFault("heavy", 0, seconds=seconds) from error
    said: dict[str, Any] = json.loads(done.stdout)
    if "fault" in said:
        raise TableFault(said["fault"], said["line"], **said["facts"])
    return Profiled(**said)


def bound(seconds: int) -> None:
    """Limit this process, for good: processor time, memory, no file written."""
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def answer(stream: BinaryIO) -> dict[str, Any]:
    """Profile a table and return what the parent reads: the profile, or its fault."""
    try:
        found = profile(stream)
    except TableFault as fault:
        return {"fault": fault.code, "line": fault.line, "facts": fault.facts}
    return {"rows": found.rows, "schema": found.schema(), "preview": found.preview()}


if __name__ == "__main__":
    bound(int(sys.argv[1]))
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer)))

"""Look into a file in a process of its own, which can be stopped; run as a program, be it.

An archive may hold a thousand times its size, a table one line of 5 GB: read in the process that
serves pages, it would take its time and its memory. The child has neither environment nor Django;
once its parsers are loaded it may open no file and no socket, and its time and memory are bound.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from catalogue.standards.file_archives import PACKED, is_bomb
from catalogue.standards.file_tables import preview_csv, preview_parquet

ROOT = Path(__file__).resolve().parents[2]
MEMORY_BYTES = 2 << 30
ANSWER_BYTES = 8 << 20


@dataclass(frozen=True)
class Looked:
    """What was found: whether an archive is dangerous, the first rows of a table.

    preview: columns (name, type), rows (texts), more: whether there are others.
    """

    is_bomb: bool = False
    preview: dict[str, Any] = field(default_factory=dict)


def look(path: Path, *, extension: str, kind: str, seconds: int) -> Looked:
    """Look into a file in a child process; an archive that stops the child is dangerous.

    extension: of its name, in lower case. kind: what its first bytes are. seconds: of processor
    and of clock. Any other file costs no process, and a table that cannot be read has no preview;
    neither has one of which the child says what is not an answer.
    """
    packed = kind in {"zip", "tar"} or kind in PACKED
    table = (extension in {"csv", "tsv"} and kind == "text") or kind == "parquet"
    if not packed and not table:
        return Looked()
    with path.open("rb") as source:
        try:
            done = subprocess.run(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-P", "-m", __name__, str(seconds), extension, kind],
                stdin=source,
                capture_output=True,
                cwd="/",
                env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
                timeout=2 * seconds,
                check=True,
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            return Looked(is_bomb=packed)
    return _answered(done.stdout) or Looked(is_bomb=packed)


def _answered(said: bytes) -> Looked | None:
    try:
        return Looked(**json.loads(said)) if len(said) <= ANSWER_BYTES else None
    except (ValueError, TypeError):
        return None


def bound(seconds: int) -> None:
    """Limit this process, for good: processor time, memory, nothing written, nothing opened."""
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main(seconds: int, extension: str, kind: str) -> dict[str, Any]:
    """Bind this process and look into its standard input."""
    arrow: Any = None
    if kind == "parquet":
        from pyarrow import parquet  # noqa: PLC0415  # slow import

        arrow = parquet
    bound(seconds)
    source: IO[bytes] = sys.stdin.buffer
    if kind == "parquet":
        return {"preview": preview_parquet(source, arrow)}
    if kind != "text":
        return {"is_bomb": is_bomb(source, extension=extension, kind=kind)}
    return {"preview": preview_csv(source)}


if __name__ == "__main__":
    answer = main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())

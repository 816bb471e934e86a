"""Read a stranger's bundle in a child process that can be killed and holds no secret.

The child has no Django, no environment of ours and no network of its own making; its memory, its
processor time and what it writes are bounded, and its scratch folder is removed by the parent.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_REPORT_BYTES = 32 << 20
OWN = "open-emploi"


class ChildLost(Exception):
    """A child that died or was stopped; code: X_TIMEOUT, X_MEMORY."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Bounds:
    """What reading one bundle may cost."""

    wall_seconds: float = 180.0
    cpu_seconds: int = 120
    memory_bytes: int = 2 << 30
    file_bytes: int = 2 << 30


ORDINARY = Bounds()


def examine(path: Path, bounds: Bounds = ORDINARY) -> dict[str, object]:
    """Read the zip at `path`: the report as JSON, as `ForeignReport.to_json` writes it.

    format is OWN for our own form. No program of the bundle is run. Raises ChildLost.
    """
    with tempfile.TemporaryDirectory(prefix="lecture-") as scratch:
        found = Path(scratch) / "report.json"
        command = [sys.executable, "-P", "-m", "challenges.bundles.examination"]
        limits = [bounds.cpu_seconds, bounds.memory_bytes, bounds.file_bytes]
        process = subprocess.Popen(  # noqa: S603  # our own module, by our own interpreter
            [*command, str(path), str(found), *map(str, limits)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "TMPDIR": scratch,
            },
            close_fds=True,
            start_new_session=True,
        )
        try:
            status = process.wait(bounds.wall_seconds)
        except subprocess.TimeoutExpired as error:
            raise ChildLost("X_TIMEOUT") from error
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)
            process.wait()
        return _report(found, status)


def _report(place: Path, status: int) -> dict[str, object]:
    if status != 0 or not place.is_file() or place.stat().st_size > MAX_REPORT_BYTES:
        raise ChildLost("X_TIMEOUT" if status == -24 else "X_MEMORY")  # 24: SIGXCPU
    report = json.loads(place.read_bytes())
    if not isinstance(report, dict):
        raise ChildLost("X_MEMORY")
    return report

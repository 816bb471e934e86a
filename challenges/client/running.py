"""Run a package on one's own machine with the call that the portal makes.

Nothing is isolated here: the program is the user's own, and sees their files and network. What
the portal adds (no network, memory, identifiers changed between two runs) is not tried.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from challenges.client.packages import Package

ANSWER, DRIVEN_ANSWER = "predictions", "submission.csv"
LOG_BYTES = 64 * 1024


@dataclass(frozen=True)
class Ran:
    """How a local run ended. reason: "", or a code X_* as the portal's. log: its last 64 kB."""

    reason: str
    file: Path | None
    seconds: float
    log: str


def run(
    package: Package, files: Mapping[str, bytes], inputs: Path, target: Path, *, seconds: float
) -> Ran:
    """Run a package on a folder of inputs and keep its predictions as `target`.

    target: its suffix is replaced by that of the file written. seconds: the limit of the phase.
    """
    with tempfile.TemporaryDirectory(prefix="openemploi-") as scratch:
        room = Path(scratch)
        for name in ("program", "out", "in"):
            (room / name).mkdir()
        _write(room / "program", files)
        for each in sorted(inputs.iterdir()):
            if each.is_file():
                shutil.copyfile(each, room / "in" / each.name)
        argv, folder, places = _laid(package, room)
        started = time.monotonic()
        reason, log = _ended(argv, folder, package.seed, seconds)
        spent = time.monotonic() - started
        if reason:
            return Ran(reason, None, spent, log)
        found = [one for place, pattern in places for one in sorted(place.glob(pattern))][:2]
        if len(found) != 1:
            return Ran("X_OUTPUT", None, spent, log)
        kept = target.with_suffix(found[0].suffix)
        shutil.copyfile(found[0], kept)
        return Ran("", kept, spent, log)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            continue  # the portal refuses such a name; here nothing leaves the room
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)


def _laid(package: Package, room: Path) -> tuple[list[str], Path, list[tuple[Path, str]]]:
    """Give the command, its folder, and where the predictions are looked for."""
    program, inputs, out = room / "program", room / "in", room / "out"
    answers = [(out, f"{ANSWER}.*")]
    if package.layout == "manifest":
        entry = str(program / package.entry)
        start = [sys.executable, entry] if entry.endswith(".py") else [entry]
        written = str(out / f"{ANSWER}.csv")
        return [*start, "--in", str(inputs), "--out", written], program, answers
    if package.layout == "main":
        shutil.copytree(inputs, program / "data", dirs_exist_ok=True)
        (program / "submission").mkdir(exist_ok=True)
        return (
            [sys.executable, package.entry],
            program,
            [(program / "submission", DRIVEN_ANSWER), (program, DRIVEN_ANSWER)],
        )
    places = {"$input": inputs, "$output": out, "$program": program}
    command = package.entry
    for name, place in places.items():
        command = command.replace(name, shlex.quote(str(place)))
    words = shlex.split(command)
    if words and words[0] in {"python", "python3"}:
        words[0] = sys.executable
    return words, program, answers


def _ended(argv: Sequence[str], folder: Path, seed: int, seconds: float) -> tuple[str, str]:
    own = {"OE_SEED": str(seed), "PYTHONHASHSEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603  # the user's own program, at their asking
            argv,
            cwd=folder,
            env=os.environ | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as stopped:
        return "X_TIMEOUT", _log(stopped.stdout)
    except OSError as error:
        return "X_PROGRAM", str(error)
    return ("X_PROGRAM" if done.returncode else ""), _log(done.stdout)


def _log(stream: bytes | None) -> str:
    return (stream or b"")[-LOG_BYTES:].decode("utf-8", "replace")

"""Run a team's code: the trial (A), the hidden inputs (B). Scoring (C) is elsewhere on purpose.

    package = metadata.package_of(folder)
    trial(package, sample, …)      A: public sample; the team reads its whole log, 64 kB
    hidden(package, inputs, …)     B: hidden inputs; no log, the team reads `Seen` and no more

Both leave one prediction file and destroy the rest. C then reads that file in another process
that holds no code of the team: `challenges.scoring.child` for a metric of the menu, or
`steps.run_steps` with a folder that holds it for an organiser's program.

`inputs` is everything a run of B can see besides the package: the caller passes a folder that
never held a label. So a program cannot sleep, crash or write by label.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from challenges.sandbox import metadata, rooms
from challenges.sandbox.base import (
    MIB,
    ORDINARY,
    Call,
    Copied,
    Ended,
    Limits,
    NotIsolated,
    Sandbox,
    SandboxBroken,
    Shown,
    Written,
)
from challenges.sandbox.steps import REASONS, Reason, placed
from challenges.scoring.packages import Layout, Package

ANSWER = "predictions"
DRIVEN = "/code_execution"
DRIVEN_ANSWER = "submission.csv"
MOST_ENTRIES = 200
DURATIONS_MINUTES = (1, 2, 5, 10, 20, 30, 60, 120, 240)
MEMORY_STEP_BYTES = 512 * MIB
Mount = Shown | Copied | Written


@dataclass(frozen=True)
class Seen:
    """All that a team learns of a run on hidden inputs: classes, no figure.

    duration_minutes: « at most so many minutes », None above the last class. memory_half_gb: at
    most so many halves of a GiB.
    """

    reason: Reason | None
    duration_minutes: int | None
    memory_half_gb: int


@dataclass(frozen=True)
class Run:
    """How a run of code ended. file: the predictions, when reason is None.

    ended: exact measures, and the streams of a trial; None when nothing was run. detail: French,
    for the team after a trial, for moderators alone after a run on hidden inputs.
    """

    reason: Reason | None
    file: Path | None
    ended: Ended | None
    detail: str = ""

    @property
    def seen(self) -> Seen:
        """Reduce the run to what its team may know."""
        if self.ended is None:
            return Seen(self.reason, None, 0)
        minutes = self.ended.measures.wall_seconds / 60
        classes = [most for most in DURATIONS_MINUTES if minutes <= most]
        # A run that ended before its memory was looked at is in the first class too.
        halves = max(1, -(-self.ended.measures.peak_bytes // MEMORY_STEP_BYTES))
        return Seen(self.reason, classes[0] if classes else None, halves)


def trial(
    package: Package, sample: Path, *, sandbox: Sandbox, room: Path, limits: Limits = ORDINARY
) -> Run:
    """Run code on the public sample; its log is kept for the team."""
    return _run(package, sample, sandbox, room, limits, logs=True)


def hidden(
    package: Package,
    inputs: Path,
    *,
    sandbox: Sandbox,
    room: Path,
    limits: Limits = ORDINARY,
    logs: bool = False,
) -> Run:
    """Run code on the hidden inputs; nothing it prints is kept, unless for the organiser."""
    return _run(package, inputs, sandbox, room, limits, logs=logs)


def _run(
    package: Package, inputs: Path, sandbox: Sandbox, room: Path, limits: Limits, *, logs: bool
) -> Run:
    """Run a package in a room of its own, made by the sandbox; package and inputs lie in it."""
    outputs = [rooms.made(room / "written"), rooms.made(room / "beside")]
    argv, folder, mounts = _laid(package, inputs, outputs)
    seed = str(package.seed)
    call = Call(argv, folder, mounts, limits, {"OE_SEED": seed, "PYTHONHASHSEED": seed}, logs=logs)
    try:
        ended = sandbox.run(call)
        if not ended.succeeded:
            detail = ended.detail or f"code de sortie {ended.exit_code}"
            return Run(REASONS[ended.end], None, ended, detail)
        return _answer(package, outputs, room, ended)
    except NotIsolated as error:
        return Run(Reason.NO_SANDBOX, None, None, error.missing.sentence)
    except SandboxBroken as error:
        return Run(Reason.PLATFORM, None, None, str(error))
    finally:
        for written in outputs:
            shutil.rmtree(written)


def _laid(
    package: Package, inputs: Path, outputs: list[Path]
) -> tuple[tuple[str, ...], str, tuple[Mount, ...]]:
    match package.layout:
        case Layout.MANIFEST:
            return _laid_manifest(package, inputs, outputs[0])
        case Layout.MAIN:
            return _laid_main(package, inputs, outputs)
        case Layout.CODALAB:
            return _laid_codalab(package, inputs, outputs[0])


def _laid_manifest(
    package: Package, inputs: Path, output: Path
) -> tuple[tuple[str, ...], str, tuple[Mount, ...]]:
    entry = f"/app/program/{package.entry}"
    start = ("python3", entry) if entry.endswith(".py") else (entry,)
    argv = (*start, "--in", "/data/in", "--out", f"/data/out/{ANSWER}.csv")
    program = Shown(package.folder, "/app/program")
    mounts = (program, Shown(inputs, "/data/in"), Written("/data/out", output))
    return argv, "/app/program", mounts


def _laid_main(
    package: Package, inputs: Path, outputs: list[Path]
) -> tuple[tuple[str, ...], str, tuple[Mount, ...]]:
    """Lay the package's entries into a folder that can be written, beside data and submission."""
    ours = {"data", "submission", DRIVEN_ANSWER}
    entries = sorted(set(os.listdir(package.folder)) - ours)[:MOST_ENTRIES]
    mounts: tuple[Mount, ...] = (
        Written(DRIVEN, outputs[1]),
        Written(f"{DRIVEN}/submission", outputs[0]),
        Shown(inputs, f"{DRIVEN}/data"),
        *(Shown(package.folder / name, f"{DRIVEN}/{name}") for name in entries),
    )
    return ("python3", package.entry), DRIVEN, mounts


def _laid_codalab(
    package: Package, inputs: Path, output: Path
) -> tuple[tuple[str, ...], str, tuple[Mount, ...]]:
    program = placed(package.folder)
    shown = (Shown(inputs, "/app/input_data"), Shown(inputs, "/app/input"))
    mounts = (program, *shown, Written("/app/output", output))
    return metadata.words(package.entry, metadata.OWN), "/app/program", mounts


def _answer(package: Package, outputs: list[Path], room: Path, ended: Ended) -> Run:
    """Keep the one prediction file under a name of ours."""
    if package.layout is Layout.MAIN:
        found = [path / DRIVEN_ANSWER for path in outputs if (path / DRIVEN_ANSWER).is_file()][:1]
        expected = DRIVEN_ANSWER
    else:
        found = [path for path in outputs[0].glob(f"{ANSWER}.*") if path.is_file()]
        expected = f"{ANSWER}.csv"
    if len(found) != 1:
        told = "absent" if not found else "présent sous plusieurs extensions"
        return Run(Reason.OUTPUT, None, ended, f"{expected} est {told}")
    kept = rooms.made(room / "answer") / (ANSWER + found[0].suffix)
    shutil.move(found[0], kept)
    return Run(None, kept, ended)

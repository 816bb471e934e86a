"""Score a submission by an organiser's program: the protocol of Codabench v2 and CodaLab 1.5.

    with sandbox.room(scratch) as room:
        ... unpack programs, data and the submission below room (archives.unpack) ...
        outcome = run_steps(task, submission, sandbox=sandbox, room=room)

`outcome.reason` is None for a scored evaluation, else a code X_*; `outcome.party` says whose
fault it is: TEAM (the slot is kept: hidden data was reachable), ORGANISER (needs attention, the
team loses nothing) or PLATFORM (tried again). Values are exact, not rounded. `outcome.report`,
each step's streams and `detail` are for the organiser and the moderators only, as they come from
programs that saw hidden data: nothing of them goes to a team.

One call scores one task. Reference data are mounted for the scoring step alone, which runs no
code of a team; a task whose ingestion runs beside the scoring would break that and is refused.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from challenges.sandbox import metadata, outputs, rooms, scores
from challenges.sandbox.base import (
    ORDINARY,
    Call,
    Copied,
    End,
    Ended,
    Limits,
    NotIsolated,
    Sandbox,
    SandboxBroken,
    Shown,
    Written,
)
from challenges.sandbox.scores import Declared, Fault, Rows

MOST_REPORT_BYTES = 2 * 2**20
REPORT = "detailed_results.html"
ANSWERS = frozenset({".csv", ".tsv", ".txt", ".predict", ".parquet"})
COPIED_BYTES = 64 * 2**20


class Reason(StrEnum):
    """Name why an evaluation has no score: the codes of challenges.scoring.verdict.ReasonCode."""

    TIMEOUT = "X_TIMEOUT"
    MEMORY = "X_MEMORY"
    PROGRAM = "X_PROGRAM"
    OUTPUT = "X_OUTPUT"
    PLATFORM = "X_PLATFORM"
    NO_SANDBOX = "X_NO_SANDBOX"


class Party(StrEnum):
    """Say who answers for a failure."""

    TEAM = "team"
    ORGANISER = "organiser"
    PLATFORM = "platform"


REASONS = {
    End.TIMEOUT: Reason.TIMEOUT,
    End.MEMORY: Reason.MEMORY,
    End.OUTPUT: Reason.OUTPUT,
    End.EXITED: Reason.PROGRAM,
}


@dataclass(frozen=True)
class Task:
    """What an organiser gives: folders, the scores its program writes, and limits.

    limits hold for the prediction step, scoring_limits for the scoring step; Codabench's
    execution_time_limit is the wall_seconds of both.
    """

    scoring_program: Path
    reference: Path | None
    columns: tuple[Declared, ...]
    ingestion_program: Path | None = None
    input_data: Path | None = None
    limits: Limits = ORDINARY
    scoring_limits: Limits = ORDINARY
    ingestion_only_during_scoring: bool = False


@dataclass(frozen=True)
class Step:
    """One program that ran: `prediction` or `scoring`, and how it ended."""

    name: str
    ended: Ended


@dataclass(frozen=True)
class Outcome:
    """What came of one task. values holds every declared score when reason is None.

    rows: what each held-out row contributed, when the program wrote it; sealed like exact scores.
    rows_fault: why it was left out, in French, for the organiser.
    """

    reason: Reason | None
    party: Party | None
    values: Mapping[str, float]
    undeclared: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    report: bytes | None = None
    steps: tuple[Step, ...] = ()
    detail: str = ""
    rows: Rows | None = None
    rows_fault: str = ""

    @property
    def scored(self) -> bool:
        """Say whether the evaluation has its scores."""
        return self.reason is None


class Stopped(Exception):
    """A step that ends an evaluation: reason, party, French detail, the steps so far."""

    def __init__(
        self, reason: Reason, party: Party, detail: str, steps: tuple[Step, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.outcome = Outcome(reason, party, {}, steps=steps, detail=detail)


def holds_answers(submission: Path) -> bool:
    """Say whether a submission is results: tables and texts alone, without a metadata file.

    No program is to run for them, not even the organiser's ingestion, as for Codabench.
    """
    if is_code(submission):
        return False
    files = [path for path in submission.rglob("*") if path.is_file()]
    return bool(files) and all(path.suffix.lower() in ANSWERS for path in files)


def is_code(submission: Path) -> bool:
    """Say whether a submission is a program of its own: it holds a metadata file."""
    return metadata.path_of(submission) is not None


def run_steps(task: Task, submission: Path, *, sandbox: Sandbox, room: Path) -> Outcome:
    """Run prediction, then scoring, and read the scores.

    submission: the folder of a team's files. room: from sandbox.room; two folders are made in it.
    Never raises for what a program does.
    """
    try:
        if task.ingestion_only_during_scoring:
            raise Stopped(
                Reason.PROGRAM,
                Party.ORGANISER,
                "ingestion_only_during_scoring met le code des équipes à côté de la vérité : "
                "cette tâche n’est pas exécutée",
            )
        predictions = rooms.made(room / "predictions")
        before = _predict(task, submission, predictions, sandbox)
        return _score(task, predictions, rooms.made(room / "scored"), sandbox, before)
    except Stopped as stopped:
        return stopped.outcome
    except NotIsolated as error:
        return Outcome(Reason.NO_SANDBOX, Party.PLATFORM, {}, detail=error.missing.sentence)
    except SandboxBroken as error:
        return Outcome(Reason.PLATFORM, Party.PLATFORM, {}, detail=str(error))


def lay(source: Path, into: Path, limits: Limits) -> None:
    """Copy the plain files of a folder into an empty one, readable by every run.

    Raises outputs.OutputRefused at a link, at anything that is no plain file, and past limits.
    """
    folder = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        outputs.take(folder, into, outputs.Room(limits.output_bytes, limits.output_files))
    finally:
        os.close(folder)


def placed(program: Path) -> Shown | Copied:
    """Lay a program at /app/program: a copy it may change, unless it is too large to hold twice."""
    size = sum(
        (Path(place) / name).lstat().st_size
        for place, _, names in os.walk(program)
        for name in names
    )
    return (Copied if size <= COPIED_BYTES else Shown)(program, "/app/program")


def _predict(task: Task, submission: Path, predictions: Path, sandbox: Sandbox) -> tuple[Step, ...]:
    """Fill predictions, with the metadata that scoring programs read."""
    written = Written("/app/output", predictions)
    shown = [] if task.input_data is None else [Shown(task.input_data, "/app/input_data")]
    steps: tuple[Step, ...] = ()
    ingested = task.ingestion_program is not None and not holds_answers(submission)
    if task.ingestion_program is not None and ingested:
        argv = _argv(task.ingestion_program, metadata.INGESTION, Party.ORGANISER)
        program = placed(task.ingestion_program)
        team = Shown(submission, "/app/ingested_program")
        steps = _run(sandbox, "prediction", argv, (program, team, *shown, written), task.limits)
    elif is_code(submission):
        argv = _argv(submission, metadata.OWN, Party.TEAM)
        program = placed(submission)
        also = [] if task.input_data is None else [Shown(task.input_data, "/app/input")]
        steps = _run(sandbox, "prediction", argv, (program, *shown, *also, written), task.limits)
    else:
        try:
            lay(submission, predictions, task.limits)
        except outputs.OutputRefused as refused:
            raise Stopped(Reason.OUTPUT, Party.TEAM, str(refused)) from refused
    _write_metadata(predictions, steps, ingested=ingested)
    return steps


def _write_metadata(predictions: Path, steps: tuple[Step, ...], *, ingested: bool) -> None:
    seconds = steps[0].ended.measures.wall_seconds if steps else 0.0
    path = predictions / "metadata"
    if path.is_dir():
        raise Stopped(Reason.OUTPUT, Party.TEAM, "un dossier se nomme metadata", steps)
    path.unlink(missing_ok=True)
    path.write_text(metadata.written(0, seconds, ingested=ingested), encoding="utf-8")
    path.chmod(0o644)


def _score(
    task: Task, predictions: Path, scored: Path, sandbox: Sandbox, before: tuple[Step, ...]
) -> Outcome:
    mounts: list[Shown | Copied | Written] = [
        placed(task.scoring_program),
        Shown(predictions, "/app/input/res"),
    ]
    if task.reference is not None:
        mounts.append(Shown(task.reference, "/app/input/ref"))
    mounts.append(Written("/app/output", scored))
    argv = _argv(task.scoring_program, metadata.SCORING, Party.ORGANISER, before)
    steps = _run(sandbox, "scoring", argv, tuple(mounts), task.scoring_limits, before)
    found = scores.read_scores(scored, task.columns)
    failed = bool(found.faults)
    contributed, rows_fault = _rows(scored)
    return Outcome(
        Reason.OUTPUT if failed else None,
        Party.ORGANISER if failed else None,
        {} if failed else found.values,
        found.undeclared,
        found.faults,
        _report(scored),
        steps,
        ", ".join(f"{fault.kind.value} {fault.key}".strip() for fault in found.faults),
        None if failed else contributed,
        rows_fault,
    )


def _rows(scored: Path) -> tuple[Rows | None, str]:
    try:
        return scores.read_rows(scored), ""
    except scores.RowsRefused as refused:
        return None, str(refused)


def _argv(program: Path, step: str, party: Party, before: tuple[Step, ...] = ()) -> tuple[str, ...]:
    try:
        return metadata.words(metadata.command_of(program), step)
    except metadata.MetadataRefused as refused:
        raise Stopped(Reason.PROGRAM, party, str(refused), before) from refused


def _run(
    sandbox: Sandbox,
    name: str,
    argv: tuple[str, ...],
    mounts: tuple[Shown | Copied | Written, ...],
    limits: Limits,
    before: tuple[Step, ...] = (),
) -> tuple[Step, ...]:
    ended = sandbox.run(Call(argv, "/app/program", mounts, limits))
    steps = (*before, Step(name, ended))
    if ended.succeeded:
        return steps
    party = Party.TEAM if name == "prediction" else Party.ORGANISER
    detail = ended.detail or f"code de sortie {ended.exit_code}"
    raise Stopped(REASONS[ended.end], party, detail, steps)


def _report(scored: Path) -> bytes | None:
    """Take the detailed results: untrusted HTML, at most 2 MiB, shown only without a script."""
    paths = [scored / REPORT, *sorted(scored.glob("*.html"))]
    for path in paths:
        if path.is_file() and path.stat().st_size <= MOST_REPORT_BYTES:
            return path.read_bytes()
    return None

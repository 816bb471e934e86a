"""Score an entry by its organiser's own program, in isolation.

The reference is opened for the time of one run, in memory, under the lease of the job; each
opening is an event. A failure is the team's when its own code failed, or when the program refused
its file although it has already scored another on the same data; anything else is the
organiser's: the entry then waits for a moderator and the team loses nothing.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from challenges.bundles import programs
from challenges.bundles.programs import PRIVATE, PUBLIC, Form, ProgramSpec, Protocol
from challenges.enums import ColumnKind, EvaluationState, LogAudience, ReportAudience
from challenges.evaluation.actions import evaluations
from challenges.evaluation.actions.evaluations import Result
from challenges.evaluation.actions.releases import columns_of
from challenges.models import Column, Entry, Evaluation, Job, PhaseTask
from challenges.models.rounding import rounded
from challenges.programs.actions import changes as program_changes
from challenges.programs.actions.changes import Report
from challenges.queue.actions import WORKER
from challenges.queue.worker import Beating
from challenges.sandbox import archives, evalai, metadata, steps
from challenges.sandbox.base import MIB, Limits
from challenges.sandbox.scores import Declared
from challenges.sandbox.steps import Outcome, Party, Reason
from challenges.scoring import contract
from challenges.worker import isolation, reports, vault
from challenges.worker.contributions import Contributions, contributions
from datasets import gate
from portal.lib import failpoints

GRACE_SECONDS = 2.0
CODE_VERSION = f"openemploi {contract.VERSION}, numpy {installed('numpy')}"
Files = Mapping[str, bytes]


class RunFailed(Exception):
    """The isolation broke or is not there: our fault, so the job is tried again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Ran:
    """What came of one run. values: {part: {column key: exact value}}; exact: of every key."""

    outcome: Outcome
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    exact: Mapping[str, float] = field(default_factory=dict)


def score_job(job: Job, evaluation: Evaluation, task: PhaseTask, beating: Beating) -> None:
    """Run the program on an entry, then store what it scored or why it did not."""
    started = time.monotonic()
    ran = measured(evaluation, task)
    if ran.outcome.party is Party.PLATFORM:
        raise RunFailed(str(ran.outcome.reason))
    failpoints.hit("score.computed")
    if beating.lost.is_set():
        return
    seconds = time.monotonic() - started
    given = contributions(ran.outcome.rows, ran.values, task)
    told = _told(ran.outcome, task, given.fault)
    if not ran.outcome.scored:
        _failed(job, evaluation, ran.outcome, told)
        return
    evaluations.finish_score(
        job=job,
        result=_result(ran, evaluation, task, seconds, given),
        also=partial(program_changes.write_report, evaluation=evaluation, told=told),
    )


def _failed(job: Job, evaluation: Evaluation, outcome: Outcome, told: Report) -> None:
    code = str(outcome.reason)
    refused = outcome.reason is Reason.PROGRAM and _has_scored(evaluation)
    is_teams = outcome.party is Party.TEAM or refused
    evaluations.finish_failed(
        job=job,
        code=code,
        examined=not is_teams,
        also=partial(program_changes.write_report, evaluation=evaluation, told=told),
    )


def _has_scored(evaluation: Evaluation) -> bool:
    """Say whether the program has already scored an entry on the same data: it works then."""
    return Evaluation.objects.filter(
        scorer_version_id=evaluation.scorer_version_id,
        holdout_id=evaluation.holdout_id,
        state=EvaluationState.DONE,
    ).exists()


def measured(evaluation: Evaluation, task: PhaseTask) -> Ran:
    """Run the program of a task on the entry of an evaluation; nothing is stored."""
    return tried(evaluation.entry, task, reason=f"evaluation {evaluation.pk}")


def tried(entry: Entry, task: PhaseTask, *, reason: str) -> Ran:
    """Run the program of a task on an entry; nothing is stored. reason: of the openings."""
    version = task.scorer_version
    if version.programs is None:
        raise ValueError("not a program")
    own = gate.open_holdout(version=version.programs, reason=reason, by=WORKER)
    data = gate.open_holdout(version=task.holdout, reason=reason, by=WORKER)
    with vault.local_copy(entry) as path, isolation.room() as room:
        return run(
            ProgramSpec.from_json(version.spec),
            {**own, **data},
            path,
            room,
            limits=limits_of(task),
            form=Form.from_json(task.form),
        )


def limits_of(task: PhaseTask) -> Limits:
    """Return what each program of a phase may use."""
    seconds = float(task.phase.time_limit_s)
    return Limits(
        wall_seconds=seconds,
        cpu_seconds=seconds,
        memory_bytes=task.phase.memory_mb * MIB,
        grace_seconds=GRACE_SECONDS,
    )


def run(
    spec: ProgramSpec, files: Files, sent: Path, room: Path, *, limits: Limits, form: Form
) -> Ran:
    """Run a program on a file, in a room.

    files: the sealed archives, by name. sent: the file of a team; its extension tells an archive.
    Never raises for what a program does.
    """
    if spec.protocol is Protocol.EVALAI:
        return _evalai(spec, files, sent, room, limits)
    try:
        submission = _submission(sent, room / "submission", form)
    except archives.ArchiveRefused as refused:
        return Ran(Outcome(Reason.OUTPUT, Party.TEAM, {}, detail=refused.sentence))
    if not spec.takes_code:
        _disarm(submission)
    task = steps.Task(
        scoring_program=isolation.laid(files[programs.SCORING], room / "scoring"),
        reference=_laid(files, programs.REFERENCE, room / "reference"),
        columns=tuple(_declared(each) for each in spec.scores),
        ingestion_program=_laid(files, programs.INGESTION, room / "ingestion"),
        input_data=_laid(files, programs.INPUT, room / "input"),
        limits=limits,
        scoring_limits=limits,
        ingestion_only_during_scoring=spec.beside_truth,
    )
    place = _made(room / "run")
    outcome = steps.run_steps(task, submission, sandbox=isolation.sandbox(), room=place)
    return _read(spec, outcome, {"": outcome.values})


def _evalai(spec: ProgramSpec, files: Files, sent: Path, room: Path, limits: Limits) -> Ran:
    reference = isolation.laid(files[programs.REFERENCE], room / "reference")
    found = evalai.run_evaluation(
        evalai.Evaluation(
            isolation.laid(files[programs.SCORING], room / "scoring"),
            next(path for path in sorted(reference.rglob("*")) if path.is_file()),
            spec.codename,
            {
                split: tuple(_declared(each) for each in scores)
                for split, scores in spec.splits.items()
            },
            limits,
        ),
        sent,
        sandbox=isolation.sandbox(),
        room=_made(room / "run"),
    )
    return _read(spec, found.outcome, found.values)


def _read(spec: ProgramSpec, outcome: Outcome, found: Mapping[str, Mapping[str, float]]) -> Ran:
    """Put the scores under their columns, in the parts where they are told."""
    if not outcome.scored:
        return Ran(outcome)
    values: dict[str, dict[str, float]] = {PUBLIC: {}, PRIVATE: {}}
    exact = {}
    for each in spec.scores:
        value = found[each.split][each.name]
        exact[f"{each.split}/{each.name}" if each.split else each.name] = value
        for part in each.parts:
            values[part][each.key] = value
    return Ran(outcome, values, exact)


def _submission(sent: Path, folder: Path, form: Form) -> Path:
    """Lay the files of a team: an archive unpacked, a plain file under the expected name."""
    folder.mkdir()
    folder.chmod(0o755)
    if sent.suffix == ".zip":
        archives.unpack(sent, folder)
        return folder
    target = folder / (form.name or sent.name)
    target.write_bytes(sent.read_bytes())
    target.chmod(0o644)
    return folder


def _disarm(submission: Path) -> None:
    """Take away what would make plain answers a program: nothing of a team runs where none is due.

    The platform writes its own metadata beside answers anyway.
    """
    while (found := metadata.path_of(submission)) is not None:
        found.unlink()


def _laid(files: Files, name: str, folder: Path) -> Path | None:
    return isolation.laid(files[name], folder) if name in files else None


def _made(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def _declared(score: programs.Declared) -> Declared:
    return Declared(score.name, score.valid_min, score.valid_max, score.sentinels)


def _result(
    ran: Ran, evaluation: Evaluation, task: PhaseTask, seconds: float, given: Contributions
) -> Result:
    columns = columns_of(evaluation)
    hidden = {column.key for column in columns if column.hidden}
    shown = {
        part: {key: value for key, value in computed(columns, values).items() if key not in hidden}
        for part, values in ran.values.items()
    }
    means: dict[str, Any] = {
        "code_version": CODE_VERSION,
        "contract_sha256": task.scorer_version.digest,
    }
    sealed = vault.seal_values(
        evaluation,
        values=shown,
        exact=ran.exact,
        undeclared=ran.outcome.undeclared,
        means=means,
        rows=given.rows,
        primary=given.primary,
    )
    interval = given.rows[PUBLIC].interval if PUBLIC in given.rows else None
    measured = [step.ended.measures for step in ran.outcome.steps]
    return Result(
        public=dict(shown[PUBLIC]),
        intervals={given.primary: list(interval)} if interval else {},
        payload=sealed.ciphertext,
        payload_sha256=hashlib.sha256(sealed.ciphertext).hexdigest(),
        key_id=sealed.key_id,
        seconds=seconds,
        means=means,
        cpu_seconds=sum(each.cpu_seconds for each in measured),
        peak_mb=max((each.peak_bytes for each in measured), default=0) / MIB,
        environment_digest=isolation.environment_digest(),
    )


def computed(columns: list[Column], values: Mapping[str, float]) -> dict[str, float]:
    """Add the computed columns, from values rounded as they are stored; none of a missing one."""
    decimals = {column.key: column.decimals for column in columns}
    found = dict(values)
    for column in columns:
        if column.kind != ColumnKind.COMPUTED or not column.operands:
            continue
        stored = [
            rounded(values[key], decimals[key])[0] for key in column.operands if key in values
        ]
        if len(stored) == len(column.operands):
            found[column.key] = _operated(column.operation, stored)
    return found


def _operated(operation: str, values: list[float]) -> float:
    match operation:
        case "avg":
            return sum(values) / len(values)
        case "sum":
            return sum(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case _:
            raise ValueError(f"unknown operation {operation}")


def _told(outcome: Outcome, task: PhaseTask, left: str) -> Report:
    """Keep what the organiser may read; left: why the rows were left out.

    Of restricted data, the kinds of faults alone: a program that reads the answers chooses the
    names of its scores, its words and its report, and could carry the answers out by them.
    """
    challenge = task.phase.challenge
    if challenge.restricted:
        return Report(
            faults=[{"kind": one.kind.value, "key": "", "line": 0} for one in outcome.faults]
        )
    last = outcome.steps[-1].ended if outcome.steps else None
    kept = last if task.phase.logs != LogAudience.NONE else None
    log = kept.stderr.decode(errors="replace") if kept and not outcome.scored else ""
    wanted = challenge.detailed_results != ReportAudience.NONE
    return Report(
        undeclared=list(outcome.undeclared),
        faults=[
            {"kind": one.kind.value, "key": one.key, "line": one.line} for one in outcome.faults
        ],
        detail=" ; ".join(one for one in (outcome.detail, outcome.rows_fault, left) if one),
        log=log,
        html=reports.cleaned(outcome.report) if wanted and outcome.report else "",
    )

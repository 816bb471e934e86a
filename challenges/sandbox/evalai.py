"""Score a file by an EvalAI evaluation script: `evaluate(annotation, submission, codename, **kw)`.

The organiser's module is never imported here: a driver calls it inside the sandbox and writes
what it returned. Values come back per split, `{split: {label: value}}`; undeclared names, as
`split/label`, go to the organiser. Parties and reasons are those of `steps`.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from challenges.sandbox import rooms, scores
from challenges.sandbox.base import (
    ORDINARY,
    Call,
    Copied,
    Limits,
    NotIsolated,
    Sandbox,
    SandboxBroken,
    Shown,
    Written,
)
from challenges.sandbox.scores import Declared, Fault, ScoreFault
from challenges.sandbox.steps import REASONS, Outcome, Party, Reason, Step

DRIVER = Path(__file__).with_name("evalai_driver.py")
PACKAGE = "evaluation_script"


@dataclass(frozen=True)
class Evaluation:
    """One phase of an EvalAI challenge.

    script: the folder that holds the package's __init__.py or main.py. splits: the columns that
    the phase declares for each split's codename.
    """

    script: Path
    annotation: Path
    codename: str
    splits: Mapping[str, tuple[Declared, ...]]
    limits: Limits = ORDINARY


@dataclass(frozen=True)
class SplitOutcome:
    """What came of an evaluation: values by split; the rest as in Outcome."""

    outcome: Outcome
    values: Mapping[str, Mapping[str, float]]


def run_evaluation(
    evaluation: Evaluation, submission: Path, *, sandbox: Sandbox, room: Path
) -> SplitOutcome:
    """Score one file of a team; its own name decides its extension only.

    room: from sandbox.room. Never raises for what a program does.
    """
    try:
        written = _prepare(evaluation, submission, room)
        return _run(evaluation, submission, written, sandbox, room)
    except NotIsolated as error:
        return _stopped(Reason.NO_SANDBOX, Party.PLATFORM, error.missing.sentence)
    except SandboxBroken as error:
        return _stopped(Reason.PLATFORM, Party.PLATFORM, str(error))


def _stopped(
    reason: Reason, party: Party, detail: str, steps: tuple[Step, ...] = ()
) -> SplitOutcome:
    return SplitOutcome(Outcome(reason, party, {}, steps=steps, detail=detail), {})


def _prepare(evaluation: Evaluation, submission: Path, room: Path) -> Path:
    """Lay the two files under names of our own; returns the folder to write into."""
    for name in ("annotation", "submission", "evaluated"):
        rooms.made(room / name)
    for source, target in (
        (evaluation.annotation, room / "annotation" / evaluation.annotation.name),
        (submission, room / "submission" / _name(submission)),
    ):
        shutil.copyfile(source, target)
        target.chmod(0o644)
    shutil.copyfile(DRIVER, room / "driver.py")
    (room / "driver.py").chmod(0o644)
    return room / "evaluated"


def _name(submission: Path) -> str:
    suffix = submission.suffix.lower()
    return "submission" + (suffix if suffix.isascii() and len(suffix) <= 10 else "")


def _run(
    evaluation: Evaluation, submission: Path, written: Path, sandbox: Sandbox, room: Path
) -> SplitOutcome:
    mounts = (
        Copied(evaluation.script, f"/app/program/{PACKAGE}"),
        Shown(room / "driver.py", "/app/driver.py"),
        Shown(room / "annotation", "/app/annotation"),
        Shown(room / "submission", "/app/submission"),
        Written("/app/output", written),
    )
    names = (evaluation.codename, evaluation.annotation.name, _name(submission))
    argv = ("python3", "/app/driver.py", *names)
    ended = sandbox.run(Call(argv, f"/app/program/{PACKAGE}", mounts, evaluation.limits))
    steps = (Step("scoring", ended),)
    if not ended.succeeded:
        detail = ended.detail or f"code de sortie {ended.exit_code}"
        return _stopped(REASONS[ended.end], Party.ORGANISER, detail, steps)
    return _judged(evaluation, written / "result.json", steps)


def _judged(evaluation: Evaluation, path: Path, steps: tuple[Step, ...]) -> SplitOutcome:
    try:
        found = _splits(path)
    except ValueError:
        faults: tuple[Fault, ...] = (Fault(ScoreFault.UNREADABLE),)
        return SplitOutcome(
            Outcome(Reason.OUTPUT, Party.ORGANISER, {}, faults=faults, steps=steps), {}
        )
    values: dict[str, Mapping[str, float]] = {}
    undeclared = [scores.shown(split) for split in found if split not in evaluation.splits]
    faults = ()
    for split, columns in evaluation.splits.items():
        read = scores.judge_scores(found.get(split, []), columns)
        values[split] = read.values
        undeclared += [f"{split}/{name}" for name in read.undeclared]
        faults += tuple(Fault(one.kind, f"{split}/{one.key}") for one in read.faults)
    failed = bool(faults)
    outcome = Outcome(
        Reason.OUTPUT if failed else None,
        Party.ORGANISER if failed else None,
        {},
        tuple(undeclared),
        faults,
        None,
        steps,
        ", ".join(f"{fault.kind.value} {fault.key}" for fault in faults),
    )
    return SplitOutcome(outcome, {} if failed else values)


def _splits(path: Path) -> dict[str, scores.Pairs]:
    """Read [{split: {label: value}}]; raises ValueError at any other shape."""
    pairs = dict(scores.json_pairs(path)) if path.is_file() else {}
    result = pairs.get("result")
    if not isinstance(result, list) or isinstance(result, scores.Object):
        raise ValueError("no list of results")
    found: dict[str, scores.Pairs] = {}
    for part in result:
        if not isinstance(part, scores.Object):
            raise ValueError("a result is not a map")
        for split, labels in part:
            if not isinstance(labels, scores.Object) or split in found:
                raise ValueError("a split is not a map, or stands twice")
            found[split] = list(labels)
    return found

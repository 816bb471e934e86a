"""Run the evaluation script of an EvalAI package once, for the names it returns."""

import shutil
import tempfile
from pathlib import Path

from challenges.bundles.foreign.rehearsal import Evaluator, Names, Trial
from challenges.sandbox.base import Limits, Sandbox
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.evalai import Evaluation, SplitOutcome, run_evaluation
from challenges.sandbox.scores import Declared

LIMITS = Limits(wall_seconds=120.0, cpu_seconds=120.0)


def here() -> Evaluator | None:
    """Give the evaluator of this host, None where it cannot isolate programs."""
    sandbox = Bubblewrap()
    return None if sandbox.available() else evaluator(sandbox)


def evaluator(sandbox: Sandbox, scratch: Path | None = None) -> Evaluator:
    """Give the function that the import calls; it raises ValueError, in French, at any failure.

    scratch: a folder that every user may pass through, the temporary one by default. A script is
    run twice: first for its splits, then for the labels of each.
    """
    parent = scratch or Path(tempfile.gettempdir())

    def evaluate(trial: Trial) -> Names:
        with sandbox.room(parent) as room:
            script = _laid(trial.script, room / "script")
            splits = _run(sandbox, trial, script, room / "splits", ()).outcome.undeclared
            found = _run(sandbox, trial, script, room / "labels", splits).outcome.undeclared
        return {
            split: frozenset(
                one.removeprefix(f"{split}/") for one in found if one.startswith(f"{split}/")
            )
            for split in splits
        }

    return evaluate


def _run(
    sandbox: Sandbox, trial: Trial, script: Path, room: Path, splits: tuple[str, ...]
) -> SplitOutcome:
    room.mkdir(mode=0o755)
    room.chmod(0o755)
    none: tuple[Declared, ...] = ()
    asked = Evaluation(
        script, trial.annotation, trial.codename, dict.fromkeys(splits, none), LIMITS
    )
    found = run_evaluation(asked, trial.submission, sandbox=sandbox, room=room)
    if found.outcome.reason is not None:
        raise ValueError(f"{found.outcome.reason} : {found.outcome.detail}")
    return found


def _laid(script: Path, folder: Path) -> Path:
    """Copy a script into the room, readable by the program's user; no link is followed."""
    shutil.copytree(script, folder, symlinks=True)
    folder.chmod(0o755)
    for place in folder.rglob("*"):
        if not place.is_symlink():
            place.chmod(0o755 if place.is_dir() else 0o644)
    return folder

"""Compile what is checked before a program reads a file, and check it where programs can run."""

from pathlib import Path

from challenges.actions import program_checks
from challenges.actions.jobs import WORKER
from challenges.bundles import programs
from challenges.bundles.foreign import contents
from challenges.bundles.programs import Form
from challenges.enums import ReasonCode
from challenges.models import PhaseTask
from challenges.scoring.predictions.faults import stated
from challenges.scoring.truth import keys_of
from challenges.scoring.verdict import Verdict
from challenges.worker import isolation
from datasets import gate
from datasets.models import HoldoutVersion


def keys(task: PhaseTask, version: HoldoutVersion) -> bytes:
    """Take from the reference the identifiers that the bundle itself published; none elsewhere."""
    form = Form.from_json(task.form)
    if form.ids is None:
        return keys_of([])
    files = gate.open_holdout(version=version, reason="compile", by=WORKER)
    file, column = form.ids
    for name, table in contents.packed_tables(files[programs.REFERENCE]):
        if name == file:
            at = table[0].index(column)
            return keys_of([row[at] for row in table[1:]])
    raise ValueError("the table of the form is not in the reference")


def checked(path: Path, task: PhaseTask, known: bytes, *, name: str) -> Verdict:
    """Check the form of a file; a host that cannot isolate programs takes none."""
    if isolation.missing() is not None:
        return Verdict(False, (stated(ReasonCode.NO_SANDBOX.value),))
    return program_checks.checked(path, task, known, name=name)

"""Compare the identifiers of hidden inputs with those of the truth: code answers no others."""

from collections.abc import Mapping

from challenges.models import PhaseTask, RunPlan
from challenges.programs.actions import code as team_code
from challenges.queue.actions import WORKER
from challenges.scoring.arrays.blob import Data
from challenges.scoring.inputs import UNLIKE, InputFault, identifiers
from challenges.scoring.truth.keys import load_keys
from datasets import gate


def check(task: PhaseTask) -> None:
    """Note on the plan of a task whether its inputs go with its compiled truth."""
    if task.plan is not None:
        found = problem(task.plan, gate.read_keys(task.holdout))
        team_code.note_inputs(plan=task.plan, problem=found)


def problem(plan: RunPlan, keys: Data) -> InputFault | None:
    """Open inputs and say, without any value, why they cannot serve; None if they can.

    keys: the compiled identifiers of the truth.
    """
    files = gate.open_holdout(version=plan.inputs, reason=f"plan {plan.pk}", by=WORKER)
    return unlike(files, plan.ids, keys)


def unlike(files: Mapping[str, bytes], column: str, keys: Data) -> InputFault | None:
    """Say why opened inputs do not go with these identifiers; None where they do."""
    try:
        found = set(identifiers(files, column))
    except InputFault as fault:
        return fault
    known = set(load_keys(keys).ids)
    if found == known:
        return None
    return InputFault(UNLIKE, lacking=str(len(known - found)), more=str(len(found - known)))

"""Compare the identifiers of hidden inputs with those of the truth: code answers no others."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from challenges.actions import code_plans
from challenges.actions.jobs import WORKER
from challenges.models import PhaseTask, RunPlan
from challenges.scoring.blob import Data
from challenges.scoring.inputs import InputFault, identifiers
from challenges.scoring.truth.keys import load_keys
from datasets import gate


def check(task: PhaseTask) -> None:
    """Note on the plan of a task whether its inputs go with its compiled truth."""
    if task.plan is not None:
        said = problem(task.plan, gate.read_keys(task.holdout))
        code_plans.note(plan=task.plan, problem=said)


def problem(plan: RunPlan, keys: Data) -> str:
    """Open inputs and say, in French and without any value, why they cannot serve; "" if they can.

    keys: the compiled identifiers of the truth.
    """
    files = gate.open_holdout(version=plan.inputs, reason=f"plan {plan.pk}", by=WORKER)
    return unlike(files, plan.ids, keys)


def unlike(files: Mapping[str, bytes], column: str, keys: Data) -> str:
    """Say why opened inputs do not go with these identifiers; "" where they do."""
    try:
        found = set(identifiers(files, column))
    except InputFault as fault:
        return str(fault)
    known = set(load_keys(keys).ids)
    if found == known:
        return ""
    return _("%(lacking)d identifiants des réponses n’y sont pas, %(more)d y sont en trop") % {
        "lacking": len(known - found),
        "more": len(found - known),
    }

"""Take no file for a program that no worker of this installation can isolate."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from challenges.models import Phase
from portal.audit.duties import beats
from portal.lib.refusals import Unavailable


class NoSandbox(Unavailable):
    """The workers of this installation cannot isolate programs: nothing was taken."""

    code = "no_sandbox"
    message = _(
        "Cette installation ne sait pas isoler de programme : elle ne prend ni code, ni soumission "
        "notée par un programme. Aucun essai n’est décompté."
    )


def refuse_not_isolated(phase: Phase) -> None:
    """Raise NoSandbox for a phase that runs programs where the worker cannot isolate.

    What the last sign of life of a worker says; without any, the file is taken and the worker
    decides: it refuses its form with X_NO_SANDBOX, and the slot is given back.
    """
    worker = next((each for each in beats() if each.name == "worker"), None)
    if worker is None or worker.facts.get("isolates") is not False:
        return
    runs = Q(scorer_version__programs__isnull=False) | Q(plan__isnull=False)
    if phase.tasks.filter(runs, current=True).exists():
        raise NoSandbox

"""Words of runs of code on hidden inputs: what its team may know, for pages and the API."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from challenges.enums import RunState
from challenges.models.code import CodeRun

STATES = {
    RunState.QUEUED: gettext_lazy("En attente"),
    RunState.RUNNING: pgettext_lazy("exécution", "En cours"),
    RunState.DONE: gettext_lazy("Terminée"),
    RunState.FAILED: gettext_lazy("Arrêtée"),
}


def run_state(state: str) -> str:
    """Name the state of a run."""
    return str(STATES[RunState(state)])


def run_duration(run: CodeRun) -> str:
    """Write the class of the duration of a run; empty before it ended."""
    if run.is_alive or not run.measures:
        return ""
    return duration_class(run.minutes)


def duration_class(minutes: int | None) -> str:
    """Write a class of durations; None is above the last."""
    if minutes is None:
        return _("plus de 4 heures")
    return ngettext("%(n)s minute au plus", "%(n)s minutes au plus", minutes) % {"n": minutes}


def run_memory(run: CodeRun) -> str:
    """Write the class of the memory of a run; empty before it ended."""
    if run.half_gib is None:
        return ""
    return memory_class(run.half_gib)


def memory_class(half_gib: int) -> str:
    """Write a class of memory, in halves of a GiB."""
    return _("%(n)s Go au plus") % {"n": number_format(half_gib / 2)}

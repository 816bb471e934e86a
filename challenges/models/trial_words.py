"""Words of trials of code, for pages and the API alike."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from challenges.enums import ReasonCode
from challenges.enums.code import RunState

STATES: dict[RunState, str | Promise] = {
    RunState.QUEUED: _("En attente"),
    RunState.RUNNING: pgettext_lazy("exécution", "En cours"),
    RunState.DONE: _("Réussi"),
    RunState.FAILED: _("À corriger"),
}
REASONS: dict[ReasonCode, str | Promise] = {
    ReasonCode.TIMEOUT: _("Temps dépassé : le programme a été arrêté à la limite."),
    ReasonCode.MEMORY: _("Mémoire dépassée : le programme a été arrêté à la limite."),
    ReasonCode.PROGRAM: _("Le programme s’est arrêté sur une erreur."),
    ReasonCode.OUTPUT: _("Le fichier produit manque, ou n’est pas conforme."),
    ReasonCode.PLATFORM: _("Panne de notre côté : relancez l’essai, il ne vous est rien reproché."),
    ReasonCode.NO_SANDBOX: _(
        "Cette installation ne sait pas isoler de programme : rien n’a été lancé."
    ),
}
PACKAGE = _("L’archive ne peut pas être lancée.")


def trial_state(state: str) -> str:
    """Name the state of a trial."""
    return str(STATES[RunState(state)])


def trial_reason(code: str) -> str:
    """Say in one sentence why a trial failed; empty without a code."""
    if not code:
        return ""
    return str(REASONS[ReasonCode(code)] if code in set(ReasonCode) else PACKAGE)

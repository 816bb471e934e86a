"""Words of trials of code, for pages and the API alike."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from challenges.enums import INFECTED, ReasonCode, RunState
from challenges.models.code import CodeTrial
from challenges.models.told import FRENCH, faults_told, reader_language

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
UNSAFE = _(
    "L’antivirus du portail a trouvé quelque chose dans cette archive : elle n’a pas été lue."
)


def trial_state(state: str) -> str:
    """Name the state of a trial."""
    return str(STATES[RunState(state)])


def trial_reason(code: str) -> str:
    """Say in one sentence why a trial failed; empty without a code."""
    if not code:
        return ""
    if code == INFECTED:
        return str(UNSAFE)
    return str(REASONS[ReasonCode(code)] if code in set(ReasonCode) else PACKAGE)


# What the sandbox told of a run, in French: each is a whole detail.
DETAILS: dict[str, str | Promise] = {
    r"code de sortie (?P<code>-?\d+)": _("code de sortie %(code)s"),
    r"mémoire refusée au programme": _("mémoire refusée au programme"),
    r"plus de (?P<n>[\d.]+) s": _("plus de %(n)s s"),
    r"plus de (?P<n>[\d.]+) s de processeur": _("plus de %(n)s s de processeur"),
    r"plus de (?P<n>\d+) Mio de mémoire": _("plus de %(n)s Mio de mémoire"),
    r"plus de (?P<n>\d+) Mio écrits": _("plus de %(n)s Mio écrits"),
    r"plus de (?P<n>\d+) fichiers (écrits|dans un dossier de travail)": _(
        "plus de %(n)s fichiers écrits"
    ),
    r"plus de (?P<n>\d+) processus": _("plus de %(n)s processus"),
    r"plus de (?P<n>\d+) prises réseau": _("plus de %(n)s prises réseau"),
    r"(?P<file>\S+) est absent": _("%(file)s est absent"),
    r"(?P<file>\S+) est présent sous plusieurs extensions": _(
        "%(file)s est présent sous plusieurs extensions"
    ),
    r"trop de fichiers produits": _("trop de fichiers produits"),
    r"fichiers produits trop volumineux": _("fichiers produits trop volumineux"),
    r"plus de (?P<n>\d+) dossiers emboîtés": _("plus de %(n)s dossiers emboîtés"),
    r"nom de fichier illisible( ou trop long)?": _("nom de fichier illisible ou trop long"),
    r"un .+ au lieu d’un fichier ordinaire|une .+ au lieu d’un fichier ordinaire": _(
        "un fichier produit n’est pas un fichier ordinaire"
    ),
    r"un fichier produit ne peut pas être lu": _("un fichier produit ne peut pas être lu"),
    r"un fichier produit a plusieurs noms": _("un fichier produit a plusieurs noms"),
}


def trial_detail(trial: CodeTrial) -> tuple[str, str]:
    """Say what a failed trial met, and the language of that: the reader's where it is known."""
    told = faults_told(trial.verdict)
    if told:
        return f"{told[0]['code']} : {told[0]['message']}", str(told[0]["language"])
    for pattern, sentence in DETAILS.items():
        if found := re.fullmatch(pattern, trial.detail):
            return str(sentence) % found.groupdict(), reader_language()
    return trial.detail, FRENCH

"""Where entries and uploads stand, and the edges between."""

from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from challenges.scoring.verdict import ReasonCode
from portal.lib.columns import Shown


class UploadState(StrEnum):
    """Name where a file that is sent in parts stands: stored once whole, submitted or not yet."""

    OPEN = "open"
    STORED = "stored"
    EXPIRED = "expired"


class EntryStatus(Shown):
    """Name where an entry stands, from its receipt to its score."""

    RECEIVED = "received", "calanque", "loader", _("Reçue")
    CHECKING = "checking", "calanque", "loader", _("Vérification du format")
    REJECTED = "rejected", "garance", "circle-x", _("Format refusé")
    QUEUED = "queued", "calanque", "clock", _("File d’attente")
    SCORING = "scoring", "calanque", "loader", _("Évaluation")
    SCORED = "scored", "pin", "check", _("Évaluée")
    FAILED = "failed", "ocre", "triangle-alert", _("Échec de l’évaluation")
    NEEDS_ATTENTION = "needs_attention", "ocre", "hourglass", _("Examen technique")
    WITHDRAWN = "withdrawn", "ardoise", "undo-2", _("Retirée")


# The code of a file in which the antivirus found something.
INFECTED = "E_INFECTED"


ENTRY_EDGES: Mapping[EntryStatus, frozenset[EntryStatus]] = {
    EntryStatus.RECEIVED: frozenset({EntryStatus.CHECKING, EntryStatus.WITHDRAWN}),
    EntryStatus.CHECKING: frozenset(
        {EntryStatus.REJECTED, EntryStatus.QUEUED, EntryStatus.NEEDS_ATTENTION}
    ),
    EntryStatus.REJECTED: frozenset(),
    EntryStatus.QUEUED: frozenset({EntryStatus.SCORING, EntryStatus.WITHDRAWN}),
    EntryStatus.SCORING: frozenset(
        {EntryStatus.SCORED, EntryStatus.FAILED, EntryStatus.NEEDS_ATTENTION}
    ),
    EntryStatus.NEEDS_ATTENTION: frozenset(
        {EntryStatus.CHECKING, EntryStatus.QUEUED, EntryStatus.FAILED}
    ),
    EntryStatus.SCORED: frozenset({EntryStatus.QUEUED, EntryStatus.WITHDRAWN}),
    EntryStatus.FAILED: frozenset({EntryStatus.QUEUED}),
    EntryStatus.WITHDRAWN: frozenset(),
}


# Someone or something still has to act on an entry in one of these.
UNFINISHED: frozenset[EntryStatus] = frozenset(
    {EntryStatus.RECEIVED, EntryStatus.CHECKING, EntryStatus.QUEUED, EntryStatus.SCORING}
)


# An entry in one of these has no outcome yet: something acts on it, or a person examines it.
WITHOUT_OUTCOME = UNFINISHED | {EntryStatus.NEEDS_ATTENTION}


# One sentence per code; the codes E_* of a file carry their own sentences.
REASON_SENTENCES: dict[str, str | Promise] = {
    ReasonCode.TIMEOUT: _("Temps dépassé : l’évaluation a été arrêtée à la limite de durée."),
    ReasonCode.MEMORY: _("Mémoire dépassée : l’évaluation a été arrêtée à la limite de mémoire."),
    ReasonCode.PROGRAM: _("Le programme s’est arrêté sur une erreur."),
    ReasonCode.OUTPUT: _("Le fichier produit n’est pas conforme."),
    ReasonCode.PLATFORM: _("Panne de notre côté : votre essai n’est pas perdu, il sera relancé."),
    ReasonCode.NO_SANDBOX: _(
        "L’exécution de programmes n’est pas disponible sur cette installation."
    ),
}


LADDER_WAITS = _("Le score paraîtra quand vos soumissions précédentes seront évaluées.")


def led_sentence(number: int, *, withdrawn: bool) -> str:
    """Say that an entry does not improve on the one its team leads with."""
    if withdrawn:
        return gettext(
            "Pas d’amélioration significative sur votre soumission n° %(number)d, retirée depuis : "
            "le score montré reste le sien, et le classement ne le reprend pas."
        ) % {"number": number}
    return gettext(
        "Pas d’amélioration significative : le classement garde le score de votre "
        "soumission n° %(number)d."
    ) % {"number": number}

"""Columns and constraints of challenges, and the French labels of their closed lists of words."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from challenges.enums import (
    ChallengeStatus,
    EntryStatus,
    ReasonCode,
    ReceiptReason,
    Split,
)

if TYPE_CHECKING:
    from portal.accounts.models import User

CHALLENGE_WORDS: dict[str, str | Promise] = {
    ChallengeStatus.DRAFT: _("Brouillon"),
    ChallengeStatus.IN_REVIEW: _("En relecture"),
    ChallengeStatus.PUBLISHED: _("Publié"),
    ChallengeStatus.SUSPENDED: _("Suspendu"),
    ChallengeStatus.CLOSED: _("Clos"),
    ChallengeStatus.REVEALED: _("Résultats publiés"),
    ChallengeStatus.ARCHIVED: _("Archivé"),
}
ENTRY_WORDS: dict[str, str | Promise] = {
    EntryStatus.RECEIVED: _("Reçue"),
    EntryStatus.CHECKING: _("Vérification du format"),
    EntryStatus.REJECTED: _("Format refusé"),
    EntryStatus.QUEUED: _("File d’attente"),
    EntryStatus.SCORING: _("Évaluation"),
    EntryStatus.SCORED: _("Évaluée"),
    EntryStatus.FAILED: _("Échec de l’évaluation"),
    EntryStatus.NEEDS_ATTENTION: _("Examen technique"),
    EntryStatus.WITHDRAWN: _("Retirée"),
}
SPLIT_WORDS: dict[str, str | Promise] = {
    Split.PUBLIC: _("Provisoire"),
    Split.PRIVATE: _("Définitif"),
}
RECEIPT_WORDS: dict[str, str | Promise] = {
    ReceiptReason.SCORED: _("première évaluation"),
    ReceiptReason.RESCORED: _("nouvelle évaluation"),
    ReceiptReason.REVEALED: _("résultats définitifs"),
}
# One sentence per code; the codes E_* of a file carry their own sentences.
REASON_SENTENCES: dict[str, str | Promise] = {
    ReasonCode.TIMEOUT: _("Temps dépassé : l’évaluation a été arrêtée à la limite de durée."),
    ReasonCode.MEMORY: _("Mémoire dépassée : l’évaluation a été arrêtée à la limite de mémoire."),
    ReasonCode.PROGRAM: _("Le programme s’est arrêté sur une erreur."),
    ReasonCode.OUTPUT: _("Le fichier produit n’est pas conforme."),
    ReasonCode.PLATFORM: _(
        "Panne de la plateforme : votre essai n’est pas perdu, il sera relancé."
    ),
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


def challenge_word(status: str) -> str:
    """Return the French word for the status of a challenge."""
    return str(CHALLENGE_WORDS.get(status, status))


def entry_word(status: str) -> str:
    """Return the French word for the status of an entry."""
    return str(ENTRY_WORDS.get(status, status))


def receipt_word(reason: str) -> str:
    """Return the French words for what made a score receipt."""
    return str(RECEIPT_WORDS.get(reason, reason))


def word(enum: type[StrEnum], **options: Any) -> "models.CharField[Any, Any]":
    """Return a text column for one word of a closed list."""
    return models.CharField(
        max_length=24, choices=[(each.value, each.value) for each in enum], **options
    )


def within(field: str, enum: type[StrEnum], *, name: str) -> models.CheckConstraint:
    """Refuse, in the database, a word that is not of the list."""
    values = sorted(each.value for each in enum)
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": values}), name=name)


def set_together(*columns: str, name: str, words: str = "") -> models.CheckConstraint:
    """Refuse a row where only some of these columns are set. words: a text, empty without them."""
    unset = models.Q(**{f"{column}__isnull": True for column in columns})
    whole = models.Q(**{f"{column}__isnull": False for column in columns})
    if words:
        unset &= models.Q(**{words: ""})
        whole &= ~models.Q(**{words: ""})
    return models.CheckConstraint(condition=unset | whole, name=name)


def set_exactly(when: models.Q, *columns: str, name: str) -> models.CheckConstraint:
    """Refuse a row where these columns are not set when, and only when, they have to be."""
    unset = models.Q(**{f"{column}__isnull": True for column in columns})
    whole = models.Q(**{f"{column}__isnull": False for column in columns})
    return models.CheckConstraint(condition=(when & whole) | (~when & unset), name=name)


def person(related_name: str = "+") -> "models.ForeignKey[User, User]":
    """Return the key of a person, whose account is never deleted under the row."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name=related_name
    )


def someone(related_name: str = "+") -> "models.ForeignKey[User | None, User | None]":
    """Return the key of who did something: nobody before it is done."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=related_name,
    )

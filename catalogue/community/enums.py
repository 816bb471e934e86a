"""The words of what people do around cards: alerts, reuses, messages, notices."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class AlertFrequency(models.TextChoices):
    """How often a saved search writes to its owner."""

    DAILY = "daily", _("Chaque jour où il y a du nouveau")
    WEEKLY = "weekly", _("Une fois par semaine")
    FEED = "feed", _("Jamais : seulement un flux Atom privé")


class ReuseKind(models.TextChoices):
    """What was made with resources of the catalogue."""

    APPLICATION = "application", _("Application ou service")
    STUDY = "study", _("Étude ou recherche")
    VISUALISATION = "visualisation", _("Visualisation")
    PRESS = "press", _("Article de presse")
    TRAINING = "training", _("Formation")
    FIELD = "field", _("Usage sur le terrain")


class ReviewState(Shown):
    """Where a reuse stands with the Region."""

    WAITING = "waiting", "calanque", "hourglass", _("En relecture")
    PUBLISHED = "published", "pin", "circle-check", _("Publié")
    REFUSED = "refused", "garance", "circle-x", _("Refusé")
    WITHDRAWN = "withdrawn", "ardoise", "undo-2", _("Retiré")


class ReportCategory(models.TextChoices):
    """What a notice says is wrong with a content."""

    ILLEGAL = "illegal", _("Contenu illicite")
    PERSONAL_DATA = "personal_data", _("Données personnelles")
    COPYRIGHT = "copyright", _("Droits d’auteur")
    SECURITY = "security", _("Sécurité")
    SPAM = "spam", _("Spam")
    EXPLICIT = "explicit", _("Contenu explicite")
    DISCRIMINATION = "discrimination", _("Discrimination")
    OTHER = "other", _("Autre")


# Whoever reports sexual abuse of children need not say who they are: regulation (EU) 2022/2065,
# article 16, paragraph 2, c.
NAMELESS = frozenset({ReportCategory.EXPLICIT})
# What one moderator may hide before a second one looks.
URGENT = frozenset(
    {ReportCategory.ILLEGAL, ReportCategory.PERSONAL_DATA, ReportCategory.EXPLICIT}
    | {ReportCategory.DISCRIMINATION, ReportCategory.SECURITY}
)


class ReportStatus(Shown):
    """Where a notice stands."""

    RECEIVED = "received", "calanque", "inbox", _("Reçu")
    ASSESSED = "assessed", "calanque", "eye", _("En examen")
    UPHELD = "upheld", "garance", "circle-check", _("Retenu")
    DISMISSED = "dismissed", "ardoise", "circle-x", _("Écarté")
    CONTESTED = "contested", "ocre", "hourglass", _("Contesté")
    FINAL = "final", "ardoise", "lock", _("Clos")


R = ReportStatus
REPORT_EDGES: dict[ReportStatus, frozenset[ReportStatus]] = {
    R.RECEIVED: frozenset({R.ASSESSED}),
    R.ASSESSED: frozenset({R.UPHELD, R.DISMISSED}),
    R.UPHELD: frozenset({R.CONTESTED, R.FINAL}),
    R.DISMISSED: frozenset({R.CONTESTED, R.FINAL}),
    R.CONTESTED: frozenset({R.FINAL}),
    R.FINAL: frozenset(),
}
DECIDED_REPORTS = frozenset({R.UPHELD, R.DISMISSED})


class ReportOutcome(models.TextChoices):
    """What a moderator decided of a notice."""

    UPHELD = "upheld", _("Retenir le signalement")
    DISMISSED = "dismissed", _("Écarter le signalement")


class ReportStage(models.TextChoices):
    """Which decision it is: the first one, or the one on the contestation."""

    FIRST = "first", _("Première décision")
    CONTEST = "contest", _("Décision sur la contestation")


class Measure(models.TextChoices):
    """What is done to a content."""

    NONE = "none", _("Aucune mesure")
    CORRECT = "correct", _("Correction demandée, le contenu reste en ligne")
    HIDE = "hide", _("Masquer le contenu")
    REMOVE = "remove", _("Proposer le retrait définitif de la fiche")


# What takes a content offline.
HIDING = frozenset({Measure.HIDE, Measure.REMOVE})


class Ground(models.TextChoices):
    """What a decision rests on."""

    LAW = "law", _("Une règle de droit")
    CHARTER = "charter", _("La charte du portail")


class MaskingEnd(models.TextChoices):
    """How a masking ended."""

    LIFTED = "lifted", _("Levé")
    LAPSED = "lapsed", _("Expiré faute de seconde personne")

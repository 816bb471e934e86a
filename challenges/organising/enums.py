"""Where challenges, phases and drafts stand, and the choices of their organisers."""

from collections.abc import Mapping
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class ChallengeKind(StrEnum):
    """Tell a dated competition from a permanent benchmark."""

    COMPETITION = "competition"
    BENCHMARK = "benchmark"


class ChallengeStatus(Shown):
    """Name where a challenge stands editorially; dates alone open and close its phases."""

    DRAFT = "draft", "ardoise", "pencil", _("Brouillon")
    IN_REVIEW = "in_review", "ardoise", "eye", _("En relecture")
    PUBLISHED = "published", _("Publié")  # shown as its phases stand
    SUSPENDED = "suspended", "ocre", "triangle-alert", _("Suspendu")
    CLOSED = "closed", "ardoise", "lock", _("Clos")
    REVEALED = "revealed", "pin", "trophy", _("Résultats définitifs")
    ARCHIVED = "archived", "ardoise", "history", _("Archivé")


class BuildState(StrEnum):
    """Name where the check of a challenge written by form stands."""

    IDLE = "idle"
    QUEUED = "queued"
    DONE = "done"
    REFUSED = "refused"


class OrganiserRole(models.TextChoices):
    """Name what a person does for a challenge."""

    OWNER = "owner", _("Responsable")
    ORGANISER = "organiser", _("Organisateur")
    JURY = "jury", _("Jury")


class RegistrationMode(models.TextChoices):
    """Say who may take part."""

    OPEN = "open", _("Ouverte à tout membre qui accepte le règlement")
    APPROVAL = "approval", _("Sur votre accord, personne par personne")
    INVITED = "invited", _("Sur invitation seulement")


class PhaseKind(models.TextChoices):
    """Say what a phase is for."""

    TRIAL = "trial", _("Essai : pour se faire la main, sans enjeu")
    PUBLIC = "public", _("Compétition : classement provisoire pendant la phase")
    FINAL = "final", _("Finale")
    CODE = "code", _("Code : le programme de l’équipe est lancé sur des données réservées")


class PhaseMoment(StrEnum):
    """Name where a phase stands at an instant of the database clock."""

    UNDATED = "undated"
    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"


class LogAudience(StrEnum):
    """Say who reads the logs of a phase's programs."""

    NONE = "none"
    ORGANISER = "organiser"
    TEAM_TRIAL = "team_trial"


class ReportAudience(StrEnum):
    """Say who reads the detailed results that an organiser's program writes."""

    NONE = "none"
    ORGANISER = "organiser"
    TEAM = "team"


class ScorerKind(StrEnum):
    """Tell a metric of the menu from an organiser's program."""

    METRIC = "metric"
    PROGRAM = "program"


class BoardRule(models.TextChoices):
    """Say which entries of a team a leaderboard keeps."""

    BEST = "best", _("La meilleure soumission de l’équipe")
    LAST = "last", _("La dernière")
    CHOSEN = "chosen", _("Celles que l’équipe choisit")
    ALL = "all", _("Toutes : une ligne par soumission")


class ColumnKind(StrEnum):
    """Say where the figures of a column come from."""

    METRIC = "metric"
    COMPUTED = "computed"
    FACT = "fact"
    FAIRNESS = "fairness"


class Direction(StrEnum):
    """Say which way a figure is better; none is descriptive and never ranked."""

    MAX = "max"
    MIN = "min"
    NONE = "none"


class NoticeKind(StrEnum):
    """Name a public change of a challenge."""

    TEXT = "text"
    DATES = "dates"
    TERMS = "terms"
    SCORING = "scoring"


CHALLENGE_EDGES: Mapping[ChallengeStatus, frozenset[ChallengeStatus]] = {
    ChallengeStatus.DRAFT: frozenset({ChallengeStatus.IN_REVIEW}),
    ChallengeStatus.IN_REVIEW: frozenset({ChallengeStatus.DRAFT, ChallengeStatus.PUBLISHED}),
    ChallengeStatus.PUBLISHED: frozenset({ChallengeStatus.SUSPENDED, ChallengeStatus.CLOSED}),
    ChallengeStatus.SUSPENDED: frozenset({ChallengeStatus.PUBLISHED}),
    ChallengeStatus.CLOSED: frozenset({ChallengeStatus.REVEALED, ChallengeStatus.ARCHIVED}),
    ChallengeStatus.REVEALED: frozenset({ChallengeStatus.ARCHIVED}),
    ChallengeStatus.ARCHIVED: frozenset(),
}


# The phases of a challenge in one of these are over.
OVER_STATUSES: frozenset[ChallengeStatus] = frozenset(
    {ChallengeStatus.CLOSED, ChallengeStatus.REVEALED, ChallengeStatus.ARCHIVED}
)
# A challenge in one of these is seen by everybody.
PUBLIC_STATUSES = OVER_STATUSES | {ChallengeStatus.PUBLISHED, ChallengeStatus.SUSPENDED}

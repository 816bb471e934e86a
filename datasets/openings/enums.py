"""The words of openings: states, licences, reasons of refusal."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class OpeningStatus(Shown):
    """Where an opening stands."""

    PROPOSED = "proposed", "calanque", "hourglass", _("Proposée au producteur")
    IN_REVIEW = "in_review", "calanque", "hourglass", _("À l’examen")
    CHECKING = "checking", "calanque", "refresh-cw", _("Contrôles en cours")
    CHANGES_REQUESTED = "changes_requested", "garance", "circle-x", _("Corrections demandées")
    READY = "ready", "lavande", "shield-check", _("À approuver")
    APPROVED = "approved", "pin", "circle-check", _("Approuvée")
    PUBLISHED = "published", "pin", "lock-open", _("Ouverte")
    REFUSED = "refused", "garance", "circle-x", _("Refusée")
    WITHDRAWN = "withdrawn", "ardoise", "undo-2", _("Retirée")


class Emergency(Shown):
    """Where what was published stands, once it is asked back."""

    SUSPENDED = "suspended", "ocre", "hourglass", _("Retrait demandé")
    TAKEN_BACK = "taken_back", "ardoise", "undo-2", _("Retirée")


S = OpeningStatus
ENDS = frozenset({S.REFUSED, S.WITHDRAWN})
EDGES: dict[OpeningStatus, frozenset[OpeningStatus]] = {
    S.PROPOSED: frozenset({S.IN_REVIEW}) | ENDS,
    S.IN_REVIEW: frozenset({S.CHECKING, S.CHANGES_REQUESTED}) | ENDS,
    S.CHECKING: frozenset({S.CHANGES_REQUESTED, S.READY}) | ENDS,
    S.CHANGES_REQUESTED: frozenset({S.IN_REVIEW, S.CHECKING}) | ENDS,
    S.READY: frozenset({S.APPROVED, S.CHANGES_REQUESTED}) | ENDS,
    S.APPROVED: frozenset({S.PUBLISHED, S.CHANGES_REQUESTED, S.WITHDRAWN}),
    S.PUBLISHED: frozenset(),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
# Those in which the producer writes: the file, what is declared of it.
WRITABLE = frozenset({S.PROPOSED, S.CHANGES_REQUESTED})
# Those that wait for the Region.
WAITING = frozenset({S.IN_REVIEW, S.CHECKING, S.READY})


class OpeningLicence(models.TextChoices):
    """The two licences under which data are opened."""

    ETALAB = "etalab-2.0", _("Licence Ouverte 2.0 (etalab-2.0)")
    ODBL = "ODbL-1.0", _("Open Database License (ODbL-1.0)")


class OpeningRefusal(models.TextChoices):
    """Why an opening was refused; the register may count these, the text stays between us."""

    INTEREST = "interest", _("Intérêt général non établi")
    LEGAL_BASIS = "legal_basis", _("Base légale absente")
    PRODUCER = "producer", _("Producteur opposé")
    IDENTIFYING = "identifying", _("Personnes encore reconnaissables")
    SECRET = "secret", _("Secret des affaires ou secret protégé par la loi")
    ALREADY_OPEN = "already_open", _("Données déjà ouvertes ailleurs")


class Outcome(Shown):
    """How one check ended, the worst first; NONE: shown of one that had nothing to look at."""

    FAIL = "fail", "garance", "circle-x", _("Échec")
    WARN = "warn", "ocre", "triangle-alert", _("À vérifier")
    PASS = "pass", "pin", "circle-check", _("Réussi")
    NONE = "none", "ardoise", "minus", _("Sans objet")

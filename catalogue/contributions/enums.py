"""The words of the review: states and their edges, decisions, reasons, imports."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class ContributionStatus(Shown):
    """Where a proposal stands in the review."""

    DRAFT = "draft", "ardoise", "pencil", _("Brouillon")
    OFFERED = "offered", "calanque", "users", _("Attend l’avis de qui tient la fiche")
    SUBMITTED = "submitted", "calanque", "hourglass", _("En relecture")
    CHANGES_REQUESTED = "changes_requested", "ocre", "message-square", _("Corrections demandées")
    PUBLISHED = "published", "pin", "circle-check", _("Publiée")
    REFUSED = "refused", "garance", "circle-x", _("Refusée")
    WITHDRAWN = "withdrawn", "ardoise", "undo-2", _("Retirée")
    ARCHIVED = "archived", "ardoise", "inbox", _("Archivée")


S = ContributionStatus
# The only edges of the review. REFUSED and WITHDRAWN are ends: a new try is a new row.
CONTRIBUTION_EDGES: dict[ContributionStatus, frozenset[ContributionStatus]] = {
    S.DRAFT: frozenset({S.OFFERED, S.SUBMITTED, S.WITHDRAWN}),
    # A change of somebody else's card: its owner answers first, and never publishes it.
    S.OFFERED: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.SUBMITTED: frozenset({S.CHANGES_REQUESTED, S.PUBLISHED, S.REFUSED, S.WITHDRAWN}),
    S.CHANGES_REQUESTED: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.PUBLISHED: frozenset({S.ARCHIVED}),
    S.ARCHIVED: frozenset({S.PUBLISHED}),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
OPEN_CONTRIBUTIONS = frozenset({S.DRAFT, S.OFFERED, S.SUBMITTED, S.CHANGES_REQUESTED})


class OwnerAnswer(models.TextChoices):
    """What who holds a card made of the change that somebody proposes of it."""

    ACCEPTED = "accepted", _("Favorable")
    DECLINED = "declined", _("Défavorable")
    SILENT = "silent", _("Sans réponse dans le délai")


class DecisionOutcome(models.TextChoices):
    """What a moderator decided."""

    CHANGES_REQUESTED = "changes_requested", _("Corrections demandées")
    PUBLISHED = "published", _("Publiée")
    REFUSED = "refused", _("Refusée")


class DecisionReason(models.TextChoices):
    """Why a contribution was sent back or refused."""

    OFF_TOPIC = "off_topic", _("Hors sujet")
    DUPLICATE = "duplicate", _("Doublon")
    LICENCE = "licence", _("Licence")
    PERSONAL_DATA = "personal_data", _("Données personnelles")
    ILLEGAL = "illegal", _("Contenu illicite")
    INSUFFICIENT = "insufficient", _("Information insuffisante")
    PROMOTION = "promotion", _("Promotion")
    OTHER = "other", _("Autre")


class BatchState(Shown):
    """Where an import stands: read and told, asked for, under way, done."""

    READ = "read", "ocre", "eye", _("À confirmer")
    WAITING = "waiting", "calanque", "hourglass", _("En attente")
    RUNNING = "running", "calanque", "hourglass", _("En cours")
    DONE = "done", "pin", "circle-check", _("Importé")


class RowOutcome(Shown):
    """What one row does, or would do."""

    CREATE = "create", "pin", _("Nouvelle fiche")
    KNOWN = "known", _("Déjà là")
    REFUSED = "refused", "garance", _("Refusée")
    EXAMPLE = "example", _("Ligne d’exemple")

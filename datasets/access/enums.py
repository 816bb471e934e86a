"""The words of access to restricted data: purposes, refused uses, states, reasons, opinions."""

from collections.abc import Collection

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class Purpose(models.TextChoices):
    """The purposes of general interest; no other gives access."""

    GUIDANCE = "guidance", _("Orienter")
    SUPPORT = "support", _("Accompagner vers l’emploi")
    COMPANY_NEEDS = "company_needs", _("Exprimer des besoins de compétences")
    TRAINING_STEERING = "training_steering", _("Piloter l’offre de formation")
    POLICY_EVALUATION = "policy_evaluation", _("Évaluer une politique publique")
    EQUAL_TREATMENT = "equal_treatment", _("Mesurer l’égalité de traitement")
    RESEARCH = "research", _("Recherche scientifique")


PURPOSE_HINTS = {
    Purpose.GUIDANCE: _("Aider une personne à choisir son métier ou sa formation"),
    Purpose.SUPPORT: _("Outiller les conseillères, les conseillers et leurs publics"),
    Purpose.COMPANY_NEEDS: _("Outiller les petites entreprises et leurs relais"),
    Purpose.TRAINING_STEERING: _("Ajuster la commande publique aux besoins constatés"),
    Purpose.POLICY_EVALUATION: _("Mesurer des effets, publier la méthode"),
    Purpose.EQUAL_TREATMENT: _("Détecter et corriger des écarts"),
    Purpose.RESEARCH: _("Résultats publiés en accès ouvert"),
}
# The only purposes for which a column « sous condition » may be asked, its measure named.
MEASURING = frozenset({Purpose.EQUAL_TREATMENT, Purpose.POLICY_EVALUATION})


class ForbiddenUse(models.TextChoices):
    """What is never done with restricted data; who asks signs each, and the register says so."""

    AUTOMATED_DECISION = (
        "automated_decision",
        _("Décider pour une personne par un traitement automatique"),
    )
    CONTROL = "control", _("Contrôler ou sanctionner des demandeurs d’emploi")
    SORTING = "sorting", _("Trier ou noter des candidatures ou des personnes")
    MARKETING = "marketing", _("Prospecter, faire de la publicité")
    CREDIT = "credit", _("Assurer, prêter")
    REIDENTIFICATION = (
        "reidentification",
        _("Réidentifier, croiser avec des données hors de la demande"),
    )
    SOCIAL_MEDIA = "social_media", _("Collecter sur les réseaux sociaux")
    RESALE = "resale", _("Revendre")
    RECOVERY = "recovery", _("Recouvrer des sommes")
    NOTHING_RETURNED = (
        "nothing_returned",
        _("Entraîner un modèle dont aucun résultat n’est rendu"),
    )

    @classmethod
    def signed(cls, pledges: Collection[str]) -> list[str]:
        """Write those of these codes, in the order in which they were signed."""
        return [str(each.label) for each in cls if each in pledges]


class RequestStatus(Shown):
    """Where a request stands; opinions are rows asked in parallel, not states."""

    DRAFT = "draft", "ardoise", "pencil", _("Brouillon")
    SUBMITTED = "submitted", "calanque", "hourglass", _("Déposée")
    IN_REVIEW = "in_review", "calanque", "hourglass", _("À l’examen")
    CHANGES_REQUESTED = "changes_requested", "ocre", "message-square", _("Corrections demandées")
    APPROVED = "approved", "pin", "circle-check", _("Accordée")
    REFUSED = "refused", "garance", "circle-x", _("Refusée")
    WITHDRAWN = "withdrawn", "ardoise", "undo-2", _("Retirée")
    LAPSED = "lapsed", "ardoise", "clock", _("Sans suite")


S = RequestStatus
EDGES: dict[RequestStatus, frozenset[RequestStatus]] = {
    S.DRAFT: frozenset({S.SUBMITTED}),
    S.SUBMITTED: frozenset({S.IN_REVIEW, S.CHANGES_REQUESTED, S.WITHDRAWN}),
    S.IN_REVIEW: frozenset({S.CHANGES_REQUESTED, S.APPROVED, S.REFUSED, S.WITHDRAWN}),
    S.CHANGES_REQUESTED: frozenset({S.SUBMITTED, S.IN_REVIEW, S.WITHDRAWN, S.LAPSED}),
    S.APPROVED: frozenset(),
    # Once, within two months, by another person.
    S.REFUSED: frozenset({S.IN_REVIEW}),
    S.WITHDRAWN: frozenset(),
    S.LAPSED: frozenset(),
}
WRITABLE = frozenset({S.DRAFT, S.CHANGES_REQUESTED})
WAITING = frozenset({S.SUBMITTED, S.IN_REVIEW})
# Only what an officer admitted comes here.
EXAMINED = (S.APPROVED, S.IN_REVIEW, S.REFUSED)


class RefusalReason(models.TextChoices):
    """Why access was refused; the register counts these, the text stays with the requester."""

    PURPOSE = "purpose", _("Finalité hors de l’intérêt général")
    EXCESSIVE = "excessive", _("Données excessives")
    LEGAL_BASIS = "legal_basis", _("Base légale absente")
    SAFEGUARDS = "safeguards", _("Garanties insuffisantes")
    PRODUCER = "producer", _("Producteur opposé")
    DPO = "dpo", _("Avis du délégué défavorable")
    UNAVAILABLE = "unavailable", _("Jeu indisponible")


class Verdict(Shown):
    """What a producer or the data protection officer thinks of a request."""

    FAVOURABLE = "favourable", "pin", "circle-check", _("Favorable")
    UNFAVOURABLE = "unfavourable", "garance", "circle-x", _("Défavorable")


class GrantState(Shown):
    """Where a grant stands at an instant: the first three are derived, the others written."""

    PENDING = "pending", "calanque", "pencil", _("À signer")
    ACTIVE = "active", "pin", "check", _("En vigueur")
    EXPIRED = "expired", "ardoise", "clock", _("Échue")
    SUSPENDED = "suspended", "ocre", "pause", _("Suspendue")
    REVOKED = "revoked", "garance", "circle-x", _("Révoquée")
    CLOSED = "closed", "ardoise", "archive", _("Clôturée")


class ReturnState(Shown):
    """Where what a project promised to give back stands; all derived, the register shows it."""

    AWAITED = "awaited", "", "clock", _("Attendu")
    DELIVERED = "delivered", "pin", "check", _("Rendu")
    LATE = "late", "ocre", "triangle-alert", _("En retard")
    DROPPED = "dropped", "", "minus", _("Plus attendu")


class Country(models.TextChoices):
    """Where the data may be kept: the States of the European Union."""

    FR = "FR", _("France")
    AT = "AT", _("Autriche")
    BE = "BE", _("Belgique")
    BG = "BG", _("Bulgarie")
    HR = "HR", _("Croatie")
    CY = "CY", _("Chypre")
    CZ = "CZ", _("Tchéquie")
    DK = "DK", _("Danemark")
    EE = "EE", _("Estonie")
    FI = "FI", _("Finlande")
    DE = "DE", _("Allemagne")
    GR = "GR", _("Grèce")
    HU = "HU", _("Hongrie")
    IE = "IE", _("Irlande")
    IT = "IT", _("Italie")
    LV = "LV", _("Lettonie")
    LT = "LT", _("Lituanie")
    LU = "LU", _("Luxembourg")
    MT = "MT", _("Malte")
    NL = "NL", _("Pays-Bas")
    PL = "PL", _("Pologne")
    PT = "PT", _("Portugal")
    RO = "RO", _("Roumanie")
    SK = "SK", _("Slovaquie")
    SI = "SI", _("Slovénie")
    ES = "ES", _("Espagne")
    SE = "SE", _("Suède")

"""Roles and kinds of organisations."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OrganisationKind(TextChoices):
    """What an organisation is."""

    ADMINISTRATION = "administration", _("Administration")
    LOCAL_AUTHORITY = "local_authority", _("Collectivité")
    ASSOCIATION = "association", _("Association")
    COMPANY = "company", _("Entreprise")
    COMMUNITY = "community", _("Communauté de logiciel libre")
    LABORATORY = "laboratory", _("Laboratoire ou école")
    INDIVIDUAL = "individual", _("Personne")


ADMINISTRATIONS = (OrganisationKind.ADMINISTRATION, OrganisationKind.LOCAL_AUTHORITY)


class OrganisationBadge(TextChoices):
    """What the Region attests of an organisation."""

    STRATEGIC_PARTNER = "strategic_partner", _("Partenaire stratégique")
    DATA_PRODUCER = "data_producer", _("Producteur de données")
    PUBLIC_SERVICE = "public_service", _("Service public")
    VERIFIED = "verified", _("Organisation vérifiée")


class Delivery(TextChoices):
    """How a person hears of a kind of news."""

    NOW = "now", _("par courriel, tout de suite")
    DAILY = "daily", _("par courriel, une fois par jour")
    SPACE = "space", _("seulement dans Mon espace")


class Role(TextChoices):
    """What a member may do in an organisation."""

    REFERENT = "referent", _("Référente ou référent")
    EDITOR = "editor", _("Éditrice ou éditeur")
    CONTRIBUTOR = "contributor", _("Contributrice ou contributeur")


class RegionRole(TextChoices):
    """What a person does for the Region."""

    ADMINISTRATOR = "administrator", _("Administration")
    MODERATOR = "moderator", _("Relecture")
    OFFICER = "officer", _("Instruction des accès")
    APPROVER = "approver", _("Décision des accès")
    DPO = "dpo", _("Protection des données")
    AUDITOR = "auditor", _("Audit")


class InvitationState(TextChoices):
    """Where an invitation of an address stands."""

    SENT = "sent", _("Envoyée")
    ACCEPTED = "accepted", _("Acceptée")
    REFUSED = "refused", _("Refusée")
    REVOKED = "revoked", _("Retirée")


class ProposalKind(TextChoices):
    """What a proposal about a role of the Region would change."""

    GIVE = "give", _("Donner")
    END = "end", _("Retirer")


class TokenScope(TextChoices):
    """What a token lets a program do in its owner's name."""

    READ = "read", _("Lire")
    ENTER = "enter", _("Soumettre")
    TEAM = "team", _("Gérer une équipe")
    ORGANISE = "organise", _("Organiser")
    CONTRIBUTE = "contribute", _("Contribuer")
    DATA = "data", _("Recevoir des données accordées")

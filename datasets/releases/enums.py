"""The words of the datasets: access levels, roles of files, protection of columns."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class AccessLevel(Shown):
    """Who may download a file; held-out files are no files of a release at all."""

    OPEN = "open", "pin", "lock-open", _("Accès ouvert")
    REGISTERED = "registered", "calanque", "user", _("Avec un compte")
    RESTRICTED_BUSINESS = (
        "restricted_business",
        "ocre",
        "lock",
        _("Restreint : secret des affaires"),
    )
    RESTRICTED_PERSONAL = (
        "restricted_personal",
        "ocre",
        "lock",
        _("Restreint : données personnelles"),
    )

    @property
    def is_restricted(self) -> bool:
        """Say whether a grant is needed."""
        return self in {AccessLevel.RESTRICTED_BUSINESS, AccessLevel.RESTRICTED_PERSONAL}

    @property
    def rank(self) -> int:
        """Order the levels, the most open first."""
        return list(AccessLevel).index(self)


class FileRole(models.TextChoices):
    """What a file of a release is for."""

    DATA = "data", _("Données")
    SAMPLE = "sample", _("Échantillon synthétique")
    DICTIONARY = "dictionary", _("Dictionnaire")
    DOCUMENTATION = "documentation", _("Documentation")


class PendingState(models.TextChoices):
    """Where a release stands that was asked for, its files having come in parts."""

    PENDING = "pending", _("En cours de publication")
    PUBLISHED = "published", _("Publiée")
    REFUSED = "refused", _("Refusée")


class Protection(Shown):
    """How a column was protected before it was lent."""

    FREE = "free", "", "check", _("Libre")
    PSEUDONYM = "pseudonym", "lavande", "key-round", _("Pseudonyme")
    GENERALISED = "generalised", "ocre", "layers", _("Généralisée")
    CONDITIONAL = "conditional", "garance", "shield-alert", _("Sous condition")

    @property
    def is_sensitive(self) -> bool:
        """Say whether the column calls for care."""
        return self is not Protection.FREE

"""The words of the datasets: access levels, roles of files, protection of columns."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccessLevel(models.TextChoices):
    """Who may download a file; held-out files are no files of a release at all."""

    OPEN = "open", _("Accès ouvert")
    REGISTERED = "registered", _("Avec un compte")
    RESTRICTED_BUSINESS = "restricted_business", _("Restreint : secret des affaires")
    RESTRICTED_PERSONAL = "restricted_personal", _("Restreint : données personnelles")

    @property
    def is_restricted(self) -> bool:
        """Say whether a grant is needed."""
        return self in {AccessLevel.RESTRICTED_BUSINESS, AccessLevel.RESTRICTED_PERSONAL}

    @property
    def rank(self) -> int:
        """Order the levels, the most open first."""
        return list(AccessLevel).index(self)

    @property
    def tone(self) -> str:
        """Name the pigment of the badge."""
        match self:
            case AccessLevel.OPEN:
                return "pin"
            case AccessLevel.REGISTERED:
                return "calanque"
            case AccessLevel.RESTRICTED_BUSINESS | AccessLevel.RESTRICTED_PERSONAL:
                return "ocre"

    @property
    def icon(self) -> str:
        """Name the icon of the badge."""
        match self:
            case AccessLevel.OPEN:
                return "lock-open"
            case AccessLevel.REGISTERED:
                return "user"
            case AccessLevel.RESTRICTED_BUSINESS | AccessLevel.RESTRICTED_PERSONAL:
                return "lock"


class FileRole(models.TextChoices):
    """What a file of a release is for."""

    DATA = "data", _("Données")
    SAMPLE = "sample", _("Échantillon synthétique")
    DICTIONARY = "dictionary", _("Dictionnaire")
    DOCUMENTATION = "documentation", _("Documentation")


class Protection(models.TextChoices):
    """How a column was protected before it was lent."""

    FREE = "free", _("Libre")
    PSEUDONYM = "pseudonym", _("Pseudonyme")
    GENERALISED = "generalised", _("Généralisée")
    CONDITIONAL = "conditional", _("Sous condition")

    @property
    def tone(self) -> str:
        """Name the pigment of the badge."""
        match self:
            case Protection.FREE:
                return ""
            case Protection.PSEUDONYM:
                return "lavande"
            case Protection.GENERALISED:
                return "ocre"
            case Protection.CONDITIONAL:
                return "garance"

    @property
    def icon(self) -> str:
        """Name the icon of the badge."""
        match self:
            case Protection.FREE:
                return "check"
            case Protection.PSEUDONYM:
                return "key-round"
            case Protection.GENERALISED:
                return "layers"
            case Protection.CONDITIONAL:
                return "shield-alert"

    @property
    def is_sensitive(self) -> bool:
        """Say whether the column calls for care."""
        return self is not Protection.FREE


class SealedKind(models.TextChoices):
    """What a sealed file of a holdout holds."""

    SOURCE = "source", _("Fichier déposé")
    LABELS = "labels", _("Réponses compilées")

"""The words of the published versions of a card."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class VersionOrigin(models.TextChoices):
    """By which way a version went online."""

    REVIEWED = "reviewed", _("Modification relue par la Région")
    HARVESTED = "harvested", _("Mise à jour par la source")
    TRANSFERRED = "transferred", _("Transmission à une autre organisation")
    OPENED = "opened", _("Reprise à l’ouverture du portail")

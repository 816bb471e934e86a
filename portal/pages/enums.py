"""The closed lists of the editorial pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Workstream(models.TextChoices):
    """The five workstreams of the programme."""

    RESOURCES = "resources", _("Open Emploi Ressources")
    R2DDE = "r2dde", _("Répertoire R2DDE")
    DATA = "data", _("Open Emploi Data")
    INNOVATION = "innovation", _("Open Emploi Innovation")
    DEMONSTRATOR = "demonstrator", _("Démonstrateur")


class NewsKind(models.TextChoices):
    """What a piece of news tells."""

    NEWS = "news", _("Actualité")
    PROGRAMME = "programme", _("Programme")
    MEETING = "meeting", _("Rencontre")
    PORTAL = "portal", _("Vie du portail")

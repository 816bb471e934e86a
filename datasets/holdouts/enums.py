"""The words of held-out data."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SealedKind(models.TextChoices):
    """What a sealed file of a holdout holds."""

    SOURCE = "source", _("Fichier déposé")
    LABELS = "labels", _("Réponses compilées")

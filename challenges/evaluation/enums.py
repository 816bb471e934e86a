"""Where an evaluation and a run of code stand, and the two parts of held-out data."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RunState(models.TextChoices):
    """Name where a run of a team's code stands, on hidden inputs or on the public sample."""

    QUEUED = "queued", _("En attente")
    RUNNING = "running", pgettext_lazy("exécution", "En cours")
    DONE = "done", _("Terminée")
    FAILED = "failed", _("Arrêtée")


class EvaluationState(StrEnum):
    """Name where one scoring of one entry stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Split(models.TextChoices):
    """Name a part of the held-out rows, as a board of its figures is called."""

    PUBLIC = "public", _("Provisoire")
    PRIVATE = "private", _("Définitif")

"""The words of imports of many cards from one table."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BatchState(models.TextChoices):
    """Where an import stands: read and told, asked for, under way, done."""

    READ = "read", _("À confirmer")
    WAITING = "waiting", _("En attente")
    RUNNING = "running", _("En cours")
    DONE = "done", _("Importé")

    @property
    def tone(self) -> str:
        """Name the pigment of the state badge."""
        return {"read": "ocre", "done": "pin"}.get(self.value, "calanque")

    @property
    def icon(self) -> str:
        """Name the icon of the state badge."""
        return {"read": "eye", "done": "circle-check"}.get(self.value, "hourglass")


class RowOutcome(models.TextChoices):
    """What one row does, or would do, to the cards of its organisation."""

    CREATE = "create", _("Nouvelle fiche")
    UPDATE = "update", _("Modification")
    UNCHANGED = "unchanged", _("Inchangée")
    REFUSED = "refused", _("Refusée")
    EXAMPLE = "example", _("Ligne d’exemple")

    @property
    def tone(self) -> str:
        """Name the pigment of the outcome badge."""
        return {"create": "pin", "update": "calanque", "refused": "garance"}.get(self.value, "")

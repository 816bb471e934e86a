"""The words of what people do around resources: searches kept, reuses, feedback, discussions."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AlertFrequency(models.TextChoices):
    """How often a saved search writes to its owner."""

    DAILY = "daily", _("Chaque jour où il y a du nouveau")
    WEEKLY = "weekly", _("Une fois par semaine")
    FEED = "feed", _("Jamais : seulement un flux Atom privé")


class ReuseKind(models.TextChoices):
    """What was made with resources of the catalogue."""

    APPLICATION = "application", _("Application ou service")
    STUDY = "study", _("Étude ou recherche")
    VISUALISATION = "visualisation", _("Visualisation")
    PRESS = "press", _("Article de presse")
    TRAINING = "training", _("Formation")


class ReviewState(models.TextChoices):
    """Where a reuse or a feedback stands with the Region."""

    WAITING = "waiting", _("En relecture")
    PUBLISHED = "published", _("Publié")
    REFUSED = "refused", _("Refusé")
    WITHDRAWN = "withdrawn", _("Retiré")

    @property
    def tone(self) -> str:
        """Name the pigment of the state badge."""
        return REVIEW_LOOKS[self][0]

    @property
    def icon(self) -> str:
        """Name the icon of the state badge."""
        return REVIEW_LOOKS[self][1]


REVIEW_LOOKS: dict[str, tuple[str, str]] = {
    ReviewState.WAITING: ("calanque", "hourglass"),
    ReviewState.PUBLISHED: ("pin", "circle-check"),
    ReviewState.REFUSED: ("garance", "circle-x"),
    ReviewState.WITHDRAWN: ("ardoise", "undo-2"),
}


class MessageState(models.TextChoices):
    """Who reads a message: nobody but its author and the Region, everybody, or its place only."""

    HELD = "held", _("En attente de la Région")
    SHOWN = "shown", _("Publié")
    HIDDEN = "hidden", _("Masqué")

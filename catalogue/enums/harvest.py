"""The words of harvesting: sources, passages, records, links."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceKind(models.TextChoices):
    """What a harvested catalogue speaks; the values are formats of `standards.readers`."""

    DCAT = "dcat", _("DCAT (catalogue RDF)")
    CKAN = "ckan", _("CKAN")
    DATAGOUV = "datagouv", _("data.gouv.fr")
    CSW = "csw", _("CSW (catalogue géographique)")
    OAI = "oai", _("OAI-PMH")
    CROISSANT = "croissant", _("Croissant")
    HF = "hf", _("Cartes Hugging Face")


class SourceStatus(models.TextChoices):
    """Where a source stands: proposed, then run by schedule once the Region approved it."""

    PROPOSED = "proposed", _("Proposée")
    APPROVED = "approved", _("Approuvée")
    PAUSED = "paused", _("En pause")
    REFUSED = "refused", _("Refusée")

    @property
    def tone(self) -> str:
        """Name the pigment of the state badge."""
        return SOURCE_LOOKS[self][0]

    @property
    def icon(self) -> str:
        """Name the icon of the state badge."""
        return SOURCE_LOOKS[self][1]


SOURCE_LOOKS: dict[str, tuple[str, str]] = {
    SourceStatus.PROPOSED: ("calanque", "hourglass"),
    SourceStatus.APPROVED: ("pin", "circle-check"),
    SourceStatus.PAUSED: ("ocre", "circle-pause"),
    SourceStatus.REFUSED: ("garance", "circle-x"),
}


class HarvestFrequency(models.TextChoices):
    """How often a source is read."""

    DAILY = "daily", _("Chaque jour")
    WEEKLY = "weekly", _("Chaque semaine")


class RunState(models.TextChoices):
    """Where one passage over a source stands."""

    WAITING = "waiting", _("En attente")
    RUNNING = "running", _("En cours")
    COMPLETE = "complete", _("Terminé")
    SUSPICIOUS = "suspicious", _("Suspect : rien n’a été touché")
    FAILED = "failed", _("Interrompu")

    @property
    def tone(self) -> str:
        """Name the pigment of the state badge."""
        return RUN_LOOKS[self][0]

    @property
    def icon(self) -> str:
        """Name the icon of the state badge."""
        return RUN_LOOKS[self][1]


RUN_LOOKS: dict[str, tuple[str, str]] = {
    RunState.WAITING: ("ardoise", "hourglass"),
    RunState.RUNNING: ("calanque", "clock"),
    RunState.COMPLETE: ("pin", "circle-check"),
    RunState.SUSPICIOUS: ("ocre", "triangle-alert"),
    RunState.FAILED: ("garance", "circle-x"),
}


class ItemState(models.TextChoices):
    """What a passage did of one record of a source."""

    CREATED = "created", _("Créée")
    UPDATED = "updated", _("Mise à jour")
    UNCHANGED = "unchanged", _("Inchangée")
    SKIPPED = "skipped", _("Laissée de côté")
    REFUSED = "refused", _("Refusée")
    FAILED = "failed", _("Illisible")
    REMARKED = "remarked", _("Page lue avec des remarques")
    MISSING = "missing", _("Absente")
    ARCHIVED = "archived", _("Archivée")


class LinkState(models.TextChoices):
    """What the last check of a link found; only GONE and ERROR count against it."""

    UNKNOWN = "unknown", _("Non vérifié")
    OK = "ok", _("Répond")
    MOVED = "moved", _("A déménagé")
    GONE = "gone", _("Introuvable")
    ERROR = "error", _("Ne répond pas")
    BLOCKED = "blocked", _("Refuse les robots")

"""The words of harvests: kinds and states of sources, passages, records, links."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class SourceKind(models.TextChoices):
    """What a harvested catalogue speaks; the values are formats of `standards.readers`."""

    DCAT = "dcat", _("DCAT (catalogue RDF)")
    CKAN = "ckan", _("CKAN")
    DATAGOUV = "datagouv", _("data.gouv.fr")
    CSW = "csw", _("CSW (catalogue géographique)")
    OAI = "oai", _("OAI-PMH")
    CROISSANT = "croissant", _("Croissant")
    HF = "hf", _("Cartes Hugging Face")


class SourceStatus(Shown):
    """Where a source stands: proposed, then run by schedule once the Region approved it."""

    PROPOSED = "proposed", "calanque", "hourglass", _("Proposée")
    APPROVED = "approved", "pin", "circle-check", _("Approuvée")
    PAUSED = "paused", "ocre", "circle-pause", _("En pause")
    REFUSED = "refused", "garance", "circle-x", _("Refusée")


class HarvestFrequency(models.TextChoices):
    """How often a source is read."""

    DAILY = "daily", _("Chaque jour")
    WEEKLY = "weekly", _("Chaque semaine")


class RunState(Shown):
    """Where one passage over a source stands."""

    WAITING = "waiting", "ardoise", "hourglass", _("En attente")
    RUNNING = "running", "calanque", "clock", _("En cours")
    COMPLETE = "complete", "pin", "circle-check", _("Terminé")
    SUSPICIOUS = "suspicious", "ocre", "triangle-alert", _("Suspect : rien n’a été touché")
    FAILED = "failed", "garance", "circle-x", _("Interrompu")


class ItemState(Shown):
    """What a passage did of one record of a source."""

    CREATED = "created", "pin", "", _("Créée")
    UPDATED = "updated", "calanque", "", _("Mise à jour")
    UNCHANGED = "unchanged", "", "", _("Inchangée")
    SKIPPED = "skipped", "", "", _("Laissée de côté")
    REFUSED = "refused", "garance", "", _("Refusée")
    FAILED = "failed", "garance", "", _("Illisible")
    REMARKED = "remarked", "ocre", "", _("Page lue avec des remarques")
    MISSING = "missing", "ocre", "", _("Absente")
    ARCHIVED = "archived", "ocre", "", _("Archivée")


class LinkState(models.TextChoices):
    """What the last check of a link found; only GONE and ERROR count against it."""

    UNKNOWN = "unknown", _("Non vérifié")
    OK = "ok", _("Répond")
    MOVED = "moved", _("A déménagé")
    GONE = "gone", _("Introuvable")
    ERROR = "error", _("Ne répond pas")
    BLOCKED = "blocked", _("Refuse les robots")

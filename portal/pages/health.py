"""Look at the house from the web process: what lives, what waits, which keys are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.models import Resource
from challenges.models import Job
from portal.audit import heartbeats, outbox
from portal.lib import clock

FRESH_SECONDS = 60
LATE_SECONDS = 300


class Level(StrEnum):
    """Grade a check."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """Say what was looked at and what was found. at: when it last showed life, if it does."""

    name: str
    level: Level
    text: str
    at: datetime | None = None


def checks() -> list[Check]:
    """Run every check; a database that does not answer leaves only the keys to look at."""
    try:
        now = clock.now()
        found = [_database(), *_processes(now), _queue(now), _deliveries(now), _catalogue()]
    except DatabaseError:
        found = [Check(_("Base de données"), Level.BAD, _("ne répond pas"))]
    return [*found, *_keys()]


def overall(found: list[Check]) -> Level:
    """Return the worst level found."""
    order = [Level.BAD, Level.WATCH, Level.GOOD]
    return min((check.level for check in found), key=order.index, default=Level.GOOD)


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check(_("Base de données"), Level.GOOD, connection.vendor)


def _processes(now: datetime) -> Iterator[Check]:
    beats = heartbeats.beats()
    if not beats:
        yield Check(
            _("Processus de fond"), Level.WATCH, _("aucun signe de vie : les notations attendent")
        )
    for beat in beats:
        fresh = now - beat.at < timedelta(seconds=FRESH_SECONDS)
        yield Check(
            _("Processus « %(name)s »") % {"name": beat.name},
            Level.GOOD if fresh else Level.WATCH,
            _("en vie") if fresh else _("silencieux"),
            beat.at,
        )


def _queue(now: datetime) -> Check:
    waiting = Job.objects.due(now)
    late = waiting.filter(run_after__lt=now - timedelta(seconds=LATE_SECONDS)).count()
    count = waiting.count()
    text = ngettext("%(count)d tâche en attente", "%(count)d tâches en attente", count)
    return Check(_("File d’attente"), Level.WATCH if late else Level.GOOD, text % {"count": count})


def _deliveries(now: datetime) -> Check:
    late = outbox.late(now - timedelta(seconds=LATE_SECONDS))
    text = ngettext("%(count)d envoi en retard", "%(count)d envois en retard", late) % {
        "count": late
    }
    return Check(
        _("Lettres et index"),
        Level.WATCH if late else Level.GOOD,
        text if late else _("à jour"),
    )


def _catalogue() -> Check:
    published = Resource.objects.public().count()
    indexed = Resource.objects.public().filter(indexed__isnull=False).count()
    if published == indexed:
        return Check(_("Index de recherche"), Level.GOOD, _("complet"))
    missing = published - indexed
    text = ngettext(
        "%(count)d fiche en attente d’indexation",
        "%(count)d fiches en attente d’indexation",
        missing,
    )
    return Check(_("Index de recherche"), Level.WATCH, text % {"count": missing})


def _keys() -> Iterator[Check]:
    yield _key(_("Clé publique de scellement"), settings.HOLDOUT_PUBLIC_KEY_FILE)
    yield _key(_("Clé des récépissés"), settings.RECEIPT_KEY_FILE)
    private = settings.HOLDOUT_PRIVATE_KEY_FILE
    if private:
        yield Check(
            _("Clé privée de scellement"),
            Level.BAD,
            _("visible du serveur web : elle ne doit l’être que du service de notation"),
        )
    else:
        yield Check(_("Clé privée de scellement"), Level.GOOD, _("hors de portée du serveur web"))


def _key(name: str, path: str) -> Check:
    if path and Path(path).is_file():
        return Check(name, Level.GOOD, _("présente"))
    return Check(name, Level.WATCH, _("sera faite au premier usage"))

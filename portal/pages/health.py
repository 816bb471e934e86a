"""Look at the house from the web process, and say it to who uses it: what works, what waits."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.resources.models import Resource
from catalogue.search import server
from challenges.queue import actions as jobs
from challenges.queue.enums import JobState
from challenges.queue.models import Job
from portal.audit import duties, outbox
from portal.lib import clock
from portal.lib.refusals import Unavailable
from portal.lib.storage import objects

FRESH_SECONDS = 90
LATE_SECONDS = 300
FREE_SHARE_MIN = 0.1


class Level(StrEnum):
    """Grade a check."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """Say what was looked at and what it means. at: when it last showed life, if it does.

    key: stable, for machines; name and text are for people.
    """

    key: str
    name: str
    level: Level
    text: str
    at: datetime | None = None


def checks() -> list[Check]:
    """Run every check; a database that does not answer leaves what is beside it."""
    try:
        now = clock.now()
        results = [_database(), *_processes(now), _queue(now), _deliveries(now), _catalogue()]
        results += _search_server()
    except DatabaseError:
        silent = _("Le site ne peut ni lire ni enregistrer. Revenez dans quelques minutes.")
        results = [Check("database", _("Pages et comptes"), Level.BAD, silent)]
    return [*results, *_room(), _sealing(), _receipts()]


def overall(results: list[Check]) -> Level:
    """Return the worst level found."""
    order = [Level.BAD, Level.WATCH, Level.GOOD]
    return min((check.level for check in results), key=order.index, default=Level.GOOD)


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check("database", _("Pages et comptes"), Level.GOOD, _("Le site lit et enregistre."))


def _processes(now: datetime) -> Iterator[Check]:
    names = {
        "worker": (
            _("Notation des soumissions"),
            _(
                "À l’arrêt. Les soumissions déposées sont gardées ; "
                "elles seront notées à la reprise."
            ),
        ),
        "tasks": (
            _("Courriels et rappels"),
            _("À l’arrêt. Les courriels sont gardés ; ils partiront à la reprise."),
        ),
    }
    beats = {beat.name: beat.at for beat in duties.beats()}
    for key, (name, stopped) in names.items():
        at = beats.get(key)
        fresh = at is not None and now - at < timedelta(seconds=FRESH_SECONDS)
        level, text = (Level.GOOD, _("En marche.")) if fresh else (Level.WATCH, stopped)
        yield Check(key, name, level, text, at)


def _queue(now: datetime) -> Check:
    name = _("Soumissions à noter")
    put_back = Job.objects.filter(state=JobState.READY, run_after__gt=now)
    put_off = put_back.filter(error_code__endswith=jobs.AWAY).count()
    if put_off:
        text = ngettext(
            "%(count)d travail attend que le stockage, la base ou l’antivirus réponde. "
            "Aucun essai n’est décompté.",
            "%(count)d travaux attendent que le stockage, la base ou l’antivirus réponde. "
            "Aucun essai n’est décompté.",
            put_off,
        ) % {"count": put_off}
        return Check("queue", name, Level.WATCH, text)
    overdue = Q(run_after__lt=now - timedelta(seconds=LATE_SECONDS))
    waiting = Job.objects.due(now).order_by()
    count, late = waiting.aggregate(all=Count("pk"), late=Count("pk", filter=overdue)).values()
    text = ngettext(
        "%(count)d travail de notation attend son tour.",
        "%(count)d travaux de notation attendent leur tour.",
        count,
    ) % {"count": count}
    level = Level.WATCH if late else Level.GOOD
    return Check("queue", name, level, text if count else _("Aucune n’attend."))


def _deliveries(now: datetime) -> Check:
    late = outbox.late(now - timedelta(seconds=LATE_SECONDS))
    text = ngettext("%(count)d envoi est en retard.", "%(count)d envois sont en retard.", late) % {
        "count": late
    }
    name = _("Courriels à envoyer")
    level = Level.WATCH if late else Level.GOOD
    return Check("deliveries", name, level, text if late else _("Aucun retard."))


def _catalogue() -> Check:
    published = Resource.objects.listed().count()
    missing = published - Resource.objects.listed().filter(indexed__isnull=False).count()
    text = ngettext(
        "%(count)d fiche publiée ne se trouve pas encore par la recherche.",
        "%(count)d fiches publiées ne se trouvent pas encore par la recherche.",
        missing,
    ) % {"count": missing}
    level = Level.WATCH if missing else Level.GOOD
    return Check(
        "search",
        _("Recherche"),
        level,
        text if missing else _("Toutes les fiches publiées se trouvent."),
    )


def _search_server() -> Iterator[Check]:
    """Look at the search server, where there is one: without it, the database searches."""
    if not server.is_used():
        return
    name = _("Serveur de recherche")
    if server.health() in {"green", "yellow"}:
        yield Check("search_server", name, Level.GOOD, _("En marche."))
    else:
        text = _("À l’arrêt. La recherche du site répond sans lui.")
        yield Check("search_server", name, Level.WATCH, text)


def _room() -> Iterator[Check]:
    """Look at the disk of the private files, where they are in a folder."""
    place = urlsplit(settings.OBJECTS_URL)
    folder = Path(place.path)
    while not folder.exists():
        folder = folder.parent
    if place.scheme != "file":
        yield _bucket()
        return
    disk = shutil.disk_usage(folder)
    name = _("Place pour les fichiers")
    if disk.free < FREE_SHARE_MIN * disk.total:
        text = _("Moins d’un dixième est libre : un dépôt peut être refusé, rien n’est perdu.")
        yield Check("disk", name, Level.BAD, text)
    else:
        yield Check("disk", name, Level.GOOD, _("Suffisante."))


def _bucket() -> Check:
    name = _("Place pour les fichiers")
    try:
        objects.store().exists("0" * 64)
    except Unavailable:
        text = _(
            "Le stockage ne répond pas : ce qui s’y lit ou s’y dépose attend, rien n’est perdu."
        )
        return Check("store", name, Level.BAD, text)
    return Check("store", name, Level.GOOD, _("En marche."))


def _sealing() -> Check:
    name = _("Données d’évaluation")
    if settings.HOLDOUT_PRIVATE_KEY_FILE:
        text = _("Le site pourrait les lire : l’exploitant doit retirer leur clé de ce serveur.")
        return Check("sealing", name, Level.BAD, text)
    if not _is_file(settings.HOLDOUT_PUBLIC_KEY_FILE):
        text = _("Leur clé de scellement sera créée au premier dépôt.")
        return Check("sealing", name, Level.WATCH, text)
    if settings.EMBEDDED:
        text = _("Scellées, mais leur clé est sur la même machine que le site.")
        return Check("sealing", name, Level.GOOD, text)
    return Check("sealing", name, Level.GOOD, _("Scellées : le site ne peut pas les lire."))


def _receipts() -> Check:
    name = _("Récépissés des dépôts")
    if _is_file(settings.RECEIPT_KEY_FILE):
        return Check("receipts", name, Level.GOOD, _("Signés."))
    text = _("Leur clé de signature sera créée au premier dépôt.")
    return Check("receipts", name, Level.WATCH, text)


def _is_file(path: str) -> bool:
    return bool(path) and Path(path).is_file()

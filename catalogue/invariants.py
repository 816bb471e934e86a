"""Read-only checks of the catalogue, for `manage.py verify`."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from catalogue.community.enums import ReviewState
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.models import Contribution
from catalogue.resources import words
from catalogue.resources.enums import FileSign, FileState, ResourceKind
from catalogue.resources.models import CardFile, Resource
from catalogue.search import server
from catalogue.search.models import IndexedFacet, IndexedResource
from portal.lib import clock
from portal.lib.storage import objects

# Counter of a card: the rows it counts.
COUNTED = {
    "followers": ("follows", Q()),
    "reuses": ("reused_by", Q(reused_by__state=ReviewState.PUBLISHED)),
}


def index_breaches() -> Iterator[str]:
    """Yield the resources that the index misses, holds in excess or tells wrongly (I8)."""
    published = {
        row[0]: row[1:]
        for row in Resource.objects.listed().values_list("pk", "kind", "scope", "access")
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT rowid FROM catalogue_fulltext")
        worded = {pk for (pk,) in cursor.fetchall()}
    indexed = worded & set(IndexedResource.objects.values_list("pk", flat=True))
    told: dict[int, dict[str, str]] = {}
    facets = IndexedFacet.objects.filter(facet__in=("kind", "scope", "access"))
    for pk, facet, value in facets.values_list("resource_id", "facet", "value"):
        told.setdefault(pk, {})[facet] = value
    for pk in sorted(published.keys() ^ indexed):
        yield str(pk)
    for pk in sorted(published.keys() & indexed):
        facts = told.get(pk, {})
        if (facts.get("kind"), facts.get("scope"), facts.get("access")) != published[pk]:
            yield str(pk)


def counter_breaches() -> Iterator[str]:
    """Yield the cards whose counters are not what their rows say (I31).

    What was harvested came with the figures of its source: there, rows are a least.
    """
    for counter, (relation, which) in COUNTED.items():
        rows = Resource.objects.annotate(told=Count(relation, filter=which, distinct=True))
        wrong = Q(source="") & ~Q(told=F(counter)) | Q(told__gt=F(counter))
        for slug in rows.filter(wrong).order_by("pk").values_list("slug", flat=True):
            yield f"{slug}:{counter}"


def owner_breaches() -> Iterator[str]:
    """Yield the changes that still wait for an owner a day after the end of their time (I32)."""
    late = clock.now() - timedelta(days=settings.OWNER_ANSWER_DAYS + 1)
    waiting = Contribution.objects.filter(status=ContributionStatus.OFFERED, offered_at__lt=late)
    for public_id in waiting.order_by("pk").values_list("public_id", flat=True):
        yield str(public_id)


def expiry_breaches() -> Iterator[str]:
    """Yield the news over for more than a day that lists still show (I33)."""
    yesterday = clock.paris_day(clock.now() - timedelta(days=1))
    news = Resource.objects.listed().filter(kind=ResourceKind.NEWS).order_by("pk")
    for slug, details in news.values_list("slug", "details"):
        if words.is_news_over(ResourceKind.NEWS, details, yesterday):
            yield slug


def file_breaches() -> Iterator[str]:
    """Yield the files of cards whose bytes are not in the private store, or were given up (I40)."""
    store = objects.store()
    rows = CardFile.objects.order_by("pk").values_list("public_id", "sha256", "signs")
    for public_id, sha256, signs in rows.iterator():
        if FileSign.LOST in signs:
            yield f"{public_id} {sha256[:12]} {FileSign.LOST}"
        elif not store.exists(sha256):
            yield f"{public_id} {sha256[:12]}"


def named_file_breaches() -> Iterator[str]:
    """Yield the cards online that name a file of theirs which may not be given (I41)."""
    withheld = CardFile.objects.exclude(state=FileState.SOUND).filter(resource__live=True)
    for file in withheld.select_related("resource").order_by("pk"):
        if str(file.public_id) in str(file.resource.details):
            yield f"{file.resource.slug}:{file.public_id}"


INVARIANTS: dict[str, tuple[Any, Callable[[], Iterator[str]]]] = {
    "I8": (_("L’index de recherche dit ce qui est publié."), index_breaches),
    "I9": (_("Le serveur de recherche dit ce que dit la base, ou ne répond pas."), server.breaches),
    "I31": (_("Les compteurs d’une fiche disent ses lignes."), counter_breaches),
    "I32": (_("Aucune proposition n’attend l’avis d’un détenteur hors délai."), owner_breaches),
    "I40": (_("Chaque fichier d’une fiche a ses octets."), file_breaches),
    "I41": (_("Une fiche en ligne ne nomme que des fichiers sains."), named_file_breaches),
    "I33": (_("Aucune actualité échue ne paraît dans les listes."), expiry_breaches),
}

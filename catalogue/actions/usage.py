"""Count views and downloads, a row a card and day; tell the counters of cards now and then."""

from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum

from catalogue.models import Resource, ResourceUse
from catalogue.search import index
from portal.lib import clock, patience

Figure = Literal["views", "downloads"]
TO_TELL = Q(views_told__lt=F("views")) | Q(downloads_told__lt=F("downloads"))


def count(*, resource_id: int, figure: Figure) -> None:
    """Add one to a figure of today, in Paris. No rule and no event: nobody is named anywhere.

    Lost rather than awaited where the database is busy.
    """
    rows = ResourceUse.objects.filter(resource_id=resource_id, day=clock.paris_day(clock.now()))
    with patience.hurried():
        if not rows.update(**{figure: F(figure) + 1}):
            today = ResourceUse(resource_id=resource_id, day=clock.paris_day(clock.now()))
            ResourceUse.objects.bulk_create([today], ignore_conflicts=True)
            rows.update(**{figure: F(figure) + 1})


def tell() -> int:
    """Bring the counters of every card read since up to date, and its index; return how many."""
    concerned = ResourceUse.objects.filter(TO_TELL).order_by("resource_id")
    keys = list(concerned.values_list("resource_id", flat=True).distinct())
    for pk in keys:
        _tell(pk)
    return len(keys)


def forget() -> int:
    """Drop the days that are too old to be shown; the counters of cards keep their sum."""
    before = clock.paris_day(clock.now()) - timedelta(days=settings.USAGE_KEPT_DAYS)
    return ResourceUse.objects.filter(day__lt=before).exclude(TO_TELL).delete()[0]


@transaction.atomic
def _tell(resource_id: int) -> None:
    resource = Resource.objects.select_for_update().get(pk=resource_id)
    rows = ResourceUse.objects.select_for_update().filter(TO_TELL, resource=resource)
    days = {row.pk: (row.views, row.downloads) for row in rows}
    held = ResourceUse.objects.filter(pk__in=days)
    more = held.aggregate(
        views=Sum(F("views") - F("views_told")),
        downloads=Sum(F("downloads") - F("downloads_told")),
    )
    Resource.objects.filter(pk=resource.pk).update(
        views=F("views") + (more["views"] or 0),
        downloads=F("downloads") + (more["downloads"] or 0),
    )
    for pk, (views, downloads) in days.items():
        ResourceUse.objects.filter(pk=pk).update(views_told=views, downloads_told=downloads)
    if resource.live:
        index.write(Resource.objects.select_related("organisation").get(pk=resource.pk))

"""The figures of use of cards, as pages show them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from catalogue.models import Resource, ResourceUse, editable_organisations
from portal.accounts.models import Organisation, User
from portal.lib import clock

DAYS = 30
MONTHS = 12


@dataclass(frozen=True)
class Use:
    """The last thirty days of a card: totals, and the views of each day, the oldest first."""

    views: int
    downloads: int
    days: list[int]


def lately(resource: Resource, *, now: datetime | None = None) -> Use:
    """Read the last thirty days of a card; now: for who read the clock already."""
    first = _first_day(now)
    kept = ResourceUse.objects.filter(resource=resource, day__gte=first).order_by("pk")
    rows = list(kept.values_list("day", "views", "downloads"))
    views = {day: seen for day, seen, _ in rows}
    return Use(
        sum(views.values()),
        sum(fetched for _day, _seen, fetched in rows),
        [views.get(first + timedelta(days=number), 0) for number in range(DAYS)],
    )


def by_month(resource: Resource) -> list[dict[str, Any]]:
    """List the months of the last year in which a card was read, the latest first."""
    since = clock.months_later(clock.now(), -MONTHS)
    rows = ResourceUse.objects.filter(resource=resource, day__gte=clock.paris_day(since))
    months = rows.annotate(month=TruncMonth("day")).values("month")
    summed: Any = months.annotate(seen=Sum("views"), fetched=Sum("downloads"))
    return list(summed.order_by("-month"))


def of_organisation(organisation: Organisation) -> dict[str, int]:
    """Sum the last thirty days over what an organisation has online."""
    mine = Q(resource__organisation=organisation, resource__live=True)
    rows = ResourceUse.objects.filter(mine, day__gte=_first_day())
    found = rows.aggregate(seen=Sum("views"), fetched=Sum("downloads"))
    return {"views": found["seen"] or 0, "downloads": found["fetched"] or 0}


def of_person(user: User) -> dict[str, int] | None:
    """Sum what a person, and the organisations they edit, have online; None without any.

    Views and downloads of the last thirty days, published reuses in all.
    """
    own = Q(author=user) | Q(organisation__in=editable_organisations(user))
    mine = Resource.objects.public().filter(own)
    told = mine.aggregate(many=Count("pk"), reuses=Sum("reuses"))
    if not told["many"]:
        return None
    keys = mine.order_by().values("pk")
    rows = ResourceUse.objects.filter(resource__in=keys, day__gte=_first_day())
    found = rows.aggregate(seen=Sum("views"), fetched=Sum("downloads"))
    return {
        "views": found["seen"] or 0,
        "downloads": found["fetched"] or 0,
        "reuses": told["reuses"] or 0,
    }


def _first_day(now: datetime | None = None) -> date:
    return clock.paris_day(now or clock.now()) - timedelta(days=DAYS - 1)

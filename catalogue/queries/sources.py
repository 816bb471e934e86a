"""What the pages of harvesting read."""

from datetime import timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from catalogue.models import HarvestRun, LinkCheck, Source
from portal.accounts.models import User
from portal.lib import clock

LISTED_DAYS = 30  # dead for so long: on the list of the moderators


def listed(viewer: User) -> QuerySet[Source]:
    """Select the sources that a person may see, with their cards and their last passage."""
    last = HarvestRun.objects.filter(source=OuterRef("pk"), is_preview=False)
    last = last.order_by("-asked_at", "-pk")
    return (
        Source.objects.visible_to(viewer)
        .select_related("organisation")
        .annotate(
            cards_count=Count("records", filter=Q(records__resource__live=True)),
            last_state=Subquery(last.values("state")[:1]),
            last_at=Subquery(last.values("asked_at")[:1]),
        )
        .order_by("title", "pk")
    )


def long_dead() -> QuerySet[LinkCheck]:
    """Select the links that have been dead for a month, the longest first."""
    since = clock.now() - timedelta(days=LISTED_DAYS)
    found = LinkCheck.objects.dead().filter(dead_since__lte=since)
    return found.select_related("resource__organisation").order_by("dead_since", "pk")

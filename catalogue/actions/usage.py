"""Count the views and downloads of a card; lift it in the index now and then."""

from typing import Literal

from django.db import transaction
from django.db.models import F

from catalogue.models import Resource
from catalogue.search import index
from portal.lib import patience

Figure = Literal["views", "downloads"]


def count(*, resource_id: int, figure: Figure) -> None:
    """Add one to a counter of a card. No rule and no event: nobody is named anywhere.

    Lost rather than awaited where the database is busy.
    """
    card = Resource.objects.filter(pk=resource_id)
    with patience.hurried():
        card.update(**{figure: F(figure) + 1, "used_since_indexed": True})


def lift() -> int:
    """Write the cards read since into the index again, more popular; return how many."""
    read = Resource.objects.filter(used_since_indexed=True).order_by("pk")
    keys = list(read.values_list("pk", flat=True))
    for pk in keys:
        _lift(pk)
    return len(keys)


@transaction.atomic
def _lift(pk: int) -> None:
    Resource.objects.filter(pk=pk).update(used_since_indexed=False)
    index.renew(pk)

"""Find, among what was published lately, what answers a query: through the engine in use.

The engine sorts by the day of the last change. What was just published stands at the head of that
order, so that a few pages of it tell all, however large the catalogue is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import parse_qs

from catalogue.models import IndexedResource, Resource, SavedSearch
from catalogue.search import engine
from catalogue.search.query import (
    MAX_DEPTH,
    MAX_SIZE,
    SIZE,
    ResourceQuery,
    Sort,
    Words,
    from_mapping,
)
from portal.lib import clock


@dataclass(frozen=True)
class Fresh:
    """What was published lately.

    moments: {resource id: first publication}. oldest: the earliest day, in Paris, under which the
    index sorts one of them.
    """

    moments: Mapping[int, datetime]
    oldest: date | None


def canonical(query: ResourceQuery) -> ResourceQuery:
    """Keep of a query what decides which resources answer; all the words are asked for anyway."""
    return replace(query, sort=Sort.RELEVANCE, words=Words.ANY, page=1, size=SIZE)


def query_of(search: SavedSearch) -> ResourceQuery:
    """Read the query that a search keeps."""
    return from_mapping(parse_qs(search.query))


def fresh(since: datetime) -> Fresh:
    """Read what was first published after an instant."""
    rows = Resource.objects.public().filter(first_published_at__gt=since)
    moments: dict[int, datetime] = {}
    days: list[date] = []
    for pk, first, modified, created in rows.values_list(
        "pk", "first_published_at", "content_modified_at", "created_at"
    ):
        if first is not None:  # as its filter says
            moments[pk] = first
        days.append(clock.paris_day(modified or created))
    return Fresh(moments, min(days, default=None))


def matching(query: ResourceQuery, among: Fresh) -> list[int]:
    """List the fresh resources that hold all the words of a query and pass its filters."""
    if among.oldest is None:
        return []
    wanted = replace(query, words=Words.ALL, sort=Sort.UPDATED, size=MAX_SIZE)
    found: list[int] = []
    for page in range(1, MAX_DEPTH // MAX_SIZE + 1):
        ids = engine().search(wanted.at_page(page)).ids
        found += [pk for pk in ids if pk in among.moments]
        if len(ids) < MAX_SIZE or len(found) == len(among.moments) or _before(ids[-1], among):
            break
    return found


def _before(pk: int, among: Fresh) -> bool:
    """Say whether the order has come past the oldest of what is looked for."""
    day = IndexedResource.objects.filter(pk=pk).values_list("updated_on", flat=True).first()
    return day is not None and among.oldest is not None and day < among.oldest

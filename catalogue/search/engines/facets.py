"""What every engine does with the counts it found: the same values, order and labels."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from catalogue.models import IndexedName
from catalogue.search.query import ResourceQuery
from catalogue.search.results import FacetCount
from portal.lib import clock

# Facets counted with each search, in the order of the panel.
SHOWN = (
    "kind",
    "scope",
    "task",
    "use_case",
    "access",
    "licence",
    "language",
    "guarantee",
    "organisation",
)
FACET_SIZE = 50
# Values of one facet that are read when a reader searches inside it.
MOST_VALUES = 10_000
Counted = Iterable[tuple[str, int]]


def shown(
    counts: Mapping[str, Counted], query: ResourceQuery, facets: Sequence[str]
) -> dict[str, tuple[FacetCount, ...]]:
    """Keep the fifty most frequent values of each facet and those chosen, even without result."""
    found: dict[str, tuple[FacetCount, ...]] = {}
    for name in facets:
        chosen = getattr(query, name)
        rows = dict(counts[name])
        ranked = sorted(rows, key=lambda value: (-rows[value], value))[:FACET_SIZE]
        kept = [*ranked, *(value for value in chosen if value not in ranked)]
        named = labels_of(name, kept) if name == "organisation" else {}
        found[name] = tuple(
            FacetCount(value, rows.get(value, 0), named.get(value, "")) for value in kept
        )
    return found


def every(facet: str, counts: Counted) -> tuple[FacetCount, ...]:
    """Name every value of a facet, the most frequent first."""
    rows = sorted(counts, key=lambda row: (-row[1], row[0]))[:MOST_VALUES]
    labels: dict[str, str] = {}
    if facet == "organisation":
        for start in range(0, len(rows), 500):
            labels |= labels_of(facet, [value for value, _ in rows[start : start + 500]])
    return tuple(FacetCount(value, count, labels.get(value, "")) for value, count in rows)


def labels_of(facet: str, values: Sequence[str]) -> dict[str, str]:
    """Find the labels of values that are not words of ours."""
    if not values:
        return {}
    rows = IndexedName.objects.filter(facet=facet, value__in=list(values)).order_by("pk")
    return dict(rows.values_list("value", "label"))


def days_ago(days: int) -> date:
    """Give the day, in Paris, that lies so many days back."""
    return clock.paris_day(clock.now()) - timedelta(days=days)

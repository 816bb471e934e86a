"""The embedded index as another engine holds it: one document for each resource.

The tables are the truth, written in the transaction that publishes. A mirror is read from them
alone, so that both engines find the same resources, and it can be lost and made again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from catalogue.models import IndexedFacet, IndexedResource, IndexedTerm, IndexedText
from catalogue.search import weights
from catalogue.search.query import FACETS
from portal.audit.outbox import owe

TOPIC = "search.sync"
BATCH = 500
# Occurrences that stand for a weight of 1: an engine that counts words then weighs them as we do.
GRAIN = 8
MOST_REPEATS = 400


class Entry(NamedTuple):
    """A resource as a mirror holds it; number: its content in 32 bits, to compare at a glance."""

    resource_id: int
    number: int
    row: IndexedResource
    words: str
    weighed: str
    facets: dict[str, list[str]]


def is_used() -> bool:
    """Tell whether an engine beside the database answers searches."""
    return bool(settings.SEARCH_URL) and not settings.SEARCH_URL.startswith("embedded:")


def owe_sync(resource_id: int) -> None:
    """Owe the mirror the present state of a resource, once the transaction is committed."""
    if is_used():
        owe(TOPIC, key=f"{resource_id}-{uuid4().hex}", resource_id=resource_id)


def numbers() -> dict[int, int]:
    """Give the number of every indexed resource."""
    rows = IndexedResource.objects.values_list("pk", "text__digest", *SIGNALS)
    return {pk: _number(digest or "", signals) for pk, digest, *signals in rows.iterator()}


SIGNALS = ("boost", "verified", "quality", "reuses", "updated_on", "title_key")


def _number(digest: str, signals: Sequence[Any]) -> int:
    said = "|".join([digest, *(repr(signal) for signal in signals)])
    return int(hashlib.sha256(said.encode()).hexdigest()[:8], 16)


def batches() -> Iterator[list[Entry]]:
    """Read every indexed resource, some hundreds at a time, in the order of their numbers."""
    last = 0
    while True:
        wanted = IndexedResource.objects.filter(pk__gt=last).order_by("pk")
        if not (ids := list(wanted.values_list("pk", flat=True)[:BATCH])):
            return
        yield entries(ids)
        last = ids[-1]


@transaction.atomic
def entries(ids: Iterable[int]) -> list[Entry]:
    """Read some resources as they are indexed now; those that are not are left out."""
    wanted = list(ids)
    rows = IndexedResource.objects.in_bulk(wanted)
    texts = IndexedText.objects.in_bulk(list(rows))
    facets: dict[int, dict[str, list[str]]] = {pk: {} for pk in rows}
    held = IndexedFacet.objects.filter(resource_id__in=list(rows)).order_by("pk")
    for pk, facet, value in held.values_list("resource_id", "facet", "value"):
        facets[pk].setdefault(facet, []).append(value)
    weighed: dict[int, list[str]] = {pk: [] for pk in rows}
    terms = IndexedTerm.objects.filter(resource_id__in=list(rows)).order_by("pk")
    for pk, term, impact in terms.values_list("resource_id", "term", "impact"):
        weighed[pk] += [term] * repeats(impact)
    return [
        Entry(
            pk,
            _number(texts[pk].digest, [getattr(row, name) for name in SIGNALS]),
            row,
            texts[pk].words,
            " ".join(weighed[pk]),
            facets[pk],
        )
        for pk, row in sorted(rows.items())
        if pk in texts
    ]


def repeats(impact: float) -> int:
    """Turn an impact back into its weight, as a number of occurrences.

    impact is w / (K1 + w). An engine whose BM25 has k1 = GRAIN x K1 and no length normalisation
    gives n / (n + k1) for n occurrences: the same impact, to the grain.
    """
    weight = weights.K1 * impact / max(1 - impact, 1e-6)
    return min(max(round(weight * GRAIN), 1), MOST_REPEATS)


def form() -> str:
    """Name what the form of every document depends on: fields and weights."""
    told = repr((sorted(FACETS), SIGNALS, GRAIN, MOST_REPEATS, weights.K1, weights.signature()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]

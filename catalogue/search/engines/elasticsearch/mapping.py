"""The form of the index: the analysed words of each field, one space apart, facets and signals."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from catalogue.models import IndexedFacet, IndexedResource
from catalogue.search import fulltext
from catalogue.search.document import FIELDS
from catalogue.search.query import FACETS, MAX_DEPTH
from portal.lib import canonical

Document = Mapping[str, Any]
WORDS = {"type": "text", "analyzer": "whitespace"}
SETTINGS: dict[str, Any] = {
    # One shard: counts and rarities are of the whole catalogue.
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "refresh_interval": "1s",
    "max_result_window": MAX_DEPTH,
    # How long a removal is remembered: a slow rebuild then brings nothing back.
    "gc_deletes": "6h",
}
PROPERTIES: dict[str, Any] = {
    **{name: {**WORDS, "copy_to": "words"} for name in FIELDS},
    # The words of all fields, to match: what is copied stands apart, so that no phrase runs over.
    "words": WORDS,
    "id": {"type": "long"},
    "boost": {"type": "double"},
    "quality": {"type": "integer"},
    "reuses": {"type": "integer"},
    "updated_on": {"type": "date", "format": "strict_date"},
    "title_key": {"type": "keyword"},
    "facets": {"properties": {name: {"type": "keyword"} for name in FACETS}},
}


def mappings() -> dict[str, Any]:
    """Say what each field is, and the form that the index will be known by."""
    return {
        "dynamic": "strict",
        "_source": {"enabled": False},
        "_meta": {"form": form()},
        "properties": PROPERTIES,
    }


def form() -> str:
    """Name the form of every document: an index of another one is made again."""
    return canonical.digest(PROPERTIES)[:16]


@transaction.atomic
def documents(ids: Iterable[int]) -> dict[int, Document]:
    """Write some resources as they are indexed now; those that are not are left out."""
    rows = IndexedResource.objects.in_bulk(list(ids))
    texts = fulltext.texts(sorted(rows))
    facets: dict[int, dict[str, list[str]]] = {pk: {} for pk in rows}
    values = IndexedFacet.objects.filter(resource_id__in=list(rows)).order_by("pk")
    for pk, facet, value in values.values_list("resource_id", "facet", "value"):
        facets[pk].setdefault(facet, []).append(value)
    return {
        pk: {
            **texts[pk]._asdict(),
            "id": pk,
            "boost": row.boost,
            "quality": row.quality,
            "reuses": row.reuses,
            "updated_on": row.updated_on.isoformat(),
            "title_key": row.title_key,
            "facets": facets[pk],
        }
        for pk, row in sorted(rows.items())
        if pk in texts
    }

"""The form of the index: analysed words, one space apart, and signals to order by."""

from typing import Any

from catalogue.search import mirror, weights
from catalogue.search.query import FACETS, MAX_DEPTH

WORDS = {"type": "text", "analyzer": "whitespace", "norms": False}
SETTINGS: dict[str, Any] = {
    # One shard: counts and rarities are of the whole catalogue.
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "refresh_interval": "1s",
    "max_result_window": MAX_DEPTH,
    # How long a removal is remembered: a slow rebuild then brings nothing back.
    "gc_deletes": "6h",
    "similarity": {"weighed": {"type": "BM25", "k1": weights.K1 * mirror.GRAIN, "b": 0.0}},
}


def mappings() -> dict[str, Any]:
    """Say what each field is, and the form that the index will be known by."""
    return {
        "dynamic": "strict",
        "_source": {"enabled": False},
        "_meta": {"form": mirror.form()},
        "properties": {
            # Every word in its place: what matches, phrases included.
            "words": WORDS,
            # Each word as often as it weighs: what orders.
            "weighed": {**WORDS, "index_options": "freqs", "similarity": "weighed"},
            "title_words": {"type": "keyword", "fields": {"phrase": WORDS}},
            "acronym_words": {"type": "keyword"},
            "id": {"type": "long"},
            "number": {"type": "long"},
            "boost": {"type": "double"},
            "verified": {"type": "byte"},
            "quality": {"type": "integer"},
            "reuses": {"type": "integer"},
            "updated_on": {"type": "date", "format": "strict_date"},
            "title_key": {"type": "keyword"},
            "facets": {"properties": {name: {"type": "keyword"} for name in FACETS}},
        },
    }


def document(entry: mirror.Entry) -> dict[str, Any]:
    """Write a resource as the index holds it."""
    row = entry.row
    return {
        "words": entry.words,
        "weighed": entry.weighed,
        "title_words": row.title_words,
        "acronym_words": row.acronym_words,
        "id": entry.resource_id,
        "number": entry.number,
        "boost": row.boost,
        "verified": int(row.verified),
        "quality": row.quality,
        "reuses": row.reuses,
        "updated_on": row.updated_on.isoformat(),
        "title_key": row.title_key,
        "facets": entry.facets,
    }

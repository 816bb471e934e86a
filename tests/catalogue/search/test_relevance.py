"""The relevance of the search, on the queries and records of a public portal.

Tune the weights on these, never the answers.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalogue.enums import ResourceKind
from catalogue.models import Resource, Synonym
from catalogue.search import analysis, engine, index
from catalogue.search.query import ResourceQuery
from portal.lib import clock

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DEPTH = 20
SYNONYMS = (
    "ovq\nbaromètre des résultats",
    "accidents de la route\naccidents de la circulation",
)


def records(shared: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((shared / "cases/catalogue/datagouv-json/datasets").glob("*.json")):
        yield json.loads(path.read_text("utf-8"))


def load(shared: Path) -> set[str]:
    now = clock.now()
    rows = []
    for found in records(shared):
        metrics = found.get("metrics") or {}
        files = found["resources"] if isinstance(found["resources"], list) else []
        rows.append(
            Resource(
                slug=found["id"],
                source="relevance",
                source_id=found["id"],
                kind=ResourceKind.DATASET,
                live=True,
                first_published_at=now,
                created_at=now,
                title=found["title"][:120],
                acronym=(found.get("acronym") or "")[:20],
                description=found.get("description") or "",
                producer_name=(found.get("organization") or {}).get("name", "")[:160],
                tags=found.get("tags") or [],
                views=metrics.get("views") or 0,
                followers=metrics.get("followers") or 0,
                reuses=metrics.get("reuses") or 0,
                details={"distributions": [{"title": f.get("title") or ""} for f in files]},
                archived_at=now if found.get("archived") else None,
            )
        )
    Resource.objects.bulk_create(rows)
    index.rebuild()
    return {row.source_id for row in rows}


def queries(shared: Path, known: set[str]) -> list[tuple[str, str]]:
    found = []
    for path in sorted((shared / "cases/catalogue/search-relevance").glob("datasets*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found += [(row["query"], row["expected"]) for row in rows if row["expected"] in known]
    return found


def measure(asked: list[tuple[str, str]]) -> tuple[int, float]:
    """Return how many expected records stand in the first 20, and the mean reciprocal rank."""
    ids = dict(Resource.objects.values_list("source_id", "pk"))
    ranks = []
    for words, expected in asked:
        found = list(engine().search(ResourceQuery(q=words, size=DEPTH)).ids)
        wanted = ids[expected]
        ranks.append(found.index(wanted) + 1 if wanted in found else 0)
    return sum(rank > 0 for rank in ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)


def test_the_expected_records_are_found_first(shared: Path) -> None:
    asked = queries(shared, load(shared))
    assert len(asked) == 69
    found, _mean = measure(asked)
    assert found >= 65
    for phrases in SYNONYMS:
        Synonym.objects.create(phrases=phrases)
    found, mean = measure(asked)
    assert found >= 66
    assert mean >= 0.80


def test_variants_of_a_query_have_the_same_first_result(shared: Path) -> None:
    asked = queries(shared, load(shared))
    for words, _expected in asked:
        first = engine().search(ResourceQuery(q=words, size=1)).ids
        for variant in (words.upper(), analysis.fold(words), f"{words} ", f"«\u00a0{words}"):
            assert engine().search(ResourceQuery(q=variant, size=1)).ids == first, variant

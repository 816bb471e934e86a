"""Measure the relevance of the search on the queries and the 625 records of a public portal.

The records are those of ../shared/cases/catalogue. Every query runs on every engine of this
machine: the database, and Elasticsearch where ELASTICSEARCH_URL names a server.
"""

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

DEPTH = 20
EXPECTED = 69
SYNONYMS = (
    "ovq, baromètre des résultats",
    "accidents de la route, accidents de la circulation",
)
SECONDS = 30.0  # what is judged is the order: the search server may be slow on a busy machine
FOUND_WITH, FOUND_WITHOUT, MRR_LEAST = 66, 65, 0.75
Find = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Asked:
    """A query and the record that its author expects."""

    words: str
    expected: str


@dataclass(frozen=True)
class Measure:
    """What one engine gave: the rank of the expected record for each query, 0 when not found."""

    ranks: tuple[int, ...]

    @property
    def found(self) -> int:
        """Count the records that stand in the first twenty."""
        return sum(rank > 0 for rank in self.ranks)

    @property
    def mrr(self) -> float:
        """Average the inverse of the rank, 0 for what is not found."""
        return sum(1 / rank for rank in self.ranks if rank) / len(self.ranks)


def queries(cases: Path, known: set[str]) -> list[Asked]:
    """List the queries whose record is among those loaded."""
    found = []
    for path in sorted((cases / "search-relevance").glob("datasets*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += [Asked(row["query"], row["expected"]) for row in csv.DictReader(file)]
    return [asked for asked in found if asked.expected in known]


def measure(asked: Sequence[Asked], find: Find, ids: dict[str, int]) -> Measure:
    """Run every query on one engine."""
    ranks = []
    for each in asked:
        found, wanted = list(find(each.words)), ids[each.expected]
        ranks.append(found.index(wanted) + 1 if wanted in found else 0)
    return Measure(tuple(ranks))


def breaches(with_rows: dict[str, Measure], without: dict[str, Measure]) -> Iterator[str]:
    """Say each bar of the design that does not hold."""
    for name, figures in with_rows.items():
        if figures.found < FOUND_WITH:
            yield f"{name}: {figures.found} found, {FOUND_WITH} wanted"
        if figures.mrr < MRR_LEAST:
            yield f"{name}: MRR {figures.mrr:.3f}, {MRR_LEAST} wanted"
        if without[name].found < FOUND_WITHOUT:
            yield f"{name} without synonyms: {without[name].found}, {FOUND_WITHOUT} wanted"


def fill(cases: Path) -> dict[str, int]:
    """Publish the records at once, without the checks of a harvest: ten times faster."""
    from catalogue.models import Resource  # noqa: PLC0415  # app ready
    from catalogue.search import index  # noqa: PLC0415  # app ready

    Resource.objects.bulk_create(_resources(cases / "datagouv-json" / "datasets"))
    index.rebuild()
    return known()


def known() -> dict[str, int]:
    """Give {identifier at its source: resource} of what is public."""
    from catalogue.models import Resource  # noqa: PLC0415  # app ready

    return dict(Resource.objects.filter(live=True).values_list("source_id", "pk"))


def _resources(folder: Path) -> Iterator[Any]:
    from catalogue.models import Resource  # noqa: PLC0415  # app ready
    from catalogue.resources.enums import ResourceKind  # noqa: PLC0415  # app ready
    from portal.lib import clock  # noqa: PLC0415  # app ready

    now = clock.now()
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text("utf-8"))
        metrics = found.get("metrics") or {}
        files = found["resources"] if isinstance(found["resources"], list) else []
        yield Resource(
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


@contextmanager
def engines() -> Iterator[dict[str, Find]]:
    """Give each engine of this machine, ready to be asked about what is indexed."""
    from django.conf import settings  # noqa: PLC0415  # app ready

    from catalogue.search.engines.database import DatabaseEngine  # noqa: PLC0415  # app ready

    found = {"database": asker(DatabaseEngine())}
    address = os.environ.get("ELASTICSEARCH_URL", "").rstrip("/")
    if not address:
        yield found
        return
    from catalogue.search.engines import elasticsearch  # noqa: PLC0415  # app ready

    place = elasticsearch.Address.read(f"{address}/relevance-{uuid4().hex[:12]}")
    store = elasticsearch.Store(place)
    before, settings.SEARCH_URL = settings.SEARCH_URL, address
    try:
        store.rebuild()
        yield found | {
            "elasticsearch": asker(elasticsearch.ElasticsearchEngine(place, seconds=SECONDS))
        }
    finally:
        settings.SEARCH_URL = before
        store.remove()


def asker(engine: Any) -> Find:
    """Ask an engine for the first resources that answer some words."""
    from catalogue.search.query import ResourceQuery  # noqa: PLC0415  # app ready

    return lambda words: engine.search(ResourceQuery(q=words, size=DEPTH)).ids


def compare(cases: Path, ids: dict[str, int]) -> dict[str, Any]:
    """Run every engine on what is indexed, without and with the two rows of synonyms.

    Returns the bars that were missed, and the rank of each expected record by engine.
    """
    from catalogue.models import Synonym  # noqa: PLC0415  # app ready

    asked = queries(cases, set(ids))
    with engines() as found:
        without = {name: measure(asked, find, ids) for name, find in found.items()}
        for phrases in SYNONYMS:
            Synonym.objects.create(phrases=phrases)
        with_rows = {name: measure(asked, find, ids) for name, find in found.items()}
    missed = list(breaches(with_rows, without))
    if len(asked) != EXPECTED:
        missed.append(f"{len(asked)} queries have their record, {EXPECTED} expected")
    return {"missed": missed, "ranks": {name: one.ranks for name, one in with_rows.items()}}

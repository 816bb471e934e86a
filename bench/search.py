"""Measure the catalogue on generated resources: searches, suggestions, pages, beside a peer.

python -m bench.search [--count 100000] [--rounds 200] [--peer 10000] [--throwaway] [--json]

Uses the database of DATABASE_URL inside one transaction that is rolled back at the end; with
--throwaway, the rows are committed and vacuumed, as the housekeeping of a database in service
does, and the peer is measured in the same run: modelsearch's database backend, on as many cards on
PostgreSQL and on --peer of them on SQLite, where its time grows with the square of their number.
95 of 100 searches with five facets must take 60 ms or less at 10,000 cards and 400 at 100,000,
suggestions 100 ms, pages of a card 80.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import islice
from typing import Any

TARGETS_MS = {"search": 400.0, "suggestions": 100.0, "card page": 80.0}
SMALL, SMALL_SEARCH_MS = 10_000, 60.0
FACETS = ("kind", "scope", "access", "licence", "language")
WORDS = (
    "emploi métier compétence formation tension bassin mission locale entreprise jeune salarié "
    "mobilité parcours orientation offre demandeur conseiller apprentissage alternance donnée "
    "modèle algorithme prédiction classement appariement extraction texte anonymisation équité "
    "région commune zone territoire enquête statistique contrat recrutement salaire qualification "
    "certification diplôme université lycée insertion accompagnement diagnostic service outil "
    "plateforme bibliothèque interface norme référentiel rome esco naf cartographie indicateur "
    "trimestre annuel mensuel série flux stock entrée sortie durée effectif part taux écart femme "
    "homme senior handicap rural urbain transport logement garde tourisme industrie santé "
    "numérique bâtiment agriculture commerce logistique énergie maritime aéronautique social"
).split()


def texts(rng: random.Random, count: int) -> Iterator[dict[str, Any]]:
    """Invent resources whose words follow the frequencies of a natural language."""
    rare = [f"terme{number}" for number in range(4_000)]
    pool = WORDS + rare
    weights = [1 / (rank + 20) for rank in range(len(pool))]
    holders = [f"Organisation {number}" for number in range(300)]
    for number in range(count):
        words = rng.choices(pool, weights, k=70)
        yield {
            "slug": f"banc-{number}",
            "title": " ".join(words[:7])[:120].capitalize(),
            "summary": " ".join(words[7:40])[:280],
            "description": " ".join(words[40:]),
            "kind": rng.choice(KINDS),
            "scope": rng.choice(("local", "regional", "national", "european")),
            "access": rng.choice(("open", "open", "registered", "on_request", "restricted")),
            "licences": rng.sample(
                ("MIT", "etalab-2.0", "ODbL-1.0", "Apache-2.0"), rng.randint(0, 2)
            ),
            "languages": rng.sample(("fr", "en", "it"), rng.randint(1, 2)),
            "use_cases": rng.sample(("sme_needs", "youth_advisor", "school_guidance"), 1),
            "tasks": rng.sample(("matching", "guidance", "forecasting", "fairness"), 1),
            "tags": rng.sample(WORDS, 4),
            "producer_name": rng.choice(holders),
        }


LICENCES = ("MIT", "etalab-2.0", "ODbL-1.0", "Apache-2.0")
KINDS = (
    "algorithm",
    "model",
    "dataset",
    "technology",
    "need",
    "idea",
    "solution",
    "news",
    "programme",
)


def queries(rng: random.Random, count: int) -> Iterator[Any]:
    """Invent queries: one to three words, or none, and often a filter or two."""
    from catalogue.search.query import ResourceQuery  # noqa: PLC0415  # app ready

    for _ in range(count):
        words = rng.choices(WORDS, k=rng.choice((0, 1, 1, 2, 2, 3)))
        yield ResourceQuery(
            q=" ".join(words),
            kind=(rng.choice(KINDS),) if rng.random() < 0.4 else (),
            scope=("national",) if rng.random() < 0.3 else (),
            language=("fr",) if rng.random() < 0.3 else (),
            page=rng.choice((1, 1, 1, 2, 5)),
        )


def fill(count: int) -> None:
    """Put the resources online and index them."""
    from catalogue.resources.models import Resource  # noqa: PLC0415  # app ready
    from catalogue.search import index  # noqa: PLC0415  # app ready
    from catalogue.search.models import IndexedResource  # noqa: PLC0415  # app ready
    from portal.lib import clock  # noqa: PLC0415  # app ready

    if Resource.objects.count() == IndexedResource.objects.count() == count:
        return  # kept from a run before
    now = clock.now()
    rows = texts(random.Random(1), count)  # noqa: S311  # a reproducible draw, not a secret
    at = dict.fromkeys(("first_published_at", "content_modified_at", "created_at"), now)
    while batch := [Resource(live=True, **at, **row) for row in islice(rows, 5_000)]:
        Resource.objects.bulk_create(batch, batch_size=500)
    index.rebuild()


def keep_house() -> None:
    """Let the database count its rows and, outside a transaction, tidy them."""
    from django.db import connection  # noqa: PLC0415  # app ready

    tidy = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if tidy else "ANALYZE")


def timed(asked: Iterable[Any], ask: Callable[[Any], Any]) -> dict[str, Any]:
    """Time each question; milliseconds."""
    times = []
    for each in asked:
        start = time.perf_counter()
        ask(each)
        times.append((time.perf_counter() - start) * 1_000)
    times.sort()
    return {
        "rounds": len(times),
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[max(int(len(times) * 0.95) - 1, 0)], 1),
        "max_ms": round(times[-1], 1),
    }


def statements(asked: Iterable[Any], ask: Callable[[Any], Any]) -> int:
    """Count the most statements that one question sends."""
    from django.db import connection  # noqa: PLC0415  # app ready
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  # app ready

    most = 0
    for each in asked:
        with CaptureQueriesContext(connection) as seen:
            ask(each)
        most = max(most, len(seen))
    return most


def typed(rng: random.Random, count: int) -> Iterator[str]:
    """Invent what is typed so far: one to three words, the last one cut; one in ten has a slip."""
    for _ in range(count):
        words = rng.choices(WORDS, k=rng.choice((1, 1, 2, 3)))
        last = words[-1]
        words[-1] = last[: rng.randint(2, len(last))]
        if rng.random() < 0.1 and len(last) > 5:
            at = rng.randint(1, 3)
            words[-1] = last[:at] + "z" + last[at + 1 :]
        yield " ".join(words)


def measure(count: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Ask the portal everything."""
    from django.test import Client  # noqa: PLC0415  # app ready

    from catalogue.search import suggest  # noqa: PLC0415  # app ready
    from catalogue.search.engines.database import DatabaseEngine  # noqa: PLC0415  # app ready

    rng = random.Random(2)  # noqa: S311  # a reproducible draw, not a secret
    engine, client = DatabaseEngine(counted=FACETS), Client(headers={"host": "127.0.0.1"})
    asked = list(queries(rng, rounds))
    slugs = [f"/ressources/banc-{rng.randrange(count)}/" for _ in range(rounds)]
    listed = [f"/ressources/?{query.serialise()}" for query in asked]
    words = list(typed(rng, rounds))
    page = answered(client)

    def suggestions(text: str) -> None:
        suggest.suggest(text, language="fr")

    for warm in (slugs[0], listed[0]):
        page(warm)
    return {
        "search": timed(asked, engine.search)
        | {"statements": statements(asked[:20], engine.search)},
        "suggestions": timed(words, suggestions)
        | {"statements": statements(words[:20], suggestions)},
        "card page": timed(slugs, page) | {"statements": statements(slugs[:5], page)},
        "list page": timed(listed[: rounds // 2], page)
        | {"statements": statements(listed[:20], page)},
    }


def answered(client: Any) -> Callable[[str], None]:
    """Fetch a page that must answer."""

    def get(address: str) -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")

    return get


def peer(count: int, rounds: int) -> dict[str, Any]:
    """Index the same cards by modelsearch's database backend; search and count five facets."""
    from django.db import connection  # noqa: PLC0415  # app ready
    from modelsearch.backends import get_search_backend  # noqa: PLC0415  # app ready

    from bench.peer.models import PeerCard  # noqa: PLC0415  # app ready

    with connection.schema_editor() as editor:
        if PeerCard._meta.db_table not in connection.introspection.table_names():  # noqa: SLF001 # Django's own way
            editor.create_model(PeerCard)
    backend = get_search_backend()
    kept = PeerCard.objects.count() == count
    rows = texts(random.Random(1), 0 if kept else count)  # noqa: S311  # as above
    batch: list[Any] = []
    for row in rows:
        told = {name: row[name] for name in PEER_FIELDS}
        licence, language = (row["licences"] or [""])[0], row["languages"][0]
        batch.append(PeerCard(**told, licence=licence, language=language))
        if len(batch) == 1_000:
            backend.add_bulk(PeerCard, PeerCard.objects.bulk_create(batch))
            batch = []
    if batch:
        backend.add_bulk(PeerCard, PeerCard.objects.bulk_create(batch))
    keep_house()

    def ask(query: Any) -> None:
        cards = PeerCard.objects.all()
        if query.kind:
            cards = cards.filter(kind__in=query.kind)
        if query.scope:
            cards = cards.filter(scope__in=query.scope)
        found = backend.search(query.q or "emploi", cards, operator="or")
        list(found[:20])
        found.count()
        for name in FACETS:
            found.facet(name)

    asked = list(queries(random.Random(2), rounds))  # noqa: S311  # as above
    return {"cards": count, **timed(asked, ask)}


PEER_FIELDS = ("title", "summary", "description", "kind", "scope", "access")


def main() -> int:
    """Fill, measure, roll back; exit 1 over a target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--peer", type=int, default=10_000, help="cards of the peer on SQLite")
    parser.add_argument("--throwaway", action="store_true", help="commit: the database is ours")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peer.settings")
    import django  # noqa: PLC0415  # app ready

    django.setup()
    from django.db import connection, transaction  # noqa: PLC0415  # app ready

    from portal.management import structure  # noqa: PLC0415  # app ready

    structure.build()
    with nullcontext() if options.throwaway else transaction.atomic():
        began = time.perf_counter()
        fill(options.count)
        filled = time.perf_counter() - began
        keep_house()
        times = measure(options.count, options.rounds)
        if not options.throwaway:
            transaction.set_rollback(True)
    if options.throwaway:
        whole = connection.vendor == "postgresql"
        cards = options.count if whole else min(options.peer, options.count)
        times["peer: modelsearch"] = peer(cards, min(options.rounds, 40 if whole else 10))
    targets = TARGETS_MS | ({"search": SMALL_SEARCH_MS} if options.count <= SMALL else {})
    missed = [
        f"{name}: p95 {times[name]['p95_ms']} ms, {target} wanted"
        for name, target in targets.items()
        if times[name]["p95_ms"] > target
    ]
    found = {
        "resources": options.count,
        "filled_s": round(filled, 1),
        "search_times": times,
        "missed": missed,
    }
    if options.as_json:
        print(json.dumps(found))
    else:
        for name, row in times.items():
            print(f"{name:<20}" + "  ".join(f"{key} {value}" for key, value in row.items()))
        print(*missed or ["every target is kept"], sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

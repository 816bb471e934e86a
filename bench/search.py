"""Measure the embedded search on 10,000 generated resources, with five facets.

python -m bench.search [--count 10000] [--rounds 200] [--json]

Uses the database of DATABASE_URL inside one transaction that is rolled back at the end; with
--throwaway, the rows are committed and vacuumed, as the housekeeping of a database in service
does. 95 of 100 searches must take 60 ms or less, on SQLite and on PostgreSQL.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

TARGET_MS = 60.0
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
    holders = [f"Organisme {number}" for number in range(300)]
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
    from catalogue.models import Resource  # noqa: PLC0415  # app ready
    from catalogue.search import index  # noqa: PLC0415  # app ready
    from portal.lib import clock  # noqa: PLC0415  # app ready

    now = clock.now()
    rows = texts(random.Random(1), count)  # noqa: S311  # a reproducible draw, not a secret
    Resource.objects.bulk_create(
        (
            Resource(
                live=True, first_published_at=now, content_modified_at=now, created_at=now, **row
            )
            for row in rows
        ),
        batch_size=500,
    )
    index.rebuild()


def keep_house() -> None:
    """Let the database count its rows and, outside a transaction, tidy them."""
    from django.db import connection  # noqa: PLC0415  # app ready

    tidy = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if tidy else "ANALYZE")


def measure(rounds: int) -> dict[str, Any]:
    """Run the queries; return times in milliseconds and the number of statements of each."""
    from django.db import connection  # noqa: PLC0415  # app ready
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  # app ready

    from catalogue.search.engines.embedded import EmbeddedEngine  # noqa: PLC0415  # app ready

    engine = EmbeddedEngine(facets=FACETS)
    asked = list(queries(random.Random(2), rounds))  # noqa: S311  # as above
    times, busy, statements = [], [], set()
    for query in asked:
        start, spent = time.perf_counter(), time.process_time()
        engine.search(query)
        times.append((time.perf_counter() - start) * 1_000)
        busy.append((time.process_time() - spent) * 1_000)
    for query in asked[:20]:
        with CaptureQueriesContext(connection) as seen:
            engine.search(query)
        statements.add((bool(query.q), len(seen)))
    times.sort()
    busy.sort()
    return {
        "database": connection.vendor,
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(len(times) * 0.95) - 1], 1),
        "max_ms": round(times[-1], 1),
        # Of this process: on SQLite, what the search costs when nothing else runs.
        "cpu_p95_ms": round(busy[int(len(busy) * 0.95) - 1], 1),
        "statements": max(count for _, count in statements),
        "target_ms": TARGET_MS,
    }


def main() -> int:
    """Fill, measure, roll back; exit 1 over the target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--throwaway", action="store_true", help="commit: the database is ours")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django  # noqa: PLC0415  # app ready

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  # app ready
    from django.db import transaction  # noqa: PLC0415  # app ready

    call_command("migrate", verbosity=0, interactive=False)
    with nullcontext() if options.throwaway else transaction.atomic():
        fill(options.count)
        keep_house()
        found = {"resources": options.count, "rounds": options.rounds, **measure(options.rounds)}
        if not options.throwaway:
            transaction.set_rollback(True)
    if options.as_json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:<12}{value}")
    return 1 if found["p95_ms"] > TARGET_MS else 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure the export of the whole catalogue on the cards of the search, beside a floor.

python -m bench.exports [--count 100000] [--rounds 3] [--throwaway] [--json]

Uses the database of DATABASE_URL inside one transaction that is rolled back at the end; with
--throwaway, the rows are committed, for `bench.search` to find. The floor is what any export in
Django costs: the same columns by `values_list().iterator()` into `csv.writer`, nothing of them
looked at. Both sides run in turns; medians. Processor is that of this process, not of the database.
The first byte must come within a second.
"""

import argparse
import csv
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from bench import search

EXTENSIONS = ("csv", "json")
FLOOR = "floor: values_list, csv.writer"
FIRST_BYTE_MS = 1_000.0
Sample = tuple[float, float, int]


def exported(extension: str, number: int) -> Sample:
    """Export everything to a network of its own.

    Returns milliseconds to the first byte, seconds of processor, bytes.
    """
    from django.test import Client  # noqa: PLC0415  # app ready

    client = Client(headers={"host": "127.0.0.1"}, REMOTE_ADDR=f"198.51.100.{number % 250 + 1}")
    began, used = time.perf_counter(), time.process_time()
    answer: Any = client.get(f"/exports/ressources.{extension}")
    if answer.status_code != 200:
        raise SystemExit(f"{extension}: {answer.status_code}")
    pieces = iter(answer)
    size = len(next(pieces))
    first = (time.perf_counter() - began) * 1_000
    size += sum(map(len, pieces))
    return first, time.process_time() - used, size


def floor() -> Sample:
    """Write the columns of the cards as the database gives them; the same three figures."""
    from catalogue.resources.models import Resource  # noqa: PLC0415  # app ready
    from catalogue.resources.queries import lists  # noqa: PLC0415  # app ready

    computed = {"issued", "modified"}  # dates of the floor: the plain columns
    names = [name for name in lists.READ if name not in computed]
    began, used = time.perf_counter(), time.process_time()
    cards = Resource.objects.public().order_by("first_published_at", "pk")
    rows = cards.values_list(*names, "first_published_at", "content_modified_at")
    file = io.StringIO(newline="")
    writer, first = csv.writer(file, delimiter=";"), 0.0
    for row in rows.iterator(chunk_size=1_000):
        first = first or (time.perf_counter() - began) * 1_000
        writer.writerow(row)
    size = len(file.getvalue().encode())
    return first, time.process_time() - used, size


def measure(count: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Run every side in turns; the first turn warms and counts for nothing."""
    sides: dict[str, Callable[[int], Sample]] = {
        **{extension: partial(exported, extension) for extension in EXTENSIONS},
        FLOOR: lambda _number: floor(),
    }
    samples: dict[str, list[Sample]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for place, (name, side) in enumerate(sides.items()):
            samples[name].append(side(number * len(sides) + place))
    found = {name: _figures(rows[1:], count) for name, rows in samples.items()}
    for extension in EXTENSIONS:
        ratio = found[extension]["cpu_us_per_card"] / found[FLOOR]["cpu_us_per_card"]
        found[extension]["times_floor"] = round(ratio, 1)
    return found


def _figures(samples: list[Sample], count: int) -> dict[str, Any]:
    firsts, used, sizes = zip(*samples, strict=True)
    return {
        "first_byte_ms": round(statistics.median(firsts), 1),
        "cpu_us_per_card": round(statistics.median(used) / count * 1_000_000, 1),
        "bytes_per_card": round(sizes[-1] / count),
    }


def main() -> int:
    """Fill, measure, roll back; exit 1 over the target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--throwaway", action="store_true", help="commit: the database is ours")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peer.settings")
    import django  # noqa: PLC0415  # app ready

    django.setup()
    from django.db import transaction  # noqa: PLC0415  # app ready

    from portal.management import structure  # noqa: PLC0415  # app ready

    structure.build()
    with nullcontext() if options.throwaway else transaction.atomic():
        search.fill(options.count)
        search.keep_house()
        times = measure(options.count, options.rounds)
        if not options.throwaway:
            transaction.set_rollback(True)
    missed = [
        f"{name}: first byte {times[name]['first_byte_ms']} ms, {FIRST_BYTE_MS:.0f} wanted"
        for name in EXTENSIONS
        if times[name]["first_byte_ms"] > FIRST_BYTE_MS
    ]
    found = {"resources": options.count, "export_times": times, "missed": missed}
    if options.as_json:
        print(json.dumps(found))
    else:
        for name, row in times.items():
            print(f"{name:<32}" + "  ".join(f"{key} {value}" for key, value in row.items()))
        print(*missed or ["every target is kept"], sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

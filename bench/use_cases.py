"""Measure whole answers of the six use cases, asked by ten people at a time on one core.

python -m bench.use_cases [--official] [--json]

The engines are those of the référentiel d'essai, or with --official of the portable challenge
folders beside the checkout, which takes minutes to learn. A process of its own, held to one core,
reads the arrays and answers with the four threads of a web process; ten people send the form of
each use case, one after another and without a pause, and wait for each answer: the form read, what
is proposed, nothing of HTTP or of the page.
Memory is what reading and answering add to that process.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from bench import demonstrator

USERS, ROUNDS = 10, 5  # times each of the six is sent by each
THREADS = 4  # of the web process, as `up` starts it
MOST = {"p95_s": 1.0, "memory_mb": 300.0}
ENGINES = ("text", "moves", "tension")
SENT = {
    "autodiagnostic-mobilite": {"occupation": "boulangère", "signs": ["body"]},
    "besoins-petites-entreprises": {
        "text": "Quelqu’un pour réparer des moteurs de bateau et accueillir les clients du port."
    },
    "commande-publique-formation": {"domain": "D"},
    "conseillers-jeunes": {"first": "boulangère", "second": "maçon", "third": "serveuse"},
    "orientation-lycee": {
        "text": "les moteurs, la cuisine et m’occuper d’enfants",
        "interests": ["make", "care", "why"],
    },
    "transition-salaries": {"occupation": "boulangère", "wish": "serveuse"},
}


def learn(folder: Path, *, is_official: bool) -> None:
    """Learn the engines, and write their arrays below a folder."""
    if is_official:
        demonstrator.learn(demonstrator.CASES, folder)
        return
    from portal.demonstrator import building  # noqa: PLC0415 (slow import)

    for plan in building.trial_plans():
        arrays, _figures = plan.learn()
        np.savez_compressed(folder / f"{plan.engine}.npz", allow_pickle=False, **arrays)


def answer(folder: Path) -> dict[str, Any]:
    """Read the arrays, then let ten people ask: seconds by use case, and memory."""
    from django.http import QueryDict  # noqa: PLC0415 (its settings are named first)

    from portal.demonstrator import service  # noqa: PLC0415
    from portal.demonstrator.models import Build, FundingRule  # noqa: PLC0415
    from portal.demonstrator.registry import BY_SLUG  # noqa: PLC0415

    before = demonstrator.resident_mb()
    builds = {name: Build(engine=name, arrays_sha256=name, is_trial=True) for name in ENGINES}
    with mock.patch.object(service, "_arrays", lambda build: _stored(folder, build.engine)):
        engines = service._read(builds)  # noqa: SLF001 (what a page reads, without a database)

    def ask(slug: str) -> None:
        data = QueryDict(mutable=True)
        for name, value in SENT[slug].items():
            data.setlist(name, value if isinstance(value, list) else [value])
        form = BY_SLUG[slug].form(data, served=engines)
        if not form.is_valid() or BY_SLUG[slug].answer(form.inputs(), engines).silence:
            raise SystemExit(f"{slug}: nothing was proposed")

    def use(first: int) -> list[tuple[str, float]]:
        """Ask for each use case in turn, and wait for each answer."""
        took = []
        for at in range(first, first + ROUNDS * len(SENT)):
            slug = [*SENT][at % len(SENT)]
            start = time.perf_counter()
            web.submit(ask, slug).result()
            took.append((slug, time.perf_counter() - start))
        return took

    took: dict[str, list[float]] = {slug: [] for slug in SENT}
    began = time.process_time()
    with (
        mock.patch.object(FundingRule.objects, "all", return_value=[]),
        ThreadPoolExecutor(THREADS) as web,
        ThreadPoolExecutor(USERS) as people,
    ):
        for slug, seconds in chain.from_iterable(people.map(use, range(USERS))):
            took[slug].append(seconds)
    spent = time.process_time() - began
    every = [seconds for each in took.values() for seconds in each]
    return {
        "use_case_answers": {
            slug: {"median_s": round(statistics.median(each), 4), "p95_s": _p95(each)}
            for slug, each in took.items()
        },
        "occupations": len(engines.referential.occupations),
        "answers": len(every),
        "p95_s": _p95(every),
        "processor_s": round(spent / len(every), 4),  # of one answer: what a busy machine leaves
        "memory_mb": round(demonstrator.resident_mb() - before, 1),
    }


def _stored(folder: Path, name: str) -> dict[str, Any]:
    with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def _p95(seconds: list[float]) -> float:
    return round(sorted(seconds)[int(len(seconds) * 0.95)], 4)


def main() -> int:
    """Print the figures; return 1 when one is past what it may be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--official", action="store_true", help="learn of ../shared/cases")
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django  # noqa: PLC0415 (after its settings are named)

    django.setup()
    if options.answer:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        print(json.dumps(answer(options.answer)))
        return 0
    with tempfile.TemporaryDirectory() as place:
        learn(Path(place), is_official=options.official)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        done = subprocess.run(
            [sys.executable, "-m", "bench.use_cases", "--answer", place],
            env={**os.environ, **threads},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    figures = json.loads(done.stdout)
    figures["missed"] = [
        f"{name}: {figures[name]}" for name, most in MOST.items() if figures[name] > most
    ]
    shown = None if options.as_json else 1
    print(json.dumps(figures, indent=shown, ensure_ascii=False))
    return int(bool(figures["missed"]))


if __name__ == "__main__":
    sys.exit(main())

"""Measure entries on the embedded default: `manage.py up` as anybody starts it, and its API.

python -m bench.entries [--entries 8] [--folder DIR] [--json]

A challenge of 100,000 rows, files of 2.1 MB. First, one team enters files one after another: from
the first byte sent to the figure shown by the API, at most 2 s. Then 100 teams send 300 files in
60 s, at instants drawn beforehand: 300 answers are a receipt or a refusal for quota, and every
receipt has its row and its file. --folder (or BENCH_ENTRIES_FOLDER) keeps the prepared folder for
another run, so that the measure alone needs a quiet machine.
"""

import argparse
import hashlib
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.faults.entrants import Entrant
from tests.servers import answers, free_port

ROWS, TEAMS, UPLOADS, SECONDS = 100_000, 100, 300, 60
SHOWN_TARGET_S = 2.0
ACCEPT_TARGET_S = 2.0
READ_EVERY_S = 0.05
SLUG = "banc"


def truth_of(row: int) -> int:
    """Return the hidden answer of a row."""
    return (row * 7919 + row // 3) % 3 + 1


def identifiers() -> list[str]:
    """Name the rows so that a file of answers is 2.1 MB."""
    return [f"offre-{number:012}" for number in range(ROWS)]


def content(seed: int) -> bytes:
    """Write a file of answers, seven in ten right."""
    draw = random.Random(seed)  # noqa: S311  # test data
    lines = [
        f"{one},{truth_of(row) if draw.random() < 0.7 else draw.randint(1, 3)}"
        for row, one in enumerate(identifiers())
    ]
    return ("id,niveau\n" + "\n".join(lines) + "\n").encode()


def folder(path: Path) -> Path:
    """Write the challenge."""
    from tests.challenges.bundles import folders  # noqa: PLC0415  # app ready

    ids = identifiers()
    document = folders.document() | {"slug": SLUG, "quotas": {"per_day": 20, "total": 100}}
    document.pop("expected")
    for audience in ("public", "held_out"):
        for entry in document["files"][audience]:
            entry.pop("rows", None)
    document["files"]["organiser"].pop()
    document["submission"]["max_bytes"] = 10_000_000
    path.mkdir()
    return folders.write(
        path,
        document,
        test_csv="id,x\n" + "".join(f"{one},{at}\n" for at, one in enumerate(ids)),
        sample_csv="id,niveau\n" + "".join(f"{one},1\n" for one in ids),
        baseline_csv=content(0).decode(),
        truth_csv="id,niveau,jeu,zone,groupe\n"
        + "".join(
            f"{one},{truth_of(at)},{'public' if at // 4 % 10 < 3 else 'private'},"
            f"{'nord' if at % 2 else 'sud'},g{at // 4}\n"
            for at, one in enumerate(ids)
        ),
    )


def prepare(var: Path) -> list[str]:
    """Make the database, the open challenge and its teams; returns a token for each team."""
    import django  # noqa: PLC0415  # the environment is set

    django.setup()
    from django.conf import settings  # noqa: PLC0415  # app ready

    from portal.management import structure  # noqa: PLC0415  # app ready

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    structure.build()
    from challenges.exchange.actions.imports import import_folder  # noqa: PLC0415  # app ready
    from challenges.organising.actions import challenges  # noqa: PLC0415  # app ready
    from challenges.worker import drain  # noqa: PLC0415  # app ready
    from portal.accounts.actions import accounts  # noqa: PLC0415  # app ready
    from portal.accounts.enums import TokenScope  # noqa: PLC0415  # app ready
    from tests.challenges.world import owner  # noqa: PLC0415  # app ready
    from tests.factories.accounts import UserFactory  # noqa: PLC0415  # app ready
    from tests.factories.challenges import TeamFactory, captain_of  # noqa: PLC0415  # app ready

    by = owner()
    found = import_folder(folder=folder(var / "bundle"), by=by)
    if found.challenge is None:
        sys.exit(str(found.errors))
    made = challenges.submit(challenge=found.challenge, by=by)
    made = challenges.publish(challenge=made, by=UserFactory(region="moderator"))
    drain()
    scopes = [TokenScope.READ, TokenScope.ENTER]
    captains = [captain_of(TeamFactory(challenge=made)) for _ in range(TEAMS)]
    return [
        accounts.create_token(name="banc", scopes=scopes, days=30, by=captain).secret
        for captain in captains
    ]


@contextmanager
def portal(var: Path) -> Iterator[str]:
    """Start the portal as `make up` does; yields its address."""
    port = free_port()
    with (var / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            env={**os.environ, "VAR_DIR": str(var), "PORT": str(port)},
            stdout=log,
            stderr=log,
        )
        try:
            deadline = time.monotonic() + 120
            while b"Ctrl-C" not in (var / "up.log").read_bytes() or not answers(port):
                if time.monotonic() > deadline or process.poll() is not None:
                    sys.exit((var / "up.log").read_text())
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def shown(site: str, token: str, entry: str) -> dict[str, Any]:
    """Ask the API for an entry."""
    link = http.client.HTTPConnection(urlsplit(site).netloc, timeout=30)
    link.request("GET", f"/api/v1/entries/{entry}", headers={"Authorization": f"Bearer {token}"})
    told: dict[str, Any] = json.loads(link.getresponse().read())
    link.close()
    return told


def one_by_one(site: str, tokens: list[str], count: int) -> dict[str, Any]:
    """Enter files in turn, from idle; returns seconds from the first byte to the figure."""
    seconds = []
    for number in range(count):
        token = tokens[number % len(tokens)]
        entrant = Entrant(site, f"/api/v1/challenges/{SLUG}/phases/0/entries", token)
        body = content(1_000 + number)
        time.sleep(random.Random(number).uniform(0.5, 1.5))  # noqa: S311  # any instant of its turn
        began = time.monotonic()
        entrant.enter(body, until=lambda: True)
        (receipt,) = entrant.receipts.values()
        while True:
            told = shown(site, token, receipt["payload"]["entry"])
            if told["status"] == "scored" and told["scores"]:
                break
            if time.monotonic() - began > 60:
                sys.exit(f"not shown: {told}")
            time.sleep(READ_EVERY_S)
        seconds.append(time.monotonic() - began)
    return {
        "median_s": round(statistics.median(seconds), 2),
        "most_s": round(max(seconds), 2),
        "least_s": round(min(seconds), 2),
        "entries": count,
    }


def burst(site: str, tokens: list[str]) -> dict[str, Any]:
    """Send the files at instants drawn beforehand, late or not; returns what came of each."""
    draw = random.Random(7)  # noqa: S311  # test data
    instants = sorted(draw.uniform(0, SECONDS) for _ in range(UPLOADS))
    path = f"/api/v1/challenges/{SLUG}/phases/0/entries"
    bodies = [content(number) for number in range(10)]
    made = [Entrant(site, path, tokens[number % len(tokens)]) for number in range(UPLOADS)]
    late: list[float] = []
    spent: list[float] = []
    began = time.monotonic()

    def send(number: int) -> None:
        due = began + instants[number]
        time.sleep(max(0.0, due - time.monotonic()))
        late.append(time.monotonic() - due)
        made[number].enter(bodies[number % 10], until=lambda: False)
        spent.append(time.monotonic() - due)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(UPLOADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sum((each.statuses for each in made), Counter[int | None]())
    spent.sort()
    receipts = [one["payload"] for each in made for one in each.receipts.values()]
    return {
        "receipts": len(receipts),
        "refused_for_quota": sum(len(each.refused) for each in made),
        "answers": {str(status): count for status, count in statuses.items()},
        "lost": lost(receipts),
        "median_s": round(statistics.median(spent), 2),
        "p95_s": round(spent[int(len(spent) * 0.95) - 1], 2),
        "driver_late_most_s": round(max(late), 2),
    }


def lost(receipts: list[dict[str, Any]]) -> int:
    """Count the receipts without their row, or whose file is not the one that was sent."""
    from challenges.models import Entry  # noqa: PLC0415  # app ready
    from portal.lib.storage import objects  # noqa: PLC0415  # app ready

    stored = dict(Entry.objects.values_list("pk", "sha256"))
    rows = {str(pk): sha256 for pk, sha256 in stored.items()}
    missing = sum(rows.get(one["entry"]) != one["sha256"] for one in receipts)
    for sha256 in {one["sha256"] for one in receipts}:
        with objects.open(sha256) as file:
            missing += hashlib.sha256(file.read()).hexdigest() != sha256
    return missing


def main() -> int:
    """Prepare, start, measure; exit 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=8)
    folder = os.environ.get("BENCH_ENTRIES_FOLDER")
    parser.add_argument("--folder", type=Path, default=folder and Path(folder))
    parser.add_argument("--prepare", action="store_true", help="make the folder and stop")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        var = options.folder or Path(made)
        var.mkdir(exist_ok=True)
        os.environ |= {"VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "portal.settings"}
        kept = var / "tokens.json"
        if not kept.exists():
            kept.write_text(json.dumps(prepare(var)))
        import django  # noqa: PLC0415  # the environment is set

        django.setup()
        if options.prepare:
            return 0
        secrets = json.loads(kept.read_text())
        with portal(var) as site:
            found: dict[str, Any] = {"entry_to_score": one_by_one(site, secrets, options.entries)}
            found["burst"] = burst(site, secrets)
    found["rows"], found["file_mib"] = ROWS, round(len(content(0)) / 2**20, 2)
    print(json.dumps(found) if options.as_json else json.dumps(found, indent=1))
    sent = found["burst"]
    held = (
        found["entry_to_score"]["most_s"] <= SHOWN_TARGET_S
        and sent["receipts"] + sent["refused_for_quota"] == UPLOADS
        and sent["lost"] == 0
        and sent["p95_s"] <= ACCEPT_TARGET_S
    )
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())

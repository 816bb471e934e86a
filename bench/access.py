"""Measure what is lent: an extract built, twenty readers at the bytes of the day, a cut.

python -m bench.access [--megabytes 100] [--throwaway] [--json]

The restricted file has 20 columns, 6 are granted, one of them a pseudonym that five rows share; a
process of its own builds the extract, as the worker does. Twenty readers then ask for it together,
for seven and a half times its size in the day; last, a transfer is cut by a revocation. Memory is
what the build adds to the worker, and the peak of its child. Uses the database of DATABASE_URL,
and leaves its rows: give it one of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

COLUMNS = [f"colonne_{n:02d}" for n in range(20)]
GRANTED = COLUMNS[::3][:6]
WORDS = ("Arles", "Marseille", "04013", "2024-T1", "formation", "12.5", "emploi durable")
LEAST_MB_PER_SECOND, MOST_MEMORY_MB, MOST_CUT_SECONDS = 30.0, 200.0, 1.0
READERS = 20


def table(megabytes: int) -> bytes:
    """Write the restricted file."""
    lines = [",".join(COLUMNS)]
    size, n = 0, 0
    while size < megabytes * 1_000_000:
        cells = [WORDS[(n * 7 + at * at + n // 11) % len(WORDS)] for at in range(1, len(COLUMNS))]
        lines.append(f"p{n // 5:011d},{','.join(cells)}")
        size += len(lines[-1]) + 1
        n += 1
    return ("\n".join(lines) + "\n").encode()


def peak_mb(process: int | str) -> float:
    """Read the most memory that a process had at a time, its own: what it was forked from had."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1_000
    return 0.0


def build() -> dict[str, float]:
    """Build the extract that is due: seconds, of clock and of processor, and peaks of memory."""
    from datasets import gate  # noqa: PLC0415  # app ready
    from datasets.access.actions import extracts  # noqa: PLC0415  # app ready

    gate.act_as_worker()
    over, peaks = threading.Event(), [0.0]

    def watch() -> None:
        """Look at the child, once it has left the memory of its parent."""
        listed = Path(f"/proc/self/task/{os.getpid()}/children")
        while not over.wait(0.02):
            for child in listed.read_text().split():
                with suppress(OSError):
                    if b"extraction" in Path(f"/proc/{child}/cmdline").read_bytes():
                        peaks.append(peak_mb(child))

    thread = threading.Thread(target=watch)
    thread.start()
    before = peak_mb("self")
    began, used = time.perf_counter(), os.times()
    if not extracts.build_due():
        raise SystemExit("nothing was due")
    seconds, after = time.perf_counter() - began, os.times()
    over.set()
    thread.join()
    return {
        "seconds": seconds,
        "processor": sum(after[:4]) - sum(used[:4]),
        "worker_mb": round(peak_mb("self")),
        "worker_before_mb": round(before),
        "child_mb": round(max(peaks)),
    }


def measure(megabytes: int) -> dict[str, Any]:
    """Lend a file, read it, cut it."""
    from django.conf import settings  # noqa: PLC0415  # app ready

    from datasets import gate  # noqa: PLC0415  # app ready
    from datasets.access.actions import grants  # noqa: PLC0415  # app ready
    from datasets.access.models import Extract  # noqa: PLC0415  # app ready
    from datasets.releases import actions as releases  # noqa: PLC0415  # app ready
    from datasets.releases.models import Dataset, Download  # noqa: PLC0415  # app ready
    from portal.lib.storage import objects  # noqa: PLC0415  # app ready
    from tests.factories.access import World  # noqa: PLC0415  # app ready
    from tests.factories.datasets import DataFileFactory  # noqa: PLC0415  # app ready
    from tests.threads import at_once  # noqa: PLC0415  # app ready

    releases.FILE_MAX_BYTES = 1 << 30
    world = World()
    protection = {COLUMNS[0]: "pseudonym"}
    file = DataFileFactory(
        release__dataset__in_directory=True,
        release__dataset__resource__organisation=world.producers[0],
        level="restricted_personal",
        content=table(megabytes),
        schema=[
            {"name": name, "type": "string", "protection": protection.get(name, "free")}
            for name in COLUMNS
        ],
    )
    dataset = Dataset.objects.get(pk=file.release.dataset_id)
    asked = {dataset: dict.fromkeys(GRANTED, "Comparer les étapes.")}
    grant = world.active(dataset, datasets=asked)
    done = subprocess.run(
        [sys.executable, "-m", "bench.access", "--build"], stdout=subprocess.PIPE, check=True
    )
    built = json.loads(done.stdout)
    size = Extract.objects.get().clear_size or 0

    def read(by: Any) -> str:
        content = gate.open_file(data_file=file, by=by)
        try:
            return str(sum(map(len, objects.pieces(content))))
        finally:
            content.close()

    settings.ACCESS_DAILY_BYTES = 7 * size + size // 2
    people = [world.reader, world.by]
    began = time.perf_counter()
    counted = at_once(READERS, lambda n: read(people[n % 2]))
    parallel = time.perf_counter() - began
    read_bytes = sum(Download.objects.values_list("bytes", flat=True))

    settings.ACCESS_DAILY_BYTES = 100 * size
    cut: list[float] = []

    def transfer() -> None:
        try:
            while True:
                read(world.reader)
        except (gate.AccessEnded, gate.Hidden):
            cut.append(time.perf_counter())

    thread = threading.Thread(target=transfer)
    thread.start()
    time.sleep(0.5)
    grants.revoke(grant=grant, text="Usage interdit.", by=world.approver)
    revoked = time.perf_counter()
    thread.join()
    return {
        "original_mb": round(file.size / 1e6),
        "extract_mb": round(size / 1e6),
        "build_seconds": round(built["seconds"], 2),
        "build_processor_seconds": round(built["processor"], 2),
        "build_mb_per_second": round(file.size / 1e6 / built["seconds"], 1),
        "worker_before_mb": built["worker_before_mb"],
        "build_memory_mb": built["worker_mb"] - built["worker_before_mb"] + built["child_mb"],
        "readers_served": counted[str(size)],
        "readers_refused": counted["quota_reached"],
        "bytes_exact": read_bytes == 7 * size,
        "parallel_mb_per_second": round(7 * size / 1e6 / parallel, 1),
        "cut_seconds": round(cut[0] - revoked, 3),
    }


def missed(found: dict[str, Any]) -> list[str]:
    """Name each target that is not kept."""
    kept = {
        f"at least {LEAST_MB_PER_SECOND} MB/s": found["build_mb_per_second"] >= LEAST_MB_PER_SECOND,
        f"at most {MOST_MEMORY_MB} MB for a build": found["build_memory_mb"] <= MOST_MEMORY_MB,
        "bytes exact to the cap": found["bytes_exact"] and found["readers_refused"] == READERS - 7,
        f"cut within {MOST_CUT_SECONDS} s": found["cut_seconds"] < MOST_CUT_SECONDS,
    }
    return [name for name, is_kept in kept.items() if not is_kept]


def main() -> int:
    """Measure; exit 1 over a target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--build", action="store_true", help="build what is due, as the worker")
    parser.add_argument("--throwaway", action="store_true", help="always: its rows stay")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peer.settings")
    import django  # noqa: PLC0415  # app ready

    django.setup()
    if options.build:
        print(json.dumps(build()))
        return 0
    from portal.management import structure  # noqa: PLC0415  # app ready

    structure.build()
    found = measure(options.megabytes)
    found["missed"] = missed(found)
    print(
        json.dumps(found) if options.as_json else "\n".join(f"{k}: {v}" for k, v in found.items())
    )
    return 1 if found["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())

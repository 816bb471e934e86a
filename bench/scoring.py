"""Measure the scoring engine beside pandas and scikit-learn: python -m bench.scoring [--json].

[--rows 1000000] [--largest 10000000] [--rounds 5] [--keep FOLDER]

Both sides alternate in the same run, each sample in a fresh process on the same files, rows
shuffled, pages in the cache; times leave out start and imports, medians. Ours is the whole
entry: every check of the file, alignment, figure, 95 % interval, bucket sums. The peer reads,
merges one to one and calls its metric: no check of cells, no interval. Truths are compiled
once, before: that is what a platform can do and a team's program does not. Of more samples than
rounds, those during which the fewest processes waited for a processor count, as
/proc/pressure/cpu tells, the same number on both sides. Both run with the settings of memory
and threads of the engine's children.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from challenges.scoring.child import SETTINGS

MEBIBYTE = 2**20
PLAIN = ("accuracy", "macro_f1", "rmse", "roc_auc")
MORE = ("hex", "ndcg")
LARGEST = ("accuracy", "macro_f1")
LARGEST_ROUNDS = 3
SMALL_ROWS = 100_000
SMALL_TIMES = 60
ENGINES = 2
# The least ratio for each table and task, the greatest seconds and share for the others.
RATIOS = {
    "scoring_1e6_csv": {"accuracy": 10, "macro_f1": 35, "rmse": 8, "roc_auc": 7},
    "scoring_1e6_hex_csv": {"roc_auc": 14},
    "scoring_1e6_ndcg_csv": {"ndcg_10": 5},
    "scoring_1e7_csv": {"accuracy": 20, "macro_f1": 60},
}
INTERVALS = {"accuracy": 0.02, "macro_f1": 0.06, "rmse": 0.02, "roc_auc": 0.30}
ERROR_SHARE = 0.05
FILES_A_SECOND = 40
WIDE_SECONDS = 0.010
QUIET_US = 20_000  # of 0.4 s
QUIET_SHARE = 0.15
MOST_TURNS = 2
BASE_MIB = 70
TIMES_FILE = 6
TIMES_FILE_NDCG = 10
ENVIRONMENT = os.environ | SETTINGS


def module(name: str, *words: str) -> list[str]:
    """Return the command of one side."""
    return [sys.executable, "-m", f"bench.sides.{name}", *words]


def said(command: list[str]) -> dict[str, Any]:
    """Run a side; return the JSON of its last line."""
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def waited_us() -> int:
    """Return for how many microseconds a process of this machine has waited for a processor."""
    try:
        first = Path("/proc/pressure/cpu").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return 0
    return int(first.rsplit("=", 1)[1])


def settle() -> None:
    """Wait until no process waits for a processor, 10 s at most."""
    for _ in range(25):
        before = waited_us()
        time.sleep(0.4)
        if waited_us() - before < QUIET_US:
            return


def sample(side: str, task: str, folder: Path) -> dict[str, Any]:
    """Take one sample, in a quiet moment if one comes; tell the share of time others waited."""
    settle()
    before, started = waited_us(), time.perf_counter()
    found = said(module(side, task, str(folder)))
    busy = (waited_us() - before) / 1e6 / (time.perf_counter() - started)
    return found | {"contention": busy}


def beside(task: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Sample both sides in turns; return medians, ratio and peak memory.

    Of the samples of a side, those with the least contention count; turns end when enough
    of both sides are quiet.
    """
    held = {"ours": [], "peer": []}  # type: dict[str, list[dict[str, Any]]]
    for turn in range(MOST_TURNS * rounds):
        for side in ("ours", "peer") if turn % 2 else ("peer", "ours"):
            held[side].append(sample(side, task, folder))
        if all(enough(samples, rounds) for samples in held.values()):
            break
    scores = [samples[0]["score"] for samples in held.values()]
    if abs(scores[0] - scores[1]) > 1e-9 * abs(scores[1]):
        raise ValueError(f"{task}: the sides disagree: {scores}")
    chosen = {
        side: sorted(samples, key=lambda each: each["contention"])[:rounds]
        for side, samples in held.items()
    }
    ours, peer = (median(chosen[side], "seconds") for side in ("ours", "peer"))
    size = (folder / f"{task}.csv").stat().st_size / MEBIBYTE
    times = TIMES_FILE_NDCG if task == "ndcg" else TIMES_FILE
    return {
        "ours_s": round(ours, 4),
        "peer_s": round(peer, 4),
        "ratio": round(peer / ours, 1),
        "ours_cpu_s": round(median(chosen["ours"], "cpu_seconds"), 4),
        "ours_peak_mib": round(median(chosen["ours"], "peak_bytes") / MEBIBYTE),
        "allowed_peak_mib": round(BASE_MIB + times * size),
        "peer_peak_mib": round(median(chosen["peer"], "peak_bytes") / MEBIBYTE),
        "file_mib": round(size, 1),
        "ours_contention": round(median(chosen["ours"], "contention"), 2),
        "peer_contention": round(median(chosen["peer"], "contention"), 2),
    }


def enough(samples: list[dict[str, Any]], rounds: int) -> bool:
    """Tell whether there are as many quiet samples as rounds."""
    return sum(each["contention"] <= QUIET_SHARE for each in samples) >= rounds


def median(samples: list[dict[str, Any]], name: str) -> float:
    """Return the median of a figure."""
    return statistics.median(sample[name] for sample in samples)


def throughput(folder: Path) -> dict[str, Any]:
    """Run two engines at once, each with a warm child; return files a second."""
    engines = [
        subprocess.Popen(
            module("warm", "accuracy", str(folder), str(SMALL_TIMES)),
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(ENGINES)
    ]
    for engine in engines:
        assert engine.stdout is not None  # noqa: S101 (a pipe was asked for)
        if engine.stdout.readline() != "ready\n":
            raise ValueError("an engine did not start")
    for engine in engines:
        assert engine.stdin is not None  # noqa: S101 (a pipe was asked for)
        engine.stdin.write("go\n")
        engine.stdin.flush()
    told = [json.loads(engine.communicate()[0].splitlines()[-1]) for engine in engines]
    slowest = max(each["seconds"] for each in told)
    alone = said_alone(folder)
    return {
        "files_a_second": round(ENGINES * SMALL_TIMES / slowest, 1),
        "rows_of_a_file": SMALL_ROWS,
        "engines": ENGINES,
        "wide_header_s": round(alone["wide_header_s"], 5),
        "one_file_s": round(alone["seconds"] / SMALL_TIMES, 4),
    }


def said_alone(folder: Path) -> dict[str, Any]:
    """Run one engine, nothing beside it."""
    done = subprocess.run(
        module("warm", "accuracy", str(folder), str(SMALL_TIMES)),
        env=ENVIRONMENT,
        input="go\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def prepared(root: Path, count: int, *words: str) -> Path:
    """Write and compile the data of one size, in a process of its own; keep what is there."""
    folder = root / str(count)
    if not folder.is_dir():
        folder.mkdir(parents=True)
        subprocess.run(module("data", str(folder), str(count), *words), check=True)
    return folder


def measure(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure everything; return the tables."""
    folder = prepared(root, options.rows, "--more")
    found: dict[str, Any] = {
        "scoring_1e6_csv": {task: beside(task, folder, options.rounds) for task in PLAIN},
        "scoring_1e6_hex_csv": {"roc_auc": beside("hex", folder, options.rounds)},
        "scoring_1e6_ndcg_csv": {"ndcg_10": beside("ndcg", folder, options.rounds)},
        "scoring_intervals_1e6": said(module("intervals", str(folder))),
        "scoring_warm_1e5": {
            "accuracy": throughput(prepared(root, SMALL_ROWS, "--tasks", "accuracy"))
        },
    }
    if options.largest:
        largest = prepared(root, options.largest, "--tasks", *LARGEST)
        found["scoring_1e7_csv"] = {
            task: beside(task, largest, min(options.rounds, LARGEST_ROUNDS)) for task in LARGEST
        }
    return found | {"rows": options.rows, "largest": options.largest, "rounds": options.rounds}


def missed(found: dict[str, Any]) -> list[str]:
    """Return the figures that miss their target, in words."""
    late = []
    for table, least in RATIOS.items():
        for task, row in found.get(table, {}).items():
            if row["ratio"] < least[task]:
                late.append(f"{table} {task}: ratio {row['ratio']} < {least[task]}")
            if row["ours_peak_mib"] > row["allowed_peak_mib"]:
                over = f"{row['ours_peak_mib']} > {row['allowed_peak_mib']} MiB"
                late.append(f"{table} {task}: {over}")
    for task, row in found["scoring_intervals_1e6"].items():
        if row["seconds"] > INTERVALS[task]:
            late.append(f"interval of {task}: {row['seconds']} s > {INTERVALS[task]} s")
        if abs(row["error_ratio"] - 1) > ERROR_SHARE:
            late.append(f"standard error of {task}: {row['error_ratio']} of the rows'")
    warm = found["scoring_warm_1e5"]["accuracy"]
    if warm["files_a_second"] < FILES_A_SECOND:
        late.append(f"{warm['files_a_second']} files a second < {FILES_A_SECOND}")
    if warm["wide_header_s"] > WIDE_SECONDS:
        late.append(f"wide header: {warm['wide_header_s']} s > {WIDE_SECONDS} s")
    return late


def main() -> int:
    """Print the figures; return 1 when one misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--largest", type=int, default=10_000_000, help="0 to leave it out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="where the data is written, or was")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    with ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = measure(root, options)
    late = missed(found)
    print(json.dumps(found | {"missed": late}, indent=None if options.as_json else 1))
    return int(bool(late))


if __name__ == "__main__":
    sys.exit(main())

"""Score files through a warm child, again and again: python -m bench.sides.warm TASK FOLDER TIMES.

Says "ready" once the child is warm, waits for a line, then prints one line of JSON: seconds
for all the files, and the median for a wide header, in the same child.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.sides.ours import declared
from challenges.scoring import child
from challenges.scoring.evaluation import evaluate_file

WIDE_COLUMNS = 200_000
WIDE_TIMES = 21


def wide_header(task: str, folder: Path, keys: bytes) -> float:
    """Return the median of the seconds that refusing a header of 200 kB takes."""
    contract, took = declared(task, folder), []
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "wide.csv"
        path.write_text("id,pred" + "," * WIDE_COLUMNS + "\n" + "00012345,0.9\n" * 12)
        for _ in range(WIDE_TIMES):
            started = time.perf_counter()
            verdict = child.check(path, contract.answer, keys)
            took.append(time.perf_counter() - started)
            if verdict.accepted:
                raise ValueError("a wide header was accepted")
    return statistics.median(took)


def main() -> None:
    """Score the same file some times."""
    task, folder, times = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    contract = declared(task, folder)
    keys = (folder / f"{task}.keys").read_bytes()
    labels = (folder / f"{task}.labels").read_bytes()

    def act() -> None:
        done = evaluate_file(folder / f"{task}.csv", contract, keys, labels, read=child.read)
        if not done.verdict.accepted:
            raise ValueError(done.verdict.faults[0].message)

    act()
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    for _ in range(times):
        act()
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "wide_header_s": wide_header(task, folder, keys)}))


if __name__ == "__main__":
    main()

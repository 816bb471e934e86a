"""Measure what isolation adds to one run: from the call to the answer, an empty program inside.

The peer is the same program run bare, which the portal never does.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

from challenges.sandbox.base import Call
from challenges.sandbox.bubblewrap import Bubblewrap

TARGETS = {"added_median_ms": 80.0}


def measure(rounds: int) -> dict[str, float]:
    """Run `true` in the sandbox and bare, in turn; returns milliseconds."""
    sandbox = Bubblewrap()
    if missing := sandbox.available():
        sys.exit(missing.sentence)
    inside, bare = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        sandbox.run(Call(("true",), "/tmp"))  # noqa: S108 # of the inside
        middle = time.perf_counter()
        subprocess.run(["/bin/true"], check=True)
        bare.append((time.perf_counter() - middle) * 1000)
        inside.append((middle - began) * 1000)
    median = statistics.median(inside)
    return {
        "median_ms": round(median, 1),
        "least_ms": round(min(inside), 1),
        "p95_ms": round(sorted(inside)[int(rounds * 0.95)], 1),
        "bare_median_ms": round(statistics.median(bare), 1),
        "added_median_ms": round(median - statistics.median(bare), 1),
        "rounds": rounds,
    }


def main() -> int:
    """Print the figures; return 1 when one misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.as_json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return int(any(found[name] > most for name, most in TARGETS.items()))


if __name__ == "__main__":
    sys.exit(main())

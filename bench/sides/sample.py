"""Time one act in this process, its imports apart, and print one line of JSON."""

import json
import time
from collections.abc import Callable
from pathlib import Path


def peak_bytes() -> int:
    """Return the most memory that was resident in this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (each for each in lines if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def tell(act: Callable[[], float]) -> None:
    """Run an act that gives a score; print the score, the seconds and the peak memory."""
    started, busy = time.perf_counter(), time.process_time()
    score = act()
    told = {
        "score": score,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - busy,
        "peak_bytes": peak_bytes(),
    }
    print(json.dumps(told))

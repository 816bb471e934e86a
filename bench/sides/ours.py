"""Score a file as the portal does: every check, alignment, figure, interval, bucket sums.

python -m bench.sides.ours TASK FOLDER

The entry is that of the command line (evaluate_file), whose steps are those of
the child.
"""

import json
import mmap
import sys
from pathlib import Path
from typing import Any

import numpy.ma  # noqa: F401 (NumPy imports it at the first np.unique, a warm engine has it)

from bench.sides.sample import tell
from challenges.scoring.contract import ScoringContract
from challenges.scoring.evaluation import evaluate_file
from challenges.scoring.predictions.reader import read_file


def mapped(path: Path) -> Any:
    """Map a compiled truth, as a worker does: its pages are read when they are used."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def declared(task: str, folder: Path) -> ScoringContract:
    """Read the contract of a task."""
    raw = json.loads((folder / f"{task}.json").read_text(encoding="utf-8"))
    return ScoringContract.from_json(raw)


def score(task: str, folder: Path, contract: ScoringContract) -> float:
    """Return the score of a file that must be accepted, with its interval."""
    keys, labels = mapped(folder / f"{task}.keys"), mapped(folder / f"{task}.labels")
    done = evaluate_file(folder / f"{task}.csv", contract, keys, labels, read=read_file)
    if not done.verdict.accepted:
        raise ValueError(done.verdict.faults[0].message)
    key = contract.primary.key
    low, high, _ = done.intervals["public"][key]
    value = done.values["public"][key]
    if not low <= value <= high:
        raise ValueError("the interval does not hold the score")
    return float(value)


def main() -> None:
    """Take one sample."""
    task, folder = sys.argv[1], Path(sys.argv[2])
    contract = declared(task, folder)
    tell(lambda: score(task, folder, contract))


if __name__ == "__main__":
    main()

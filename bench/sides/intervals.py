"""Time the interval alone, on aligned arrays: python -m bench.sides.intervals FOLDER.

Prints one line of JSON: per metric, the median of the seconds for the statistics, the bucket
sums, 1,000 resamplings and the interval, and the resampled standard error as a share of that
of the row bootstrap. Rows are resampled in law: binomial for the accuracy, multinomial over the
cells of the confusion matrix for the macro F1; the error of the RMSE and of the AUC is that of
their influence on each row (the delta method, DeLong).
"""

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.sides.ours import declared
from challenges.scoring.evaluation import parts_of, primary_of
from challenges.scoring.metric import Part
from challenges.scoring.predictions.reader import read_predictions
from challenges.scoring.truth import load_keys, load_labels

TASKS = ("accuracy", "macro_f1", "rmse", "roc_auc")
ROUNDS = 7
DRAWS = 4000


def row_error(task: str, part: Part, value: float) -> float:
    """Return the standard error of a figure whose rows are drawn again."""
    n = len(part)
    if task == "accuracy":
        return float(np.sqrt(value * (1 - value) / n))
    if task == "rmse":
        return float(np.std((part.y - part.p) ** 2) / np.sqrt(n) / (2 * value))
    if task == "macro_f1":
        size = len(part.texts)
        cells = np.bincount(part.y * size + part.p, minlength=size * size)
        drawn = np.random.default_rng(1).multinomial(n, cells / n, DRAWS).reshape(-1, size, size)
        right = np.diagonal(drawn, axis1=1, axis2=2)
        return float(np.std(np.mean(2 * right / (drawn.sum(1) + drawn.sum(2)), axis=1)))
    yes = part.y == 1
    high, low = np.sort(part.p[yes]), np.sort(part.p[~yes])
    spread = 0.0
    for own, other in ((high, low), (low, high)):
        below = np.searchsorted(other, own) + np.searchsorted(other, own, "right")
        spread += float(np.var(below / (2 * len(other)), ddof=1)) / len(own)
    return float(np.sqrt(spread))


def measured(task: str, folder: Path) -> dict[str, Any]:
    """Time one metric and compare its standard error."""
    contract = declared(task, folder)
    keys = load_keys((folder / f"{task}.keys").read_bytes())
    labels = load_labels((folder / f"{task}.labels").read_bytes())
    data = (folder / f"{task}.csv").read_bytes()
    _, answer = read_predictions(data, f"{task}.csv", contract.answer, keys)
    if answer is None:
        raise ValueError("the file is refused")
    part = parts_of(labels, keys, answer)["public"]
    act, took = primary_of(contract, labels.weights["public"]), []
    found = act(part)
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = act(part)
        took.append(time.perf_counter() - started)
    if found.value is None:
        raise ValueError("no figure")
    error = float(np.std(found.replicates, ddof=1))
    share = error / row_error(task, part, found.value)
    return {"seconds": round(statistics.median(took), 4), "error_ratio": round(share, 4)}


def main() -> None:
    """Print the figures of every metric."""
    folder = Path(sys.argv[1])
    print(json.dumps({task: measured(task, folder) for task in TASKS}))


if __name__ == "__main__":
    main()

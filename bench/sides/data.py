"""Write deterministic truths and answers, then compile the truths once, as a platform does.

python -m bench.sides.data FOLDER ROWS [--more]

Same law as ../shared/bench/gen.py: distinct identifiers of ten digits, 23 % of positives, 20
labels after Zipf, durations in days. Writes truth_*.csv for the peer, TASK.csv to score, and
TASK.keys, TASK.labels, TASK.json for us. --more: hexadecimal identifiers and rankings too.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from challenges.scoring.compilation import compile_truth
from challenges.scoring.contract import ScoringContract

SEED = 20180923
LABELS = 20
POSITIVES = 0.23
ODD = 0x9E3779B97F4A7C15  # makes identifiers of 64 bits out of those of ten digits
QUERY_ROWS = 10
CODES = np.array([f"{chr(65 + k % 14)}{1101 + 37 * k}" for k in range(LABELS)])
SALT = bytes(range(32))
GIBIBYTE = 2**30
TARGETS: dict[str, dict[str, Any]] = {
    "accuracy": {"type": "category", "domain": ["0", "1"]},
    "macro_f1": {"type": "category", "domain": sorted(CODES.tolist())},
    "rmse": {"type": "float", "min": 0},
    "roc_auc": {"type": "float", "min": 0, "max": 1},
}
METRICS = {"macro_f1": "f1_macro"}
TRUTHS = {"accuracy": "y_bin", "macro_f1": "y_multi", "rmse": "y_reg", "roc_auc": "y_bin"}
RANKING = {"direction": "max", "primary": True}


def rows(count: int) -> tuple[dict[str, Any], dict[str, Any], np.random.Generator]:
    """Draw the columns of a truth, and the answer of each task."""
    rng = np.random.default_rng(SEED)
    drawn = np.unique(rng.integers(10**9, 10**10, int(count * 1.01) + 10))
    ids = rng.permutation(drawn)[:count]
    share = 1 / np.arange(1, LABELS + 1) ** 1.1
    share /= share.sum()
    label = rng.choice(LABELS, count, p=share)
    yes = (rng.random(count) < POSITIVES).astype(np.int64)
    days = np.round(np.exp(rng.normal(4.0, 0.8, count)), 3)
    guessed = np.where(rng.random(count) < 0.35, rng.choice(LABELS, count, p=share), label)
    score = 1 / (1 + np.exp(-(rng.normal(0, 1, count) + 1.4 * yes - 1.0)))
    answers = {
        "accuracy": np.where(rng.random(count) < 0.85, yes, 1 - yes),
        "macro_f1": CODES[guessed],
        "roc_auc": np.round(score, 6),
        "rmse": np.round(days * np.exp(rng.normal(0, 0.4, count)), 3),
    }
    truth = {"id": ids, "y_bin": yes, "y_multi": CODES[label], "y_reg": days}
    return truth, answers, rng


def write(path: Path, columns: dict[str, Any]) -> bytes:
    """Write a CSV file without quotes; return its bytes."""
    options = pyarrow.csv.WriteOptions(quoting_style="none", quoting_header="none")
    pyarrow.csv.write_csv(pa.table(columns), path, options)
    return path.read_bytes()


def contract(task: str) -> ScoringContract:
    """Return what a challenge would declare for a task."""
    if task == "ndcg":
        return _ranking()
    metric = "roc_auc" if task == "hex" else task
    raw = {
        "submission": {
            "layout": "one_row_per_id",
            "max_bytes": GIBIBYTE,
            "columns": [
                {"name": "id", "role": "id", "type": "string"},
                {"name": "pred", "role": "target", **TARGETS[metric]},
            ],
        },
        "truth": {"id": "id", "target": TRUTHS[metric]},
        "metrics": [{"key": metric, "metric": METRICS.get(metric, metric)} | RANKING],
    }
    return ScoringContract.from_json(raw)


def _ranking() -> ScoringContract:
    metric = {"key": "ndcg", "metric": "ndcg", "params": {"k": 10}} | RANKING
    raw = {
        "submission": {
            "layout": "candidate_scores",
            "policy": "complete",
            "max_bytes": GIBIBYTE,
            "max_items_per_query": 100,
            "columns": [
                {"name": "qid", "role": "query", "type": "string"},
                {"name": "item", "role": "item", "type": "string"},
                {"name": "score", "role": "score", "type": "float"},
            ],
        },
        "truth": {"query": "qid", "item": "item", "gain": "rel"},
        "metrics": [metric],
    }
    return ScoringContract.from_json(raw)


def compiled(folder: Path, task: str, truth: bytes) -> None:
    """Compile a truth for a task, once."""
    declared = contract(task)
    done = compile_truth(declared, truth, {}, salt=SALT)
    (folder / f"{task}.keys").write_bytes(done.keys)
    (folder / f"{task}.labels").write_bytes(done.labels)
    (folder / f"{task}.json").write_text(json.dumps(declared.to_json()), encoding="utf-8")


def plain(folder: Path, count: int, tasks: list[str], *, more: bool) -> None:
    """Write and compile the tasks whose rows have one identifier each, in another order."""
    truth, answers, rng = rows(count)
    turned = rng.permutation(count)
    held = write(folder / "truth.csv", truth)
    for task in tasks:
        write(folder / f"{task}.csv", {"id": truth["id"][turned], "pred": answers[task][turned]})
        compiled(folder, task, held)
    if not more:
        return
    names = np.array([f"{int(i) * ODD % 2**64:016x}" for i in truth["id"]])
    held = write(folder / "truth_hex.csv", truth | {"id": names})
    write(folder / "hex.csv", {"id": names[turned], "pred": answers["roc_auc"][turned]})
    compiled(folder, "hex", held)
    ranked(folder, count, rng)


def ranked(folder: Path, count: int, rng: np.random.Generator) -> None:
    """Write and compile a ranking: queries of 4 to 16 candidates, relevance 0 to 3."""
    queries = count // QUERY_ROWS
    size = rng.integers(4, 2 * QUERY_ROWS - 3, queries)
    while gap := int(size.sum()) - count:
        step = int(np.sign(gap))
        movable = np.flatnonzero(size > 4 if step > 0 else size < 2 * QUERY_ROWS - 4)
        size[rng.choice(movable, min(abs(gap), len(movable)), replace=False)] -= step
    item = np.concatenate([rng.choice(50_000, n, replace=False) for n in size.tolist()])
    relevance = rng.choice(4, count, p=[0.7, 0.15, 0.1, 0.05])
    score = np.round(rng.normal(0, 1, count) + 0.6 * relevance, 5)
    columns = {"qid": np.repeat(np.arange(queries), size), "item": item}
    turned = rng.permutation(count)
    held = write(folder / "truth_ndcg.csv", columns | {"rel": relevance})
    shown = {name: column[turned] for name, column in (columns | {"score": score}).items()}
    write(folder / "ndcg.csv", shown)
    compiled(folder, "ndcg", held)


def main() -> None:
    """Write one folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("--tasks", nargs="*", default=[*TARGETS], choices=TARGETS)
    parser.add_argument("--more", action="store_true")
    options = parser.parse_args()
    plain(options.folder, options.rows, options.tasks, more=options.more)


if __name__ == "__main__":
    main()

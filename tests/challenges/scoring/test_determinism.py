"""The same answer gives the same bits, whatever the threads, the form and the order of the file."""

import hashlib
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring import child, evaluation
from challenges.scoring.intervals import Buckets
from challenges.scoring.metric import Piece, Stats
from challenges.scoring.predictions import fast, reader
from tests.challenges.scoring.answers import table
from tests.challenges.scoring.boards import compiled, contract

ROWS = 3000
LABELS = ("accuracy", "f1_macro", "qwk")
METRICS = ("accuracy", "f1_macro", "rmse", "roc_auc")


def drawn(metric: str, rows: int = ROWS) -> dict[str, Any]:
    """Draw identifiers, a truth and an answer."""
    rng = np.random.default_rng(71)
    ids = [f"{number:07d}" for number in rng.permutation(10 * rows)[:rows]]
    if metric in LABELS:
        y = rng.integers(0, 5, rows)
        p = np.where(rng.random(rows) < 0.6, y, rng.integers(0, 5, rows))
        return {"id": ids, "y": [f"c{v}" for v in y], "p": [f"c{v}" for v in p]}
    y = (rng.random(rows) < 0.3).astype(int)
    return {"id": ids, "y": y.tolist(), "p": np.round(0.2 * y + 0.8 * rng.random(rows), 3).tolist()}


def copies(ids: list[str], p: list[Any], name: str = "p") -> dict[str, bytes]:
    """Write the answer as CSV, shuffled, sorted, turned in the French way, and as Parquet."""
    rng = np.random.default_rng(72)
    made = {}
    for title, order in (("plain", range(len(ids))), ("shuffled", rng.permutation(len(ids))),
                         ("sorted", np.argsort(ids))):  # fmt: skip
        columns = {"id": [ids[i] for i in order], name: [p[i] for i in order]}
        made[f"{title}.csv"] = table(**columns).encode()
    lines = [line.split(",") for line in made["shuffled.csv"].decode().splitlines()]
    made["turned.csv"] = "\r\n".join(f"{b};{a}" for a, b in lines).replace(".", ",").encode()
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ids, name: p}), sink, row_group_size=997)
    return made | {"plain.parquet": sink.getvalue()}


def write(
    folder: Path, metrics: Sequence[str] = METRICS, rows: int = ROWS, name: str = "p"
) -> None:
    """Write a truth and the copies of its answer, in a column of this name, for each metric."""
    for metric in metrics:
        columns = drawn(metric, rows)
        answer = columns.pop("p")
        (folder / metric).mkdir()
        (folder / metric / "truth.csv").write_text(table(**columns))
        for title, data in copies(columns["id"], answer, name).items():
            (folder / metric / title).write_bytes(data)


def fingerprints(folder: Path) -> dict[str, str]:
    """Score every copy of every answer: {metric: fingerprint of all that was found}."""
    found = {}
    for metric in METRICS:
        chosen = contract(metric, "string" if metric in LABELS else "float")
        truth, *given = sorted((folder / metric).iterdir(), key=lambda path: path.stem != "truth")
        keys, labels = compiled(chosen, truth.read_text())
        seen = set()
        for path in given:
            verdict, laid = reader.read_predictions(
                path.read_bytes(), path.name, chosen.answer, keys
            )
            assert laid is not None
            done = evaluation.evaluate(chosen, keys, labels, laid, verdict)
            told = json.dumps([done.values, done.intervals, verdict.digest], sort_keys=True)
            seen.add(hashlib.sha256(told.encode() + done.sums["public"]).hexdigest())
        assert len(seen) == 1, metric
        found[metric] = seen.pop()
    return found


def main() -> None:
    """Print the fingerprints as the fast reader finds them, in so many threads and small blocks."""
    reader.FAST_BYTES, fast.BLOCK_BYTES = 0, 8192
    fast.threads = lambda: int(os.environ["OMP_NUM_THREADS"])
    print(json.dumps(fingerprints(Path(sys.argv[1]))))  # noqa: T201


@pytest.mark.slow
def test_threads_form_and_order_change_no_bit(tmp_path: Path) -> None:
    write(tmp_path)
    wanted = fingerprints(tmp_path)
    for threads in ("1", "4"):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(tmp_path)],
            cwd=Path(child.ROOT),
            env={**os.environ, **dict.fromkeys(names, threads)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout.splitlines()[-1]) == wanted, threads


def test_resampled_sums_are_exact_before_they_are_rounded() -> None:
    rng = np.random.default_rng(73)
    values = rng.normal(size=(300, 3)) * 10.0 ** rng.integers(-9, 9, (300, 3))
    weights = rng.multinomial(300, np.full(300, 1 / 300), 40).astype(np.uint8)
    pieces = [Piece(at, values[:, at]) for at in range(3)]
    sums = Buckets.of(Stats.of(300, 3, *pieces), np.arange(300), 300)
    found = np.concatenate(list(sums.resampled(weights)))
    for row, chosen in zip(found, weights.tolist(), strict=True):
        for at in range(3):
            wanted = math.fsum(w * v for w, v in zip(chosen, values[:, at].tolist(), strict=True))
            assert row[at] == pytest.approx(wanted, rel=1e-15, abs=1e-15 * abs(values[:, at]).max())


if __name__ == "__main__":
    main()

"""The same answer gives the same bits, whatever the threads, the form and the order of the file."""

import hashlib
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring import child, evaluation
from challenges.scoring.buckets import Buckets
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Piece, Stats
from challenges.scoring.predictions import reader
from challenges.scoring.truth import compile_truth, load_keys, load_labels
from tests.challenges.scoring.boards import SALT

ROWS = 6000
METRICS = ("accuracy", "f1_macro", "rmse", "roc_auc")


def contract(metric: str) -> ScoringContract:
    labels = metric in ("accuracy", "f1_macro")
    column = {"name": "p", "role": "target", "type": "string" if labels else "float"}
    key = {"name": "id", "role": "id", "type": "string"}
    return ScoringContract.from_json(
        {
            "submission": {"layout": "one_row_per_id", "columns": [key, column]},
            "truth": {"id": "id", "target": "y"},
            "metrics": [{"key": "score", "metric": metric, "primary": True}],
        }
    )


def table(metric: str) -> tuple[list[str], list[Any], list[Any]]:
    """Draw identifiers, a truth and an answer."""
    rng = np.random.default_rng(71)
    ids = [f"{number:07d}" for number in rng.permutation(10 * ROWS)[:ROWS]]
    if metric in ("accuracy", "f1_macro"):
        y = rng.integers(0, 5, ROWS)
        p = np.where(rng.random(ROWS) < 0.6, y, rng.integers(0, 5, ROWS))
        return ids, [f"c{v}" for v in y], [f"c{v}" for v in p]
    y = (rng.random(ROWS) < 0.3).astype(int)
    p = np.round(0.3 * y + rng.random(ROWS), 3)
    return ids, y.tolist(), p.tolist()


def copies(metric: str) -> list[tuple[str, bytes]]:
    """Write the answer as CSV, shuffled, sorted, and as Parquet."""
    ids, _, p = table(metric)
    rng = np.random.default_rng(72)
    made = []
    for order in (range(ROWS), rng.permutation(ROWS), np.argsort(ids)):
        rows = "".join(f"{ids[i]},{p[i]}\n" for i in order)
        made.append(("p.csv", b"id,p\n" + rows.encode()))
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ids, "p": p}), sink)
    return [*made, ("p.parquet", sink.getvalue())]


def fingerprints() -> dict[str, str]:
    """Score every copy of every answer: {metric: fingerprint of all that was found}."""
    found = {}
    for metric in METRICS:
        chosen = contract(metric)
        ids, y, _ = table(metric)
        rows = "".join(f"{i},{v}\n" for i, v in zip(ids, y, strict=True))
        truth = compile_truth(chosen, b"id,y\n" + rows.encode(), {}, salt=SALT)
        keys, labels = load_keys(truth.keys), load_labels(truth.labels)
        seen = set()
        for name, data in copies(metric):
            verdict, answer = reader.read(data, name, chosen.answer, keys)
            assert answer is not None
            done = evaluation.evaluate(chosen, keys, labels, answer, verdict)
            told = json.dumps([done.values, done.intervals, verdict.digest], sort_keys=True)
            seen.add(hashlib.sha256(told.encode() + done.sums["public"]).hexdigest())
        assert len(seen) == 1, metric
        found[metric] = seen.pop()
    return found


@pytest.mark.slow
def test_threads_form_and_order_change_no_bit() -> None:
    wanted = fingerprints()
    code = (
        "import json; from tests.challenges.scoring import test_determinism as t;"
        "from challenges.scoring.predictions import fast, scan; import os;"
        "scan.BLOCK_BYTES = 8192; fast.threads = lambda: int(os.environ['READERS']);"
        "print(json.dumps(t.fingerprints()))"
    )
    for threads in ("1", "2", "4"):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "READERS")
        done = subprocess.run(
            [sys.executable, "-c", code],
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


def test_pieces_add_up_as_triplets_do() -> None:
    rng = np.random.default_rng(74)
    bucket, units = rng.integers(0, 9, 200), rng.permutation(200)[:70]
    stats = Stats.of(
        200,
        12,
        Piece(rng.integers(0, 4, 200)),
        Piece(4 + rng.integers(0, 4, 70), rng.random(70), units),
        Piece(11, rng.random(200)),
    )
    weight = rng.random(200)
    for chosen in (stats, stats.weighted(weight), stats.weighted(None)):
        laid = Stats(chosen.unit, chosen.column, chosen.value, chosen.width)
        one, two = Buckets.of(chosen, bucket, 9), Buckets.of(laid, bucket, 9)
        assert (one.row == two.row).all()
        assert (one.column == two.column).all()
        assert (one.value == two.value).all()

"""The same answer gives the same bits: any format, order of rows, number of threads, Python."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from challenges.scoring.commands import alone, offline
from challenges.scoring.commands.guess import Asked
from challenges.scoring.process import child
from tests.challenges.client import environments

# Metric, kind of answer.
CASES = (
    ("rmse", "number"),
    ("spearman", "number"),
    ("pinball@0.9", "number"),
    ("roc_auc", "score"),
    ("average_precision", "score"),
    ("log_loss", "score"),
    ("f1_macro", "label"),
    ("accuracy", "label"),
    ("qwk", "level"),
)
COPIES = (
    "answer.csv",
    "shuffled.csv",
    "semicolon.csv",
    "crlf.csv",
    "answer.parquet",
    "turned.parquet",
)


def written(folder: Path, kind: str, rows: int) -> None:
    """Write a truth and six copies of one answer."""
    draw = random.Random(f"{kind}{rows}")  # noqa: S311  # test data
    ids = [f"{draw.randrange(10**9):09d}-{i}" for i in range(rows)]
    truth, answer = zip(*(_pair(draw, kind) for _ in ids), strict=True)
    _table(folder / "truth.csv", ["id", "y"], list(zip(ids, truth, strict=True)))
    pairs = list(zip(ids, answer, strict=True))
    _table(folder / "answer.csv", ["id", "y"], pairs)
    _parquet(folder / "answer.csv", folder / "answer.parquet", kind)
    draw.shuffle(pairs)
    _table(folder / "shuffled.csv", ["id", "y"], pairs)
    _table(folder / "semicolon.csv", ["y", "id"], [pair[::-1] for pair in pairs], delimiter=";")
    _table(folder / "crlf.csv", ["id", "y"], pairs, lineterminator="\r\n")
    _parquet(folder / "semicolon.csv", folder / "turned.parquet", kind, delimiter=";")


def _pair(draw: random.Random, kind: str) -> tuple[str, str]:
    match kind:
        case "number":
            value = draw.gauss(0, 1)
            return repr(value), repr(value + draw.gauss(0, 0.3))
        case "score":
            right = draw.random() < 0.3
            return str(int(right)), repr(min(0.99, max(0.01, draw.gauss(0.4 + 0.2 * right, 0.2))))
        case "label":
            label = draw.choice("abcdefg")
            return label, label if draw.random() < 0.6 else draw.choice("abcdefg")
        case _:
            level = draw.randrange(1, 6)
            return str(level), str(min(5, max(1, level + draw.randrange(-1, 2))))


def _table(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]], **style: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, **{"lineterminator": "\n", **style})
        writer.writerows([head, *rows])


def _parquet(source: Path, target: Path, kind: str, delimiter: str = ",") -> None:
    kinds = {"number": pa.float64(), "score": pa.float64()}
    table = pa_csv.read_csv(
        source,
        parse_options=pa_csv.ParseOptions(delimiter=delimiter),
        convert_options=pa_csv.ConvertOptions(
            column_types={"id": pa.string(), "y": kinds.get(kind, pa.string())}
        ),
    )
    pq.write_table(table, target, row_group_size=997)


def said(answer: dict[str, Any]) -> str:
    """Return what must be the same: digest, figure and interval, to the last bit."""
    assert answer["verdict"] == "accept", answer
    names = ("digest", "metric", "score", "n", "interval", "interval_method", "rows")
    return json.dumps({name: answer[name] for name in names})


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "kind"), [CASES[0], CASES[3], CASES[6]])
def test_the_same_answer_gives_the_same_bits(tmp_path: Path, metric: str, kind: str) -> None:
    written(tmp_path, kind, 1_500)
    found = {
        said(offline.score_metric(tmp_path / "truth.csv", tmp_path / name, metric, Asked(), by))
        for name in COPIES
        for by in ((alone, child) if name in COPIES[::4] else (alone,))
    }
    assert len(found) == 1, found


@pytest.mark.full
@pytest.mark.slow
def test_every_python_and_number_of_threads_gives_the_same_bits(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wheel = environments.build(tmp_path_factory.mktemp("source"))
    commands = [environments.install(wheel, tmp_path, each) for each in environments.PYTHONS]
    for metric, kind in CASES:
        folder = tmp_path / kind
        if not folder.exists():
            folder.mkdir()
            written(folder, kind, 20_000)  # half a mebibyte: for the fast reader
        words = ("score", "truth.csv")
        found = {
            said(environments.run(command, folder, *words, name, "--metric", metric, threads=n))
            for command in commands
            for name in ("answer.csv", "shuffled.csv", "turned.parquet")
            for n in (1, 2, 4)
        }
        assert len(found) == 1, (metric, found)

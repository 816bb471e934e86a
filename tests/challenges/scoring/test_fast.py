"""The fast reader gives the answer of the exact one, or gives up."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring.predictions import reader
from challenges.scoring.verdict import Verdict
from tests.challenges.scoring.answers import keys, ranked, spec, verdict

IDS = [f"{i:03d}" for i in range(40)]
KNOWN = keys(*IDS)
SPOILS = [
    "0,5", "nan", "1_0", "inf", "1e999", " 1", "+1", "0x1", "", '"0.5"', "1 ", "01,1", "٣", "NA",
    "-0", "1.", ".5", "1e-3", "1E5", "--1", "1\t", "0.1234567890123456789",
]  # fmt: skip


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read twice: with the exact reader, then with the fast one tried first."""

    def read(content: str | bytes, wanted: Any, name: str = "p.csv") -> tuple[Verdict, bool]:
        monkeypatch.setattr(reader, "FAST_BYTES", 10**9)
        exact, exact_answer = verdict(content, wanted, KNOWN, name=name)
        monkeypatch.setattr(reader, "FAST_BYTES", 0)
        fast, fast_answer = verdict(content, wanted, KNOWN, name=name)
        assert fast == exact
        assert (exact_answer is None) == (fast_answer is None)
        return exact, exact.accepted

    return read


def rows_of(rng: np.random.Generator, cells: list[str], delimiter: str, end: str) -> str:
    order = rng.permutation(len(IDS))
    lines = [f"{IDS[i]}{delimiter}{cells[i]}" for i in order]
    if rng.random() < 0.2:
        lines[int(rng.integers(40))] = str(rng.choice(["", "x", "000,1", "041,1", " ", "a,b,c"]))
    return end.join([f"id{delimiter}p", *lines]) + (end if rng.random() < 0.8 else "")


def test_numbers(both: Any) -> None:
    accepted = 0
    for seed in range(150):
        rng = np.random.default_rng([31, seed])
        cells = [repr(float(v)) for v in rng.random(40) * 10.0 ** rng.integers(-3, 4)]
        if rng.random() < 0.6:
            cells[int(rng.integers(40))] = str(rng.choice(SPOILS))
        content = rows_of(
            rng, cells, str(rng.choice([",", ",", ";"])), str(rng.choice(["\n", "\r\n"]))
        )
        accepted += both(content, spec(min=0, max=5000))[1]
    assert 40 < accepted < 140


def test_integers_and_labels(both: Any) -> None:
    for seed in range(80):
        rng = np.random.default_rng([32, seed])
        cells = [str(v) for v in rng.integers(1, 6, 40)]
        if rng.random() < 0.4:
            cells[int(rng.integers(40))] = str(
                rng.choice(["6", "2.0", "2.5", "02", " 3", "", "1e0"])
            )
        content = rows_of(rng, cells, ",", "\n")
        both(content, spec(type="integer", min=1, max=5))
        both(content, spec(type="category", domain=list("54321")))
        both(content, spec(type="string"))
        both(content, spec(type="string", max_distinct=5))


def test_lists(both: Any) -> None:
    for seed in range(80):
        rng = np.random.default_rng([33, seed])
        lines = []
        for query in IDS:
            for rank, item in enumerate(rng.permutation(list("abcd"))[: rng.integers(1, 4)]):
                lines.append(f"{query},{rank + 1},{item}")
        rng.shuffle(lines)
        if rng.random() < 0.5:
            lines[int(rng.integers(len(lines)))] = str(
                rng.choice(["000,1,a", "000,4,a", "000,x,a", "000,1,z", "z,1,a", "000,2.0,d"])
            )
        both("\n".join(["q,r,i", *lines]), ranked())
        both("\n".join(["q,r,i", *lines]), ranked(all_queries_required=False))


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int64(), pa.decimal128(30, 3)])
def test_parquet(both: Any, kind: pa.DataType) -> None:
    for seed in range(10):
        rng = np.random.default_rng([34, seed])
        order = rng.permutation(40)
        values: list[Any] = [int(v) for v in rng.integers(0, 9, 40)]
        if rng.random() < 0.4:
            values[3] = None
        ids: list[Any] = [IDS[i] for i in order]
        if rng.random() < 0.4:
            ids[5] = str(rng.choice(["zzz", IDS[0]]))
        table = pa.table(
            {"id": pa.array(ids).dictionary_encode(), "p": pa.array(values).cast(kind)}
        )
        sink = io.BytesIO()
        pq.write_table(table, sink)
        both(sink.getvalue(), spec(), name="p.parquet")

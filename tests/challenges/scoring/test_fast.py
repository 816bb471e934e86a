"""The fast reader gives the answer of the exact one, or gives up."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring.answer import AnswerSpec
from challenges.scoring.predictions import fast, reader, scan
from challenges.scoring.truth import Keys
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
    """Read twice: with the exact reader, then with the fast one tried first, in small blocks."""
    monkeypatch.setattr(scan, "BLOCK_BYTES", 97)

    def read(
        content: str | bytes, wanted: Any, name: str = "p.csv", known: Keys = KNOWN
    ) -> tuple[Verdict, bool]:
        monkeypatch.setattr(reader, "FAST_BYTES", 10**9)
        exact, exact_answer = verdict(content, wanted, known, name=name)
        monkeypatch.setattr(reader, "FAST_BYTES", 0)
        quick, quick_answer = verdict(content, wanted, known, name=name)
        assert quick == exact
        assert (exact_answer is None) == (quick_answer is None)
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


@pytest.mark.parametrize("cell", ["1e15", "-1e15", "1000000000000000", "1e16", "-1e200", "1e308"])
def test_both_readers_refuse_the_same_large_numbers(both: Any, cell: str) -> None:
    kept = cell.endswith(("15", "0" * 15))
    lines = [f"{name},0.5" for name in IDS[1:]]
    found, accepted = both("\n".join(["id,p", f"{IDS[0]},{cell}", *lines]), spec())
    assert accepted is kept
    assert [fault.code for fault in found.faults] == ([] if kept else ["E_VALUE_RANGE"])
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": IDS, "p": [float(cell), *[0.5] * (len(IDS) - 1)]}), sink)
    assert both(sink.getvalue(), spec(), name="p.parquet")[1] is kept


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


@pytest.fixture
def surely_fast(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read with the exact reader, then with the fast one alone, which must not give up."""
    monkeypatch.setattr(scan, "BLOCK_BYTES", 97)

    def read(content: str | bytes, wanted: AnswerSpec, known: Keys = KNOWN) -> Verdict:
        monkeypatch.setattr(reader, "FAST_BYTES", 10**9)
        exact, _ = verdict(content, wanted, known)
        with monkeypatch.context() as only:
            only.setattr(reader, "FAST_BYTES", 0)
            only.setattr(reader, "_checked", lambda *_: pytest.fail("the exact reader was asked"))
            assert verdict(content, wanted, known)[0] == exact
        return exact

    return read


def several(form: str, count: int) -> AnswerSpec:
    numbers = [{"name": f"n{i}", "role": "target", "type": "float"} for i in range(count)]
    key = {"name": "id", "role": "id", "type": "string"}
    raw = {"layout": "numbers_per_id", "form": form, "columns": [key, *numbers]}
    return AnswerSpec.from_json(raw)


@pytest.mark.parametrize("quoted", [(True, False), (False, True), (True, True)])
def test_cells_in_quotes(surely_fast: Any, quoted: tuple[bool, bool]) -> None:
    lines = []
    for number, name in enumerate(IDS):
        cells = [name, str(number / 7)]
        lines.append(",".join(f'"{c}"' if q else c for c, q in zip(cells, quoted, strict=True)))
    assert surely_fast("id,p\n" + "\n".join(lines), spec()).accepted
    assert surely_fast('"id","p"\r\n' + "\r\n".join(lines) + "\r\n", spec()).accepted


def test_quotes_out_of_place(both: Any) -> None:
    for seed in range(60):
        rng = np.random.default_rng([35, seed])
        lines = [f'"{name}","{rng.choice(["a", "b", "c,d", "e"])}"' for name in IDS]
        for _ in range(rng.integers(0, 3)):
            at = int(rng.integers(40))
            cut = int(rng.integers(len(lines[at]) + 1))
            lines[at] = lines[at][:cut] + str(rng.choice(['"', '""', ',"', "\n"])) + lines[at][cut:]
        both("id,p\n" + "\n".join(lines), spec(type="string"))


def test_decimal_commas(surely_fast: Any, both: Any) -> None:
    rows = [f"{name};{number / 8!r}".replace(".", ",") for number, name in enumerate(IDS)]
    found = surely_fast("id;p\n" + "\n".join(rows), spec())
    assert [w.code for w in found.warnings] == ["W_DELIMITER_SEMICOLON", "W_DECIMAL_COMMA"]
    plain = [f"{name};{number}" for number, name in enumerate(IDS)]
    found = surely_fast("\ufeffid;p\n" + "\n".join(plain), spec())
    assert [w.code for w in found.warnings] == ["W_BOM", "W_DELIMITER_SEMICOLON"]
    for at in (1, 20, 39):
        mixed = [*rows[:at], f"{IDS[at]};0.5", *rows[at + 1 :]]
        assert not both("id;p\n" + "\n".join(mixed), spec())[1]


def test_numbers_of_one_row(surely_fast: Any, both: Any) -> None:
    rng = np.random.default_rng(36)
    table = rng.dirichlet([1, 1, 1], 40)
    rows = [
        ",".join([name, *map(repr, row.tolist())]) for name, row in zip(IDS, table, strict=True)
    ]
    for form in ("probabilities", "targets"):
        assert surely_fast("id,n0,n1,n2\n" + "\n".join(rows), several(form, 3)).accepted
    rows[7] = f"{IDS[7]},0.5,0.25,0.2"
    assert not both("id,n0,n1,n2\n" + "\n".join(rows), several("probabilities", 3))[1]
    rows[7] = f"{IDS[7]},0.5,0.25,0.251"  # at the tolerance: the exact reader decides
    both("id,n0,n1,n2\n" + "\n".join(rows), several("probabilities", 3))


def test_labels_of_any_length(surely_fast: Any) -> None:
    rng = np.random.default_rng(37)
    names = ["é" * int(n) + str(i) for i, n in enumerate(rng.integers(1, 60, 40))]
    rows = [f"{name},{label}" for name, label in zip(IDS, names, strict=True)]
    assert surely_fast("id,p\n" + "\n".join(rows), spec(type="string")).accepted
    assert surely_fast("id,p\n" + "\n".join(rows), spec(type="category", domain=names)).accepted


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_order_form_and_threads_change_no_bit(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(reader, "FAST_BYTES", 0)
    monkeypatch.setattr(scan, "BLOCK_BYTES", 97)
    monkeypatch.setattr(fast, "threads", lambda: threads)
    rng = np.random.default_rng(38)
    values = rng.random(40)
    digests = set()
    for order in (np.arange(40), np.arange(40)[::-1], rng.permutation(40)):
        rows = [f"{IDS[i]},{float(values[i])!r}" for i in order]
        digests.add(verdict("id,p\n" + "\n".join(rows), spec(), KNOWN)[0].digest)
        table = pa.table({"id": [IDS[i] for i in order], "p": values[order]})
        sink = io.BytesIO()
        pq.write_table(table, sink)
        digests.add(verdict(sink.getvalue(), spec(), KNOWN, name="p.parquet")[0].digest)
    monkeypatch.setattr(reader, "FAST_BYTES", 10**9)
    rows = [f"{name},{float(value)!r}" for name, value in zip(IDS, values, strict=True)]
    digests.add(verdict("id,p\n" + "\n".join(rows), spec(), KNOWN)[0].digest)
    assert len(digests) == 1
    assert "" not in digests


def test_identifiers_of_several_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FAST_BYTES", 0)
    names = [str(10**i) + "é" * (i % 3) for i in range(20)]
    known = keys(*names)
    rows = [f"{name},{i}" for i, name in enumerate(names)]
    assert verdict("id,p\n" + "\n".join(rows), spec(), known)[0].accepted
    for spoiled in ("1", "x", names[3] + "0", "1" * 40):
        wrong = "\n".join(["id,p", *rows[:-1], f"{spoiled},1"])
        assert not verdict(wrong, spec(), known)[0].accepted


def scores(**item: object) -> AnswerSpec:
    columns = [
        {"name": "q", "role": "query", "type": "string"},
        {"name": "i", "role": "item", "type": "category", **item},
        {"name": "s", "role": "score", "type": "float"},
    ]
    raw = {"layout": "candidate_scores", "policy": "complete", "columns": columns}
    return AnswerSpec.from_json(raw)


def test_scores_of_candidates(surely_fast: Any, both: Any) -> None:
    rng = np.random.default_rng(39)
    names = [f"item{number}" for number in range(12)]
    rows = [sorted(rng.permutation(names)[: rng.integers(1, 9)].tolist()) for _ in IDS]
    known = Keys.of(IDS, rows)
    lines = [
        f"{query},{name},{rng.integers(9)}"
        for query, row in zip(IDS, rows, strict=True)
        for name in row
    ]
    rng.shuffle(lines)
    turned = scores(domain=names[::-1])
    assert surely_fast("\n".join(["q,i,s", *lines]), scores(), known).accepted
    assert surely_fast("\n".join(["q,i,s", *lines]), turned, known).accepted
    assert not both("\n".join(["q,i,s", *lines]), scores(domain=names[:3]), known=known)[1]
    for seed in range(40):
        rng = np.random.default_rng([40, seed])
        spoiled = list(lines)
        at = int(rng.integers(len(lines)))
        query, name, score = lines[at].split(",")
        other = str(rng.choice(names))
        spoiled[at] = str(
            rng.choice([f"{query},{other},{score}", f"{query},,1", f"x,{name},1", lines[at - 1]])
        )
        if rng.random() < 0.2:
            del spoiled[at]
        both("\n".join(["q,i,s", *spoiled]), scores(), known=known)

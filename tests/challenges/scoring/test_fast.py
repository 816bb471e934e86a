"""The fast reader gives the answer of the exact one, or gives up."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from challenges.scoring.contract import AnswerSpec
from challenges.scoring.predictions import fast, reader
from challenges.scoring.truth import Keys
from challenges.scoring.verdict import Verdict
from tests.challenges.scoring.answers import keys, parquet, ranked, scores, several, spec, verdict

IDS = [f"{i:03d}" for i in range(40)]
KNOWN = keys(*IDS)
SPOILS = [
    "0,5", "nan", "1_0", "inf", "1e999", " 1", "+1", "0x1", "", '"0.5"', "1 ", "01,1", "٣", "NA",
    "-0", "1.", ".5", "1e-3", "1E5", "--1", "1\t", "0.1234567890123456789", ".", "-", "-.", "..5",
    "1.2.3", "1-", "1/2", "1:5", "9" * 20, "0." + "1" * 20, "123456789012.5",
]  # fmt: skip
TRICKY = [
    "0", "-0.0", "-.5", "00000000", "99999999.99999999999", "9" * 8, "0." + "9" * 19,
    "0.9007199254740993", "9007199254740993", "0.30000000000000004", "2.220446049250313",
    "4503599627370496.5", "0.0000000000000000001",
]  # fmt: skip
# Rows of another form among rows that are all alike.
ODD = [
    "01,2,25", "012,0,5", "013\n0.25", "\n014,0.2", "015;0.25", "016,0.2\r", '"17",0.25',
    "018,0.2", "019,0.250", "",
]  # fmt: skip
CLASSES = AnswerSpec.from_json(several("probabilities", "n0", "n1", "n2"))
TARGETS = AnswerSpec.from_json(several("targets", "n0", "n1", "n2"))
SCORES = AnswerSpec.from_json(scores())
Rng = np.random.Generator
Read = tuple[str | bytes, AnswerSpec, Keys]


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read twice: with the exact reader, then with the fast one tried first.

    In small blocks and three threads. sure: the fast one must not give up.
    """
    monkeypatch.setattr(fast, "BLOCK_BYTES", 97)
    monkeypatch.setattr(fast, "threads", lambda: 3)

    def read(
        content: str | bytes, wanted: AnswerSpec, known: Keys = KNOWN, *, sure: bool = False
    ) -> Verdict:
        name = "p.csv" if isinstance(content, str) else "p.parquet"
        monkeypatch.setattr(reader, "FAST_BYTES", 10**9)
        exact, exact_answer = verdict(content, wanted, known, name=name)
        with monkeypatch.context() as only:
            only.setattr(reader, "FAST_BYTES", 0)
            if sure:
                gave_up = lambda *_: pytest.fail("the exact reader was asked")  # noqa: E731
                only.setattr(reader, "_checked", gave_up)
            quick, quick_answer = verdict(content, wanted, known, name=name)
        assert quick == exact  # its digest is that of the answer, to the bit
        assert (exact_answer is None) == (quick_answer is None)
        return exact

    return read


def some(rng: Rng, values: list[str], share: float) -> str | None:
    """Draw a value, or none."""
    return str(rng.choice(values)) if rng.random() < share else None


def rows_of(rng: Rng, cells: list[str], delimiter: str = ",", end: str = "\n") -> str:
    order = rng.permutation(len(IDS))
    lines = [f"{IDS[i]}{delimiter}{cells[i]}" for i in order]
    if (wrong := some(rng, ["", "x", "000,1", "041,1", " ", "a,b,c"], 0.2)) is not None:
        lines[int(rng.integers(40))] = wrong
    return end.join([f"id{delimiter}p", *lines]) + (end if rng.random() < 0.8 else "")


def decimal(rng: Rng) -> str:
    number = rng.random() * 10.0 ** rng.integers(-4, 8) * rng.choice([1, 1, -1])
    forms = [repr(float(number)), f"{number:.6f}", f"{number:.{rng.integers(0, 20)}f}",
             str(int(number)), str(rng.choice(TRICKY))]  # fmt: skip
    return str(rng.choice(forms))


def numbers(rng: Rng) -> Iterator[Read]:
    cells = [decimal(rng) for _ in IDS]
    if (wrong := some(rng, SPOILS, 0.6)) is not None:
        cells[int(rng.integers(40))] = wrong
    delimiter, end = rng.choice([",", ",", ";"]), rng.choice(["\n", "\r\n"])
    if delimiter == ";" and rng.random() < 0.5:
        cells = [cell.replace(".", ",") for cell in cells]
    yield rows_of(rng, cells, str(delimiter), str(end)), spec(), KNOWN


def rows_alike(rng: Rng) -> Iterator[Read]:
    lines = [f"{name},{rng.random():.2f}" for name in IDS]
    if (odd := some(rng, ODD, 0.8)) is not None:
        at = int(odd[1:3]) if odd[1:3].isdigit() else int(rng.integers(40))
        lines[at] = odd
    yield "\n".join(["id,p", *lines]) + ("\n" if rng.random() < 0.7 else ""), spec(), KNOWN


def integers_and_labels(rng: Rng) -> Iterator[Read]:
    cells = [str(v) for v in rng.integers(1, 6, 40)]
    if (wrong := some(rng, ["6", "2.0", "2.5", "02", " 3", "", "1e0"], 0.4)) is not None:
        cells[int(rng.integers(40))] = wrong
    content = rows_of(rng, cells)
    for wanted in (
        spec(type="integer", min=1, max=5),
        spec(type="category", domain=list("54321")),
        spec(type="string"),
        spec(type="string", max_distinct=5),
    ):
        yield content, wanted, KNOWN


def ranked_lists(rng: Rng) -> Iterator[Read]:
    lines = [
        f"{query},{rank + 1},{item}"
        for query in IDS
        for rank, item in enumerate(rng.permutation(list("abcd"))[: rng.integers(1, 4)])
    ]
    rng.shuffle(lines)
    spoils = ["000,1,a", "000,4,a", "000,x,a", "000,1,z", "z,1,a", "000,2.0,d"]
    if (wrong := some(rng, spoils, 0.5)) is not None:
        lines[int(rng.integers(len(lines)))] = wrong
    yield "\n".join(["q,r,i", *lines]), ranked(), KNOWN
    yield "\n".join(["q,r,i", *lines]), ranked(all_queries_required=False), KNOWN


def quotes_out_of_place(rng: Rng) -> Iterator[Read]:
    lines = [f'"{name}","{rng.choice(["a", "b", "c,d", "e"])}"' for name in IDS]
    for _ in range(rng.integers(0, 3)):
        at = int(rng.integers(40))
        cut = int(rng.integers(len(lines[at]) + 1))
        lines[at] = lines[at][:cut] + str(rng.choice(['"', '""', ',"', "\n"])) + lines[at][cut:]
    yield "id,p\n" + "\n".join(lines), spec(type="string"), KNOWN


KINDS = [pa.float64(), pa.float32(), pa.int64(), pa.decimal128(30, 3)]


def tables(rng: Rng) -> Iterator[Read]:
    values: list[Any] = [int(v) for v in rng.integers(0, 9, 40)]
    ids = [IDS[i] for i in rng.permutation(40)]
    if rng.random() < 0.4:
        values[3] = None
    if (wrong := some(rng, ["zzz", IDS[0]], 0.4)) is not None:
        ids[5] = wrong
    for kind in KINDS:
        columns = {"id": pa.array(ids).dictionary_encode(), "p": pa.array(values).cast(kind)}
        yield parquet(**columns), spec(), KNOWN


ITEMS = [f"item{number}" for number in range(12)]
LISTED = [
    sorted(np.random.default_rng([39, at]).permutation(ITEMS)[: 1 + at % 8].tolist())
    for at in range(40)
]
PAIRS = Keys.of(IDS, LISTED)


def candidates(rng: Rng) -> Iterator[Read]:
    pairs = [(query, name) for query, row in zip(IDS, LISTED, strict=True) for name in row]
    lines = [f"{query},{name},{rng.integers(9)}" for query, name in pairs]
    rng.shuffle(lines)
    at = int(rng.integers(len(lines)))
    query, name, score = lines[at].split(",")
    spoils = [f"{query},{rng.choice(ITEMS)},{score}", f"{query},,1", f"x,{name},1", lines[at - 1]]
    if (wrong := some(rng, spoils, 0.7)) is not None:
        lines[at] = wrong
    if rng.random() < 0.2:
        del lines[at]
    yield "\n".join(["q,i,s", *lines]), SCORES, PAIRS


DRAWS = {
    "numbers": (numbers, 150, True), "numbers, narrow": (numbers, 100, False),
    "rows alike": (rows_alike, 100, True), "labels": (integers_and_labels, 80, True),
    "lists": (ranked_lists, 80, True), "quotes": (quotes_out_of_place, 60, True),
    "tables": (tables, 10, True), "candidates": (candidates, 40, True),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWS)
def test_both_readers_agree(both: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Narrow: on a machine without floats of more than 64 bits."""
    draw, seeds, wide = DRAWS[name]
    monkeypatch.setattr(fast, "WIDE", wide and fast.WIDE)
    accepted = [
        both(*read).accepted
        for seed in range(seeds)
        for read in draw(np.random.default_rng([31, seed]))
    ]
    assert 0.1 < np.mean(accepted) < 0.9


@pytest.mark.parametrize("cell", ["1e15", "-1e15", "1000000000000000", "1e16", "-1e200", "1e308"])
def test_both_readers_refuse_the_same_large_numbers(both: Any, cell: str) -> None:
    kept = cell.endswith(("15", "0" * 15))
    lines = [f"{name},0.5" for name in IDS[1:]]
    found = both("\n".join(["id,p", f"{IDS[0]},{cell}", *lines]), spec())
    assert [fault.code for fault in found.faults] == ([] if kept else ["E_VALUE_RANGE"])
    assert both(parquet(id=IDS, p=[float(cell), *[0.5] * 39]), spec()).accepted is kept


NAMES = ["é" * int(n) + str(i) for i, n in enumerate(np.random.default_rng(37).integers(1, 60, 40))]
SHARES = np.random.default_rng(36).dirichlet([1, 1, 1], 40).tolist()
QUOTED = [f'"{name}","{at / 7}"' for at, name in enumerate(IDS)]
HALF_QUOTED = [f'"{name}",{at / 7}' for at, name in enumerate(IDS)]
COMMAS = [f"{name};{at / 8!r}".replace(".", ",") for at, name in enumerate(IDS)]
THREE = [",".join([name, *map(repr, row)]) for name, row in zip(IDS, SHARES, strict=True)]
LABELLED = [f"{name},{label}" for name, label in zip(IDS, NAMES, strict=True)]
SCORED = [f"{q},{i},{at % 9}" for at, q in enumerate(IDS) for i in LISTED[at]]
LENGTHS = [str(10**i) + "é" * (i % 3) for i in range(20)]
SURE: dict[str, tuple[str, list[str], AnswerSpec, Keys]] = {
    "quotes": ("id,p", QUOTED, spec(), KNOWN),
    "quotes of identifiers": ('"id","p"', HALF_QUOTED, spec(), KNOWN),
    "decimal commas": ("id;p", COMMAS, spec(), KNOWN),
    "probabilities": ("id,n0,n1,n2", THREE, CLASSES, KNOWN),
    "targets": ("id,n0,n1,n2", THREE, TARGETS, KNOWN),
    "free labels": ("id,p", LABELLED, spec(type="string"), KNOWN),
    "labels": ("id,p", LABELLED, spec(type="category", domain=NAMES), KNOWN),
    "scores": ("q,i,s", SCORED, SCORES, PAIRS),
    "identifiers of several lengths": (
        "id,p", [f"{name},{at}" for at, name in enumerate(LENGTHS)], spec(), keys(*LENGTHS)),
}  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", SURE)
def test_plain_files_are_read_by_the_fast_reader_alone(both: Any, name: str, end: str) -> None:
    head, lines, wanted, known = SURE[name]
    assert both(end.join([head, *lines]), wanted, known, sure=True).accepted
    assert both("\ufeff" + end.join([head, *lines, ""]), wanted, known, sure=True).accepted


@pytest.mark.parametrize("line", ["1,1", "x,1", f"{LENGTHS[3]}0,1", f"{'1' * 40},1"])
def test_an_identifier_of_another_length_is_unknown(both: Any, line: str) -> None:
    head, lines, wanted, known = SURE["identifiers of several lengths"]
    assert not both("\n".join([head, *lines[:-1], line]), wanted, known).accepted


def test_what_is_near_a_tolerance_is_left_to_the_exact_reader(both: Any) -> None:
    for shares, accepted in (("0.5,0.25,0.2", False), ("0.5,0.25,0.251", True)):
        lines = [*THREE[:7], f"{IDS[7]},{shares}", *THREE[8:]]
        assert both("id,n0,n1,n2\n" + "\n".join(lines), CLASSES).accepted is accepted
    for at in (1, 20, 39):
        mixed = [*COMMAS[:at], f"{IDS[at]};0.5", *COMMAS[at + 1 :]]
        assert not both("id;p\n" + "\n".join(mixed), spec()).accepted
    query, item, score = scores()["columns"]
    for domain, accepted in ((ITEMS[:3], False), (ITEMS[::-1], True)):
        wanted = AnswerSpec.from_json(scores(columns=[query, item | {"domain": domain}, score]))
        assert both("\n".join(["q,i,s", *SCORED]), wanted, PAIRS).accepted is accepted

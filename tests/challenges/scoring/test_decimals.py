"""Decimals read many at a time are those of Python's float, to the bit."""

import re

import numpy as np
import pytest

from challenges.scoring import words
from challenges.scoring.predictions import decimals

PLAIN = re.compile(r"-?(\d+\.?\d*|\.\d+)", re.ASCII)
ODD = (
    "", ".", "-", "-.", "+1", "1e5", "1E-3", "nan", "inf", "0x1", "1_0", "1.2.3", "..5", "--1",
    "1-", "٣", "1,5", " 1", "1 ", "1/2", "1:5", "9" * 20, "0." + "1" * 20, "123456789012.5",
)  # fmt: skip
TRICKY = (
    "0", "-0", "-0.0", "1.", ".5", "-.5", "00000000", "99999999.99999999999", "9" * 8,
    "0." + "9" * 19, "0.9007199254740993", "9007199254740993", "0.1234567890123456789",
    "0.30000000000000004", "2.220446049250313", "4503599627370496.5", "0.0000000000000000001",
)  # fmt: skip


def parse(cells: list[str], mark: str = ".") -> tuple[list[float], set[int]]:
    raw = [cell.encode() for cell in cells]
    data = np.frombuffer(b" " * 24 + b",".join(raw), np.uint8)
    length = np.array([len(cell) for cell in raw], np.int64)
    start = 24 + np.concatenate([[0], np.cumsum(length + 1)[:-1]]).astype(np.int64)
    value, odd = decimals.parse(words.padded(data), start, length, mark)
    return value.tolist(), set(odd.tolist())


def random_cell(rng: np.random.Generator) -> str:
    number = rng.random() * 10.0 ** rng.integers(-4, 8) * rng.choice([1, 1, -1])
    return str(
        rng.choice(
            [
                repr(float(number)),
                f"{number:.6f}",
                f"{number:.{rng.integers(0, 20)}f}",
                str(int(rng.integers(-(10**7), 10**7))),
                "".join(rng.choice(list("0123456789.-+e"), rng.integers(1, 26))),
            ]
        )
    )


@pytest.mark.parametrize("seed", range(6))
def test_values_are_those_of_float(seed: int) -> None:
    rng = np.random.default_rng([51, seed])
    cells = [*TRICKY, *ODD, *(random_cell(rng) for _ in range(4000))]
    value, odd = parse(cells)
    left = 0
    for i, cell in enumerate(cells):
        if i in odd:
            left += bool(PLAIN.fullmatch(cell))
            continue
        assert PLAIN.fullmatch(cell), cell
        assert value[i].hex() == (float(cell) + 0.0).hex(), cell
    assert left < len(cells) * 0.12


def test_cells_of_one_form_are_all_read() -> None:
    rng = np.random.default_rng(52)
    for digits, most in ((3, 0), (6, 0), (12, 0), (16, 0.005)):
        value, odd = parse([f"{number:.{digits}f}" for number in rng.random(2000)])
        assert len(odd) <= most * len(value), digits


def test_a_comma_may_be_the_mark() -> None:
    value, odd = parse(["0,25", "-1234,5", "0.5", "12", "0,0625000001"], ",")
    assert odd == {2}
    assert [value[i] for i in (0, 1, 3, 4)] == [0.25, -1234.5, 12.0, 0.0625000001]


def test_what_is_no_plain_decimal_is_left_to_the_caller() -> None:
    for cell in ODD:
        assert parse([cell])[1] == {0}, cell
        assert parse([cell, "1", "0.12345678901"])[1] == {0}, cell


def test_without_wide_numbers_long_cells_are_left_to_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decimals, "WIDE", False)
    value, odd = parse(["0.12345678901234567", "0.1234567890123"])
    assert odd == {0}
    assert value[1] == 0.1234567890123

"""Rows that are all alike are cut as any others are, without looking for each separator."""

import numpy as np
import pytest

from challenges.scoring.predictions import scan

ROWS = [b"0123,A,0.25\n", b"4567,B,1.50\n", b"8901,C,2.75\n"]
ODD = {
    "a separator earlier": b"012,3A,0.25\n",
    "a separator more": b"0123,A,0,25\n",
    "a line more": b"0123,A\n0.25\n",
    "a blank line": b"\n0123,A,0.2\n",
    "no separator": b"0123;A;0.25\n",
    "a return": b"0123,A,0.2\r\n",
    "quotes": b'"12",A,0.25\n',
    "shorter": b"0123,A,0.2\n",
    "longer": b"0123,A,0.250\n",
    "without an end": b"0123,A,0.25",
}


def cut(data: bytes) -> scan.Block | None:
    return scan.block(data, 0, len(data), ",", 3)


def same(one: scan.Block | None, other: scan.Block | None) -> bool:
    if one is None or other is None:
        return one is other
    if not (np.array_equal(one.start, other.start) and np.array_equal(one.length, other.length)):
        return False
    return all(np.array_equal(one.words(at, 2), other.words(at, 2)) for at in range(3))


PLACES = [(odd, at) for odd in ODD for at in range(4) if odd != "without an end" or at == 3]


@pytest.mark.parametrize(("odd", "at"), PLACES)
def test_one_odd_row_changes_the_way_and_no_cell(
    odd: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"".join([*ROWS[:at], ODD[odd], *ROWS[at:]])
    quick = cut(data)
    assert quick is None or quick.width == 0
    monkeypatch.setattr(scan, "_alike", lambda *_: None)
    assert same(quick, cut(data))


def test_rows_alike_are_cut_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"id,label,p\n" + b"".join(ROWS) * 50
    start = data.find(b"\n") + 1
    quick = scan.block(data, start, len(data), ",", 3)
    assert quick is not None
    assert quick.width == 12
    assert len(quick) == 150
    assert [quick.cell(at, 1) for at in range(3)] == [b"4567", b"B", b"1.50"]
    monkeypatch.setattr(scan, "_alike", lambda *_: None)
    slow = scan.block(data, start, len(data), ",", 3)
    assert slow is not None
    assert slow.width == 0
    assert same(quick, slow)


def test_empty_cells_alike_are_empty() -> None:
    quick = cut(b"12,,\n34,,\n")
    assert quick is not None
    assert quick.length.tolist() == [[2, 2], [0, 0], [0, 0]]
    assert quick.words(1, 1).tolist() == [[0, 0]]

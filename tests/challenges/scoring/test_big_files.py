"""Files that are enormous to open are refused by name, within the limits of a child."""

import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring.predictions import parquet
from challenges.scoring.process import child
from challenges.scoring.truth import keys_of
from tests.challenges.scoring import big_files as big
from tests.challenges.scoring.answers import keys as known
from tests.challenges.scoring.answers import spec, verdict

KEYS = keys_of(["01", "02"])
GIB, MIB = 2**30, 2**20
IDS = big.Column("id", big.BYTE_ARRAY, big.texts("01", "02"), 2, 12, 12)
VALUES = big.Column("p", big.DOUBLE, big.doubles(0.5, 0.25), 2, 16, 16)


def but(column: big.Column, **changes: Any) -> big.Column:
    return big.Column(**(column.__dict__ | changes))


def refused(tmp_path: Path, name: str, data: bytes, keys: bytes = KEYS) -> tuple[Any, ...]:
    path = tmp_path / name
    path.write_bytes(data)
    found = child.check(path, spec(), keys)
    return tuple((fault.code, fault.line) for fault in found.faults[:1])


def test_the_writer_of_parquet_writes_parquet(tmp_path: Path) -> None:
    data = big.parquet([IDS, VALUES], rows=2)
    table = pq.read_table(pa.BufferReader(data))
    assert table.to_pydict() == {"id": ["01", "02"], "p": [0.5, 0.25]}
    assert refused(tmp_path, "fine.parquet", data) == ()


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    data = big.archive("p.csv", big.deflated(10 * GIB), declared=100)
    assert len(data) < 11 * MIB
    assert refused(tmp_path, "lies.zip", data) == (("E_ZIP_BOMB", None),)
    data = big.archive("p.csv", big.deflated(GIB), declared=GIB)
    assert refused(tmp_path, "says.zip", data) == (("E_ZIP_BOMB", None),)


def test_a_directory_of_many_entries_is_not_read(tmp_path: Path) -> None:
    data = big.archive("p.csv", big.deflated(MIB), declared=10, count=60_000)
    for name in ("many.zip", "many.csv"):
        assert refused(tmp_path, name, data) == (("E_ZIP_ENTRIES", None),)


def test_rows_and_columns_are_counted_in_the_footer(tmp_path: Path) -> None:
    rows = big.parquet([IDS, VALUES], rows=2 * 10**9)
    assert refused(tmp_path, "rows.parquet", rows) == (("E_TOO_MANY_ROWS", None),)
    claimed = big.parquet([IDS, VALUES], rows=2, claimed_columns=10**9)
    assert refused(tmp_path, "claimed.parquet", claimed) == (("E_TOO_MANY_COLUMNS", None),)
    held = big.parquet([IDS, VALUES], rows=2, extra_columns=200_000)
    assert len(held) > 2 * MIB
    assert refused(tmp_path, "held.parquet", held) == (("E_TOO_MANY_COLUMNS", None),)


def test_a_column_has_as_many_values_as_its_group_has_rows(tmp_path: Path) -> None:
    many = [but(column, values=2 * 10**9) for column in (IDS, VALUES)]
    data = big.parquet(many, rows=2)
    assert refused(tmp_path, "values.parquet", data) == (("E_PARQUET_CORRUPT", None),)


@pytest.mark.parametrize("told", [12, GIB])
def test_a_cell_of_a_gibibyte_is_not_held(tmp_path: Path, told: int) -> None:
    cell = but(IDS, page=big.deflated(GIB, wbits=31), inflated=GIB, told=told, codec=big.GZIP)
    data = big.parquet([cell, VALUES], rows=2)
    assert len(data) < 2 * MIB
    assert refused(tmp_path, "cell.parquet", data) == (("E_PARQUET_BOMB", None),)


def groups(count: int) -> bytes:
    """Write a footer of empty row groups."""
    group = big._struct((1, big.LIST, big._list(big.STRUCT, [])), (3, big.I64, big._number(0)))
    leaves = [big._leaf("id", big.BYTE_ARRAY), big._leaf("p", big.DOUBLE)]
    root = big._struct((4, big.BINARY, big._binary(b"schema")), (5, big.I32, big._number(2)))
    held = big._struct(
        (1, big.I32, big._number(2)),
        (2, big.LIST, big._list(big.STRUCT, [root, *leaves])),
        (3, big.I64, big._number(2)),
        (4, big.LIST, big._list(big.STRUCT, [group] * count)),
    )
    return b"PAR1" + held + struct.pack("<I", len(held)) + b"PAR1"


def test_row_groups_are_counted_in_the_footer(tmp_path: Path) -> None:
    data = groups(300_000)
    assert refused(tmp_path, "groups.parquet", data) == (("E_TOO_MANY_ROWS", None),)
    keys = keys_of([str(number) for number in range(200_000)])
    assert refused(tmp_path, "groups.parquet", data, keys) == (("E_TOO_MANY_ROWS", None),)
    few = refused(tmp_path, "few.parquet", groups(30), keys)
    assert few == (("E_PARQUET_CORRUPT", None),)  # a group without its columns


def test_a_footer_is_looked_into_and_never_trusted() -> None:
    data = big.parquet([IDS, VALUES], rows=2)
    assert parquet.footer_claims(data, 65) == parquet.Claims(3, 1)
    assert parquet.footer_claims(data, 2) == parquet.Claims(3, None)
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for cut in range(start, len(data) - 8):
        claims = parquet.footer_claims(data[:cut] + b"\xff" * (len(data) - 8 - cut) + data[-8:], 65)
        assert claims.groups in (None, 1)
        code = verdict(data[:cut] + data[cut + 1 :], spec(), known("01", "02"), "p.parquet")
        assert code[0].accepted or code[0].faults[0].code.startswith("E_")


def fill(text: bytes, size: int) -> bytes:
    return (text * (size // len(text) + 1))[:size]


LINES = {
    "line": (b"id,p\n01,", b"9", "E_LINE_TOO_LONG", 2),
    "second line": (b"id,p\n01,1\n", b",", "E_LINE_TOO_LONG", 3),
    "second cell": (b"id,p\n01,1\n02,", b"1", "E_CELL_TOO_LONG", 3),
    "header": (b"", b",", "E_TOO_MANY_COLUMNS", None),
    "long header": (b"id,p", b"a", "E_LINE_TOO_LONG", 1),
    "line ends": (b"", b"\n", "E_EMPTY", None),
    "blank lines": (b"id,p\n", b" \t\n", "E_NO_ROWS", None),
    "spaces": (b"id,p\n", b" ", "E_NO_ROWS", None),
    "quotes": (b"id,p\n", b'"', "E_LINE_TOO_LONG", 2),
    "quoted cells": (b"id,p\n01,1\n", b'"a",', "E_LINE_TOO_LONG", 3),
    "open quote": (b'id,p\n"', b"a\n", "E_CSV_QUOTE", 2),
    "carriage returns": (b"id,p\n", b"\r", "E_LINE_ENDINGS", 2),
    "nul": (b"id,p\n", b"\0", "E_NUL_BYTES", None),
    "bytes": (b"id,p\n", b"\xff", "E_ENCODING", 2),
    "rows": (b"id,p\n", b"01,1\n", "E_TOO_MANY_ROWS", 6),
    "odd quotes": (b"id,p\n", b'"a"b,1\n', "E_TOO_MANY_ROWS", 6),
    "semicolons": (b"id;p\n", b";", "E_LINE_TOO_LONG", 2),
}


@pytest.mark.slow
@pytest.mark.parametrize("size", [3 * MIB, pytest.param(50 * MIB, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", LINES)
def test_long_texts_are_refused_by_their_line(tmp_path: Path, name: str, size: int) -> None:
    head, text, code, line = LINES[name]
    data = head + fill(text, size - len(head))
    assert refused(tmp_path, "p.csv", data) == ((code, line),)


@pytest.mark.slow
def test_fifty_mebibytes_of_line_ends_are_passed_over(tmp_path: Path) -> None:
    data = b"id,p\n01,1\n" + b"\n" * (50 * MIB - 20) + b"02,0\n"
    path = tmp_path / "p.csv"
    path.write_bytes(data)
    found = child.check(path, spec(), KEYS)
    assert found.accepted
    assert [notice.code for notice in found.warnings] == ["W_BLANK_LINES"]
    assert str(50 * MIB - 20) in found.warnings[0].message


def test_one_byte_more_than_the_limit_is_too_large(tmp_path: Path) -> None:
    data = b"id,p\n" + b"a" * (50 * MIB)
    assert refused(tmp_path, "p.csv", data) == (("E_TOO_LARGE", None),)

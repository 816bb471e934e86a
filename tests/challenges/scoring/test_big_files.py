"""Files that are enormous to open are refused by name, within the limits of a child.

They are small to store and cheap to write: deflate blocks that end on a byte are repeated as they
are; the footers of Parquet are written field by field, so that they may say anything.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring import child
from challenges.scoring.predictions import parquet
from challenges.scoring.truth import keys_of
from tests.challenges.scoring.answers import keys as known
from tests.challenges.scoring.answers import spec, verdict

CHUNK = 2**20
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
BYTE_ARRAY, DOUBLE = 6, 5
PLAIN, RLE, GZIP = 0, 3, 2


def deflated(size: int) -> bytes:
    """Write size bytes as gzip, a multiple of a mebibyte, without ever holding them; no check."""
    maker = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = maker.compress(b"0" * CHUNK) + maker.flush(zlib.Z_FULL_FLUSH)
    block = maker.compress(b"0" * CHUNK) + maker.flush(zlib.Z_FULL_FLUSH)
    return first + block * (size // CHUNK - 1) + maker.flush()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(value: int) -> bytes:
    return _varint((value << 1) ^ (value >> 63))


def _binary(text: bytes) -> bytes:
    return _varint(len(text)) + text


def _list(kind: int, items: Iterable[bytes], *, claimed: int | None = None) -> bytes:
    """Write a list, which may claim another length than it has."""
    held = list(items)
    size = len(held) if claimed is None else claimed
    head = bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind]) + _varint(size)
    return head + b"".join(held)


def _struct(*fields: tuple[int, int, bytes]) -> bytes:
    """Write fields (number, kind, bytes) in increasing order of number."""
    out, last = bytearray(), 0
    for number, kind, data in fields:
        out.append((number - last) << 4 | kind)
        out += data
        last = number
    return bytes([*out, 0])


@dataclass(frozen=True)
class Column:
    """Describe a column of one page.

    kind: BYTE_ARRAY or DOUBLE. page: its bytes, compressed. values: how many the page and the
    column claim. inflated: what the page claims to inflate to; told: what the footer claims.
    """

    name: str
    kind: int
    page: bytes = b""
    values: int = 1
    inflated: int = 0
    told: int = 1
    codec: int = 0


def parquet_file(
    columns: list[Column], *, rows: int, extra_columns: int = 0, claimed_columns: int | None = None
) -> bytes:
    """Write a Parquet file whose footer claims rows and columns."""
    out = bytearray(b"PAR1")
    chunks = []
    for column in columns:
        at = len(out)
        header = _struct(
            (1, I32, _number(0)),
            (2, I32, _number(column.inflated)),
            (3, I32, _number(len(column.page))),
            (5, STRUCT, _struct(
                (1, I32, _number(column.values)),
                (2, I32, _number(PLAIN)), (3, I32, _number(RLE)), (4, I32, _number(RLE)),
            )),
        )  # fmt: skip
        out += header + column.page
        meta = _struct(
            (1, I32, _number(column.kind)),
            (2, LIST, _list(I32, [_number(PLAIN)])),
            (3, LIST, _list(BINARY, [_binary(column.name.encode())])),
            (4, I32, _number(column.codec)),
            (5, I64, _number(column.values)),
            (6, I64, _number(column.told)),
            (7, I64, _number(len(out) - at)),
            (9, I64, _number(at)),
        )
        chunks.append(_struct((2, I64, _number(at)), (3, STRUCT, meta)))
    leaves = [_leaf(column.name, column.kind) for column in columns]
    leaves += [_leaf(f"x{number}", DOUBLE) for number in range(extra_columns)]
    group = _struct(
        (1, LIST, _list(STRUCT, chunks)),
        (2, I64, _number(1)),
        (3, I64, _number(rows)),
    )
    footer = _footer(leaves, [group], rows=rows, claimed=claimed_columns)
    return bytes(out + footer)


def _footer(
    leaves: list[bytes], groups: list[bytes], *, rows: int, claimed: int | None = None
) -> bytes:
    """Write a footer of columns and groups of rows, which may claim another number of columns."""
    root = _struct((4, BINARY, _binary(b"schema")), (5, I32, _number(len(leaves))))
    footer = _struct(
        (1, I32, _number(2)),
        (2, LIST, _list(STRUCT, [root, *leaves], claimed=claimed)),
        (3, I64, _number(rows)),
        (4, LIST, _list(STRUCT, groups)),
    )
    return footer + struct.pack("<I", len(footer)) + b"PAR1"


def _leaf(name: str, kind: int) -> bytes:
    facts = [(1, I32, _number(kind)), (3, I32, _number(0)), (4, BINARY, _binary(name.encode()))]
    return _struct(*facts, *([(6, I32, _number(0))] if kind == BYTE_ARRAY else []))


def texts(*values: str) -> bytes:
    """Write texts as a plain page holds them."""
    return b"".join(struct.pack("<I", len(v.encode())) + v.encode() for v in values)


def doubles(*values: float) -> bytes:
    """Write numbers as a plain page holds them."""
    return struct.pack(f"<{len(values)}d", *values)


KEYS = keys_of(["01", "02"])
GIB, MIB = 2**30, 2**20
IDS = Column("id", BYTE_ARRAY, texts("01", "02"), 2, 12, 12)
VALUES = Column("p", DOUBLE, doubles(0.5, 0.25), 2, 16, 16)


def refused(tmp_path: Path, name: str, data: bytes, keys: bytes = KEYS) -> tuple[Any, ...]:
    path = tmp_path / name
    path.write_bytes(data)
    found = child.check(path, spec(), keys)
    return tuple((fault.code, fault.line) for fault in found.faults[:1])


def test_the_writer_of_parquet_writes_parquet(tmp_path: Path) -> None:
    data = parquet_file([IDS, VALUES], rows=2)
    table = pq.read_table(pa.BufferReader(data))
    assert table.to_pydict() == {"id": ["01", "02"], "p": [0.5, 0.25]}
    assert refused(tmp_path, "fine.parquet", data) == ()


def test_rows_and_columns_are_counted_in_the_footer(tmp_path: Path) -> None:
    rows = parquet_file([IDS, VALUES], rows=2 * 10**9)
    assert refused(tmp_path, "rows.parquet", rows) == (("E_TOO_MANY_ROWS", None),)
    claimed = parquet_file([IDS, VALUES], rows=2, claimed_columns=10**9)
    assert refused(tmp_path, "claimed.parquet", claimed) == (("E_TOO_MANY_COLUMNS", None),)
    held = parquet_file([IDS, VALUES], rows=2, extra_columns=200_000)
    assert len(held) > 2 * MIB
    assert refused(tmp_path, "held.parquet", held) == (("E_TOO_MANY_COLUMNS", None),)


def test_a_column_has_as_many_values_as_its_group_has_rows(tmp_path: Path) -> None:
    many = [replace(column, values=2 * 10**9) for column in (IDS, VALUES)]
    data = parquet_file(many, rows=2)
    assert refused(tmp_path, "values.parquet", data) == (("E_PARQUET_CORRUPT", None),)


@pytest.mark.parametrize("told", [12, GIB])
def test_a_cell_of_a_gibibyte_is_not_held(tmp_path: Path, told: int) -> None:
    cell = replace(IDS, page=deflated(GIB), inflated=GIB, told=told, codec=GZIP)
    data = parquet_file([cell, VALUES], rows=2)
    assert len(data) < 2 * MIB
    assert refused(tmp_path, "cell.parquet", data) == (("E_PARQUET_BOMB", None),)


def groups(count: int) -> bytes:
    """Write a footer of empty row groups."""
    group = _struct((1, LIST, _list(STRUCT, [])), (3, I64, _number(0)))
    leaves = [_leaf("id", BYTE_ARRAY), _leaf("p", DOUBLE)]
    return b"PAR1" + _footer(leaves, [group] * count, rows=2)


def test_row_groups_are_counted_in_the_footer(tmp_path: Path) -> None:
    data = groups(300_000)
    assert refused(tmp_path, "groups.parquet", data) == (("E_TOO_MANY_ROWS", None),)
    keys = keys_of([str(number) for number in range(200_000)])
    assert refused(tmp_path, "groups.parquet", data, keys) == (("E_TOO_MANY_ROWS", None),)
    few = refused(tmp_path, "few.parquet", groups(30), keys)
    assert few == (("E_PARQUET_CORRUPT", None),)  # a group without its columns


def test_a_footer_is_looked_into_and_never_trusted() -> None:
    data = parquet_file([IDS, VALUES], rows=2)
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

"""Write files that are small to store and enormous to open, cheaply.

Deflate blocks that end on a byte are repeated as they are; the footers of Parquet are written
field by field, so that they may say anything.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

CHUNK = 2**20
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
BYTE_ARRAY, DOUBLE = 6, 5
PLAIN, RLE, GZIP = 0, 3, 2


def deflated(size: int, byte: bytes = b"0", *, wbits: int = -15) -> bytes:
    """Compress size bytes, a multiple of a mebibyte, without ever holding them.

    wbits: −15 for what a zip holds, 31 for gzip (whose check then is wrong).
    """
    maker = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first = maker.compress(byte * CHUNK) + maker.flush(zlib.Z_FULL_FLUSH)
    block = maker.compress(byte * CHUNK) + maker.flush(zlib.Z_FULL_FLUSH)
    return first + block * (size // CHUNK - 1) + maker.flush()


def archive(name: str, data: bytes, *, declared: int, count: int = 1) -> bytes:
    """Write a zip of entries that share one deflated body; declared: the size they claim."""
    title = name.encode()
    local, central = [], []
    at = 0
    for number in range(count):
        named = title if count == 1 else f"{number}-{name}".encode()
        facts = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(data), declared, len(named), 0)
        body = data if number == 0 else b""
        local.append(b"PK\x03\x04" + facts + named + body)
        central.append(
            b"PK\x01\x02" + struct.pack("<H", 20) + facts
            + struct.pack("<HHHII", 0, 0, 0, 0x81A40000, at) + named
        )  # fmt: skip
        at += len(local[-1])
    directory = b"".join(central)
    shown = min(count, 0xFFFF)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, shown, shown, len(directory), at, 0)
    return b"".join(local) + directory + end


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
    paged: int | None = None


def parquet(
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
                (1, I32, _number(column.values if column.paged is None else column.paged)),
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
    root = _struct((4, BINARY, _binary(b"schema")), (5, I32, _number(len(leaves))))
    group = _struct(
        (1, LIST, _list(STRUCT, chunks)),
        (2, I64, _number(1)),
        (3, I64, _number(rows)),
    )
    footer = _struct(
        (1, I32, _number(2)),
        (2, LIST, _list(STRUCT, [root, *leaves], claimed=claimed_columns)),
        (3, I64, _number(rows)),
        (4, LIST, _list(STRUCT, [group])),
    )
    return bytes(out + footer + struct.pack("<I", len(footer)) + b"PAR1")


def _leaf(name: str, kind: int) -> bytes:
    facts = [(1, I32, _number(kind)), (3, I32, _number(0)), (4, BINARY, _binary(name.encode()))]
    return _struct(*facts, *([(6, I32, _number(0))] if kind == BYTE_ARRAY else []))


def texts(*values: str) -> bytes:
    """Write texts as a plain page holds them."""
    return b"".join(struct.pack("<I", len(v.encode())) + v.encode() for v in values)


def doubles(*values: float) -> bytes:
    """Write numbers as a plain page holds them."""
    return struct.pack(f"<{len(values)}d", *values)

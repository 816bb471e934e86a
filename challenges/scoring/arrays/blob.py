"""Pack named arrays and a little JSON in one byte string that is read without copies.

Form: 8 bytes of magic, 8 bytes little-endian header length, JSON header, then the arrays,
each aligned on 64 bytes. Only fixed dtypes travel; nothing is ever unpickled."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.answer import canonical

Array = NDArray[Any]
Data = bytes | bytearray | memoryview
MAGIC = b"OEBLOB1\n"
ALIGN = 64
DTYPES = frozenset({"|u1", "|i1", "|b1", "<i2", "<u2", "<u4", "<i4", "<i8", "<u8", "<f8", "<f4"})


class BlobFault(ValueError):
    """Say that bytes are not a blob written here."""


def pieces(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> list[Data]:
    """Return what pack joins, the arrays as views of their memory."""
    parts: list[Data] = []
    table: dict[str, Any] = {}
    at = 0
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        raw = array.reshape(-1).view(np.uint8).data
        table[name] = [array.dtype.str, list(array.shape), at]
        padding = -len(raw) % ALIGN
        parts += [raw, b"\0" * padding]
        at += len(raw) + padding
    header = canonical({"meta": meta, "arrays": table})
    header += b" " * (-(len(header) + 16) % ALIGN)
    return [MAGIC, len(header).to_bytes(8, "little"), header, *parts]


def pack(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Write meta (JSON values) and arrays (little-endian numbers) as one byte string."""
    return b"".join(pieces(meta, arrays))


def unpack(data: Data) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read what pack wrote; the arrays are read-only views, of mapped memory or not.

    Raises BlobFault.
    """
    if bytes(data[:8]) != MAGIC or len(data) < 16:
        raise BlobFault("not a blob")
    start = 16 + int.from_bytes(data[8:16], "little")
    try:
        header = json.loads(bytes(data[16:start]))
        arrays = {
            name: _view(data, start + at, dtype, tuple(shape))
            for name, (dtype, shape, at) in header["arrays"].items()
        }
        return header["meta"], arrays
    except (ValueError, KeyError, TypeError) as error:
        raise BlobFault("damaged blob") from error


def _view(data: Data, at: int, dtype: str, shape: tuple[int, ...]) -> Array:
    if dtype not in DTYPES:
        raise BlobFault("unexpected type of array")
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(data, dtype=np.dtype(dtype), count=count, offset=at).reshape(shape)

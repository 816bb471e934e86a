"""Cut a table to the columns that a grant gives, its pseudonyms made anew for that grant."""

from __future__ import annotations

import csv
import gc
import hmac
import io
import json
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from datasets.standards.profile import (
    LEAN,
    TableFault,
    batches_of,
    columns_by_row,
    delimiter_of,
)
from portal.lib import children
from portal.lib.children import Bounds, ChildLost

TOKEN_BYTES = 8
CACHED_VALUES = 1 << 17
MEMORY_BYTES = 512 << 20
WRITTEN_BYTES = 6 << 30
PLAN, EXTRACT = "plan.json", "extract.csv"


def cut(
    source: BinaryIO,
    target: BinaryIO,
    *,
    columns: Collection[str],
    pseudonyms: Collection[str],
    key: bytes,
) -> int:
    """Write these columns of a CSV, in the order of the file; return how many rows.

    source: as `profile` read it before it was published, at its start. target: UTF-8 without mark,
    commas, CRLF (RFC 4180). A cell of `pseudonyms` becomes 16 hexadecimal characters, HMAC-SHA-256
    of its text under the key; an empty one stays empty. Memory: CACHED_VALUES tokens, some blocks
    of a file. Raises TableFault: `header` for a column that is not there, and as `profile`.
    """
    text = io.TextIOWrapper(source, encoding="utf-8-sig", errors="replace", newline="")
    start = text.readline()
    text.detach()
    source.seek(0)
    separator = delimiter_of(start)
    names = [name.strip() for name in next(csv.reader([start], delimiter=separator), [])]
    if not columns or set(columns) - set(names):
        raise TableFault("header", 1)
    kept = [name for name in names if name in columns]
    token = _tokens(key)
    made = [token if name in pseudonyms else str for name in kept]
    try:
        blocks = (batch.columns for batch in batches_of(source, names, kept, separator))
        return _written(target, kept, made, blocks)
    except TableFault:  # a row longer than a block, or a fault whose line is to be named
        target.seek(0)
        target.truncate()
        places = [names.index(name) for name in kept]
        rows = ([columns[at] for at in places] for columns in columns_by_row(source))
        return _written(target, kept, made, rows)


def _written(
    target: BinaryIO,
    kept: Sequence[str],
    made: Sequence[Callable[[str], str]],
    blocks: Iterable[Sequence[Any]],
) -> int:
    """Write blocks of Arrow columns, each cell as its column is made; return how many rows."""
    rows = 0
    out = io.TextIOWrapper(target, encoding="utf-8", newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(kept)
    try:
        for columns in blocks:
            cells = [each.to_pylist() for each in columns]
            told = [
                each if make is str else map(make, each)
                for make, each in zip(made, cells, strict=True)
            ]
            writer.writerows(zip(*told, strict=True))
            rows += len(cells[0])
        out.flush()
    finally:
        out.detach()  # written by then, unless it failed
    return rows


def _tokens(key: bytes) -> Callable[[str], str]:
    """Give what makes the token of a cell, once per distinct value while it is remembered."""

    @lru_cache(CACHED_VALUES)
    def token(cell: str) -> str:
        value = cell.strip()
        return hmac.digest(key, value.encode(), "sha256")[:TOKEN_BYTES].hex() if value else ""

    return token


def cut_apart(
    source: BinaryIO,
    folder: Path,
    *,
    columns: Collection[str],
    pseudonyms: Collection[str],
    key: bytes,
    seconds: int,
) -> tuple[Path, int]:
    """Cut a table in a child process, into a private folder; return the file and its rows.

    seconds: of processor and of clock. Raises TableFault as `cut`, and `heavy` when the child was
    stopped for its time or its memory.
    """
    plan = {"columns": list(columns), "pseudonyms": list(pseudonyms), "key": key.hex()}
    (folder / PLAN).write_text(json.dumps(plan), encoding="utf-8")
    try:
        answer = children.run(
            __name__,
            str(seconds),
            str(folder),
            given=source,
            seconds=seconds,
            environment=LEAN,
        )
    except ChildLost as error:
        raise TableFault("heavy", 0, seconds=seconds) from error
    said = json.loads(answer)
    if "fault" in said:
        raise TableFault(said["fault"], said["line"])
    return folder / EXTRACT, int(said["rows"])


def _answer(folder: Path) -> dict[str, object]:
    plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    key = bytes.fromhex(plan.pop("key"))
    try:
        with (folder / EXTRACT).open("xb") as target:
            return {"rows": cut(sys.stdin.buffer, target, key=key, **plan)}
    except TableFault as fault:
        return {"fault": fault.code, "line": fault.line}


if __name__ == "__main__":
    Bounds(int(sys.argv[1]), MEMORY_BYTES, WRITTEN_BYTES).apply()
    gc.disable()  # it would look at each row; none refers to itself
    children.finish(json.dumps(_answer(Path(sys.argv[2]))).encode())

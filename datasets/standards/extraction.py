"""Cut a table to the columns that a grant gives, its pseudonyms made anew for that grant."""

from __future__ import annotations

import csv
import gc
import hmac
import io
import json
import sys
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from datasets.standards.profile import TableFault, batches_of, delimiter_of
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
    of a file. Raises TableFault: `header` for a column that is not there, `width`, `csv`.
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
    token, rows = _tokens(key), 0
    out = io.TextIOWrapper(target, encoding="utf-8", newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(kept)
    try:
        for batch in batches_of(source, names, kept, separator):
            cells = zip(kept, (column.to_pylist() for column in batch.columns), strict=True)
            told = [map(token, each) if name in pseudonyms else each for name, each in cells]
            writer.writerows(zip(*told, strict=True))
            rows += batch.num_rows
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
        answer = children.run(__name__, str(seconds), str(folder), given=source, seconds=seconds)
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

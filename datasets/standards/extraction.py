"""Cut a table to the columns that a grant gives, its pseudonyms made anew for that grant."""

from __future__ import annotations

import csv
import gc
import hmac
import io
import json
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from datasets.standards.profile import TableFault, delimiter_of
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

    source: as `profile` reads it. target: UTF-8 without mark, commas, one LF a row. A cell of
    `pseudonyms` becomes 16 hexadecimal characters, HMAC-SHA-256 of its text under the key; an
    empty one stays empty. Memory: CACHED_VALUES tokens. Raises TableFault: `header` for a column
    that is not there, `width`, `encoding`, `csv`.
    """
    text = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
    out = io.TextIOWrapper(target, encoding="utf-8", newline="")
    rows = 0
    try:
        start = text.readline()
        separator = delimiter_of(start)
        names = [name.strip() for name in next(csv.reader([start], delimiter=separator), [])]
        if not columns or set(columns) - set(names):
            raise TableFault("header", 1)
        kept = [at for at, name in enumerate(names) if name in columns]
        tokens = [at for at in kept if names[at] in pseudonyms]
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([names[at] for at in kept])
        reader = csv.reader(text, delimiter=separator, strict=True)
        token, width = _tokens(key), len(names)
        picked = itemgetter(*kept) if len(kept) > 1 else itemgetter(slice(kept[0], kept[0] + 1))

        def cells() -> Iterator[Sequence[str]]:
            nonlocal rows
            for row in filter(None, reader):  # a blank line is none
                if len(row) != width:
                    raise TableFault("width", reader.line_num + 1)
                for at in tokens:
                    row[at] = token(row[at])
                rows += 1
                yield picked(row)

        writer.writerows(cells())
        out.flush()
    except UnicodeDecodeError as error:
        raise TableFault("encoding", rows + 1) from error
    except csv.Error as error:
        raise TableFault("csv", rows + 1) from error
    finally:
        text.detach()
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
    sys.stdout.write(json.dumps(_answer(Path(sys.argv[2]))))

"""Look into a file in a process of its own, which can be stopped; run as a program, be it.

An archive may hold a thousand times its size, a table one line of 5 GB: read in the process that
serves pages, it would take its time and its memory. The child has neither environment nor Django;
once its parsers are loaded it may open no file and no socket, and its time and memory are bound."""

from __future__ import annotations

import bz2
import csv
import encodings.cp437
import encodings.cp1252
import encodings.utf_8_sig
import encodings.utf_16
import gzip
import io
import json
import lzma
import re
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import IO, Any, Literal

from portal.lib import children
from portal.lib.children import Bounds, ChildLost

CHUNK = 1 << 20
MEMBERS, MEMBERS_OF_WEIGHTS = 1_000, 10_000
RATIO, SMALL_BYTES = 100, 10 << 20
INFLATED_BYTES = 256 << 20
LOCAL_HEADER_BYTES = 30
TARS = frozenset({"tgz", "tbz2", "txz"})
NESTED = re.compile(r"\.(zip|gz|tgz|bz2|xz|7z|tar|rar|zst)\Z", re.IGNORECASE)
_ROOTED = re.compile(r"[/\\]|[A-Za-z]:")
PACKED: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
# The child opens no file: what zipfile looks for later is loaded with this module.
ARCHIVE_LOADED = (encodings.cp437,)


def is_bomb(source: IO[bytes], *, extension: str, kind: str) -> bool:
    """Say whether an archive is dangerous to open, or cannot be read."""
    try:
        if kind == "zip":
            return _is_zip_bomb(source, MEMBERS if extension == "zip" else MEMBERS_OF_WEIGHTS)
        if kind == "tar":
            return _is_tar_refused(source, "r:")
        return _inflates_too_much(source, PACKED[kind], is_tar=extension in TARS)
    except (OSError, EOFError, ValueError, RuntimeError):  # the last one, of what it cannot read
        return True
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error):
        return True


def _is_zip_bomb(source: IO[bytes], most: int) -> bool:
    size = source.seek(0, io.SEEK_END)
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        names = {each.filename for each in members}
        packed = sum(each.compress_size for each in members)
        whole = sum(each.file_size for each in members)
        if len(members) > most or len(names) < len(members) or packed > size:
            return True
        if whole > SMALL_BYTES and whole > RATIO * max(packed, 1):
            return True
        if any(_is_refused(each, plain=most == MEMBERS) for each in members):
            return True
        # Declared sizes are not believed. The smallest first: so as many as can be are read.
        left = INFLATED_BYTES
        for each in sorted(members, key=lambda member: member.file_size):
            left -= each.file_size
            if _overflows(each) or (left >= 0 and _lies(source, each)):
                return True
    return False


def _overflows(member: zipfile.ZipInfo) -> bool:
    """Say whether a member is packed in more bytes than its size could ever take."""
    return member.compress_size > member.file_size + member.file_size // 100 + 1_000


def _lies(source: IO[bytes], member: zipfile.ZipInfo) -> bool:
    """Say whether a member holds other bytes than it declares: more, fewer or others.

    zipfile stops at the declared size, where a program that opens the archive may go on.
    """
    source.seek(member.header_offset)
    head = source.read(LOCAL_HEADER_BYTES)
    if len(head) < LOCAL_HEADER_BYTES or not head.startswith(b"PK\x03\x04"):
        return True
    source.seek(sum(struct.unpack("<HH", head[26:30])), io.SEEK_CUR)
    if member.compress_type not in METHODS:
        return True
    size, crc = 0, 0
    for piece in METHODS[member.compress_type](_packed(source, member.compress_size)):
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        if size > member.file_size:
            return True
    return size != member.file_size or crc != member.CRC


def _packed(source: IO[bytes], left: int) -> Iterator[bytes]:
    while left > 0 and (piece := source.read(min(CHUNK, left))):
        left -= len(piece)
        yield piece


def _inflated(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate a raw stream whole, a chunk at most at a time, whatever follows what it needs."""
    opened = zlib.decompressobj(-zlib.MAX_WBITS)
    for rest in packed:
        whole = False
        while not whole:
            piece = opened.decompress(rest, CHUNK)
            rest, whole = opened.unconsumed_tail, len(piece) < CHUNK
            yield piece


def _decompressed(packed: Iterable[bytes]) -> Iterator[bytes]:
    opened = bz2.BZ2Decompressor()
    for rest in packed:
        piece = b"" if opened.eof else opened.decompress(rest, CHUNK)
        yield piece
        while piece and not opened.eof and not opened.needs_input:
            piece = opened.decompress(b"", CHUNK)
            yield piece


METHODS: dict[int, Callable[[Iterable[bytes]], Iterable[bytes]]] = {
    zipfile.ZIP_STORED: iter,
    zipfile.ZIP_DEFLATED: _inflated,
    zipfile.ZIP_BZIP2: _decompressed,
}


def _is_refused(member: zipfile.ZipInfo, *, plain: bool) -> bool:
    name = member.filename
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    if is_link or member.flag_bits & 1 or "\\" in name or _leads_out(name):
        return True
    return plain and NESTED.search(name) is not None


def _is_tar_refused(source: Any, mode: Literal["r:", "r|"]) -> bool:
    """Say whether a member of a tar leads out of it, or is a device."""
    with tarfile.open(fileobj=source, mode=mode) as archive:
        for member in archive:
            if member.isdev() or _leads_out(member.name):
                return True
            if (member.issym() or member.islnk()) and _leads_out(member.linkname):
                return True
    return False


def _leads_out(name: str) -> bool:
    """Say whether a name leads out of its archive; for Windows « a:b.csv » is a file of drive A."""
    return _ROOTED.match(name) is not None or ".." in re.split(r"[/\\]", name)


class _Watched:
    """What an archive inflates to, up to a bound; ValueError once it is too much for its size."""

    def __init__(self, source: IO[bytes], content: Any) -> None:
        self._source, self._content, self.inflated = source, content, 0
        self._ahead = b""

    def read(self, size: int) -> bytes:
        """Read on; nothing beyond the bound."""
        if self._ahead:
            held, self._ahead = self._ahead[:size], self._ahead[size:]
            return held
        piece: bytes = self._content.read(max(0, min(size, INFLATED_BYTES - self.inflated)))
        self.inflated += len(piece)
        if self.inflated > SMALL_BYTES and self.inflated > RATIO * self._source.tell():
            raise ValueError
        return piece

    def begins_a_tar(self) -> bool:
        """Say, before anything is read, whether tar would find its first header, or its end."""
        while len(self._ahead) < tarfile.BLOCKSIZE and (more := self._content.read(CHUNK)):
            self._ahead += more
        self.inflated = len(self._ahead)
        block = self._ahead[: tarfile.BLOCKSIZE]
        try:
            tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            return len(block) == tarfile.BLOCKSIZE and not any(block)
        return True


def _inflates_too_much(source: IO[bytes], opened: Any, *, is_tar: bool) -> bool:
    """Say whether an archive of one stream is dangerous: too large, or a tar that is.

    is_tar: its name says so, and what is no tar is refused; whatever it says, a tar is looked into.
    """
    with opened(source) as content:
        watched = _Watched(source, content)
        if watched.begins_a_tar():
            try:
                if _is_tar_refused(watched, "r|"):
                    return True
            except tarfile.TarError:
                if watched.inflated < INFLATED_BYTES:  # else it is cut where the reading stops
                    return True
        elif is_tar:
            return True
        while watched.read(CHUNK):
            pass
    return False


# The child opens no file: what the texts ask for later is loaded with this module.
TABLE_LOADED = (encodings.cp1252, encodings.utf_8_sig, encodings.utf_16)
ROWS, ROWS_TYPED, COLUMNS, CELL, NAME = 100, 1_000, 50, 200, 120
COUNTED_CHARACTERS = 32_000_000  # half a second
LINE_CHARACTERS = 200_000
# Of all the cells that are shown: with four bytes a character, the answer stays below its bound.
SHOWN_CHARACTERS = 200_000
# What no database or JSON text can hold, or that would take six bytes there for one.
_UNSAID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
DELIMITERS = (",", ";", "\t", "|")
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?([.,]\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_MOMENT = re.compile(_DATE.pattern + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_BOOLEANS = frozenset({"true", "false", "vrai", "faux", "oui", "non"})


def preview_csv(source: IO[bytes]) -> dict[str, Any]:
    """Read the first rows of a CSV; {} for no table.

    all_rows: how many there are, where the file is short enough to be read to its end.
    """
    head = source.read(CHUNK)
    source.seek(0)
    text = io.TextIOWrapper(source, encoding=_encoding(head), errors="replace", newline="")
    read = _Lines(text)
    try:
        lines = [line for line in islice(read, ROWS_TYPED + 1) if line.strip()]
        if not lines:
            return {}
        mark = max(DELIMITERS, key=lines[0].count)
        rows = [row for row in csv.reader(lines, delimiter=mark) if row]
        many = _counted(lines, read, mark)
    except csv.Error:
        return {}
    finally:
        text.detach()
    header, body = rows[0], rows[1:]
    columns = [
        {"name": _plain(name.strip(), NAME), "type": _type(_column(body, at))}
        for at, name in enumerate(header[:COLUMNS])
    ]
    shown = _shown([_plain(cell, CELL) for cell in row[:COLUMNS]] for row in body[:ROWS])
    told = {"columns": columns, "rows": shown, "more": len(body) > len(shown)}
    if many is not None:
        told["all_rows"] = many
    return told


class _Lines:
    """Lines of a text, none longer than a row may be; one that is ends the table."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._is_over = text, False
        self.characters, self.is_whole = 0, False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = "" if self._is_over else self._text.readline(LINE_CHARACTERS)
        self.characters += len(line)
        if not line and not self._is_over:
            self.is_whole = True
        self._is_over = not line or len(line) == LINE_CHARACTERS
        if self._is_over:
            raise StopIteration
        return line


def _counted(first: list[str], read: _Lines, mark: str) -> int | None:
    """Count the rows below the header; None where they are not all read, or are no rows there."""
    rest = takewhile(lambda _line: read.characters <= COUNTED_CHARACTERS, read)
    try:
        rows = csv.reader(chain(first, (line for line in rest if line.strip())), delimiter=mark)
        many = sum(1 for row in rows if row)
    except csv.Error:
        return None
    return many - 1 if read.is_whole else None


def _column(rows: list[list[str]], at: int) -> Iterator[str]:
    return (row[at] for row in rows if at < len(row))


def _plain(text: str, most: int) -> str:
    """Cut a text, and leave out of it the characters that cannot be kept."""
    return _UNSAID.sub("", text[:most])


def _shown(rows: Iterable[list[str]]) -> list[list[str]]:
    """Keep the first rows, as many as may be shown together."""
    kept: list[list[str]] = []
    left = SHOWN_CHARACTERS
    for row in rows:
        left -= sum(map(len, row))
        if left < 0:
            break
        kept.append(row)
    return kept


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = len(head) == CHUNK and error.start >= len(head) - 3
        return "utf-8-sig" if cut else "cp1252"
    return "utf-8-sig"


def _type(cells: Iterator[str]) -> str:
    """Name the narrowest type of all filled cells; « 04 » is a code and no number."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "string"
    if all(cell.lower() in _BOOLEANS for cell in filled):
        return "boolean"
    for name, rule in (
        ("integer", _INTEGER),
        ("number", _NUMBER),
        ("date", _DATE),
        ("datetime", _MOMENT),
    ):
        if all(rule.fullmatch(cell) for cell in filled):
            return name
    return "string"


def preview_parquet(source: IO[bytes], parquet: Any) -> dict[str, Any]:
    """Read the first rows of a Parquet file; {} when it cannot be read."""
    try:
        file = parquet.ParquetFile(source)
        names = file.schema_arrow.names[:COLUMNS]
        types = {each.name: str(each.type) for each in file.schema_arrow}
        batch = next(file.iter_batches(batch_size=ROWS, columns=names, use_threads=False), None)
        records = batch.to_pylist() if batch is not None else []
        many = file.metadata.num_rows
    except (OSError, ValueError, TypeError, NotImplementedError):  # those of Arrow are among them
        return {}
    shown = _shown([_said(record.get(name)) for name in names] for record in records)
    return {
        "columns": [
            {"name": _plain(name, NAME), "type": _plain(types[name], NAME)} for name in names
        ],
        "rows": shown,
        "more": many > len(shown),
        "all_rows": many,
    }


def _said(value: Any) -> str:
    return "" if value is None else _plain(str(value), CELL)


MEMORY_BYTES = 2 << 30
ANSWER_BYTES = 8 << 20
# Arrow's own pool addresses a gigabyte at once, threads 64 MB each: with both, whether the child
# stays below MEMORY_BYTES would depend on the machine.
CHILD_ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Looked:
    """What was found: whether an archive is dangerous, the first rows of a table.

    preview: columns (name, type), rows (texts), more: whether there are others.
    """

    is_bomb: bool = False
    preview: dict[str, Any] = field(default_factory=dict)


def look_into(path: Path, *, extension: str, kind: str, seconds: int) -> Looked:
    """Look into a file in a child process; an archive that stops the child is dangerous.

    extension: of its name, in lower case. kind: what its first bytes are. seconds: of processor
    and of clock. Any other file costs no process, and a table that cannot be read has no preview;
    neither has one of which the child says what is not an answer.
    """
    packed = kind in {"zip", "tar"} or kind in PACKED
    table = (extension in {"csv", "tsv"} and kind == "text") or kind == "parquet"
    if not packed and not table:
        return Looked()
    with path.open("rb") as source:
        try:
            answered = children.run(
                __name__,
                *(str(seconds), extension, kind),
                given=source,
                seconds=2 * seconds,
                answer_bytes=ANSWER_BYTES,
                environment=CHILD_ENVIRONMENT,
            )
        except ChildLost:
            return Looked(is_bomb=packed)
    return _answered(answered) or Looked(is_bomb=packed)


def _answered(said: bytes) -> Looked | None:
    try:
        return Looked(**json.loads(said))
    except (ValueError, TypeError):
        return None


def main(seconds: int, extension: str, kind: str) -> dict[str, Any]:
    """Bind this process and look into its standard input."""
    arrow: Any = None
    if kind == "parquet":
        from pyarrow import parquet  # noqa: PLC0415  # slow import

        arrow = parquet
    Bounds(seconds, MEMORY_BYTES, opens=False).apply()
    source: IO[bytes] = sys.stdin.buffer
    if kind == "parquet":
        return {"preview": preview_parquet(source, arrow)}
    if kind != "text":
        return {"is_bomb": is_bomb(source, extension=extension, kind=kind)}
    return {"preview": preview_csv(source)}


if __name__ == "__main__":
    answer = main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
    children.finish(json.dumps(answer, ensure_ascii=False).encode())

"""Open a prediction file without trusting it: what it really is, its zip, its CSV cells.

Standard library only. Physical lines are 1-based. What stops the reading raises Refused; what
spoils one line is noted and the reading goes on."""

import io
import itertools
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from challenges.scoring import verdict
from challenges.scoring.contract import AnswerSpec, Limits
from challenges.scoring.verdict import Reporter, neutral

DATA_FORMATS = ("csv", "parquet")
CHUNK = 65536
ENTRY_MAGIC = b"PK\x01\x02"
MOST_ENTRIES = 1000
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".zst")
OTHER_MAGICS = (
    b"%PDF",
    b"\x93NUMPY",
    b"\xd0\xcf\x11\xe0",
    b"\x7fELF",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"SQLite format 3",
    b"\x89HDF",
    b"ARROW1",
    b"FEA1",
    b"ORC",
    b"Obj\x01",
)
DRIVE = re.compile(r"[A-Za-z]:")
IGNORED = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")


@dataclass(frozen=True)
class Source:
    """Hold the bytes of one data file and its kind, csv or parquet."""

    kind: str
    data: bytes


def open_source(data: bytes, name: str, report: Reporter, limits: Limits) -> Source:
    """Check size, extension and content, open a zip; raises Refused.

    data: at most limits.max_bytes + 1 bytes. name: the file name its authors gave.
    """
    if len(data) > limits.max_bytes:
        raise report.refuse("E_TOO_LARGE", **human_bytes(limits.max_bytes))
    if not data:
        raise report.refuse("E_EMPTY")
    declared = extension(name)
    if data.startswith(ZIP_MAGICS) and data.count(ENTRY_MAGIC) > MOST_ENTRIES:
        # Before the directory is read: each entry would take its time and its memory.
        raise report.refuse("E_ZIP_ENTRIES", max=limits.max_zip_entries)
    _require_agreement(data, declared, report)
    if declared == "zip":
        return _open_zip(data, report, limits)
    return Source(declared, data)


def extension(name: str) -> str:
    """Return the declared format: csv, parquet, zip, or the last extension as it is."""
    return PurePosixPath(name.replace("\\", "/")).suffix.casefold().lstrip(".")


def human_bytes(size: int) -> dict[str, Any]:
    """Write a size for people, as facts of a sentence: max in French units, max_en in English."""
    for unit, factor in (("G", 2**30), ("M", 2**20), ("k", 2**10)):
        if size >= factor:
            number = f"{size / factor:.3g}"
            return {"max": f"{number} {unit}o".replace(".", ","), "max_en": f"{number} {unit}B"}
    return {"max": f"{size} octets", "max_en": f"{size} bytes"}


def _require_agreement(data: bytes, declared: str, report: Reporter) -> None:
    found = _magic(data)
    if found == "zip" and declared == "zip" and not _is_workbook(data):
        return
    if found == "zip":
        raise report.refuse("E_FORMAT_XLSX" if _is_workbook(data) else "E_FORMAT_ZIP")
    if found in ("gzip", "pickle"):
        raise report.refuse(f"E_FORMAT_{found.upper()}")
    if found == "parquet" and declared != "parquet":
        raise report.refuse("E_FORMAT_PARQUET")
    if found == "other":
        raise report.refuse("E_FORMAT")
    _require_accepted(found, declared, report)


def _require_accepted(found: str, declared: str, report: Reporter) -> None:
    if declared == "zip":
        raise report.refuse("E_ZIP_CORRUPT")
    if declared == "parquet" and found != "parquet":
        encrypted = found == "parquet_encrypted"
        raise report.refuse("E_PARQUET_ENCRYPTED" if encrypted else "E_PARQUET_CORRUPT")
    if declared in ("pkl", "pickle", "joblib"):
        raise report.refuse("E_FORMAT_PICKLE")
    if declared not in DATA_FORMATS or found == "parquet_encrypted":
        raise report.refuse("E_FORMAT")


def _magic(data: bytes) -> str:
    if data.startswith(ZIP_MAGICS):
        return "zip"
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith(b"PARE"):
        return "parquet_encrypted"
    if data.startswith(b"\x1f\x8b"):
        return "gzip"
    if data[0] == 0x80 and len(data) > 1 and data[1] <= 5:
        return "pickle"
    if data.startswith(OTHER_MAGICS):
        return "other"
    return "text"


def _is_workbook(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return b"[Content_Types].xml" in data[:4096]


def _open_zip(data: bytes, report: Reporter, limits: Limits) -> Source:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = _one_entry(archive.infolist(), report, limits)
            inner = _inflate(archive, entry, report, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error) as error:
        raise report.refuse("E_ZIP_CORRUPT") from error
    except NotImplementedError as error:
        raise report.refuse("E_ZIP_METHOD") from error
    except RuntimeError as error:
        raise report.refuse("E_ZIP_ENCRYPTED") from error
    if not inner:
        raise report.refuse("E_EMPTY")
    declared = extension(entry.filename)
    _require_agreement(inner, declared, report)
    return Source(declared, inner)


def _one_entry(entries: list[zipfile.ZipInfo], report: Reporter, limits: Limits) -> zipfile.ZipInfo:
    for entry in entries:
        if _is_bad_path(entry.orig_filename) or _is_bad_path(entry.filename):
            raise report.refuse("E_ZIP_PATH")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise report.refuse("E_ZIP_SYMLINK")
    if any(entry.flag_bits & 0x41 for entry in entries):
        raise report.refuse("E_ZIP_ENCRYPTED")
    _require_no_bomb(entries, report, limits)
    kept = [e for e in entries if not e.is_dir() and not IGNORED.search(e.filename)]
    return _chosen(entries, kept, report)


def _chosen(
    entries: list[zipfile.ZipInfo], kept: list[zipfile.ZipInfo], report: Reporter
) -> zipfile.ZipInfo:
    names = [e.filename for e in kept]
    if len(set(names)) != len(names):
        raise report.refuse("E_ZIP_DUPLICATE")
    data = [e for e in kept if extension(e.filename) in DATA_FORMATS]
    if any(name.casefold().endswith(ARCHIVES) for name in names):
        raise report.refuse("E_ZIP_NESTED")
    if not data:
        raise report.refuse("E_ZIP_EMPTY")
    if len(data) > 1:
        raise report.refuse("E_ZIP_AMBIGUOUS", n=len(data))
    if len(entries) > 1:
        report.warn("W_ZIP_IGNORED_ENTRIES", n=len(entries) - 1)
    return data[0]


def _require_no_bomb(entries: list[zipfile.ZipInfo], report: Reporter, limits: Limits) -> None:
    spans = sorted((e.header_offset, e.header_offset + e.compress_size) for e in entries)
    if any(end > start for (_, end), (start, _) in itertools.pairwise(spans)):
        raise report.refuse("E_ZIP_BOMB", **human_bytes(limits.max_uncompressed_bytes))
    if len(entries) > limits.max_zip_entries:
        raise report.refuse("E_ZIP_ENTRIES", max=limits.max_zip_entries)


def _is_bad_path(name: str) -> bool:
    return (
        name.startswith("/")
        or "\\" in name
        or "\0" in name
        or DRIVE.match(name) is not None
        or ".." in name.split("/")
    )


def _inflate(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, report: Reporter, limits: Limits
) -> bytes:
    ceiling = min(
        limits.max_uncompressed_bytes,
        max(CHUNK, entry.compress_size * limits.max_zip_ratio),
    )
    bomb = report.refuse("E_ZIP_BOMB", **human_bytes(limits.max_uncompressed_bytes))
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise report.refuse("E_ZIP_METHOD")
    if entry.file_size > ceiling:
        raise bomb
    out: list[bytes] = []
    size = 0
    for piece in _counted(archive, entry, ceiling):
        size += len(piece)
        if size > ceiling:
            raise bomb
        out.append(piece)
    return b"".join(out)


def _counted(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, ceiling: int) -> Iterator[bytes]:
    """Inflate piece by piece past the ceiling, whatever size is declared."""
    entry.file_size = ceiling + 2 * CHUNK
    with archive.open(entry) as stream:
        while piece := stream.read(CHUNK):
            yield piece


BOM = b"\xef\xbb\xbf"
CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f]")
LONE_CR = re.compile(rb"\r(?!\n)")
VISIBLE = re.compile(r"[^ \t\r\n]")
MOST_PIECES = 2**17  # over the longest header line, which is cut before it is split
NUMBER = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *", re.ASCII)
DIGITS = re.compile(r"\d+", re.ASCII)
WRONG_DELIMITERS: dict[str, dict[str, str]] = {
    "\t": {"variant": "tab"},
    " ": {"variant": "space"},
    **{mark: {"trouve": mark} for mark in "|:^~"},
}


class QuoteFault(ValueError):
    """Say where a misplaced quote opens, and whether the next line can still be read."""

    def __init__(self, at: int, *, closed: bool) -> None:
        super().__init__("quote")
        self.at = at
        self.closed = closed


class LongRow(ValueError):
    """Say that a row has more cells, or a cell more quotes, than any line may."""


@dataclass(frozen=True)
class Header:
    """Hold the names of the columns, the separator and where the rows start."""

    names: tuple[str, ...]
    delimiter: str
    start: int
    line: int

    def position(self, name: str) -> int:
        """Return the position of a column."""
        return self.names.index(name)


def decode(data: bytes, report: Reporter) -> str:
    """Check the encoding and the bytes of a whole file and return its text; raises Refused."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise report.refuse("E_ENCODING_UTF32")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise report.refuse("E_ENCODING_UTF16")
    if data.startswith(BOM):
        report.warn("W_BOM")
        data = data[3:]
    nul = data.find(b"\0")
    if nul >= 0:
        raise report.refuse("E_NUL_BYTES", octet=nul + 1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise report.refuse("E_ENCODING", line, octet=error.start + 1) from error
    control = CONTROL.search(data)
    if control:
        line = data.count(b"\n", 0, control.start()) + 1
        raise report.refuse("E_CONTROL_CHAR", line, code_car=f"0x{control[0][0]:02X}")
    cr = LONE_CR.search(data)
    if cr:
        raise report.refuse("E_LINE_ENDINGS", data.count(b"\n", 0, cr.start()) + 1)
    return text


def read_header(text: str, spec: AnswerSpec, report: Reporter, limits: Limits) -> Header:
    """Find the header line, its separator and the needed columns; raises Refused."""
    start, line = _first_line(text, report)
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    head = text[start : min(end, start + limits.max_line_bytes + 1)].rstrip("\r")
    if max(head.count(","), head.count(";")) >= limits.max_columns:
        raise report.refuse("E_TOO_MANY_COLUMNS", max=limits.max_columns)
    if too_long(head, limits.max_line_bytes):
        raise report.refuse("E_LINE_TOO_LONG", line, max=limits.max_line_bytes)
    needed = [c.name for c in spec.columns]
    names, delimiter = _split_header(head, needed, report, line)
    _require_columns(names, needed, report, line, head, spec)
    if delimiter == ";":
        report.warn("W_DELIMITER_SEMICOLON")
    extra = [n for n in names if n not in needed]
    report.warn_extra(extra)
    return Header(tuple(names), delimiter, end + 1, line)


def records(
    text: str, header: Header, report: Reporter, limits: Limits
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of each well-formed row, noting the others and blank lines."""
    at, line, blank, rows = header.start, header.line + 1, 0, 0
    size = len(text)
    while at < size:
        end = text.find("\n", at)
        end = size if end < 0 else end
        row = text[at:end]
        if not row.strip(" \t\r"):
            after, skipped = _after_blanks(text, at)
            blank += skipped
            at, line = after, line + skipped
            continue
        rows += 1
        if rows > limits.max_rows:
            raise report.refuse("E_TOO_MANY_ROWS", line)
        cells, at, span = _cells(text, at, end, header, report, line, limits)
        if cells is not None and _well_formed(cells, header, report, line, limits):
            yield line, cells
        line += span
    if blank:
        report.warn("W_BLANK_LINES", n=blank)
    if not rows:
        raise report.refuse("E_NO_ROWS")


def too_long(text: str, limit: int) -> bool:
    """Tell whether a text takes more bytes than a limit."""
    if len(text) * 4 <= limit:
        return False
    return len(text) > limit or len(text.encode()) > limit


def _after_blanks(text: str, at: int) -> tuple[int, int]:
    """Return where the next line that is not blank starts, and how many blank ones precede it."""
    visible = VISIBLE.search(text, at)
    after = len(text) if visible is None else text.rfind("\n", at, visible.start()) + 1
    after = max(after, at)
    skipped = text.count("\n", at, after)
    return after, skipped + (visible is None and not text.endswith("\n"))


def _first_line(text: str, report: Reporter) -> tuple[int, int]:
    at, skipped = _after_blanks(text, 0)
    if at >= len(text):
        raise report.refuse("E_EMPTY")
    if skipped:
        report.warn("W_BLANK_LINES", n=skipped)
    return at, skipped + 1


def _split_header(
    head: str, needed: Sequence[str], report: Reporter, line: int
) -> tuple[list[str], str]:
    found: list[tuple[int, int, list[str], str]] = []
    for delimiter in (",", ";"):
        with suppress(QuoteFault):
            names, _ = split_quoted(head, 0, delimiter)
            found.append((sum(n in names for n in needed), len(names), names, delimiter))
    if not found:
        raise report.refuse("E_HEADER_MISSING" if _is_markup(head) else "E_CSV_QUOTE", line)
    best = max(found, key=lambda f: f[:2])
    return best[2], best[3]


def _require_columns(
    names: list[str],
    needed: Sequence[str],
    report: Reporter,
    line: int,
    head: str,
    spec: AnswerSpec,
) -> None:
    for name in names:
        if name in needed and names.count(name) > 1:
            raise report.refuse("E_COLUMN_DUPLICATE", line, colonne=neutral(name))
    missing = [n for n in needed if n not in names]
    if not missing:
        _require_unique(names, report, line)
        return
    if head.strip().casefold().startswith("sep="):
        raise report.refuse("E_HEADER_MISSING", line, hint="H_SEP_DIRECTIVE")
    for wrong, shown in WRONG_DELIMITERS.items():
        parts = [p.strip(' "').casefold() for p in head.split(wrong)]
        if all(n.casefold() in parts for n in needed):
            raise report.refuse("E_DELIMITER", line, **shown)
    if _looks_like_data(names, head, spec):
        raise report.refuse("E_HEADER_MISSING", line)
    raise report.refuse("E_COLUMN_MISSING", line, **verdict.absent_columns(missing, names))


def _require_unique(names: list[str], report: Reporter, line: int) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen and name.strip():
            raise report.refuse("E_COLUMN_DUPLICATE", line, colonne=neutral(name))
        seen.add(name)


def _is_markup(head: str) -> bool:
    """Tell whether a page or a JSON document was saved under the name of a table."""
    return head.lstrip().startswith(("<", "{", "["))


def _looks_like_data(names: Sequence[str], head: str, spec: AnswerSpec) -> bool:
    if _is_markup(head):
        return True
    domain = set(spec.answer.domain or ())
    return any(NUMBER.fullmatch(n) or n in domain for n in names)


def _cells(
    text: str, at: int, end: int, header: Header, report: Reporter, line: int, limits: Limits
) -> tuple[list[str] | None, int, int]:
    """Return the cells of the row at a position, where the next starts, its physical lines."""
    row = text[at:end]
    if row.endswith("\r"):
        row = row[:-1]
    if '"' not in row:
        if line == header.line + 1 and too_long(row, limits.max_line_bytes):
            raise report.refuse("E_LINE_TOO_LONG", line, max=limits.max_line_bytes)
        if len(row) > limits.max_line_bytes and row.count(header.delimiter) >= len(header.names):
            report.add("E_LINE_TOO_LONG", line, max=limits.max_line_bytes)
            return None, end + 1, 1
        return row.split(header.delimiter), end + 1, 1
    try:
        cells, stop = split_quoted(text, at, header.delimiter)
    except LongRow as error:
        raise report.refuse("E_LINE_TOO_LONG", line, max=limits.max_line_bytes) from error
    except QuoteFault as error:
        report.add("E_CSV_QUOTE", line + text.count("\n", at, error.at))
        after = text.find("\n", error.at) if error.closed else -1
        after = len(text) if after < 0 else after + 1
        return None, after, text.count("\n", at, after)
    return cells, stop, text.count("\n", at, stop)


def split_quoted(text: str, at: int, delimiter: str) -> tuple[list[str], int]:
    """Split one row by RFC 4180 from a position; returns its cells and the next position.

    Raises QuoteFault, LongRow.
    """
    cells: list[str] = []
    while True:
        if len(cells) > MOST_PIECES:
            raise LongRow
        opening = at
        if text.startswith('"', at):
            cell, at = _quoted(text, at)
        else:
            cell, at = _bare(text, at, delimiter)
        cells.append(cell)
        if text.startswith(delimiter, at):
            at += 1
            continue
        if text.startswith("\r\n", at):
            at += 1
        if at >= len(text) or text[at] == "\n":
            return cells, at + 1
        raise QuoteFault(opening, closed=text.find("\n", opening, at) < 0)


def _quoted(text: str, at: int) -> tuple[str, int]:
    start = at + 1
    pieces: list[str] = []
    while True:
        end = text.find('"', start)
        if end < 0:
            raise QuoteFault(at, closed=False)
        pieces.append(text[start:end])
        if len(pieces) > MOST_PIECES:
            raise LongRow
        if text.startswith('"', end + 1):
            pieces.append('"')
            start = end + 2
            continue
        return "".join(pieces), end + 1


def _bare(text: str, at: int, delimiter: str) -> tuple[str, int]:
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    end = text.find(delimiter, at, line_end)
    end = line_end if end < 0 else end
    cell = text[at:end]
    if '"' in cell:
        raise QuoteFault(at + cell.index('"'), closed=True)
    stop = end - 1 if cell.endswith("\r") else end
    return text[at:stop], stop


def _well_formed(
    cells: list[str], header: Header, report: Reporter, line: int, limits: Limits
) -> bool:
    wanted = len(header.names)
    if len(cells) == wanted:
        for name, cell in zip(header.names, cells, strict=True):
            if too_long(cell, limits.max_cell_bytes):
                facts = {"colonne": neutral(name), "max": limits.max_cell_bytes}
                report.add("E_CELL_TOO_LONG", line, **facts)
                return False
        return True
    if sum(map(len, cells)) > limits.max_line_bytes:
        report.add("E_LINE_TOO_LONG", line, max=limits.max_line_bytes)
        return False
    hint = {"hint": verdict.COMMA} if _is_comma_split(cells, header) else {}
    report.add("E_ROW_FIELDS", line, trouve=len(cells), attendu=wanted, **hint)
    return False


def _is_comma_split(cells: list[str], header: Header) -> bool:
    """Tell whether decimal commas were taken for separators."""
    if header.delimiter != "," or len(cells) <= len(header.names):
        return False
    if not DIGITS.fullmatch(cells[-1].strip(" ")):
        return False
    return any(NUMBER.fullmatch(f"{a}.{b}") for a, b in itertools.pairwise(cells))

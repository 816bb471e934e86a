"""Tell what a file really is, and open a zip without trusting it; standard library only."""

import io
import itertools
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from challenges.scoring.answer import Limits
from challenges.scoring.predictions.faults import Reporter

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

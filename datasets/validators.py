"""Judge a file by its content, whatever its name promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

HEAD_BYTES = 4_096


@dataclass(frozen=True)
class FileType:
    """A kind of file that a release may hold."""

    extension: str
    media_type: str
    magic: bytes = b""
    is_text: bool = False
    is_table: bool = False


TYPES = {
    one.extension: one
    for one in (
        FileType("csv", "text/csv", is_text=True, is_table=True),
        FileType("json", "application/json", is_text=True),
        FileType("jsonl", "application/jsonl", is_text=True),
        FileType("geojson", "application/geo+json", is_text=True),
        FileType("md", "text/markdown", is_text=True),
        FileType("txt", "text/plain", is_text=True),
        FileType("parquet", "application/vnd.apache.parquet", magic=b"PAR1"),
        FileType("pdf", "application/pdf", magic=b"%PDF-"),
        FileType("zip", "application/zip", magic=b"PK\x03\x04"),
        FileType(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            magic=b"PK\x03\x04",
        ),
        FileType("ods", "application/vnd.oasis.opendocument.spreadsheet", magic=b"PK\x03\x04"),
    )
}


def type_of(name: str) -> FileType | None:
    """Find the type that a name promises, None when it is not among ours."""
    stem, dot, extension = name.rpartition(".")
    return TYPES.get(extension.lower()) if stem and dot else None


def agrees(content: BinaryIO, kind: FileType) -> bool:
    """Say whether the first bytes are of the promised type; the file is rewound."""
    head = content.read(HEAD_BYTES)
    content.seek(0)
    if kind.magic:
        return head.startswith(kind.magic)
    return b"\0" not in head and _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    """Say whether bytes are UTF-8, a character cut at the end left aside."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == HEAD_BYTES
    return True

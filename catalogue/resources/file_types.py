"""Tell what a file is by its first bytes, and whether its name says so."""

import re
import tomllib
from pathlib import Path

HEAD_BYTES = 4_096
BINARY = "binary"
OCTETS = "application/octet-stream"
# The kind of content that begins so, at an offset.
MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PAR1", "parquet"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (257, b"ustar", "tar"),
    (0, b"%PDF-", "pdf"),
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"\x93NUMPY", "npy"),
    (0, b"GGUF", "gguf"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x7fELF", "program"),
    (0, b"MZ", "program"),
)
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
PICKLE = re.compile(rb"\x80[\x02-\x05]")
# An ONNX model starts with its version, then names what produced it, its graph or its operators.
ONNX = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x3a\x42]")
LONGEST_SAFETENSORS_HEADER = 100_000_000


# By the ending of a name: how it is served, then the contents that keep what it promises.
PROMISES: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)
# What runs code when it is loaded by the usual tools, and what holds figures alone.
EXECUTABLE_KINDS = frozenset({"pickle", "program"})
EXECUTABLE_NAMES = frozenset(
    {"pkl", "pickle", "joblib", "pt", "pth", "bin", "ckpt", "h5", "hdf5", "keras", "npy"}
)
# Archives that the examination cannot open.
UNOPENED_KINDS = frozenset({"7z", "zstd"})
INERT_KINDS = frozenset({"safetensors", "onnx", "gguf"})


def extension(name: str) -> str:
    """Give the last extension of a name in lower case; "" when it has none."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if stem and dot else ""


def kind_of(head: bytes) -> str:
    """Name the content that begins with these bytes, 4,096 at most."""
    for offset, magic, kind in MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return kind
    if PICKLE.match(head):
        return "pickle"
    if is_text(head):
        return "text"
    size = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and 2 <= size <= LONGEST_SAFETENSORS_HEADER:
        return "safetensors"
    return "onnx" if ONNX.match(head) else BINARY


def is_text(head: bytes) -> bool:
    """Say whether bytes are text: UTF-8, UTF-16 with its mark, or an older table of characters."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or not CONTROLS.search(head)


def is_utf8(head: bytes) -> bool:
    """Say whether the first bytes are text in UTF-8; a character cut at their end is left aside."""
    if CONTROLS.search(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == HEAD_BYTES and error.start >= len(head) - 3
    return True


def agrees(name: str, kind: str) -> bool:
    """Say whether a content is what its name promises; a name may promise nothing."""
    promise = PROMISES.get(extension(name))
    return promise is None or kind in promise[1:]


def media_type(name: str) -> str:
    """Give the media type that a name promises: nothing that a browser would run."""
    promise = PROMISES.get(extension(name))
    return promise[0] if promise else OCTETS


def is_executable(name: str, kind: str) -> bool:
    """Tell what may run code when it is opened."""
    return kind in EXECUTABLE_KINDS or extension(name) in EXECUTABLE_NAMES

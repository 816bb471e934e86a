"""Say whether an archive is dangerous to open, from a bounded reading of it."""

from __future__ import annotations

import bz2
import encodings.cp437
import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Literal

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
LOADED = (encodings.cp437,)


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

"""Look for personal data in a file before anybody may read it; run as a program, do it.

All but a short text in a process of its own, which can be stopped: an archive may hold a thousand
times its size. It has neither environment nor Django, under limits that it sets itself before the
first byte.
"""

import io
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from portal.lib import personal_data
from portal.lib.personal_data import Found, Kind

ROOT = Path(__file__).resolve().parents[2]
ADDRESSED_BYTES = 4 << 30  # Arrow reserves more than it uses
CHUNK = 1 << 20
# Read of the text of a file, or of all that an archive holds: four seconds.
READ_BYTES = 20 << 20
MEMBERS = 2_000
# A text this short is read here, in a fifth of a second at most.
SMALL_BYTES = 1 << 20
ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
PACKED = frozenset({ZIP, PARQUET})
# Pictures, documents, programs, compressed bytes: their noise is nobody's.
BINARY = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"%PDF", b"\x7fELF", b"MZ", b"\x1f\x8b")
SECONDS = 30
# Numbers whose key holds: they are somebody's, whatever the file is for.
CERTAIN = frozenset({Kind.NIR, Kind.IBAN})


class Unread(Exception):
    """The file takes more time or memory to read than it may, or is a broken archive."""


def scan(stream: IO[bytes], *, seconds: int = SECONDS) -> list[Found]:
    """List the first of each kind of personal data in a file, addresses of services left out.

    The first 20 MB are read: of a text; of the members of a ZIP, which XLSX and ODS are too; of the
    texts of a Parquet file. Other files hold no text that can be read. The stream is rewound.
    Raises Unread. seconds: of processor and of clock.
    """
    stream.seek(0)
    start = stream.read(SMALL_BYTES + 1)
    if len(start) <= SMALL_BYTES and start[:4] not in PACKED:
        stream.seek(0)
        return _firsts(io.BytesIO(start))
    with _on_disk(stream) as file:
        try:
            done = subprocess.run(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-P", "-m", __name__, str(seconds)],
                stdin=file,
                capture_output=True,
                cwd="/",
                env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
                timeout=2 * seconds,
                check=True,
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            raise Unread from error
        finally:
            stream.seek(0)
    told: list[tuple[str, int, str]] = json.loads(done.stdout)
    return [Found(Kind(kind), line, excerpt) for kind, line, excerpt in told]


@contextmanager
def _on_disk(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give a file that another process can read: a pipe could fill while nobody reads."""
    stream.seek(0)
    try:
        stream.fileno()
    except (OSError, AttributeError):  # in memory
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy, CHUNK)
            copy.seek(0)
            yield copy
    else:
        yield stream


def _firsts(file: IO[bytes]) -> list[Found]:
    once: dict[Kind, Found] = {}
    for text in _texts(file):
        for found in personal_data.find(text):
            if found.kind is Kind.EMAIL and personal_data.is_generic(found.excerpt):
                continue
            once.setdefault(found.kind, found)
    return list(once.values())


def _texts(file: IO[bytes]) -> Iterator[str]:
    head = file.read(4)
    file.seek(0)
    if head == ZIP:
        yield from _members(file)
    elif head == PARQUET:
        yield _table(file)
    else:
        yield _text(file.read(READ_BYTES))


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    # Neither one NUL nor two letters hide anything: what is no text begins as pictures and programs
    # do, and has a NUL soon.
    if content.startswith(BINARY) and b"\0" in content[:CHUNK]:
        return ""
    return content.replace(b"\0", b"").decode("utf-8", "replace")


def _members(file: IO[bytes]) -> Iterator[str]:
    left = READ_BYTES
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist()[:MEMBERS]:
            if member.is_dir() or member.flag_bits & 1:  # encrypted: nobody reads it either
                continue
            with archive.open(member) as opened:
                content = opened.read(left)
            left -= len(content)
            yield _text(content)
            if left <= 0:
                return


def _table(file: IO[bytes]) -> str:
    from pyarrow import parquet  # noqa: PLC0415  # slow import

    text, size = io.StringIO(), 0
    for batch in parquet.ParquetFile(file).iter_batches(batch_size=1_000):
        for row in batch.to_pylist():
            size += text.write(" ; ".join(map(str, row.values())) + "\n")
        if size > READ_BYTES:
            break
    return text.getvalue()


if __name__ == "__main__":
    for what, most in (
        (resource.RLIMIT_CPU, int(sys.argv[1])),
        (resource.RLIMIT_AS, ADDRESSED_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    sys.stdout.write(json.dumps([list(one) for one in _firsts(sys.stdin.buffer)]))

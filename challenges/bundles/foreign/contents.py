"""Read the files of a payload, and write them as one archive with nothing of the host in it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from challenges.bundles.folder import Folder
from challenges.bundles.foreign.values import Holding, Payload

MAX_FILE_BYTES = 2 << 30
MAX_TABLE_BYTES = 200 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)


def files(folder: Folder, payload: Payload) -> Iterator[tuple[str, bytes]]:
    """Give each file of a judged payload: its path inside it, its content."""
    match payload.holding:
        case Holding.FOLDER:
            for name in payload.files:
                path = f"{payload.path}/{name}"
                yield name, folder.read(path, limit_bytes=MAX_FILE_BYTES)
        case Holding.FILE:
            yield payload.files[0], folder.read(payload.path, limit_bytes=MAX_FILE_BYTES)
        case Holding.ZIP:
            with folder.open(payload.path) as stream, zipfile.ZipFile(stream) as archive:
                for name in payload.files:
                    yield name, archive.read(name)


def archive(folder: Folder, payload: Payload) -> bytes:
    """Write a payload as a zip: the same bytes for the same files."""
    return zipped(files(folder, payload))


def zipped(found: Iterator[tuple[str, bytes]]) -> bytes:
    """Write files as a zip, in their order, without dates."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in found:
            member = zipfile.ZipInfo(name, EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o100644 << 16
            made.writestr(member, content)
    return target.getvalue()


def one_root(folder: Folder, payload: Payload) -> Iterator[tuple[str, bytes]]:
    """Give the files of a payload without the one folder that holds them all, if there is one."""
    heads = {PurePosixPath(name).parts[0] for name in payload.files}
    deeper = len(heads) == 1 and all("/" in name for name in payload.files)
    for name, content in files(folder, payload):
        yield (name.split("/", 1)[1] if deeper else name), content


def tables(folder: Folder, payload: Payload | None) -> Iterator[tuple[str, list[list[str]]]]:
    """Give the CSV tables of a payload, header first; those that cannot be read are left out."""
    if payload is not None:
        yield from _tables(files(folder, payload))


def packed_tables(archive: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    """Give the CSV tables of an archive that `archive` wrote."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        yield from _tables((name, packed.read(name)) for name in packed.namelist())


def _tables(found: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, list[list[str]]]]:
    for name, content in found:
        if PurePosixPath(name).suffix.lower() == ".csv" and len(content) <= MAX_TABLE_BYTES:
            try:
                text = content.decode("utf-8-sig")
                rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
            except (UnicodeDecodeError, csv.Error):
                continue
            if "\0" not in text and len(rows) > 1 and all(len(row) == len(rows[0]) for row in rows):
                yield name, rows

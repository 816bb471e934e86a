"""A folder given by a stranger: paths stay inside, links are not followed, tables are streamed."""

import csv
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from challenges.bundles import safe_yaml
from challenges.scoring.archives import is_relative


class PathRefused(Exception):
    """A path that leaves the folder, follows a link or is not a regular file."""


class FileAbsent(Exception):
    """A declared file that is not there."""


class TableRefused(Exception):
    """A file that is not a readable CSV table; the reason in French."""


class Folder:
    """Open the files of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._headers: dict[str, list[str]] = {}
        self._columns: dict[tuple[str, str], list[str]] = {}
        self._rows: dict[str, int] = {}

    def locate(self, path: object) -> Path:
        """Give the place of a regular file of the folder; raises PathRefused or FileAbsent."""
        if not isinstance(path, str) or not is_relative(path):
            raise PathRefused
        place = self.root
        for part in path.split("/"):
            place = place / part
            try:
                mode = os.lstat(place).st_mode
            except OSError as error:  # absent, or a name that this system cannot have
                raise FileAbsent from error
            if stat.S_ISLNK(mode):
                raise PathRefused
        if stat.S_ISDIR(mode):
            raise FileAbsent
        if not stat.S_ISREG(mode):
            raise PathRefused
        return place

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Open a file for reading, refusing a link put there meanwhile."""
        place = self.locate(path)
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            yield stream

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Read a file whole; raises TableRefused beyond `limit_bytes`.

        No more memory is asked for than the file has bytes, whatever the limit.
        """
        with self.open(path) as stream:
            size = min(os.fstat(stream.fileno()).st_size, limit_bytes)
            content = stream.read(size + 1)
        if len(content) > limit_bytes:
            raise TableRefused(f"plus de {limit_bytes} octets")
        return content

    def sha256(self, path: str) -> str:
        """Digest a file."""
        with self.open(path) as stream:
            digest = hashlib.sha256()
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    def header(self, path: str) -> list[str]:
        """Give the column names of a table; raises TableRefused."""
        if path not in self._headers:
            with self._table(path) as rows:
                self._headers[path] = next(rows)
        return self._headers[path]

    def rows(self, path: str) -> int:
        """Count the rows of a table, header excluded; raises TableRefused on a ragged row."""
        if path not in self._rows:
            with self._table(path) as rows:
                width = len(next(rows))
                count = 0
                for row in rows:
                    if len(row) != width:
                        raise TableRefused(
                            f"ligne {count + 2} : {len(row)} cellules au lieu de {width}"
                        )
                    count += 1
            self._rows[path] = count
        return self._rows[path]

    def column(self, path: str, name: str) -> list[str]:
        """Give one column of a table as text; raises TableRefused, KeyError when absent."""
        if (path, name) not in self._columns:
            header = self.header(path)
            if name not in header:
                raise KeyError(name)
            self.rows(path)
            at = header.index(name)
            with self._table(path) as rows:
                next(rows)
                self._columns[path, name] = [row[at] for row in rows]
        return self._columns[path, name]

    @contextmanager
    def _table(self, path: str) -> Iterator[Iterator[list[str]]]:
        with self.open(path) as stream:
            text: TextIO = os.fdopen(os.dup(stream.fileno()), "r", encoding="utf-8-sig", newline="")
            with text:
                try:
                    rows = csv.reader(text, strict=True)
                    yield _lines(rows)
                except UnicodeDecodeError as error:
                    raise TableRefused("le fichier n’est pas en UTF-8") from error
                except csv.Error as error:
                    raise TableRefused("CSV illisible") from error


def _lines(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Give the header, which must exist and name each column once, then the non-empty rows."""
    header = next(rows, None)
    if not header:
        raise TableRefused("fichier vide, sans ligne d’en-tête")
    if len(set(header)) != len(header):
        raise TableRefused("une colonne porte deux fois le même nom")
    if any(safe_yaml.is_refused_text(name) for name in header):
        raise TableRefused("caractère nul dans le nom d’une colonne")
    yield header
    for row in rows:
        if row:
            yield row

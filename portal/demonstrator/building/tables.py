"""Read tables of open data from a folder or an archive: what is wrong is named by file and line."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from portal.lib.refusals import Refusal

MOST_BYTES = 100_000_000  # of one file
MOST_FILES = 500  # of an archive
MOST_CELL = 200_000  # characters
ROME_CODE = re.compile(r"[A-Z]\d{4}")
VERSION = re.compile(r"_v(\d{1,4})(?:_utf8)?\.csv$")


class Unreadable(Refusal):
    """A file that is not what was announced; the sentence names it, the line and the column."""

    code = "referential_unreadable"

    @classmethod
    def at(cls, file: str, line: int, fault: str, *, column: str = "") -> "Unreadable":
        """Say what is wrong, and where."""
        where = f", colonne « {column} »" if column else ""
        return cls(f"{file}, ligne {line}{where} : {fault}")


@dataclass(frozen=True)
class Row:
    """A line of a table: where it stands, its cells by column."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str) -> str:
        """Give a cell of a column that a table may lack."""
        return self.cells.get(column, "")

    def refuse(self, column: str, fault: str) -> Unreadable:
        """Say what is wrong with a cell."""
        shown = self[column][:64]
        return Unreadable.at(self.file, self.line, f"« {shown} » {fault}", column=column)

    def text(self, column: str) -> str:
        """Read a text that may not be empty."""
        if not self[column]:
            raise Unreadable.at(self.file, self.line, "cellule vide", column=column)
        return self[column]

    def rome(self, column: str) -> str:
        """Read a code of an occupation."""
        if not ROME_CODE.fullmatch(self[column]):
            raise self.refuse(column, "n’est pas un code ROME (une lettre, quatre chiffres)")
        return self[column]

    def number(self, column: str, *, low: float, high: float) -> float:
        """Read a number between two bounds."""
        try:
            number = float(self[column])
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise self.refuse(column, f"n’est pas un nombre de {low:g} à {high:g}")
        return number

    def whole(self, column: str, *, low: int, high: int) -> int:
        """Read a whole number between two bounds."""
        if not self[column].isascii() or not self[column].isdigit():
            raise self.refuse(column, "n’est pas un nombre entier")
        return int(self.number(column, low=low, high=high))

    def one_of(self, column: str, choices: Mapping[str, int]) -> int:
        """Read one of some words."""
        if self[column] not in choices:
            raise self.refuse(column, f"n’est pas parmi {', '.join(choices)}")
        return choices[self[column]]


class Source:
    """Files of a folder, or of an archive: only those that are asked for are read."""

    def __init__(self, place: Path | bytes) -> None:
        """Open a folder, an archive on disk or its bytes. Raises Unreadable for anything else."""
        self._folder = place if isinstance(place, Path) and place.is_dir() else None
        self._archive: zipfile.ZipFile | None = None
        self._read: set[str] = set()
        if self._folder is not None:
            self.names = sorted(each.name for each in self._folder.iterdir() if each.is_file())
            return
        try:
            file = io.BytesIO(place) if isinstance(place, bytes) else place
            self._archive = zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile):
            raise Unreadable("Ni un dossier, ni une archive zip que l’on puisse ouvrir.") from None
        self.names = sorted(self._archive.namelist())
        if len(self.names) > MOST_FILES:
            raise Unreadable(f"L’archive a plus de {MOST_FILES} fichiers.")

    def find(self, pattern: str) -> str | None:
        """Name the one file whose last part has this form, None for none.

        Raises Unreadable for two: one would be of another version.
        """
        names = [each for each in self.names if fnmatchcase(each.rpartition("/")[2], pattern)]
        if len(names) > 1:
            raise Unreadable(f"{names[0]} et {names[1]} : gardez-en un seul.")
        return names[0] if names else None

    def rows(
        self, pattern: str, columns: Sequence[str], *, is_needed: bool = True
    ) -> Iterator[Row]:
        """Read the lines of a table; nothing for one that may lack and does.

        Raises Unreadable for a file that lacks, is too large or no UTF-8, for a column that lacks,
        and for a line that has too few or too many cells.
        """
        name = self.find(pattern)
        if name is None:
            if is_needed:
                raise Unreadable(f"{pattern} : fichier absent.")
            return
        lines = csv.reader(self._lines(name), strict=True)
        # The limit is of the whole process: what reads a table after this one has its own back.
        before = csv.field_size_limit(MOST_CELL)
        try:
            header = [each.strip() for each in next(lines, [])]
            for column in columns:
                if column not in header:
                    raise Unreadable.at(name, 1, "colonne absente", column=column)
            for cells in lines:
                if not any(cells):
                    continue
                if len(cells) != len(header):
                    fault = f"{len(cells)} cellules au lieu de {len(header)}"
                    raise Unreadable.at(name, lines.line_num, fault)
                # Former releases doubled their apostrophes.
                plain = (each.replace("''", "'").strip() for each in cells)
                yield Row(name, lines.line_num, dict(zip(header, plain, strict=True)))
        except csv.Error as error:
            raise Unreadable.at(name, lines.line_num, f"ce n’est pas du CSV ({error})") from None
        finally:
            csv.field_size_limit(before)

    def versions(self) -> dict[str, str]:
        """Give the version that the names of the files that were read bear."""
        matches = {name.rpartition("/")[2]: VERSION.search(name) for name in self._read}
        return {name: match[1] for name, match in matches.items() if match}

    def _lines(self, name: str) -> Iterator[str]:
        """Read a table line by line. Raises Unreadable for what is too large, damaged, no UTF-8."""
        self._read.add(name)
        number, left = 0, MOST_BYTES + 1
        try:
            with self._open(name) as file:
                while line := file.readline(left):
                    number, left = number + 1, left - len(line)
                    if left <= 0:
                        raise Unreadable(f"{name} : plus de {MOST_BYTES // 1_000_000} Mo.")
                    yield line.decode("utf-8" if number > 1 else "utf-8-sig")
        except UnicodeDecodeError:
            raise Unreadable.at(name, number, "ce n’est pas de l’UTF-8") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError):
            raise Unreadable(f"{name} : illisible, ou abîmé.") from None

    def _open(self, name: str) -> IO[bytes]:
        if self._folder is not None:
            return (self._folder / name).open("rb")
        assert self._archive is not None  # noqa: S101 (one or the other was opened)
        return self._archive.open(name)

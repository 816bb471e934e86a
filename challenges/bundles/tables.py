"""The tables at hand, and where to note what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.bundles.report import Findings


@dataclass(frozen=True)
class Tables:
    """The tables at hand, and where to note what is wrong with them.

    test: the table to predict, held out where teams send code; they then see `inputs`, a sample
    of it, and perhaps its `answers`.
    """

    folder: Folder
    findings: Findings
    test: str | None
    sample: str | None
    truth: str | None
    inputs: str | None = None
    answers: str | None = None
    is_code: bool = False

    def refuse(self, code: str, message: str, *, file: str, key: str, value: object = "") -> None:
        """Note a fault in a table."""
        self.findings.refuse(code, message, file=file, key=key, value=value)

    def has(self, path: str, column: str | None, key: str, *, code: str) -> bool:
        """Say whether a table holds a column, and note it if not."""
        if column is None or column == "":
            return False
        try:
            if column in self.folder.header(path):
                self.folder.rows(path)
                return True
        except TableRefused as refusal:
            self.refuse("E_FILE_ROWS", str(refusal), file=path, key=key, value=column)
            return False
        except (PathRefused, FileAbsent):
            return False
        self.refuse(code, "colonne absente du fichier", file=path, key=key, value=column)
        return False


def some(values: Iterable[str]) -> str:
    """Show at most three values, sorted."""
    return ", ".join(sorted(values)[:3])

"""Compare the public sample of a challenge of code with the inputs that are held out."""

from __future__ import annotations

from collections.abc import Sequence

from challenges.bundles import shapes
from challenges.bundles.code import CODE, SAMPLE_ROWS
from challenges.bundles.folder import FileAbsent, PathRefused, TableRefused
from challenges.bundles.report import counted
from challenges.bundles.tables import Tables

TWICE = "W_SAMPLE_HIDDEN"


def check(tables: Tables, submission: shapes.Submission, truth: shapes.Truth) -> None:
    """Note where the sample, its example of an answer and its answers do not go together.

    No message of a comparison with the held-out inputs shows a value of theirs.
    """
    inputs = tables.inputs
    if inputs is None or not _reads(tables, inputs):
        return
    if not tables.has(inputs, truth.key, "truth.id", code="E_COLUMN_MISSING"):
        return
    key = str(truth.key)
    rows = tables.folder.rows(inputs)
    if not SAMPLE_ROWS[0] <= rows <= SAMPLE_ROWS[1]:
        tables.refuse(
            CODE,
            f"de {SAMPLE_ROWS[0]} à {SAMPLE_ROWS[1]} lignes sont attendues : assez pour essayer un "
            "programme, sans attendre",
            file=inputs,
            key="files.public",
            value=rows,
        )
    _same_ids(tables, submission, truth, set(tables.folder.column(inputs, key)))
    if tables.test is not None and _reads(tables, tables.test):
        _beside_the_hidden(tables, inputs, tables.test)


def _same_ids(
    tables: Tables, submission: shapes.Submission, truth: shapes.Truth, wanted: set[str]
) -> None:
    own = submission.column(submission.layout.roles[0])
    for path, column in (
        (tables.sample, own.name if own else None),
        (tables.answers, truth.key),
    ):
        if path is None or not column or not _reads(tables, path):
            continue
        if not tables.has(path, column, "files.public", code="E_COLUMN_MISSING"):
            continue
        found = set(tables.folder.column(path, column))
        if found != wanted:
            tables.refuse(
                "E_IDS",
                f"{counted(len(wanted - found), 'identifiant absent', 'identifiants absents')} de "
                f"ceux de {tables.inputs}, {len(found - wanted)} en trop",
                file=path,
                key="id",
            )


def _beside_the_hidden(tables: Tables, inputs: str, hidden: str) -> None:
    """Compare columns and rows; a program must meet the same table in both."""
    ours, theirs = tables.folder.header(inputs), tables.folder.header(hidden)
    if set(ours) != set(theirs):
        lacking = [name for name in theirs if name not in ours]
        tables.refuse(
            "E_COLUMN_MISSING",
            f"l’échantillon public et {hidden} n’ont pas les mêmes colonnes : "
            f"{counted(len(lacking), 'manque', 'manquent')}, "
            f"{len(set(ours) - set(theirs))} en trop",
            file=inputs,
            key="files.public",
            value=", ".join(lacking[:4]),
        )
        return
    shared = len(_lines(tables, inputs, ours) & _lines(tables, hidden, ours))
    if shared:
        tables.findings.warn(
            TWICE,
            f"{counted(shared, 'ligne est', 'lignes sont')} aussi dans les entrées réservées : ce "
            "que l’échantillon en dit est public",
            file=inputs,
        )


def _lines(tables: Tables, path: str, names: Sequence[str]) -> set[tuple[str, ...]]:
    columns = [tables.folder.column(path, name) for name in names]
    return set(zip(*columns, strict=True))


def _reads(tables: Tables, path: str) -> bool:
    """Say whether a table can be read, noting why not."""
    try:
        tables.folder.rows(path)
    except TableRefused as refusal:
        tables.refuse("E_FILE_ROWS", str(refusal), file=path, key="rows")
        return False
    except (PathRefused, FileAbsent):
        return False
    return True

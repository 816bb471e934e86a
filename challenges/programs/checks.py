"""Check what a team sends to a program against the form of its task; nothing of it runs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.programs import Form, FormKind
from challenges.organising.models.scorings import PhaseTask
from challenges.scoring import child
from challenges.scoring.archives import ArchiveRefused, Bounds
from challenges.scoring.contract import AnswerSpec
from challenges.scoring.packages import METADATA
from challenges.scoring.truth import keys_of
from challenges.scoring.verdict import Verdict, archive_fault, fault_of, neutral

BOUNDS = Bounds(members=1000, total_bytes=2**30)
MOST_LISTED = 5
PIECE_BYTES = 65_536


METADATA_BYTES = 16 * 1024
COMMAND = re.compile(rb"^command\s*:\s*\S", re.MULTILINE)


class _Refused(Exception):
    def __init__(self, code: str, *, variant: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.fault = fault_of(code, variant=variant, **facts)


def check_form(path: Path, task: PhaseTask, known: bytes, *, name: str) -> Verdict:
    """Check a file of a team against the form of its task.

    path: its private copy, with the extension of name. known: the published identifiers, of the
    task's compiled held-out version.
    """
    form = Form.from_json(task.form)
    try:
        with _opened(path, form, name, runs=task.scorer_version.spec["takes_code"]) as inner:
            return _content(inner, form, known)
    except _Refused as refused:
        return Verdict(False, (refused.fault,))
    except ArchiveRefused as refused:
        return Verdict(False, (archive_fault(refused.code, refused.member),))


@contextmanager
def _opened(path: Path, form: Form, name: str, *, runs: bool) -> Iterator[Path | None]:
    """Give the file that is checked, None where nothing more is. runs: the phase takes programs."""
    suffix = Path(name).suffix.lower()
    if form.types and suffix not in form.types:
        raise _Refused("E_FILE_NAME", trouve=neutral(name), attendu=", ".join(form.types))
    if not form.is_archive:
        yield path if form.name else None
        return
    if suffix != ".zip":
        _require_name(form, [name])
        yield path if form.name else None
        return
    with foreign_bundle.opened(path, BOUNDS) as folder:
        found = foreign_bundle.files_below(folder)
        if not found:
            raise _Refused("E_ZIP_EMPTY")
        if not runs:
            _refuse_command(folder)
        _require_name(form, found)
        yield folder / form.name if form.name else None


def _refuse_command(folder: Path) -> None:
    """Refuse a program where nothing is run, rather than score what it would not have written."""
    for name in METADATA:
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                if COMMAND.search(file.read(METADATA_BYTES)):
                    raise _Refused("E_FILE_NAME", variant="program", trouve=name)


def _require_name(form: Form, found: list[str]) -> None:
    if form.name and form.name not in found:
        shown = ", ".join(neutral(one) for one in found[:MOST_LISTED])
        raise _Refused("E_FILE_NAME", trouve=shown, attendu=form.name)


def _content(path: Path | None, form: Form, known: bytes) -> Verdict:
    if path is None:
        return Verdict(True)
    match form.kind:
        case FormKind.ANY:
            return Verdict(True)
        case FormKind.TABLE:
            return child.check(path, AnswerSpec.from_json(form.answer or {}), known, name=path.name)
        case FormKind.ROWS:
            return _counted(path, form, header=1)
        case FormKind.LINES:
            return _counted(path, form, header=0)


def _counted(path: Path, form: Form, *, header: int) -> Verdict:
    """Compare numbers of lines; nothing of their content is told."""
    rows = _filled_lines(path) - header
    if rows != form.rows:
        raise _Refused("E_ROW_COUNT", trouve=rows, attendu=form.rows)
    return Verdict(True, rows=rows)


def _filled_lines(path: Path) -> int:
    """Count the lines that are not blank, whatever their length."""
    count, filled = 0, False
    with path.open("rb") as file:
        while piece := file.readline(PIECE_BYTES):
            filled = filled or bool(piece.strip())
            if piece.endswith(b"\n"):
                count, filled = count + filled, False
    return count + filled


def published_keys(place: tuple[str, str], reference: bytes) -> bytes:
    """Take from a sealed reference the identifiers that its bundle published: a file, a column."""
    file, column = place
    for name, table in foreign_bundle.packed_tables(reference):
        if name == file:
            at = table[0].index(column)
            return keys_of([row[at] for row in table[1:]])
    raise ValueError("the table of the form is not in the reference")

"""Check the format of a file before anything else reads it: no slot used, blind to answers."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext as _

from challenges.bundles.foreign import archives
from challenges.bundles.programs import Form, FormKind
from challenges.entries import rules
from challenges.entries.enums import INFECTED
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.organising.queries import refuse_not_isolated
from challenges.scoring import child
from challenges.scoring.archives import ArchiveRefused, Bounds
from challenges.scoring.contract import AnswerSpec
from challenges.scoring.verdict import Verdict, archive_fault, fault_of, file_fault, neutral
from challenges.teams.models import Team
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.lib import clock
from portal.lib.refusals import Conflict, QuotaSpent, TooLarge, Unavailable
from portal.lib.storage import objects, scanning

_SCAN_SECONDS = 20.0  # a person waits for the answer


def check(
    *, phase: Phase, team: Team, content: bytes | IO[bytes], original_name: str, by: Actor
) -> Verdict:
    """Check a file in a child process that knows the public identifiers only.

    Changes nothing but the hourly count of the team. Raises NotAllowed; QuotaSpent past the
    hourly count; TooLarge; Conflict where code is sent; Unavailable while the challenge is
    being prepared, or where the antivirus does not say whether the file is clean.
    """
    require(rules.may_enter, by, team)
    hour = _count(team)
    task = (
        PhaseTask.objects.filter(phase=phase, current=True)
        .select_related("scorer_version", "holdout")
        .order_by("index")
        .first()
    )
    if task is None or task.holdout.compiled_keys_sha256 is None:
        raise Unavailable(_("Le challenge est encore en préparation. Réessayez dans un moment."))
    if task.takes_code:  # to check answers would tell hidden identifiers
        raise Conflict(
            _("Cette phase prend du code : essayez-le sur l’échantillon public."),
            code="code_phase",
        )
    keys = objects.read(task.holdout.compiled_keys_sha256)
    with _private_copy(content, original_name, limit_bytes=phase.max_bytes) as path:
        try:
            infected = _infected(path)
        except Unavailable as refusal:
            # A file on which the antivirus fails counts: it would hold us again and again.
            if refusal.code == scanning.ScannerAway.code:
                _give_back(team, hour)
            raise
        if infected:
            return infected
        if task.scorer_version.is_program:
            refuse_not_isolated(phase)
            return check_for_program(path, task, keys, name=original_name)
        spec = AnswerSpec.from_json(task.scorer_version.spec["submission"])
        return child.check(path, spec, keys, name=original_name)


def _infected(path: Path) -> Verdict | None:
    try:
        return infected_verdict(path, seconds=_SCAN_SECONDS)
    except (scanning.ScannerAway, scanning.ScannerFailed) as error:
        raise Unavailable(
            _(
                "L’antivirus du portail n’a pas pu lire ce fichier : il n’est pas vérifié, et "
                "aucun essai n’est décompté. Réessayez dans quelques minutes."
            ),
            code=error.code,
        ) from error


def _count(team: Team) -> datetime:
    """Take one of the checks of this hour, which is returned; the database counts, one by one.

    Raises QuotaSpent.
    """
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = Team.objects.filter(pk=team.pk)
    row.filter(Q(checks_hour__isnull=True) | Q(checks_hour__lt=hour)).update(
        checks_hour=hour, checks_used=0
    )
    left = row.filter(checks_used__lt=settings.CHECKS_PER_HOUR)
    if not left.update(checks_used=F("checks_used") + 1):
        raise QuotaSpent(
            _("Votre équipe a fait beaucoup de vérifications cette heure-ci."),
            code="checks_reached",
            next_opening=hour + timedelta(hours=1),
        )
    return hour


def _give_back(team: Team, hour: datetime) -> None:
    Team.objects.filter(pk=team.pk, checks_hour=hour, checks_used__gt=0).update(
        checks_used=F("checks_used") - 1
    )


@contextmanager
def _private_copy(
    content: bytes | IO[bytes], original_name: str, *, limit_bytes: int
) -> Iterator[Path]:
    chunks = [content] if isinstance(content, bytes) else objects.pieces(content)
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        path = Path(folder) / f"answer{Path(original_name).suffix.lower()[:12]}"
        size = 0
        with path.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limit_bytes:
                    raise TooLarge(limit_bytes=limit_bytes)
                file.write(chunk)
        yield path


BOUNDS = Bounds(members=1000, total_bytes=2**30)
MOST_LISTED = 5
PIECE_BYTES = 65_536


METADATA = ("metadata.yaml", "metadata")
METADATA_BYTES = 16 * 1024
COMMAND = re.compile(rb"^command\s*:\s*\S", re.MULTILINE)


class _Refused(Exception):
    def __init__(self, code: str, *, variant: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.fault = fault_of(code, variant=variant, **facts)


def check_for_program(path: Path, task: PhaseTask, known: bytes, *, name: str) -> Verdict:
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
    with archives.opened(path, BOUNDS) as folder:
        found = archives.paths(folder)
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


def infected_verdict(path: Path, *, seconds: float = scanning.ANSWER_SECONDS) -> Verdict | None:
    """Return the verdict of a file in which the antivirus found something, None of another.

    seconds: how long its answer is waited for. Raises ScannerAway, ScannerFailed.
    """
    found = scanning.scan(path, seconds=seconds)
    if found is None:
        return None
    return Verdict(False, (file_fault(INFECTED, valeur=neutral(found)),))

"""Check the format of a file before anything else reads it: no slot used, blind to answers."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext as _

from challenges.entries import rules
from challenges.entries.enums import INFECTED
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.organising.modes import mode_of
from challenges.scoring.verdict import Verdict, file_fault, neutral
from challenges.teams.models import Team
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.lib import clock
from portal.lib.refusals import QuotaSpent, TooLarge, Unavailable
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
    mode = mode_of(task)
    mode.refuse_check()
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
        mode.require_host()
        return mode.check(path, task, keys, name=original_name)


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


def infected_verdict(path: Path, *, seconds: float = scanning.ANSWER_SECONDS) -> Verdict | None:
    """Return the verdict of a file in which the antivirus found something, None of another.

    seconds: how long its answer is waited for. Raises ScannerAway, ScannerFailed.
    """
    found = scanning.scan(path, seconds=seconds)
    if found is None:
        return None
    return Verdict(False, (file_fault(INFECTED, valeur=neutral(found)),))

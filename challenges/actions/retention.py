"""Keep the files of teams and the logs of programs for as long as was announced, no longer.

A file is deleted by its mark: from then on the portal gives it to nobody and scores it no more,
and the sweep of the store takes its bytes, which nothing names any longer, in its two steps.
Hashes, figures, receipts and fact sheets stay for ever.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext as _

from challenges.enums import ChallengeStatus, EntryStatus
from challenges.models import (
    CodeRun,
    CodeTrial,
    Disqualification,
    EntryCard,
    Phase,
    ProgramReport,
    Rescoring,
    Signal,
)
from challenges.models.entry import Entry, EntryQuerySet
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict

KEEPER = SystemActor("retention")


@transaction.atomic
def delete_files() -> int:
    """Delete the files of entries whose time has passed; return how many.

    In order, for each phase that is due: its entries marked; event "phase.files_deleted" with
    their number and bytes. Left alone: the references of organisers, an entry whose card was
    proposed, and a file that another entry, not deleted with it, holds too.
    """
    now = clock.now()
    # Locked in the order of their keys: a change of scoring waits, or is seen.
    due = [phase for phase in _locked(_due(now)) if not _waits(phase)]
    keys = [phase.pk for phase in due]
    # All are found before any is marked: two phases may hold the same file.
    found = {phase: list(_deleted_with(keys, phase)) for phase in due}
    for phase, entries in found.items():
        _delete(phase, entries, now)
    return sum(map(len, found.values()))


def _due(now: datetime) -> list[int]:
    """List the phases with files whose months have passed since their results or their end."""
    before = clock.months_later(now, -settings.ENTRY_FILES_KEPT_MONTHS)
    archived = Q(challenge__status=ChallengeStatus.ARCHIVED, challenge__status_since__lte=before)
    revealed = Q(reveal__executed_at__lte=before)
    held = Entry.objects.filter(
        enrolment__phase=OuterRef("pk"), is_baseline=False, file_deleted_at__isnull=True
    )
    # A phase that stays open as a bench counts from the archive, which ends it.
    is_over = (revealed & Q(benchmark_after_close=False)) | (
        archived & (Q(reveal__executed_at__isnull=True) | Q(benchmark_after_close=True))
    )
    return list(Phase.objects.filter(is_over, Exists(held)).values_list("pk", flat=True))


def _locked(keys: list[int]) -> list[Phase]:
    found = Phase.objects.filter(pk__in=keys).select_for_update().order_by("pk")
    return list(found)


def _waits(phase: Phase) -> bool:
    """Say whether something still has to read the files of a phase."""
    entries = Entry.objects.filter(enrolment__phase=phase)
    live = phase.challenge.status != ChallengeStatus.ARCHIVED
    return (
        Rescoring.objects.open().filter(phase=phase).exists()
        or entries.unfinished().exists()
        or entries.filter(status=EntryStatus.NEEDS_ATTENTION).exists()
        or (live and phase.migrates_to.filter(migrated_at__isnull=True).exists())
        or Signal.objects.undecided().filter(phase=phase).exists()
        or Disqualification.objects.undecided().filter(challenge=phase.challenge_id).exists()
    )


def _deleted_with(phases: list[int], phase: Phase) -> Iterable[UUID]:
    """Find the entries of a phase whose file nobody needs, all due phases being deleted."""
    is_card = EntryCard.objects.filter(entry=OuterRef("pk"))
    others = Entry.objects.filter(sha256=OuterRef("sha256"), file_deleted_at__isnull=True)
    needed = others.filter(
        ~Q(enrolment__phase__in=phases) | Q(is_baseline=True) | Q(Exists(is_card))
    )
    own = Entry.objects.filter(
        enrolment__phase=phase, is_baseline=False, file_deleted_at__isnull=True
    )
    return own.filter(~Exists(is_card), ~Exists(needed)).order_by("pk").values_list("pk", flat=True)


def _delete(phase: Phase, keys: list[UUID], now: datetime) -> None:
    if not keys:
        return
    entries = Entry.objects.filter(pk__in=keys)
    size = entries.aggregate(size=Sum("size"))["size"]
    entries.update(file_deleted_at=now)
    record("phase.files_deleted", by=KEEPER, on=phase, entries=len(keys), bytes=size)


@transaction.atomic
def forget_logs() -> int:
    """Empty the logs of programs and of code whose days have passed; return how many.

    In order: what programs of organisers printed and their detailed results, what the code of
    teams printed; event "logs.forgotten" when there was any. Codes and measures stay.
    """
    before = clock.now() - timedelta(days=settings.LOGS_KEPT_DAYS)
    reports = ProgramReport.objects.filter(written_at__lte=before).exclude(log="", html="")
    runs = CodeRun.objects.filter(finished_at__lte=before).exclude(log="")
    trials = CodeTrial.objects.filter(finished_at__lte=before).exclude(log="")
    told = {
        "reports": reports.update(log="", html=""),
        "runs": runs.update(log=""),
        "trials": trials.update(log=""),
    }
    if any(told.values()):
        record("logs.forgotten", by=KEEPER, on="logs", **told)
    return sum(told.values())


def refuse_deleted(entries: EntryQuerySet) -> None:
    """Raise Conflict when the file of one of these entries was deleted: it is scored no more."""
    deleted = entries.filter(file_deleted_at__isnull=False).order_by("file_deleted_at")
    at = deleted.values_list("file_deleted_at", flat=True).first()
    if at is not None:
        raise Conflict(
            _(
                "Les fichiers des équipes ont été supprimés le %(date)s, à la fin de leur durée "
                "de conservation : on ne peut plus les noter de nouveau."
            )
            % {"date": clock.paris_text(at)},
            code="files_deleted",
            deleted_at=at,
        )

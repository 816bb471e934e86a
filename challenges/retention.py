"""Keep the files of teams and the logs of programs for as long as was announced, no longer.

A file is deleted by its mark: from then on the portal gives it to nobody and scores it no more,
and the sweep of the store takes its bytes, which nothing names any longer, in its two steps.
Hashes, figures, receipts and fact sheets stay for ever.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from challenges.disqualifications.models import Disqualification
from challenges.entries.models import Entry, Upload
from challenges.evaluation.models import Evaluation, SealedResult
from challenges.organising.enums import ChallengeStatus
from challenges.organising.models.challenges import ChallengeDraft, Phase
from challenges.programs.models import CodeRun, CodeTrial, ProgramReport, SealedPredictions
from challenges.rescoring.models import Rescoring
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.storage import parts
from portal.lib.storage.objects import digests_in_columns, digests_in_rows

log = logging.getLogger("challenges.retention")
KEEPER = SystemActor("retention")
LOGS_AT_ONCE = 500


def delete_files() -> int:
    """Delete the files of entries whose time has passed; return how many.

    Call it outside any transaction: each phase that is due has its own, shared only by phases
    that hold the same file, which goes from all of them or from none. One that fails is logged
    and stops no other. In order: the phases locked; their entries marked; event
    "phase.files_deleted" with their number and bytes. Left alone: the references of organisers,
    an entry whose card was proposed, and a file that another entry, not deleted with it, holds
    too.
    """
    deleted = 0
    for keys in _sharing(_due(clock.now())):
        try:
            deleted += _delete(keys)
        except Exception:  # the boundary of a phase: one that fails stops no other
            log.exception("the files of the phases %s are not deleted", keys)
    return deleted


@transaction.atomic
def _delete(keys: list[int]) -> int:
    now = clock.now()
    # Locked in the order of their keys: a change of scoring waits, or is seen.
    locked = _locked(keys)
    still = set(_due(now).filter(pk__in=keys))
    due = [phase for phase in locked if phase in still and not _waits(phase)]
    # All are found before any is marked: two phases may hold the same file.
    both = [phase.pk for phase in due]
    found = {phase: list(_deleted_with(both, phase)) for phase in due}
    sizes = {phase: _mark(entries, now) for phase, entries in found.items() if entries}
    for phase, size in sizes.items():  # the journal last: whoever else writes into it waits
        record("phase.files_deleted", by=KEEPER, on=phase, entries=len(found[phase]), bytes=size)
    return sum(map(len, found.values()))


def _sharing(phases: QuerySet[Phase]) -> list[list[int]]:
    """Group phases that hold the same file, directly or through others; most are alone."""
    keys = sorted(each.pk for each in phases)
    held = Entry.objects.filter(enrolment__phase__in=keys, file_deleted_at__isnull=True)
    pairs = held.order_by().values_list("sha256", "enrolment__phase_id").distinct()
    groups = {key: {key} for key in keys}
    first: dict[str, int] = {}
    for sha256, key in pairs.iterator():
        one, other = groups[first.setdefault(sha256, key)], groups[key]
        if one is not other:
            one |= other
            groups |= dict.fromkeys(other, one)
    return [sorted(group) for key, group in sorted(groups.items()) if key == min(group)]


def _due(now: datetime) -> QuerySet[Phase]:
    """Find the phases with files whose months have passed since their results or their end."""
    before = clock.months_later(now, -settings.ENTRY_FILES_KEPT_MONTHS)
    held = Entry.objects.of_teams().filter(
        enrolment__phase=OuterRef("pk"), file_deleted_at__isnull=True
    )
    return Phase.objects.over_by(before).filter(Exists(held))


def _locked(keys: list[int]) -> list[Phase]:
    found = Phase.objects.filter(pk__in=keys).select_for_update().order_by("pk")
    return list(found)


def _waits(phase: Phase) -> bool:
    """Say whether something still has to read the files of a phase."""
    entries = Entry.objects.filter(enrolment__phase=phase)
    live = phase.challenge.status != ChallengeStatus.ARCHIVED
    return (
        Rescoring.objects.open().filter(phase=phase).exists()
        or (live and entries.without_outcome().exists())
        or (live and phase.migrates_to.filter(migrated_at__isnull=True).exists())
        or Disqualification.objects.undecided().filter(challenge=phase.challenge_id).exists()
    )


def _deleted_with(phases: list[int], phase: Phase) -> Iterable[UUID]:
    """Find the entries of a phase whose file nobody needs, all due phases being deleted."""
    others = Entry.objects.filter(sha256=OuterRef("sha256"), file_deleted_at__isnull=True)
    needed = others.filter(
        ~Q(enrolment__phase__in=phases)
        | Q(pk__in=Entry.objects.references())
        | Q(card__isnull=False)
    )
    own = Entry.objects.of_teams().filter(enrolment__phase=phase, file_deleted_at__isnull=True)
    return own.filter(~Exists(needed), card=None).order_by("pk").values_list("pk", flat=True)


def _mark(keys: list[UUID], now: datetime) -> int:
    """Mark entries as deleted; return the bytes of their files."""
    entries = Entry.objects.filter(pk__in=keys)
    size: int = entries.aggregate(size=Sum("size"))["size"]
    entries.update(file_deleted_at=now)
    return size


def forget_logs() -> int:
    """Empty the logs of programs and of code whose days have passed; return how many.

    Call it outside any transaction: a few hundred rows are emptied in each. In order: what
    programs of organisers printed and their detailed results, what the code of teams printed;
    event "logs.forgotten" of each transaction. Codes and measures stay.
    """
    before = clock.now() - timedelta(days=settings.LOGS_KEPT_DAYS)
    forgotten = 0
    while batch := _forget(before):
        forgotten += batch
    return forgotten


@transaction.atomic
def _forget(before: datetime) -> int:
    reports = ProgramReport.objects.filter(written_at__lte=before).exclude(log="", html="")
    runs = CodeRun.objects.filter(finished_at__lte=before).exclude(log="")
    trials = CodeTrial.objects.filter(finished_at__lte=before).exclude(log="")
    told = {
        "reports": _some(reports).update(log="", html="", log_forgotten=True),
        "runs": _some(runs).update(log="", log_forgotten=True),
        "trials": _some(trials).update(log="", log_forgotten=True),
    }
    if any(told.values()):
        record("logs.forgotten", by=KEEPER, on="logs", **told)
    return sum(told.values())


def _some(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Keep a first batch of rows."""
    return rows.filter(pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:LOGS_AT_ONCE]))


def objects_named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256, among these, that a row names: a file, an upload, an import, a draft.

    A sealed result lies in its row; the process that sweeps may not read it.
    """
    tables = set(apps.get_app_config("challenges").get_models()) - {SealedResult}
    # The hash of a deleted file stays in these rows, and asks for no object.
    rows = (
        Entry.objects.filter(file_deleted_at__isnull=True),
        Evaluation.objects.filter(entry__file_deleted_at__isnull=True),
        SealedPredictions.objects.filter(run__entry__file_deleted_at__isnull=True),
        Upload.objects.filter(expires_at__gt=clock.now()),  # then its entry names the file
        CodeTrial.objects.alive(),
    )
    yield from digests_in_columns(tables - {each.model for each in rows}, hashes)
    for each in rows:
        yield from digests_in_rows(each, hashes)
    for kept in ChallengeDraft.objects.order_by().values_list("kept", flat=True):
        yield from (str(each["sha256"]) for each in kept.values() if "sha256" in each)


def parts_named(names: Collection[str]) -> Iterator[str]:
    """Give the parts of entries to come that an upload names, those of these uploads."""
    return parts.in_rows(Upload.objects.all(), names)

"""Ask for passages over sources, and write down what each one did."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.enums import HarvestFrequency, RunState, SourceStatus
from catalogue.models import HarvestRun, Source
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.queue import nudge
from portal.lib.refusals import Conflict

DAYS = {HarvestFrequency.DAILY: 1, HarvestFrequency.WEEKLY: 7}
SILENT_MINUTES = 15  # a passage that says nothing for so long is closed


@transaction.atomic
def ask(*, source: Source, by: Actor, preview: bool = False) -> HarvestRun:
    """Ask for a passage now, or for the preview of one: a worker does it.

    In order: the passage, WAITING; event "harvest.asked"; a nudge to the worker. Raises NotAllowed;
    Conflict when one is under way, or when the source is not approved (a preview may come before).
    """
    source = Source.objects.locked(source)
    require(rules.may_preview_source if preview else rules.may_run_source, by, source)
    if not preview and source.status != SourceStatus.APPROVED:
        raise Conflict(
            _("La Région doit d’abord approuver cette source."), code="source_not_approved"
        )
    run = _open(source, by=by, preview=preview)
    record("harvest.asked", by=by, on=run, source=source, preview=preview)
    nudge("catalogue.harvest", run_id=run.pk)
    return run


@transaction.atomic
def ask_here(*, source: Source, by: Actor) -> HarvestRun:
    """Open a passage that this very process will do: no worker is nudged, no rule is asked.

    Raises Conflict when one is under way.
    """
    return _open(Source.objects.locked(source), by=by)


@transaction.atomic
def ask_due(*, by: Actor) -> int:
    """Ask for the passages whose hour has come; return how many. Repeatable.

    Passages that waited for a lost nudge are nudged again; one whose worker gives no sign of life
    is closed, so that the next may begin.
    """
    now = clock.now()
    _close_the_dead(now)
    asked = 0
    for source in Source.objects.due(now).select_for_update(of=("self",)):
        with suppress(Conflict):  # a passage is under way: this one waits for its next turn
            _open(source, by=by)
            asked += 1
        source.next_run_at = now + timedelta(days=DAYS[HarvestFrequency(source.frequency)])
        source.save(update_fields=["next_run_at"])
    for pk in HarvestRun.objects.filter(state=RunState.WAITING).values_list("pk", flat=True):
        nudge("catalogue.harvest", run_id=pk)
    return asked


@transaction.atomic
def begin(*, run: HarvestRun) -> HarvestRun:
    """Take a waiting passage; raises Conflict when another worker did, or it may not run now."""
    fresh = (
        HarvestRun.objects.select_for_update(of=("self",))
        .select_related("source__organisation")
        .get(pk=run.pk)
    )
    if fresh.state != RunState.WAITING:
        raise Conflict(code="wrong_state", state=fresh.state)
    if not fresh.is_preview and fresh.source.status != SourceStatus.APPROVED:
        raise Conflict(code="source_not_approved")
    fresh.state, fresh.started_at = RunState.RUNNING, clock.now()
    fresh.beat_at = fresh.started_at
    fresh.save(update_fields=["state", "started_at", "beat_at"])
    return fresh


def beat(*, run: HarvestRun) -> None:
    """Say that a passage is alive; raises Conflict when it was closed meanwhile: it must stop."""
    running = HarvestRun.objects.filter(pk=run.pk, state=RunState.RUNNING)
    if not running.update(beat_at=clock.now()):
        raise Conflict(code="wrong_state")


@transaction.atomic
def finish(
    *,
    run: HarvestRun,
    state: RunState,
    figures: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    reason: str = "",
    message: str = "",
    by: Actor,
) -> HarvestRun:
    """Close a passage with its report.

    figures: columns of the run. In order: the passage; event "harvest.finished", but for previews;
    for a suspicious one, a letter a day to those who look after the source.
    """
    fresh = HarvestRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if fresh.state != RunState.RUNNING:
        raise Conflict(code="wrong_state", state=fresh.state)
    fresh.state, fresh.finished_at = state, clock.now()
    fresh.reason, fresh.message = reason, message[:400]
    fresh.lines = list(lines)
    for name, value in figures.items():
        setattr(fresh, name, value)
    fresh.save()
    if not fresh.is_preview:
        record("harvest.finished", by=by, on=fresh, state=state.value, counts=fresh.counts)
    if state is not RunState.COMPLETE and not fresh.is_preview:
        day = clock.paris_day(fresh.finished_at).isoformat()
        owe("mail.harvest_suspicious", key=f"{fresh.source_id}-{day}", run_id=fresh.pk)
    return fresh


@transaction.atomic
def forget_old() -> int:
    """Delete the passages of more than a year ago; return how many."""
    before = clock.now() - timedelta(days=settings.HARVEST_RUNS_KEPT_DAYS)
    count, _models = HarvestRun.objects.filter(finished_at__lt=before).delete()
    return count


def _open(source: Source, *, by: Actor, preview: bool = False) -> HarvestRun:
    try:
        with transaction.atomic():
            return HarvestRun.objects.create(
                source=source,
                is_preview=preview,
                asked_by=by if by.pk is not None else None,
                asked_at=clock.now(),
            )
    except IntegrityError as error:
        raise Conflict(
            _("Un passage est déjà en cours sur cette source."), code="under_way"
        ) from error


def _close_the_dead(now: datetime) -> None:
    before = now - timedelta(minutes=SILENT_MINUTES)
    running = HarvestRun.objects.filter(state=RunState.RUNNING)
    silent = running.annotate(heard_at=Coalesce("beat_at", "started_at"))
    silent.filter(heard_at__lt=before).update(
        state=RunState.FAILED,
        finished_at=now,
        reason="stopped",
        message=_("Le passage s’est arrêté avant sa fin. Le prochain reprendra tout."),
    )

"""Propose, approve, refuse, pause and resume what is harvested; note each passage."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.contributions.queries import proposals
from catalogue.enums import HarvestFrequency, RunState, SourceKind, SourceStatus
from catalogue.models import HarvestRun, Source
from portal.accounts.authorization import require
from portal.accounts.models import Organisation
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, http
from portal.lib.queue import nudge
from portal.lib.refusals import Conflict, Invalid, QuotaSpent
from portal.lib.texts import free_name, slug_of

KEY_CHARACTERS = 44
MOST_TRUSTED = 100


@transaction.atomic
def propose(
    *,
    title: str,
    kind: SourceKind,
    url: str,
    organisation: Organisation,
    frequency: HarvestFrequency = HarvestFrequency.WEEKLY,
    by: Actor,
) -> Source:
    """Propose a source in the name of an organisation; nothing is read before the Region agrees.

    In order: the source, PROPOSED; event "source.proposed"; a letter to the moderators. Raises
    NotAllowed; Invalid for an address that may not be asked for; QuotaSpent; Conflict when the
    organisation already has this address.
    """
    require(rules.may_propose_source, by, organisation)
    url = url.strip()
    _require_address(url)
    ours = Source.objects.filter(organisation=organisation)
    if ours.exclude(status=SourceStatus.REFUSED).filter(url=url).exists():
        raise Conflict(_("Votre organisation a déjà proposé cette adresse."), code="already_known")
    if ours.count() >= settings.SOURCES_PER_ORGANISATION:
        raise QuotaSpent(
            _("Une organisation propose dix sources au plus."),
            code="limit_reached",
            limit=settings.SOURCES_PER_ORGANISATION,
        )
    source = _create(
        title=title.strip(),
        kind=kind,
        url=url,
        organisation=organisation,
        frequency=frequency,
        proposed_by=by,
        proposed_at=clock.now(),
    )
    record("source.proposed", by=by, on=source, kind=str(kind))
    owe("mail.source_proposed", key=str(source.public_id), source_id=source.pk)
    return source


@transaction.atomic
def register(
    *,
    key: str,
    title: str,
    kind: SourceKind,
    url: str = "",
    publishes: bool,
    organisation: Organisation | None = None,
    by: Actor,
) -> Source:
    """Open a source from the command line: who runs commands there stands for the Region.

    A known key gives its source back, with the right to publish when it is asked for now. In
    order: the source, APPROVED, without a schedule; event "source.approved".
    """
    known = Source.objects.select_for_update(of=("self",)).filter(key=key).first()
    if known is not None:
        return _grant(known, kind=kind, publishes=publishes, by=by)
    if url:
        _require_address(url)
    now = clock.now()
    source = Source.objects.create(
        key=key,
        title=title[:120],
        kind=kind,
        url=url,
        organisation=organisation,
        status=SourceStatus.APPROVED,
        publishes=publishes,
        proposed_at=now,
        decided_at=now,
        decided_by=by if by.pk is not None else None,
    )
    record("source.approved", by=by, on=source, publishes=publishes)
    return source


@transaction.atomic
def approve(*, source: Source, publishes: bool, by: Actor) -> Source:
    """Approve a source: its first passage is due at once.

    publishes: new cards go online without a review each. In order: status APPROVED, date; event
    "source.approved"; a letter to who proposed it. Raises NotAllowed, Conflict.
    """
    source = Source.objects.locked(source)
    require(rules.may_decide_source, by, source)
    _require_status(source, SourceStatus.PROPOSED, SourceStatus.REFUSED)
    _decide(source, SourceStatus.APPROVED, by)
    source.publishes, source.message, source.next_run_at = publishes, "", clock.now()
    source.save(update_fields=[*DECIDED, "publishes", "message", "next_run_at"])
    record("source.approved", by=by, on=source, publishes=publishes)
    _answer(source)
    return source


@transaction.atomic
def refuse(*, source: Source, message: str, by: Actor) -> Source:
    """Refuse a source, with the reason. Event "source.refused"; a letter to who proposed it.

    Raises NotAllowed, Conflict, Invalid without a message.
    """
    source = Source.objects.locked(source)
    require(rules.may_decide_source, by, source)
    _require_status(source, SourceStatus.PROPOSED)
    if not message.strip():
        raise Invalid(_("Dites pourquoi cette source est refusée."), faults=["message"])
    _decide(source, SourceStatus.REFUSED, by)
    source.message, source.next_run_at = message.strip()[:2_000], None
    source.save(update_fields=[*DECIDED, "message", "next_run_at"])
    record("source.refused", by=by, on=source)
    _answer(source)
    return source


@transaction.atomic
def pause(*, source: Source, by: Actor) -> Source:
    """Stop the passages; the cards stay as they are.

    In order: status PAUSED; the passage that waits, if any, is closed; event "source.paused".
    Raises NotAllowed, Conflict.
    """
    source = Source.objects.locked(source)
    require(rules.may_pause_source, by, source)
    _require_status(source, SourceStatus.APPROVED)
    source.status, source.next_run_at = SourceStatus.PAUSED, None
    source.save(update_fields=["status", "next_run_at"])
    source.runs.filter(state=RunState.WAITING, is_preview=False).update(
        state=RunState.FAILED,
        finished_at=clock.now(),
        reason="paused",
        message=_("La source a été mise en pause avant ce passage."),
    )
    record("source.paused", by=by, on=source)
    return source


@transaction.atomic
def resume(*, source: Source, by: Actor) -> Source:
    """Take the passages up again, the next one at once. Event "source.resumed".

    Raises NotAllowed, Conflict.
    """
    source = Source.objects.locked(source)
    require(rules.may_pause_source, by, source)
    _require_status(source, SourceStatus.PAUSED)
    source.status, source.next_run_at = SourceStatus.APPROVED, clock.now()
    source.save(update_fields=["status", "next_run_at"])
    record("source.resumed", by=by, on=source)
    return source


@transaction.atomic
def rank(
    *, source: Source, priority: int, priorities: Mapping[str, int], completes: bool, by: Actor
) -> Source:
    """Say how much a source is trusted beside others, whole and by field, and what it may add to.

    In order: the three columns; every record of it is weighed anew at its next passage; event
    "source.ranked". Raises NotAllowed; Invalid for a field that no card has, or out of 0 to 100.
    """
    source = Source.objects.locked(source)
    require(rules.may_decide_source, by, source)
    unknown = set(priorities) - set(proposals.labels(priorities))
    wrong = [each for each in (priority, *priorities.values()) if not 0 <= each <= MOST_TRUSTED]
    if unknown or wrong:
        raise Invalid(
            _("Une priorité est un nombre de 0 à 100, pour un champ des fiches."),
            code="source_priority",
            faults=sorted(unknown) or ["priority"],
        )
    source.priority, source.priorities, source.completes = priority, dict(priorities), completes
    source.save(update_fields=["priority", "priorities", "completes"])
    source.records.update(digest="")
    record("source.ranked", by=by, on=source, priority=priority, completes=completes)
    return source


DECIDED = ("status", "decided_by", "decided_at")


def _decide(source: Source, status: SourceStatus, by: Actor) -> None:
    source.status, source.decided_at = status, clock.now()
    source.decided_by_id = by.pk


def _answer(source: Source) -> None:
    key = f"{source.public_id}-{source.decided_at:%Y%m%dT%H%M%S%f}"
    owe("mail.source_decided", key=key, source_id=source.pk)


def _grant(source: Source, *, kind: SourceKind, publishes: bool, by: Actor) -> Source:
    if source.kind != kind:
        raise Conflict(_("Cette clé est celle d’une source d’une autre sorte."), code="source_kind")
    if publishes and not source.publishes:
        source.publishes = True
        source.save(update_fields=["publishes"])
        record("source.approved", by=by, on=source, publishes=True)
    return source


def _require_address(url: str) -> None:
    try:
        http.read(url)
    except http.NotFetched as refusal:
        raise Invalid(str(refusal), code=refusal.code, faults=["url"]) from None


def _require_status(source: Source, *allowed: SourceStatus) -> None:
    if source.status not in allowed:
        raise Conflict(code="wrong_state", status=source.status)


def _create(*, title: str, **columns: Any) -> Source:
    """Create a source under a free key made of its title."""
    base = slug_of(title, KEY_CHARACTERS, "source")
    taken = set(Source.objects.filter(key__startswith=base).values_list("key", flat=True))
    try:
        with transaction.atomic():
            return Source.objects.create(key=free_name(base, taken), title=title, **columns)
    except IntegrityError as error:
        raise Conflict(code="already_known") from error


DAYS = {HarvestFrequency.DAILY: 1, HarvestFrequency.WEEKLY: 7}
SILENT_MINUTES = 15  # a passage that says nothing for so long is closed


@transaction.atomic
def ask_run(*, source: Source, by: Actor, preview: bool = False) -> HarvestRun:
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
    run = _open_run(source, by=by, preview=preview)
    record("harvest.asked", by=by, on=run, source=source, preview=preview)
    nudge("catalogue.harvest", run_id=run.pk)
    return run


@transaction.atomic
def open_run_here(*, source: Source, by: Actor) -> HarvestRun:
    """Open a passage that this very process will do: no worker is nudged, no rule is asked.

    Raises Conflict when one is under way.
    """
    return _open_run(Source.objects.locked(source), by=by)


@transaction.atomic
def ask_due_runs(*, by: Actor) -> int:
    """Ask for the passages whose hour has come; return how many. Repeatable.

    Passages that waited for a lost nudge are nudged again; one whose worker gives no sign of life
    is closed, so that the next may begin.
    """
    now = clock.now()
    _close_the_dead(now)
    asked = 0
    for source in Source.objects.due(now).select_for_update(of=("self",)):
        with suppress(Conflict):  # a passage is under way: this one waits for its next turn
            _open_run(source, by=by)
            asked += 1
        source.next_run_at = now + timedelta(days=DAYS[HarvestFrequency(source.frequency)])
        source.save(update_fields=["next_run_at"])
    for pk in HarvestRun.objects.filter(state=RunState.WAITING).values_list("pk", flat=True):
        nudge("catalogue.harvest", run_id=pk)
    return asked


@transaction.atomic
def begin_run(*, run: HarvestRun) -> HarvestRun:
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


def beat_run(*, run: HarvestRun) -> None:
    """Say that a passage is alive; raises Conflict when it was closed meanwhile: it must stop."""
    running = HarvestRun.objects.filter(pk=run.pk, state=RunState.RUNNING)
    if not running.update(beat_at=clock.now()):
        raise Conflict(code="wrong_state")


@transaction.atomic
def finish_run(
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
def forget_old_runs() -> int:
    """Delete the passages of more than a year ago; return how many."""
    before = clock.now() - timedelta(days=settings.HARVEST_RUNS_KEPT_DAYS)
    count, _models = HarvestRun.objects.filter(finished_at__lt=before).delete()
    return count


def _open_run(source: Source, *, by: Actor, preview: bool = False) -> HarvestRun:
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

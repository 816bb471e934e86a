"""Propose, approve, refuse, pause and resume the catalogues that are harvested."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.enums import HarvestFrequency, RunState, SourceKind, SourceStatus
from catalogue.models import Source
from catalogue.queries import proposals
from portal.accounts.authorization import require
from portal.accounts.models import Organisation
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, http
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

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
    base = slugify(title)[:KEY_CHARACTERS].strip("-") or "source"
    taken = set(Source.objects.filter(key__startswith=base).values_list("key", flat=True))
    number, key = 1, base
    while key in taken:
        number += 1
        key = f"{base}-{number}"
    try:
        with transaction.atomic():
            return Source.objects.create(key=key, title=title, **columns)
    except IntegrityError as error:
        raise Conflict(code="already_known") from error

"""Propose and decide on sources, ask for their passages; take their records in."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from wagtail.models import Revision

from catalogue.contributions.actions import review
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.models import Contribution
from catalogue.contributions.queries import proposals
from catalogue.contributions.queries.descriptions import Incoming
from catalogue.harvest import queries as harvest_queries
from catalogue.harvest import rules
from catalogue.harvest.enums import HarvestFrequency, RunState, SourceKind, SourceStatus
from catalogue.harvest.models import MOST_TRUSTED, HarvestedRecord, HarvestRun, Source
from catalogue.harvest.queries import Merged
from catalogue.resources import rules as resource_rules
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import Scope, VersionOrigin
from catalogue.resources.models import PROPOSED_COLUMNS, Resource
from catalogue.resources.queries import records as card_records
from catalogue.search import index
from portal.accounts.authorization import require
from portal.accounts.models import Organisation
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.audit.record import record as tell
from portal.lib import canonical, clock
from portal.lib.prose.texts import free_name, slug_of
from portal.lib.queue import nudge
from portal.lib.refusals import Conflict, Invalid, QuotaSpent, unless_taken
from portal.lib.web import http

KEY_CHARACTERS = 44


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
    require(resource_rules.edits_for, by, organisation)
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
    source = _held(
        source, rules.may_decide_source, SourceStatus.PROPOSED, SourceStatus.REFUSED, by=by
    )
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
    source = _held(source, rules.may_decide_source, SourceStatus.PROPOSED, by=by)
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
    source = _held(source, rules.may_pause_source, SourceStatus.APPROVED, by=by)
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
    source = _held(source, rules.may_pause_source, SourceStatus.PAUSED, by=by)
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
    unknown = set(priorities) - set(card_records.labels(priorities))
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


def _held(source: Source, rule: Any, *allowed: SourceStatus, by: Actor) -> Source:
    """Lock a source and judge who asks, then its state."""
    source = Source.objects.locked(source)
    require(rule, by, source)
    if source.status not in allowed:
        raise Conflict(code="wrong_state", status=source.status)
    return source


def _create(*, title: str, **columns: Any) -> Source:
    """Create a source under a free key made of its title."""
    base = slug_of(title, KEY_CHARACTERS, "source")
    taken = set(Source.objects.filter(key__startswith=base).values_list("key", flat=True))
    with unless_taken(Conflict(code="already_known")):
        return Source.objects.create(key=free_name(base, taken), title=title, **columns)


DAYS = {HarvestFrequency.DAILY: 1, HarvestFrequency.WEEKLY: 7}
SILENT_MINUTES = 15  # a passage that says nothing for so long is closed


@transaction.atomic
def ask_run(*, source: Source, by: Actor, preview: bool = False) -> HarvestRun:
    """Ask for a passage now, or for the preview of one: a worker does it.

    In order: the passage, WAITING; event "harvest.asked"; a nudge to the worker. Raises NotAllowed;
    Conflict when one is under way, or when the source is not approved (a preview may come before).
    """
    source = Source.objects.locked(source)
    require(rules.may_pause_source, by, source)
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
    sentence = _("Un passage est déjà en cours sur cette source.")
    with unless_taken(Conflict(sentence, code="under_way")):
        return HarvestRun.objects.create(
            source=source,
            is_preview=preview,
            asked_by=by if by.pk is not None else None,
            asked_at=clock.now(),
        )


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


COUNTERS = ("views", "downloads", "followers", "reuses")


@dataclass(frozen=True)
class Taken:
    """What became of one record. changed: names of fields; proposed: those left to its owner."""

    resource: Resource
    changed: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    revived: bool = False


@transaction.atomic
def create(
    *, source: Source, incoming: Incoming, by: Actor, beside: Resource | None = None
) -> Taken:
    """Make the card of a record that is new here, or give it a voice on the card `beside`.

    In order: card and revision; online with its index, or into the review queue; counters; the
    record; event "resource.harvested". Raises Conflict when the record was taken in meanwhile.
    """
    if HarvestedRecord.objects.filter(source=source, remote_id=incoming.remote_id).exists():
        raise Conflict(code="already_known")
    if beside is not None:
        made = _record(source, incoming, beside)
        return update(record=made, incoming=incoming, by=by)
    resource = card_changes.create(
        kind=incoming.kind,
        title=str(incoming.values["title"]),
        by=by,
        author=None,
        source=source.origin,
        source_id=_short(incoming.remote_id),
        organisation=source.organisation,
        deposit=harvest_queries.deposit_of(source.organisation is not None),
        scope=Scope.UNKNOWN,
        **{name: incoming.metrics.get(name, 0) for name in COUNTERS},
    )
    merged = _merged(resource, source, incoming)
    _apply(resource, merged.values, merged.provenance)
    revision = resource.save_revision(clean=False)
    if source.publishes:
        _put_online(resource, revision, source, by)
    else:
        review.queue_for_review(resource=resource, revision=revision)
    _record(source, incoming, resource)
    tell("resource.harvested", by=by, on=resource, source=source, act="created")
    return Taken(resource, tuple(sorted(merged.values)))


@transaction.atomic
def update(*, record: HarvestedRecord, incoming: Incoming, by: Actor) -> Taken:
    """Bring the card of a known record to what its source now says.

    Fields edited here stay; what the source says of them becomes a proposal to the owner. In
    order: card, revision, index; proposal; back among the others if its absence had archived it;
    counters; the record; event "resource.harvested" when the card changed.
    """
    fresh = (
        HarvestedRecord.objects.select_for_update(of=("self",))
        .select_related("source__organisation")
        .get(pk=record.pk)
    )
    resource = Resource.objects.select_for_update(of=("self",)).get(harvested=fresh)
    source, before = fresh.source, dict(fresh.metrics)
    pending = _pending(resource)
    proposed = pending.proposed if pending is not None else _latest(resource)
    others = HarvestedRecord.objects.filter(resource=resource).exclude(pk=fresh.pk)
    merged = _merged(proposed, source, incoming, others.select_related("source"))
    changes = merged.values or merged.provenance != proposed.provenance
    if changes:
        _apply(proposed, merged.values, merged.provenance)
    if changes or (source.publishes and not resource.live):
        _keep(resource, proposed, pending, source=source, by=by)
    revived = _revive(fresh, resource, by)
    _count(resource, before, incoming.metrics)
    told = _take_in(fresh, resource, incoming, merged.held_back)
    if merged.values:
        changed = sorted(merged.values)
        tell("resource.harvested", by=by, on=resource, source=source, act="updated", fields=changed)
    return Taken(resource, tuple(sorted(merged.values)), told, revived)


@transaction.atomic
def note_absence(*, record: HarvestedRecord) -> HarvestedRecord:
    """Note that a complete passage did not bring this record."""
    fresh = HarvestedRecord.objects.select_for_update(of=("self",)).get(pk=record.pk)
    fresh.missing_since = fresh.missing_since or clock.now()
    fresh.missing_runs += 1
    fresh.save(update_fields=["missing_since", "missing_runs"])
    return fresh


@transaction.atomic
def archive(*, record: HarvestedRecord, reason: str, by: Actor) -> None:
    """Archive the card of a record that its source has not had for long; nothing is deleted.

    In order: the card, unless a person archived it or another source still has it; the record.
    """
    fresh = HarvestedRecord.objects.select_for_update(of=("self",)).get(pk=record.pk)
    resource = fresh.resource
    others = HarvestedRecord.objects.filter(resource=resource, missing_since=None)
    if resource is not None and resource.live and not others.exists():
        card_changes.set_aside(resource=resource, reason=reason, by=by)
    fresh.archived_at = clock.now()
    fresh.save(update_fields=["archived_at"])


def _latest(resource: Resource) -> Resource:
    """Copy the card as it is online."""
    found = Resource.objects.select_related("organisation").get(pk=resource.pk)
    found.has_unpublished_changes = False
    return found


def _pending(resource: Resource) -> Contribution | None:
    """Find the proposal under which a card that was never online waits."""
    if resource.live:
        return None
    waiting = Contribution.objects.open().filter(resource=resource, base_revision=None)
    return waiting.select_related("revision", "resource").order_by("-pk").first()


def _keep(
    resource: Resource,
    proposed: Resource,
    pending: Contribution | None,
    *,
    source: Source,
    by: Actor,
) -> None:
    """Store what a card has become: online, or in the proposal that waits for its review."""
    revision = proposed.save_revision(clean=False)
    if resource.live or source.publishes:
        _put_online(resource, revision, source, by)
    if pending is None:
        return
    pending.revision = revision
    pending.edited_at, pending.expiry_told_at = clock.now(), None
    pending.save(update_fields=["revision", "edited_at", "expiry_told_at"])
    if source.publishes and pending.status == ContributionStatus.SUBMITTED:
        pending.become(ContributionStatus.PUBLISHED, at=clock.now())


def _put_online(resource: Resource, revision: Revision, source: Source, by: Actor) -> None:
    way, owner = VersionOrigin.HARVESTED, source.organisation
    card_changes.put_online(
        resource=resource, revision=revision, by=by, origin=way, organisation=owner
    )


def _merged(
    card: Resource, source: Source, incoming: Incoming, others: Iterable[HarvestedRecord] = ()
) -> Merged:
    """Decide what a card becomes, by what this source says now and others said last."""
    voices = [harvest_queries.voice(source, incoming.values, incoming.not_transmitted)]
    voices += [harvest_queries.voice(r.source, r.fields, r.not_transmitted) for r in others]
    day = clock.paris_day(clock.now()).isoformat()
    return harvest_queries.merge(card, voices, day=day)


def _apply(resource: Resource, values: Mapping[str, Any], origins: Mapping[str, Any]) -> None:
    details = dict(resource.details)
    for name, value in values.items():
        if name not in PROPOSED_COLUMNS:
            details[name] = value
        elif value is None:
            setattr(resource, name, getattr(Resource(scope=Scope.UNKNOWN), name))
        else:
            setattr(resource, name, value)
    resource.details = {name: v for name, v in details.items() if v not in ("", None, [], ())}
    resource.provenance = dict(origins)


def _count(resource: Resource, before: Mapping[str, int], now: Mapping[str, int]) -> None:
    """Add to the counters of a card what its source counts more than last time."""
    gained = {n: now.get(n, 0) - before.get(n, 0) for n in COUNTERS}
    gained = {name: more for name, more in gained.items() if more}
    if not gained:
        return
    fresh = Resource.objects.select_related("organisation").get(pk=resource.pk)
    sums = {name: max(0, getattr(fresh, name) + more) for name, more in gained.items()}
    added = {n: F(n) + gained[n] if sums[n] else 0 for n in gained}
    Resource.objects.filter(pk=resource.pk).update(**added)
    if fresh.live:
        for name, total in sums.items():
            setattr(fresh, name, total)
        index.write(fresh)


def _revive(record: HarvestedRecord, resource: Resource, by: Actor) -> bool:
    """Bring back a card that its absence alone had archived."""
    was_archived, record.archived_at = record.archived_at is not None, None
    record.missing_since, record.missing_runs = None, 0
    if not was_archived or resource.archived_at is None:
        return False
    card_changes.bring_back(resource=resource, by=by)
    return True


def _take_in(
    record: HarvestedRecord, resource: Resource, incoming: Incoming, held_back: Mapping[str, Any]
) -> tuple[str, ...]:
    """Propose what is news to the owner and store the record; return the fields proposed."""
    news = {n: v for n, v in held_back.items() if record.held_back.get(n) != v}
    if not news or not resource.live or resource.organisation is None:
        _save(record, incoming, held_back)
        return ()
    drafts = Contribution.objects.filter(status=ContributionStatus.DRAFT)
    found = drafts.select_for_update(of=("self",)).filter(pk=record.proposal_id or 0).first()
    if found is None:
        record.proposal, told = _propose(record, resource, held_back), tuple(sorted(news))
    else:
        told = _renew(found, record, _latest(resource), news)
    _save(record, incoming, held_back)
    return told


def _propose(
    record: HarvestedRecord, resource: Resource, held_back: Mapping[str, Any]
) -> Contribution:
    """Offer the owner the values that fields edited here did not take."""
    draft = _latest(resource)
    origins = {**draft.provenance, **dict.fromkeys(held_back, _again(record))}
    _apply(draft, held_back, origins)
    return Contribution.objects.create(
        resource=resource,
        revision=draft.save_revision(clean=False),
        base_revision=draft.live_revision,
        organisation=resource.organisation,
        edited_at=clock.now(),
        note=str(record.source.title),
    )


def _renew(
    draft: Contribution, record: HarvestedRecord, online: Resource, news: Mapping[str, Any]
) -> tuple[str, ...]:
    """Add to a draft what its source says now; what a person wrote in it stays."""
    taken = {n: v for n, v in news.items() if not _is_by_hand(draft, record, n)}
    if not taken:
        return ()
    draft.resource, proposed = online, draft.proposed
    values: dict[str, Any] = {}
    origins = dict(proposed.provenance)
    if proposals.is_stale(draft):
        values, origins = proposals.caught_up(draft)
    origins |= dict.fromkeys(taken, _again(record))
    _apply(proposed, {**values, **taken}, origins)
    draft.revision = proposed.save_revision(clean=False)
    draft.base_revision = online.live_revision
    draft.edited_at, draft.expiry_told_at = clock.now(), None
    draft.save(update_fields=["revision", "base_revision", "edited_at", "expiry_told_at"])
    return tuple(sorted(taken))


def _is_by_hand(draft: Contribution, record: HarvestedRecord, name: str) -> bool:
    """Say whether a person wrote a field in the draft itself, not only on the card before it."""
    written = draft.content.get("provenance") or {}
    if not harvest_queries.is_edited_here(written.get(name)):
        return False
    read = (proposals.base_record(draft), proposals.proposed_record(draft))
    before, now = (card_records.flat(each).get(name) for each in read)
    # Proposed once and put back as it was: that is an answer too.
    return name in record.held_back or proposals.is_another(before, now)


def _again(record: HarvestedRecord) -> dict[str, Any]:
    """Give the origin of values proposed: accepted, they are the source's, which may go on."""
    day = clock.paris_day(clock.now()).isoformat()
    return {"origin": record.source.origin, "date": day, "verified": True}


def _record(source: Source, incoming: Incoming, resource: Resource) -> HarvestedRecord:
    record = HarvestedRecord(source=source, remote_id=incoming.remote_id, resource=resource)
    return _save(record, incoming, {})


def _save(
    record: HarvestedRecord, incoming: Incoming, held_back: Mapping[str, Any]
) -> HarvestedRecord:
    record.canonical_uri, record.digest = incoming.canonical_uri, incoming.digest
    record.fields, record.metrics = dict(incoming.values), dict(incoming.metrics)
    record.not_transmitted = list(incoming.not_transmitted)
    record.held_back, record.changed_at = dict(held_back), clock.now()
    record.save()
    return record


def _short(remote_id: str) -> str:
    """Fit an identifier into the column that searches and exports show."""
    if len(remote_id) <= 200:
        return remote_id
    return remote_id[:135] + "…" + canonical.digest(remote_id)

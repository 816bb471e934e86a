"""Take the records of a source in, each in its own transaction. Called by the harvest alone.

The Region's approval of the source stands for the rule: none is asked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from wagtail.models import Revision

from catalogue.contributions.queries import proposals
from catalogue.contributions.queries.descriptions import Incoming
from catalogue.enums import ContributionStatus, VersionOrigin
from catalogue.harvest import queries as harvest_queries
from catalogue.harvest.queries import Merged, Voice
from catalogue.models import PROPOSED_COLUMNS, Contribution, HarvestedRecord, Resource, Source
from catalogue.resources.actions import cards as card_changes
from catalogue.search import index
from portal.accounts.models import Organisation
from portal.audit.actors import Actor
from portal.audit.record import record as tell
from portal.lib import canonical, clock
from portal.lib.refusals import Conflict

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
        return _refresh(made, incoming, by)
    resource = card_changes.create(
        kind=incoming.kind,
        title=str(incoming.values["title"]),
        by=by,
        author=None,
        source=source.origin,
        source_id=_short(incoming.remote_id),
        organisation=source.organisation,
        deposit=harvest_queries.deposit_of(source.organisation is not None),
        **{name: incoming.metrics.get(name, 0) for name in COUNTERS},
    )
    merged = _merged(resource, [_voice(source, incoming)])
    _apply(resource, merged)
    revision = resource.save_revision(clean=False)
    if source.publishes:
        _put_online(resource, revision, source.organisation, by)
    else:
        _queue(resource, revision)
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
    return _refresh(record, incoming, by)


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


def _refresh(record: HarvestedRecord, incoming: Incoming, by: Actor) -> Taken:
    fresh = (
        HarvestedRecord.objects.select_for_update(of=("self",))
        .select_related("source__organisation")
        .get(pk=record.pk)
    )
    resource = Resource.objects.select_for_update(of=("self",)).get(harvested=fresh)
    source, before = fresh.source, dict(fresh.metrics)
    pending = _pending(resource)
    proposed = pending.proposed if pending is not None else _latest(resource)
    merged = _merged(proposed, [_voice(source, incoming), *_other_voices(fresh)])
    if merged.values or merged.provenance != proposed.provenance:
        _apply(proposed, merged)
        owner = source.organisation
        _keep(resource, proposed, pending, publish=source.publishes, owner=owner, by=by)
    elif not resource.live and source.publishes:
        _keep(resource, proposed, pending, publish=True, owner=source.organisation, by=by)
    revived = _revive(fresh, resource, by)
    _count(resource, before, incoming.metrics)
    told = _take_in(fresh, resource, incoming, merged.held_back)
    if merged.values:
        changed = sorted(merged.values)
        tell("resource.harvested", by=by, on=resource, source=source, act="updated", fields=changed)
    return Taken(resource, tuple(sorted(merged.values)), told, revived)


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
    publish: bool,
    owner: Organisation | None,
    by: Actor,
) -> None:
    """Store what a card has become: online, or in the proposal that waits for its review."""
    revision = proposed.save_revision(clean=False)
    if resource.live or publish:
        _put_online(resource, revision, owner, by)
    if pending is None:
        return
    pending.revision = revision
    pending.edited_at, pending.expiry_told_at = clock.now(), None
    pending.save(update_fields=["revision", "edited_at", "expiry_told_at"])
    if publish and pending.status == ContributionStatus.SUBMITTED:
        pending.become(ContributionStatus.PUBLISHED, at=clock.now())


def _put_online(
    resource: Resource, revision: Revision, owner: Organisation | None, by: Actor
) -> None:
    way = VersionOrigin.HARVESTED
    card_changes.put_online(
        resource=resource, revision=revision, by=by, origin=way, organisation=owner
    )


def _voice(source: Source, incoming: Incoming) -> Voice:
    return Voice(
        origin=source.origin,
        values=incoming.values,
        not_transmitted=frozenset(incoming.not_transmitted),
        priority=source.priority,
        priorities=source.priorities,
    )


def _other_voices(record: HarvestedRecord) -> list[Voice]:
    others = HarvestedRecord.objects.filter(resource=record.resource_id).exclude(pk=record.pk)
    return [harvest_queries.voice_of(each) for each in others.select_related("source")]


def _merged(resource: Resource, voices: list[Voice]) -> Merged:
    day = clock.paris_day(clock.now()).isoformat()
    return harvest_queries.merge(resource, voices, day=day)


def _apply(resource: Resource, merged: Merged) -> None:
    details = dict(resource.details)
    for name, value in merged.values.items():
        if name not in PROPOSED_COLUMNS:
            details[name] = value
        elif value is None:
            setattr(resource, name, getattr(Resource(), name))
        else:
            setattr(resource, name, value)
    resource.details = {name: v for name, v in details.items() if v not in ("", None, [], ())}
    resource.provenance = dict(merged.provenance)


def _queue(resource: Resource, revision: Revision) -> None:
    now = clock.now()
    Contribution.objects.create(
        resource=resource,
        revision=revision,
        status=ContributionStatus.SUBMITTED,
        organisation=resource.organisation,
        edited_at=now,
        first_submitted_at=now,
        submitted_at=now,
    )


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
    _apply(draft, Merged(held_back, origins, {}))
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
        values = proposals.flat(proposals.caught_up(draft))
        values.pop("organisation", None)
        origins = proposals.caught_up_provenance(draft)
    origins |= dict.fromkeys(taken, _again(record))
    _apply(proposed, Merged({**values, **taken}, origins, {}))
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
    before, now = (proposals.flat(each).get(name) for each in read)
    # Proposed once and put back as it was: that is an answer too.
    return name in record.held_back or proposals.is_another(before, now)


def _again(record: HarvestedRecord) -> dict[str, Any]:
    """Give the origin of values proposed: accepted, they are the source's, which may go on."""
    day = clock.paris_day(clock.now()).isoformat()
    return {"origin": record.source.origin, "date": day, "verified": True}


def _record(source: Source, incoming: Incoming, resource: Resource) -> HarvestedRecord:
    record = HarvestedRecord(source=source, remote_id=incoming.remote_id, resource=resource)
    record.first_seen_at = clock.now()
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

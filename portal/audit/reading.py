"""Read the ledger: the events of some objects, for those whose acts they are."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from portal.audit.models import AuditBody, AuditEvent, AuditHead
from portal.lib import clock


@dataclass(frozen=True)
class Told:
    """One event as it is told: who, what, on which object, with which facts.

    actor: a person's random key or a system's name, "" once the detail passed its retention.
    hash, prev, body_sha256: what ties it to the chain.
    """

    seq: int
    at: datetime
    action: str
    object_ref: str
    actor: str
    facts: dict[str, Any]
    body_sha256: str
    prev: str
    hash: str


def events(
    references: Collection[str],
    *,
    families: Sequence[str],
    apart: Collection[str] = (),
    most: int = 10_000,
) -> list[Told]:
    """List the last events of these objects, the newest first.

    families: first words of the actions to tell ("phase" for "phase.dated"). apart: actions
    that are not told. most: how many at most.
    """
    of_families = Q()
    for family in families:
        of_families |= Q(action__startswith=f"{family}.")
    ledger_events = (
        AuditEvent.objects.filter(of_families, object_ref__in=list(references))
        .exclude(action__in=list(apart))
        .select_related("body")
        .order_by("-seq")[:most]
    )
    return [told(event) for event in ledger_events]


def ledger(
    *,
    action: str = "",
    actors: Collection[str] | None = None,
    about: str = "",
    named: Collection[str] = (),
    telling: Collection[str] = (),
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEvent]:
    """Select the events of the whole ledger, the newest first, with their detail.

    action: how the act begins ("grant", "grant.revoked"). actors: who acted, by
    key, None for anybody. about: a part of the object's name.
    named: the names of the objects instead, where there are some. telling: acts on another object
    that are kept too, where their detail names one of these.
    since, until: days of Paris, both included.
    """
    rows = AuditEvent.objects.select_related("body").order_by("-seq")
    if action:
        rows = rows.filter(action__startswith=action)
    if actors is not None:
        whose = Q(pk__in=[])
        for key in actors:
            whose |= Q(body__body__contains=f'"actor":"{key}"')
        rows = rows.filter(whose)
    if named:
        told = Q()
        for each in named:
            told |= Q(body__contains=f'"{each}"')
        bodies = AuditBody.objects.filter(told, event__action__in=telling)
        rows = rows.filter(Q(object_ref__in=named) | Q(pk__in=bodies.values("event_id")))
    elif about:
        rows = rows.filter(object_ref__icontains=about)
    if since is not None:
        rows = rows.filter(at__gte=clock.paris_day_ends(since - timedelta(days=1)))
    if until is not None:
        rows = rows.filter(at__lt=clock.paris_day_ends(until))
    return rows


def last_link() -> tuple[int, str]:
    """Give the number and the hash of the last event of the chain."""
    head = AuditHead.objects.filter(pk=1).first()
    return (head.seq, head.hash) if head is not None else (0, "")


def told(event: AuditEvent) -> Told:
    """Tell one event, with its detail where it was fetched and is still kept."""
    kept = getattr(event, "body", None)
    body = json.loads(kept.body) if kept is not None else {}
    return Told(
        seq=event.seq,
        at=event.at,
        action=event.action,
        object_ref=event.object_ref,
        actor=str(body.get("actor", "")),
        facts=dict(body.get("facts") or {}),
        body_sha256=event.body_sha256,
        prev=event.prev,
        hash=event.hash,
    )

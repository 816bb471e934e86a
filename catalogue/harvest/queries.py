"""Which value a field takes when several sources have a say; what the pages of harvesting read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from catalogue.harvest.models import ORIGIN, HarvestRun, LinkCheck, Source
from catalogue.resources.enums import Deposit
from catalogue.resources.fields import is_same
from catalogue.resources.models import Resource
from catalogue.resources.queries.records import fields_of
from portal.accounts.models import User
from portal.lib import clock

# What the source that opened the card decided, not its records.
LEFT_ALONE = frozenset({"organisation", "deposit"})


@dataclass(frozen=True)
class Voice:
    """What one source says of a card: its key in origins, its trust by field, its values."""

    origin: str
    values: Mapping[str, Any]
    not_transmitted: frozenset[str] = frozenset()
    priority: int = 50
    priorities: Mapping[str, int] = field(default_factory=dict)

    def rank(self, name: str) -> tuple[int, str]:
        """Order voices for a field: the trust, then the key, so that no tie is left to chance."""
        return int(self.priorities.get(name, self.priority)), self.origin


@dataclass(frozen=True)
class Merged:
    """What a card becomes. values: the fields that change; held_back: what was not taken.

    provenance: the whole origin of fields, as it is to be stored.
    """

    values: Mapping[str, Any]
    provenance: Mapping[str, Any]
    held_back: Mapping[str, Any]


def voice(source: Source, values: Mapping[str, Any], not_transmitted: Iterable[str]) -> Voice:
    """Give the voice of a source for what one of its records says."""
    return Voice(
        origin=source.origin,
        values=values,
        not_transmitted=frozenset(not_transmitted),
        priority=source.priority,
        priorities=source.priorities,
    )


def is_edited_here(origin: Mapping[str, Any] | None) -> bool:
    """Say whether a person wrote this field here: no source writes over it."""
    return bool(origin) and not str((origin or {}).get("origin", "")).startswith(ORIGIN)


def merge(resource: Resource, voices: Iterable[Voice], *, day: str) -> Merged:
    """Decide every field of a card. day: YYYY-MM-DD, written beside a value that changes."""
    said = list(voices)
    current = {name: getattr(resource, name, None) for name in fields_of(resource.kind)}
    current |= dict.fromkeys(resource.details_of_kind.by_name)
    current |= resource.details
    provenance = dict(resource.provenance)
    values: dict[str, Any] = {}
    held_back: dict[str, Any] = {}
    for name in fields_of(resource.kind):
        if name in LEFT_ALONE:
            continue
        ranked = sorted((v for v in said if name in v.values), key=lambda v: v.rank(name))
        best = ranked[-1] if ranked else None
        if is_edited_here(provenance.get(name)):
            if best is not None and not is_same(best.values[name], current[name]):
                held_back[name] = best.values[name]
            continue
        _settle(name, best, said, current, values, provenance, day)
    return Merged(values, provenance, held_back)


def _settle(
    name: str,
    best: Voice | None,
    said: list[Voice],
    current: Mapping[str, Any],
    values: dict[str, Any],
    provenance: dict[str, Any],
    day: str,
) -> None:
    """Give a field to the best voice; one that no source tells any more is emptied."""
    known = provenance.get(name)
    if best is not None:
        wanted = best.values[name]
        if not is_same(wanted, current[name]):
            values[name] = wanted
        if known is None or known.get("origin") != best.origin or name in values:
            provenance[name] = {"origin": best.origin, "date": day, "verified": True}
        return
    if known is not None and known.get("transmitted", True):
        values[name] = None
        provenance.pop(name)
    silent = sorted(v.origin for v in said if name in v.not_transmitted)
    if silent and len(silent) == len(said):
        # Left out of the score: the producer may well have it, the feed does not carry it.
        provenance[name] = {"origin": silent[0], "verified": False, "transmitted": False}
    elif known is not None and not known.get("transmitted", True):
        provenance.pop(name, None)


def deposit_of(has_owner: bool) -> str:
    """Say how a harvested card is deposited: by its holder when an organisation proposed it."""
    return Deposit.OWNED.value if has_owner else Deposit.REFERENCED.value


LISTED_DAYS = 30  # dead for so long: on the list of the moderators


def sources_listed(viewer: User) -> QuerySet[Source]:
    """Select the sources that a person may see, with their cards and their last passage."""
    last = HarvestRun.objects.filter(source=OuterRef("pk"), is_preview=False)
    last = last.order_by("-asked_at", "-pk")
    return (
        Source.objects.visible_to(viewer)
        .select_related("organisation")
        .annotate(
            cards_count=Count("records", filter=Q(records__resource__live=True)),
            last_state=Subquery(last.values("state")[:1]),
            last_at=Subquery(last.values("asked_at")[:1]),
        )
        .order_by("title", "pk")
    )


def long_dead() -> QuerySet[LinkCheck]:
    """Select the links that have been dead for a month, the longest first."""
    since = clock.now() - timedelta(days=LISTED_DAYS)
    found = LinkCheck.objects.dead().filter(dead_since__lte=since)
    return found.select_related("resource__organisation").order_by("dead_since", "pk")

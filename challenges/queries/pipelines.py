"""Where the entries of each phase of a challenge stand, and what holds them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from challenges.enums import UNFINISHED, EntryStatus, ReasonCode
from challenges.models import Challenge, Entry, Phase

_WAITING = Q(status__in=sorted(UNFINISHED))
_BROKEN = Q(status=EntryStatus.NEEDS_ATTENTION, reason_code=ReasonCode.PLATFORM.value)


@dataclass(frozen=True)
class Pipeline:
    """The entries of a phase by state; broken: by the platform's fault, to try again.

    examined: those that a moderator decides on, the broken ones left out.
    """

    phase: Phase
    counts: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    oldest: datetime | None = None
    broken: int = 0

    @property
    def shown(self) -> dict[str, int]:
        """Count the entries by what people are told, 0 where there is none."""
        count = {each.value: self.counts.get(each.value, 0) for each in EntryStatus}
        return count | {"arriving": count["received"] + count["checking"]}

    @property
    def examined(self) -> int:
        """Count the entries that wait for a moderator."""
        return self.counts.get(EntryStatus.NEEDS_ATTENTION, 0) - self.broken


def of(challenge: Challenge) -> list[Pipeline]:
    """Describe each phase of a challenge, in three queries; references are not counted."""
    entries = Entry.objects.filter(
        enrolment__phase__challenge=challenge, enrolment__team__is_baseline=False
    )
    counts: dict[int, dict[str, int]] = {}
    for phase, status, n in (
        entries.order_by()
        .values_list("enrolment__phase_id", "status")
        .annotate(n=Count("pk"))
        .order_by("enrolment__phase_id", "status")
    ):
        counts.setdefault(phase, {})[status] = n
    rows = (
        entries.order_by()
        .values_list("enrolment__phase_id")
        .annotate(
            waiting=Count("pk", filter=_WAITING),
            oldest=Min("received_at", filter=_WAITING),
            broken=Count("pk", filter=_BROKEN),
        )
        .order_by("enrolment__phase_id")
    )
    told: dict[int, list[Any]] = {phase: each for phase, *each in rows}
    phases = challenge.phases.select_related("challenge", "paused_by").order_by("index")
    return [
        Pipeline(
            phase,
            counts.get(phase.pk, {}),
            *told.get(phase.pk, ()),
        )
        for phase in phases
    ]

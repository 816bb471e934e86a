"""The public register of access: the only facts of requests and grants that everybody reads.

A row has fields for what is public and for nothing else: no text, person, opinion, explanation.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Subquery

from datasets.access.enums import (
    GrantState,
    Purpose,
    RefusalReason,
    RequestStatus,
    ReturnState,
)
from datasets.access.models import (
    AccessRequest,
    Grant,
    GrantedDataset,
    GrantQuerySet,
    Suspension,
)
from datasets.releases.models import Dataset


@dataclass(frozen=True)
class Return:
    """What is given back. at: when it was, or is due; None before the signature, which it follows.

    link: where it can be seen, "" before. months: after the signature.
    """

    text: str
    link: str
    state: ReturnState
    at: datetime | None
    months: int


@dataclass(frozen=True)
class Row:
    """A grant as the register shows it.

    datasets: (title, address or ""). ended_at: until when it gives, or gave, access. changed_at:
    when what the register shows of it changed last.
    """

    number: str
    title: str
    organisation: str
    purpose: str
    datasets: tuple[tuple[str, str], ...]
    approved_at: datetime
    starts_at: datetime | None
    ended_at: datetime | None
    state: GrantState
    returns: tuple[Return, ...]
    changed_at: datetime


def grants() -> GrantQuerySet:
    """List every grant, the newest first, with what its row shows; three queries."""
    lent = GrantedDataset.objects.select_related("dataset__resource")
    lifted = Suspension.objects.filter(grant=OuterRef("pk")).order_by("-resumed_at")
    return (
        Grant.objects.select_related("request")
        .prefetch_related(Prefetch("datasets", lent), "request__returns")
        .annotate(resumed_at=Subquery(lifted.values("resumed_at")[:1]))
        .order_by("-approved_at", "-pk")
    )


def rows(listed: Iterable[Grant], at: datetime) -> list[Row]:
    """Write the rows of some grants as they stand at an instant."""
    return [_row(grant, at) for grant in listed]


def _row(grant: Grant, at: datetime) -> Row:
    said: dict[str, Any] = grant.content
    pages = {str(each.dataset.public_id): _page(each.dataset) for each in grant.datasets.all()}
    returns = tuple(
        Return(
            text=each.text,
            link=each.link,
            state=each.state(at, revoked=grant.revoked_at is not None),
            at=each.delivered_at or each.due_at,
            months=each.months,
        )
        for each in grant.request.returns.all()
    )
    delivered = [each.at for each in returns if each.state is ReturnState.DELIVERED]
    moments = [grant.approved_at, grant.starts_at, grant.suspended_at, grant.closed_at, *delivered]
    moments.append(grant.resumed_at)  # type: ignore[attr-defined]  # annotated
    over = grant.ended_at if grant.ended_at and grant.ended_at <= at else None
    return Row(
        number=grant.request.number,
        title=said["title"],
        organisation=said["organisation"],
        purpose=str(Purpose(said["purpose"]).label),
        datasets=tuple((each["title"], pages[each["dataset"]]) for each in said["datasets"]),
        approved_at=grant.approved_at,
        starts_at=grant.starts_at,
        ended_at=grant.ended_at,
        state=grant.state(at),
        returns=returns,
        changed_at=max(each for each in (*moments, over) if each is not None),
    )


def _page(dataset: Dataset) -> str:
    return dataset.get_absolute_url() if dataset.resource.live else ""


def lent_datasets() -> list[tuple[str, str]]:
    """List the datasets that some grant covers, as (slug, title)."""
    rows = Dataset.objects.filter(granted__isnull=False, resource__live=True).distinct()
    return list(rows.order_by("resource__title").values_list("resource__slug", "resource__title"))


@dataclass(frozen=True)
class Figures:
    """What the register says in figures.

    delay, most_days: working days from admission to decision, or of the examination that followed a
    refusal, without those when changes were awaited: the median, and what nine decisions in ten do
    not exceed; None before the first.
    refusals: (reason, how many), the most frequent first. since: the first decision.
    """

    active: int
    organisations: int
    decided: int
    granted: int
    refusals: tuple[tuple[str, int], ...]
    delay: float | None
    most_days: int | None
    since: datetime | None

    @property
    def refused(self) -> int:
        """Count the refusals in force."""
        return sum(count for _reason, count in self.refusals)

    @property
    def bars(self) -> list[tuple[str, int, float]]:
        """List the refusals with the length of their bar, in hundredths of the longest."""
        return [(reason, n, 100 * n / self.refusals[0][1]) for reason, n in self.refusals]


def figures(at: datetime) -> Figures:
    """Count grants, decisions, delays and refusals at an instant; two queries."""
    now = Grant.objects.active(at).aggregate(
        grants=Count("pk"), organisations=Count("request__organisation", distinct=True)
    )
    ended = (RequestStatus.APPROVED, RequestStatus.REFUSED)
    rows = AccessRequest.objects.filter(status__in=ended, decided_at__isnull=False)
    told = ("status", "reason", "admitted_at", "changes_asked_at", "decided_at", "stopped_days")
    decided = list(rows.only(*told))
    days = sorted(each.decision_days for each in decided if each.admitted_at is not None)
    refused = Counter(each.reason for each in decided if each.status == RequestStatus.REFUSED)
    return Figures(
        active=now["grants"],
        organisations=now["organisations"],
        decided=len(decided),
        granted=len(decided) - refused.total(),
        refusals=tuple((str(RefusalReason(r).label), n) for r, n in refused.most_common()),
        delay=median(days) if days else None,
        most_days=days[math.ceil(0.9 * len(days)) - 1] if days else None,
        since=min((each.decided_at for each in decided if each.decided_at), default=None),
    )

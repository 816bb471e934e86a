"""Reads of requests and grants: the opinions in force, what stands in the way, what may be read."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from datasets.access.enums import Verdict
from datasets.access.models import (
    AccessRequest,
    Extract,
    Grant,
    NamedUser,
    Opinion,
    RequestedDataset,
)
from datasets.releases.enums import AccessLevel
from portal.accounts.models import Organisation, User
from portal.lib import clock


def opinions_of(request: AccessRequest) -> list[Opinion]:
    """List the opinions in force: the last asked of each producer and of the officer."""
    last: dict[int | None, Opinion] = {}
    rows = request.opinions.select_related("dataset__resource", "organisation", "given_by")
    for each in rows.order_by("version", "pk"):
        last[each.dataset_id] = each
    asked = {row.dataset_id for row in request.datasets.all()} | {None}
    return [each for key, each in last.items() if key in asked]


def kept_back(opinions: Iterable[Opinion]) -> set[int]:
    """Name the datasets that a producer does not lend, by key."""
    return {
        each.dataset_id
        for each in opinions
        if each.dataset_id is not None and each.verdict == Verdict.UNFAVOURABLE
    }


@dataclass(frozen=True)
class Terms:
    """What a grant may be today: its datasets, its longest duration and who says so.

    awaited: opinions that nobody gave yet. dpo_refuses: the officer's opinion is unfavourable.
    limits: (who, months) of each bound; the shortest wins.
    """

    datasets: tuple[RequestedDataset, ...]
    awaited: tuple[Opinion, ...]
    dpo_refuses: bool
    limits: tuple[tuple[str, int], ...]

    @property
    def months(self) -> int:
        """Give the longest duration that everybody accepts."""
        return min(months for _who, months in self.limits)


def terms_of(request: AccessRequest) -> Terms:
    """Gather what a decision on this request could be; three queries."""
    opinions = opinions_of(request)
    opposed = kept_back(opinions)
    rows = request.datasets.select_related("dataset__resource__organisation")
    datasets = tuple(row for row in rows if row.dataset_id not in opposed)
    limits = [("", request.months), ("region", settings.ACCESS_MOST_MONTHS)]
    limits += [
        (str(each.organisation), each.months)
        for each in opinions
        if each.months is not None and each.dataset_id not in opposed
    ]
    return Terms(
        datasets=datasets,
        awaited=tuple(each for each in opinions if not each.verdict),
        dpo_refuses=any(each.is_dpo and each.verdict == Verdict.UNFAVOURABLE for each in opinions),
        limits=tuple(limits),
    )


def needs_dpo(request: AccessRequest) -> bool:
    """Say whether the request asks for data of personal origin."""
    return request.datasets.filter(dataset__level=AccessLevel.RESTRICTED_PERSONAL).exists()


def producers_of(grant: Grant) -> list[Organisation]:
    """List who lends what this grant covers."""
    return list(Organisation.objects.filter(resources__dataset__granted__grant=grant).distinct())


def signatory(grant: Grant, user: User) -> NamedUser | None:
    """Give the signature by which a person reads under a grant, None without one."""
    return grant.request.named_users.filter(
        user=user, signed_at__isnull=False, removed_at=None
    ).first()


def readable_extracts(user: User) -> "list[Extract]":
    """List what a person may read at this instant, under any grant."""
    now = clock.now()
    return list(
        Extract.objects.ready()
        .filter(
            granted__grant__in=Grant.objects.active(now),
            granted__grant__request__named_users__user=user,
            granted__grant__request__named_users__signed_at__isnull=False,
            granted__grant__request__named_users__removed_at=None,
        )
        .select_related("granted__grant__request", "data_file", "granted__dataset__resource")
        .order_by("-built_at", "pk")
    )

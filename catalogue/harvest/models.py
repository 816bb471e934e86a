"""Catalogues that are harvested, what each record became, and the links of cards."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from catalogue.contributions.models import Contribution
from catalogue.harvest.enums import (
    HarvestFrequency,
    ItemState,
    LinkState,
    RunState,
    SourceKind,
    SourceStatus,
)
from catalogue.resources.columns import (
    REMOTE_ID_CHARACTERS,
    some,
    some_organisation,
    someone,
)
from catalogue.resources.models import Resource, editable_organisations
from portal.accounts.authorization import Permission, has_permission
from portal.lib.columns import LockableQuerySet, Member, set_exactly, within

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


# Before the key of a source, in `Resource.source` and in the origin of a field.
ORIGIN = "harvest:"
MOST_TRUSTED = 100  # of a priority


class SourceQuerySet(LockableQuerySet["Source"]):
    """Reads of sources by who asks and by what is due."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep those of the person's organisations; all for those who read for the Region."""
        if not user.is_authenticated:
            return self.none()
        if has_permission(user, Permission.CONTRIBUTION_READ_ALL):
            return self
        own = Q(proposed_by=user) | Q(organisation__in=editable_organisations(user))
        return self.filter(own)

    def due(self, at: datetime) -> Self:
        """Keep the approved ones whose hour has come, the oldest first."""
        found = self.filter(status=SourceStatus.APPROVED, next_run_at__lte=at)
        return found.exclude(url="").order_by("next_run_at", "pk")


class Source(models.Model):
    """A catalogue of others that an organisation proposed and that the Region approved.

    `key` names it in the origin of fields. `publishes`: its new cards go online at once; if not,
    each waits in the review queue. `completes`: it may add to cards that another source of the
    organisation holds, by `priority` (the higher wins) and `priorities`, by field.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.SlugField(max_length=50, unique=True)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=SourceKind.choices)
    url = models.CharField(max_length=500, blank=True)  # "" for a folder of this machine
    organisation = some_organisation(models.PROTECT, related_name="sources")
    status = models.CharField(
        max_length=20, choices=SourceStatus.choices, default=SourceStatus.PROPOSED
    )
    publishes = models.BooleanField(default=False)
    completes = models.BooleanField(default=False)
    priority = models.PositiveSmallIntegerField(default=50)
    priorities = models.JSONField(default=dict, blank=True)
    frequency = models.CharField(
        max_length=10, choices=HarvestFrequency.choices, default=HarvestFrequency.WEEKLY
    )
    next_run_at = models.DateTimeField(null=True, blank=True)

    proposed_by = someone()
    proposed_at = models.DateTimeField()
    decided_by = someone()
    decided_at = models.DateTimeField(null=True, blank=True)
    message = models.TextField(blank=True, max_length=2_000)  # the Region's, when it refuses

    status_enum = Member("status", SourceStatus)
    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ("title", "pk")
        constraints = [
            within("status", SourceStatus, name="source_status_known"),
            models.CheckConstraint(
                name="source_decided_dated",
                condition=Q(status=SourceStatus.PROPOSED) | Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def origin(self) -> str:
        """Name this source in the origin of a field and on the cards it brought."""
        return ORIGIN + self.key


class HarvestRunQuerySet(models.QuerySet["HarvestRun"]):
    """Reads of passages."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep those of the sources that the person may see."""
        return self.filter(source__in=Source.objects.visible_to(user))

    def complete(self) -> Self:
        """Keep those that read the whole source, the latest first."""
        found = self.filter(state=RunState.COMPLETE, is_preview=False)
        return found.order_by("-started_at", "-pk")


class HarvestRun(models.Model):
    """One passage over a source, or the preview of one: what was read, what each record became.

    counts: items by state. lines: what is worth reading, without the unchanged: remote_id, title,
    slug, state, code, message, and field and value of an error.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    is_preview = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=RunState.choices, default=RunState.WAITING)
    reason = models.CharField(max_length=40, blank=True)  # why suspicious or interrupted
    message = models.CharField(max_length=400, blank=True)
    asked_by = someone()
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)  # its last sign of life
    finished_at = models.DateTimeField(null=True, blank=True)
    read_count = models.PositiveIntegerField(default=0)
    page_count = models.PositiveIntegerField(default=0)
    byte_count = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    lines = models.JSONField(default=list, blank=True)

    state_enum = Member("state", RunState)
    objects = HarvestRunQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            within("state", RunState, name="run_state_known"),
            models.UniqueConstraint(
                name="run_one_at_a_time",
                fields=("source",),
                condition=Q(state__in=(RunState.WAITING, RunState.RUNNING)),
            ),
            set_exactly(
                ~Q(state__in=(RunState.WAITING, RunState.RUNNING)),
                "finished_at",
                name="run_finished_dated",
            ),
        ]
        indexes = [models.Index(name="run_of_source", fields=("source", "-asked_at"))]

    @property
    def is_over(self) -> bool:
        """Tell a passage that will not change any more."""
        return self.finished_at is not None

    @property
    def figures(self) -> list[tuple[str, int]]:
        """Give how many items ended in each state, in order, those at zero left out."""
        return [
            (str(state.label), self.counts[state]) for state in ItemState if self.counts.get(state)
        ]


class HarvestedRecord(models.Model):
    """One record of a source, as it was last taken in, and the card it became.

    fields: the values that the source gives, by column or own field; digest: of these and of how
    they are read. held_back: values that a field edited here did not take.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="records")
    remote_id = models.CharField(max_length=REMOTE_ID_CHARACTERS)
    canonical_uri = models.CharField(max_length=500, blank=True, db_index=True)
    resource = some(Resource, related_name="harvested")
    digest = models.CharField(max_length=64)
    fields = models.JSONField(default=dict, blank=True)
    not_transmitted = models.JSONField(default=list, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    held_back = models.JSONField(default=dict, blank=True)
    proposal = some(Contribution)
    changed_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)
    missing_runs = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)  # by its absence, not by a person

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(name="record_once", fields=("source", "remote_id")),
            models.CheckConstraint(
                name="record_missing_paired",
                condition=Q(missing_since__isnull=True, missing_runs=0)
                | Q(missing_since__isnull=False, missing_runs__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.remote_id


class LinkCheckQuerySet(models.QuerySet["LinkCheck"]):
    """Reads of checks by state and by date."""

    def due(self, at: datetime) -> Self:
        """Keep what is to be asked again, the longest due first."""
        return self.filter(next_check_at__lte=at).order_by("next_check_at", "pk")

    def dead(self) -> Self:
        """Keep the links that failed long and often enough to be called dead."""
        return self.filter(dead_since__isnull=False)


class LinkCheck(models.Model):
    """One address of one card: what the last check found, when the next one comes.

    failures: in a row; dead_since: from the third one over two days; told_at: its owner was
    written to, once for each death.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="link_checks")
    url = models.CharField(max_length=2_000)
    host = models.CharField(max_length=255, db_index=True)
    state = models.CharField(max_length=10, choices=LinkState.choices, default=LinkState.UNKNOWN)
    code = models.CharField(max_length=40, blank=True)  # of the refusal, when nothing came
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    moved_to = models.CharField(max_length=2_000, blank=True)
    successes = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    first_failed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(db_index=True)
    dead_since = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    objects = LinkCheckQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(name="link_check_once", fields=("resource", "url")),
            within("state", LinkState, name="link_check_state_known"),
            models.CheckConstraint(
                name="link_check_failures_dated",
                condition=Q(failures=0, first_failed_at__isnull=True)
                | Q(failures__gte=1, first_failed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.url} {self.state}"

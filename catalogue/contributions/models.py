"""A proposal to the catalogue, the decisions taken on it, the tables and files that come to it."""

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from wagtail.models import Revision

from catalogue.contributions.enums import (
    CONTRIBUTION_EDGES,
    OPEN_CONTRIBUTIONS,
    BatchState,
    ContributionStatus,
    DecisionOutcome,
    DecisionReason,
    OwnerAnswer,
)
from catalogue.resources.columns import some, some_organisation, someone
from catalogue.resources.models import CardFile, Resource, editable_organisations
from portal.accounts.authorization import Permission, has_permission
from portal.lib.columns import LockableQuerySet, Member, set_together, within
from portal.lib.immutable import Immutable
from portal.lib.refusals import Conflict
from portal.lib.storage.parts import PartedFile

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import Organisation, User


UNDER_WAY = (BatchState.WAITING, BatchState.RUNNING)


class ContributionBatchQuerySet(models.QuerySet["ContributionBatch"]):
    """Reads of imports by who asks and by state."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep the person's own, and those of an organisation they edit."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(author=user) | Q(organisation__in=editable_organisations(user)))

    def locked(self, batch: "ContributionBatch") -> "ContributionBatch":
        """Read the row again under a lock, without its table."""
        return (
            self.select_for_update(of=("self",))
            .select_related("organisation")
            .defer("rows")
            .get(pk=batch.pk)
        )


class ContributionBatch(models.Model):
    """One table of cards brought for an organisation, told row by row, then imported as one lot.

    `cursor`: how many rows are done; each is done with it, in one transaction, so that an import
    cut short goes on where it was. `sends`: what it makes goes to the review at once.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="batches"
    )
    author = someone()
    # Who asked for what is under way: an editor may send what another one imported.
    asked_by = someone()
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.READ)
    sends = models.BooleanField(default=False)
    charter_version = models.CharField(max_length=20, blank=True)

    # The table as it was read, until the import is done. rows: one list each, of the line, the
    # cells by column, and the fault that forbids it or None.
    columns = models.JSONField(default=list)
    rows = models.JSONField(default=list)
    row_count = models.PositiveIntegerField(default=0)
    cursor = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)  # rows by what they did
    failures = models.JSONField(default=list, blank=True)  # rows refused while they were written
    message = models.CharField(max_length=400, blank=True)  # why it ended before its last row

    read_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    state_enum = Member("state", BatchState)
    objects = ContributionBatchQuerySet.as_manager()

    class Meta:
        ordering = ("-read_at", "-pk")
        constraints = [
            within("state", BatchState, name="batch_state_known"),
            models.CheckConstraint(
                name="batch_done_has_date",
                condition=~Q(state=BatchState.DONE) | Q(finished_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_batch_under_way",
                fields=("organisation",),
                condition=Q(state__in=UNDER_WAY),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        """Say whether it waits for a worker or has one."""
        return self.state in UNDER_WAY


# States in which the Region may never have received it.
UNSENT = (
    ContributionStatus.DRAFT,
    ContributionStatus.OFFERED,
    ContributionStatus.WITHDRAWN,
)


def _written_by(user: "User") -> Q:
    return Q(author=user) | Q(organisation__in=editable_organisations(user))


def _offered_to(user: "User") -> Q:
    """Keep the changes that somebody else proposed of a card one answers for."""
    held = Q(resource__organisation__in=editable_organisations(user))
    held |= Q(resource__organisation=None, resource__author=user)
    return Q(offered_at__isnull=False) & held


class ContributionQuerySet(models.QuerySet["Contribution"]):
    """Reads of contributions by who asks and by state."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep what the person writes, and what others propose of a card they answer for.

        For those who read for the Region, all that was sent.
        """
        if not user.is_authenticated:
            return self.none()
        if has_permission(user, Permission.CONTRIBUTION_READ_ALL):
            return self.filter(_written_by(user) | ~Q(status=ContributionStatus.DRAFT))
        return self.filter(_written_by(user) | _offered_to(user))

    def written_by(self, user: "User") -> Self:
        """Keep the person's own, and those in the name of an organisation they edit."""
        return self.filter(_written_by(user))

    def awaiting_owner(self, user: "User") -> Self:
        """Keep what waits for this person's answer, as one who answers for the card."""
        waiting = self.filter(_offered_to(user), status=ContributionStatus.OFFERED)
        return waiting.exclude(author=user).order_by("offered_at", "pk")

    def open(self) -> Self:
        """Keep those that still wait for someone."""
        return self.filter(status__in=OPEN_CONTRIBUTIONS)

    def queue(self) -> Self:
        """Keep those that wait for a moderator, oldest first."""
        return self.filter(status=ContributionStatus.SUBMITTED).order_by("first_submitted_at", "pk")

    def locked(self, contribution: "Contribution") -> "Contribution":
        """Lock and read the row again; Conflict when it changed since it was read."""
        fresh = self.select_for_update(of=("self",)).get(pk=contribution.pk)
        if fresh.version != contribution.version:
            raise Conflict(code="contribution_changed", version=fresh.version)
        return fresh


class Contribution(models.Model):
    """One proposal: a new resource, or a new revision of a published one.

    `status` is the only truth of the review. `revision` holds what is proposed,
    `base_revision` the one that was online when the work began (none: a new resource).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="contributions")
    revision = some(Revision, models.PROTECT)
    base_revision = some(Revision, models.PROTECT)
    status = models.CharField(
        max_length=20, choices=ContributionStatus.choices, default=ContributionStatus.DRAFT
    )
    version = models.PositiveIntegerField(default=1)
    author = someone(related_name="contributions")
    organisation = some_organisation(models.PROTECT, related_name="contributions")
    # The import that made it or last wrote it, if any.
    batch = some(ContributionBatch, related_name="contributions")
    # Proposed by somebody to whom the card does not show its files: they stay as they are online.
    keeps_files = models.BooleanField(default=False)
    note = models.TextField(blank=True, max_length=2_000)  # the author's word to the moderators
    checks = models.JSONField(default=list, blank=True)
    # What a pasted description was: its name, its format, the faults found in it.
    reading = models.JSONField(default=dict, blank=True)
    # The request of a program that opened it: sent again, it opens no other.
    request_key = models.CharField(max_length=64, blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True)
    charter_version = models.CharField(max_length=20, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    first_submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    claimed_by = someone()
    claimed_at = models.DateTimeField(null=True, blank=True)
    # The moderator to whom it was given, until it is decided.
    assignee = someone()

    # When its author was told that a draft nobody edits will be erased.
    expiry_told_at = models.DateTimeField(null=True, blank=True)
    # A change of somebody else's card: when its owner was asked, and what they answered.
    offered_at = models.DateTimeField(null=True, blank=True)
    owner_answer = models.CharField(max_length=10, choices=OwnerAnswer.choices, blank=True)
    owner_answered_at = models.DateTimeField(null=True, blank=True)
    owner_answered_by = someone()
    owner_reason = models.TextField(blank=True, max_length=2_000)

    status_enum = Member("status", ContributionStatus)
    objects = ContributionQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            within("status", ContributionStatus, name="contribution_status_known"),
            set_together("first_submitted_at", "submitted_at", name="contribution_submitted_dates"),
            models.CheckConstraint(
                name="contribution_review_has_date",
                condition=Q(status__in=UNSENT) | Q(submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="contribution_owner_answer_dated",
                condition=Q(owner_answer="", owner_answered_at=None)
                | ~Q(owner_answer="")
                & Q(owner_answered_at__isnull=False, offered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="contribution_owner_says_why",
                condition=~Q(owner_answer=OwnerAnswer.DECLINED) | ~Q(owner_reason=""),
            ),
            models.CheckConstraint(
                name="contribution_owner_and_status",
                condition=Q(status=ContributionStatus.WITHDRAWN)
                | Q(status=ContributionStatus.OFFERED, offered_at__isnull=False, owner_answer="")
                | ~Q(status=ContributionStatus.OFFERED)
                & (Q(offered_at=None) | ~Q(owner_answer="")),
            ),
            models.UniqueConstraint(
                name="contribution_request_once",
                fields=("author", "request_key"),
                condition=~Q(request_key=""),
            ),
        ]
        indexes = [
            models.Index(name="contribution_queue", fields=("status", "first_submitted_at")),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.status}"

    @property
    def is_new(self) -> bool:
        """Tell the proposal of a resource that was never online."""
        return self.base_revision_id is None

    @property
    def is_open(self) -> bool:
        """Tell what still waits for someone."""
        return self.status in OPEN_CONTRIBUTIONS

    @property
    def kept_until(self) -> datetime.datetime:
        """Say until when a draft that nobody edits is kept: never sooner than it was announced."""
        day = datetime.timedelta(days=1)
        ends = (self.edited_at or self.created_at) + settings.DRAFT_KEPT_DAYS * day
        if self.expiry_told_at is None:
            return ends
        return max(ends, self.expiry_told_at + settings.DRAFT_NOTICE_DAYS * day)

    @property
    def is_held_back(self) -> bool:
        """Say whether language or spam signs were found when it was sent."""
        return any(c.get("code") == "language" and c.get("remarks") for c in self.checks)

    @property
    def owner_due_at(self) -> datetime.datetime | None:
        """Say until when the owner of the card may answer; then the Region decides alone."""
        wait = datetime.timedelta(days=settings.OWNER_ANSWER_DAYS)
        return self.offered_at + wait if self.offered_at else None

    @property
    def version_key(self) -> str:
        """Name this state of the proposal, for letters sent once."""
        return f"{self.pk}-{self.version}"

    @property
    def content(self) -> dict[str, Any]:
        """Give what the revision holds, by column."""
        return dict(self.revision.content) if self.revision else {}

    @property
    def proposed(self) -> Resource:
        """Build the resource as the proposal tells it."""
        return self.revision.as_object() if self.revision else self.resource

    def become(self, status: ContributionStatus, *, at: datetime.datetime, **columns: Any) -> None:
        """Take an allowed edge and save; Conflict when the table has no such edge."""
        if status not in CONTRIBUTION_EDGES[self.status_enum]:
            raise Conflict(code="wrong_state", status=self.status, wanted=str(status))
        if status is ContributionStatus.SUBMITTED:
            columns |= {
                "submitted_at": at,
                "first_submitted_at": self.first_submitted_at or at,
            }
        elif status is ContributionStatus.OFFERED:
            columns |= {"offered_at": at}
        elif status not in UNSENT:
            columns |= {"decided_at": at}
        self.status = status
        self.version += 1
        for name, value in columns.items():
            setattr(self, name, value)
        self.save(update_fields=["status", "version", *columns])


class Decision(Immutable):
    """What a moderator decided on one revision; written once."""

    contribution = models.ForeignKey(
        Contribution, on_delete=models.CASCADE, related_name="decisions"
    )
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, choices=DecisionOutcome.choices)
    reason = models.CharField(max_length=20, choices=DecisionReason.choices, blank=True)
    message = models.TextField(blank=True, max_length=4_000)
    fields = models.JSONField(default=list, blank=True)  # names of the fields concerned
    decided_by = someone()
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                name="decision_once_per_revision", fields=("contribution", "revision")
            ),
            models.CheckConstraint(
                name="decision_says_why",
                condition=Q(outcome=DecisionOutcome.PUBLISHED) | (~Q(message="") & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contribution_id} {self.outcome}"


class CardUploadQuerySet(LockableQuerySet["CardUpload"]):
    """Reads of uploads by who sends them and by where they stand."""

    def visible_to(self, user: "User | AnonymousUser") -> "CardUploadQuerySet":
        """Keep those that this person began."""
        return self.filter(begun_by_id=user.pk or 0, contribution__isnull=False)

    def coming(self, at: datetime.datetime) -> "CardUploadQuerySet":
        """Keep those that may still become a file."""
        return self.filter(file=None, expires_at__gt=at)

    def whole(self) -> "CardUploadQuerySet":
        """Keep those whose bytes are all here, and are no file yet, the oldest first."""
        kept = self.filter(contribution__isnull=False, begun_by__isnull=False)
        return kept.filter(file=None, offset=F("length")).order_by("begun_at", "pk")

    def due(self, at: datetime.datetime) -> "CardUploadQuerySet":
        """Keep the whole ones that are tried now: never tried, or refused some time ago."""
        tried = Q(retry_at=None) | Q(retry_at__lte=at)
        return self.whole().free(at).filter(tried, expires_at__gt=at)

    def free(self, at: datetime.datetime) -> "CardUploadQuerySet":
        """Keep those that no process is putting together."""
        return self.filter(Q(assembling_until=None) | Q(assembling_until__lte=at))

    def held_by(
        self, organisation: "Organisation | None", person: "User | None"
    ) -> "CardUploadQuerySet":
        """Keep what comes to the room of an organisation, or of a person who has none there."""
        if organisation is not None:
            return self.filter(contribution__organisation=organisation)
        return self.filter(contribution__organisation=None, begun_by=person)


class CardUpload(PartedFile):
    """A file that comes to a draft in parts; then the file that it became."""

    # Either may go before the day is over: the parts are dropped then.
    contribution = some(Contribution, related_name="uploads")
    begun_by = someone()
    file = some(CardFile, models.CASCADE)
    # How often it was whole and refused, and when it is tried again by itself.
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    # Until when a process puts it together, alone; killed, it leaves it to another then.
    assembling_until = models.DateTimeField(null=True, blank=True)

    objects = CardUploadQuerySet.as_manager()

    class Meta:
        ordering = ("begun_at", "pk")
        constraints = PartedFile.Meta.constraints
        indexes = [models.Index(name="card_upload_expiry", fields=("expires_at",))]

    def __str__(self) -> str:
        return self.name

    @property
    def is_finished(self) -> bool:
        """Whether it became a file: whole, it is put together again at an empty part."""
        return self.file_id is not None

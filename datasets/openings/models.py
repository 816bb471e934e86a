"""Openings: a table that its producer proposes to everybody, its checks, who approved it."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.resources.models import Resource
from datasets.access.models import produced_by
from datasets.openings.enums import (
    EDGES,
    WAITING,
    WRITABLE,
    Emergency,
    OpeningLicence,
    OpeningRefusal,
    OpeningStatus,
)
from datasets.releases.models import Dataset, Release
from portal.accounts.authorization import P, has_permission
from portal.lib.columns import LockableQuerySet, Member, person, set_together, someone, within, word
from portal.lib.decisions import Proposal
from portal.lib.immutable import Immutable
from portal.lib.refusals import Conflict

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

S = OpeningStatus


class OpeningQuerySet(LockableQuerySet["Opening"]):
    """Reads of openings by who asks and by where they stand."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep those one proposed, those of one's organisation; all, for who decides on data."""
        if not user.is_authenticated:
            return self.none()
        if has_permission(user, P.ACCESS_READ):
            return self.all()
        return self.filter(Q(proposed_by=user) | Q(producer__in=produced_by(user)))

    def waiting(self) -> Self:
        """Keep those that wait for the Region, the oldest first."""
        return self.filter(status__in=WAITING).order_by("proposed_at", "pk")

    def with_names(self) -> Self:
        """Fetch what a row shows beside each."""
        return self.select_related("producer", "card", "restricted__resource", "release")


class Opening(models.Model):
    """A dataset that is to be read by everybody, from its proposal to its release.

    card: on which it will be published. restricted: the dataset that it was drawn from. deposit:
    the file, kept sealed until it is published. attempt: how many files were deposited; an act on
    a page that was read before another deposit is refused. of_personal_origin: the data protection
    officer is then one of the two who approve.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = word(OpeningStatus, default=OpeningStatus.PROPOSED)
    producer = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="openings"
    )
    card = models.ForeignKey(
        Resource, on_delete=models.PROTECT, null=True, blank=True, related_name="openings"
    )
    restricted = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, null=True, blank=True, related_name="openings"
    )
    title = models.CharField(max_length=160)
    interest = models.TextField(max_length=2_000)
    legal_basis = models.CharField(max_length=200, blank=True)
    licence = word(OpeningLicence, blank=True)
    of_personal_origin = models.BooleanField(default=True)
    # What is declared of the file: as disclosure.Declared, without `personal`.
    declared: Any = models.JSONField(default=dict, blank=True)
    dictionary: Any = models.JSONField(default=dict, blank=True)
    removed = models.TextField(max_length=2_000, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    file_size = models.PositiveBigIntegerField(null=True, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    deposit_sha256 = models.CharField(max_length=64, blank=True)
    deposit_keys: Any = models.JSONField(default=list, blank=True)
    # The names of the columns of the file.
    columns: Any = models.JSONField(default=list, blank=True)
    attempt = models.PositiveIntegerField(default=0)

    proposed_by = person(related_name="proposed_openings")
    proposed_at = models.DateTimeField()
    agreed_by = someone()
    agreed_at = models.DateTimeField(null=True, blank=True)
    officer = someone()
    admitted_at = models.DateTimeField(null=True, blank=True)
    changes_asked = models.TextField(max_length=2_000, blank=True)
    approver = someone()
    approved_at = models.DateTimeField(null=True, blank=True)
    second_approver = someone()
    second_approved_at = models.DateTimeField(null=True, blank=True)
    reason = word(OpeningRefusal, blank=True)
    decision = models.TextField(max_length=2_000, blank=True)
    decided_by = someone()
    decided_at = models.DateTimeField(null=True, blank=True)
    release = models.OneToOneField(
        Release, on_delete=models.PROTECT, null=True, blank=True, related_name="opening"
    )

    status_enum = Member("status", OpeningStatus)
    objects = OpeningQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            within("status", OpeningStatus, name="opening_status_known"),
            set_together("agreed_at", "agreed_by", name="opening_agreed_by_someone"),
            set_together("admitted_at", "officer", name="opening_admitted_by_someone"),
            set_together("approved_at", "approver", name="opening_approved_by_someone"),
            set_together("second_approved_at", "second_approver", name="opening_approved_again"),
            set_together("decided_at", "decided_by", name="opening_refused_by", words="decision"),
            models.CheckConstraint(
                name="opening_takes_two_people",
                condition=~Q(status__in=[S.APPROVED, S.PUBLISHED])
                | Q(approver__isnull=False, second_approver__isnull=False),
            ),
            models.CheckConstraint(
                name="opening_approved_by_others",
                condition=(Q(approver=None) | Q(second_approver=None))
                | ~Q(approver=F("second_approver")),
            ),
            models.CheckConstraint(
                name="opening_not_approved_by_its_author",
                condition=(Q(approver=None) | ~Q(approver=F("proposed_by")))
                & (Q(second_approver=None) | ~Q(second_approver=F("proposed_by"))),
            ),
            models.CheckConstraint(
                name="opening_published_has_release",
                condition=Q(status=S.PUBLISHED, release__isnull=False)
                | ~Q(status=S.PUBLISHED) & Q(release=None),
            ),
        ]
        indexes = [models.Index(name="opening_queue", fields=("status", "proposed_at"))]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("datasets:opening", args=(self.public_id,))

    @property
    def number(self) -> str:
        """Name the opening as letters do."""
        return f"OUV-{self.proposed_at.year}-{self.pk:04d}"

    @property
    def approved_on(self) -> datetime | None:
        """Give when the second of the two people approved."""
        given = [self.approved_at, self.second_approved_at]
        return max(each for each in given if each) if all(given) else None

    @property
    def is_writable(self) -> bool:
        """Say whether its producer may still deposit a file."""
        return self.status in WRITABLE

    @property
    def standing(self) -> OpeningStatus | Emergency:
        """Give the state to show: what was published, then taken back, is open no more."""
        if self.release is not None and self.release.withdrawn_at is not None:
            return Emergency.TAKEN_BACK if self.release.withdrawal else Emergency.SUSPENDED
        return self.status_enum

    def become(self, status: OpeningStatus, **columns: Any) -> None:
        """Take an allowed edge and save; Conflict when the table has no such edge."""
        if status not in EDGES[self.status_enum]:
            raise Conflict(
                _("Cette ouverture a changé d’état : cet acte n’est plus possible."),
                code="opening_status",
                current=self.status,
                wanted=status.value,
            )
        self.status = status
        for name, value in columns.items():
            setattr(self, name, value)
        self.save()


class OpeningReport(Immutable):
    """What the checks said of one deposit: signed, and published with the release.

    content: {number, attempt, file, rows, columns, types, read, checks, sample_sha256}, or
    {…, fault}.
    signature: of the canonical content, in hexadecimal. sample: the synthetic rows, as CSV.
    """

    opening = models.ForeignKey(Opening, on_delete=models.PROTECT, related_name="reports")
    attempt = models.PositiveIntegerField()
    content: Any = models.JSONField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    sample = models.TextField(blank=True)
    passed = models.BooleanField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-attempt"]
        constraints = [
            models.UniqueConstraint(fields=["opening", "attempt"], name="opening_report_once")
        ]


class OpeningWithdrawal(Proposal):
    """Take opened data back in an emergency, by two people of the Region."""

    opening = models.ForeignKey(Opening, on_delete=models.PROTECT, related_name="withdrawals")
    reason = models.TextField(max_length=2_000)

    class Meta(Proposal.Meta):
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["opening"], condition=Q(answer=""), name="opening_withdrawal_waits_once"
            ),
        ]

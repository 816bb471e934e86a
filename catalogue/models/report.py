"""Notices of contents that would be unlawful or against the charter, and what was decided."""

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.enums import (
    REPORT_EDGES,
    Ground,
    MaskingEnd,
    Measure,
    ReportCategory,
    ReportOutcome,
    ReportStage,
    ReportStatus,
)
from catalogue.models.community import Collection, DiscussionMessage, FieldFeedback, Reuse
from catalogue.models.resource import Resource, known, some, some_organisation, someone
from portal.accounts.authorization import Permission, has_permission
from portal.lib.immutable import Immutable
from portal.lib.refusals import Conflict

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

OPEN = (ReportStatus.RECEIVED, ReportStatus.ASSESSED, ReportStatus.CONTESTED)
TARGETS = ("resource", "message", "reuse", "feedback", "collection")


class ReportQuerySet(models.QuerySet["Report"]):
    """Reads of notices: never public, never shown to those they are about."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep, for a moderator, what neither they nor an organisation of theirs wrote."""
        if not user.is_authenticated or not has_permission(user, Permission.CONTRIBUTION_MODERATE):
            return self.none()
        places = list(user.roles_by_organisation)
        tied = Q(concerned=user) | Q(by=user) | Q(organisation__in=places)
        tied |= Q(resource__author=user) | Q(resource__organisation__in=places)
        return self.exclude(pk__in=self.model.objects.filter(tied).values("pk"))

    def open(self) -> Self:
        """Keep what waits for a moderator, the oldest first."""
        return self.filter(status__in=OPEN).order_by("at", "pk")

    def whole(self) -> Self:
        """Read what stands beside each notice too."""
        return self.select_related(
            "resource__organisation",
            "message__discussion__resource__organisation",
            "reuse",
            "feedback__resource",
            "collection",
            "organisation",
            "assessor",
        )

    def locked(self, report: "Report") -> "Report":
        """Return the fresh row, held until the end of the transaction."""
        return self.whole().select_for_update(of=("self",)).get(pk=report.pk)


class Report(models.Model):
    """One notice: where, what, why, by whom. Its author's identity is for moderators alone."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.CharField(max_length=500)  # an address of the portal, from its first slash
    field = models.CharField(max_length=200, blank=True)  # where on the page
    title = models.CharField(max_length=200, blank=True)  # of what was reported, at that time
    resource = some(Resource, related_name="reports")
    message = some(DiscussionMessage, related_name="reports")
    reuse = some(Reuse, related_name="reports")
    feedback = some(FieldFeedback, related_name="reports")
    collection = some(Collection, related_name="reports")
    # Who wrote what is reported, for themselves or for an organisation.
    concerned = someone()
    organisation = some_organisation()
    category = models.CharField(max_length=20, choices=ReportCategory.choices)
    explanation = models.TextField(max_length=4_000)

    by = someone(related_name="reports")
    name = models.CharField(max_length=160, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    at = models.DateTimeField()  # when it was sent, with the statement of good faith

    status = models.CharField(
        max_length=12, choices=ReportStatus.choices, default=ReportStatus.RECEIVED
    )
    assessor = someone()
    decided_at = models.DateTimeField(null=True, blank=True)  # of the first decision
    contested_at = models.DateTimeField(null=True, blank=True)
    contest_words = models.TextField(blank=True, max_length=4_000)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            known("report_status_known", status=ReportStatus),
            models.CheckConstraint(
                name="report_contest_has_words",
                condition=Q(contested_at=None, contest_words="")
                | (Q(contested_at__isnull=False) & ~Q(contest_words="")),
            ),
            models.CheckConstraint(
                name="report_end_dated",
                condition=(Q(status=ReportStatus.FINAL) & Q(ended_at__isnull=False))
                | (~Q(status=ReportStatus.FINAL) & Q(ended_at=None)),
            ),
        ]
        indexes = [models.Index(name="report_queue", fields=("status", "at"))]

    def __str__(self) -> str:
        return f"{self.public_id} {self.status}"

    @property
    def status_enum(self) -> ReportStatus:
        """Give the status as an enum member."""
        return ReportStatus(self.status)

    @property
    def target(self) -> Any:
        """Give the text of a person that is reported, else the card, else nothing."""
        return self.message or self.reuse or self.feedback or self.collection or self.resource

    @property
    def targets_card(self) -> bool:
        """Say whether the card itself is reported."""
        return self.target is not None and self.target == self.resource

    def become(self, status: ReportStatus, **columns: Any) -> None:
        """Take an allowed edge and save; Conflict when the table has no such edge."""
        if status not in REPORT_EDGES[self.status_enum]:
            raise Conflict(code="wrong_state", status=self.status, wanted=str(status))
        self.status = status
        for name, value in columns.items():
            setattr(self, name, value)
        self.save(update_fields=["status", *columns])


class ReportDecision(Immutable):
    """What a moderator decided of a notice, with its reasons; written once a stage."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="decisions")
    stage = models.CharField(max_length=10, choices=ReportStage.choices)
    outcome = models.CharField(max_length=10, choices=ReportOutcome.choices)
    measure = models.CharField(max_length=10, choices=Measure.choices)
    facts = models.TextField(max_length=2_000)
    ground = models.CharField(max_length=10, choices=Ground.choices, blank=True)
    ground_text = models.CharField(max_length=500, blank=True)
    duration = models.CharField(max_length=200, blank=True)
    # Whether a machine found or judged the content: never so far, and the person is told.
    automated = models.BooleanField(default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(name="report_decision_once", fields=("report", "stage")),
            models.CheckConstraint(
                name="report_decision_grounded",
                condition=Q(outcome=ReportOutcome.DISMISSED, measure=Measure.NONE)
                | (Q(outcome=ReportOutcome.UPHELD) & ~Q(ground="") & ~Q(ground_text="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.stage} {self.outcome}"

    @property
    def is_against_content(self) -> bool:
        """Say whether something was done to the content."""
        return self.measure != Measure.NONE


class Masking(models.Model):
    """A card hidden by one moderator, for good only once another confirmed it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="maskings")
    report = some(Report, related_name="maskings")
    category = models.CharField(max_length=20, choices=ReportCategory.choices)
    explanation = models.CharField(max_length=300)
    masked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    masked_at = models.DateTimeField()
    confirmed_by = someone(models.PROTECT)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # Once confirmed, one person asks to show the card again and another answers.
    lift_asked_by = someone(models.PROTECT)
    lift_asked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=10, choices=MaskingEnd.choices, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                name="one_open_masking", fields=("resource",), condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                name="masking_confirmed_by_another",
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("masked_by")),
            ),
            models.CheckConstraint(
                name="masking_lift_paired",
                condition=Q(lift_asked_by=None, lift_asked_at=None)
                | Q(lift_asked_by__isnull=False, lift_asked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="masking_end_said",
                condition=Q(ended_at=None, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.masked_at}"

    @property
    def due_at(self) -> datetime.datetime:
        """Give the moment at which it lapses when nobody confirmed it."""
        return self.masked_at + datetime.timedelta(hours=settings.MASKING_CONFIRM_HOURS)

"""A request for restricted data, the opinions on it, the grant it may become, what is given back.

The request is what changes; the grant is the snapshot that was approved, and never does.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from datasets.access.enums import (
    EDGES,
    EXAMINED,
    WAITING,
    WRITABLE,
    Country,
    ForbiddenUse,
    GrantState,
    Purpose,
    RefusalReason,
    RequestStatus,
    ReturnState,
    Verdict,
)
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Dataset
from datasets.releases.queries import column_of, columns_of
from portal.accounts.authorization import ORGANISATION_ROLES, P, has_permission
from portal.lib import clock
from portal.lib.columns import (
    LockableQuerySet,
    Member,
    person,
    set_together,
    someone,
    within,
    word,
)
from portal.lib.immutable import Immutable
from portal.lib.refusals import Conflict

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


def produced_by(user: "User | AnonymousUser") -> list[int]:
    """List the organisations for whose datasets this person answers, by key."""
    roles: Mapping[int, str] = getattr(user, "roles_by_organisation", {})
    return [pk for pk, role in roles.items() if P.DATASET_WRITE in ORGANISATION_ROLES[role]]


def asked_by(user: "User | AnonymousUser") -> Q:
    """Tell the requests that a person answers for, as `rules.answers_for`."""
    members = getattr(user, "roles_by_organisation", {})
    return Q(requester=user) | Q(requester__is_active=False, organisation__in=list(members))


class AccessRequestQuerySet(LockableQuerySet["AccessRequest"]):
    """Reads of requests by who asks and by where they stand."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep one's own, those that ask one's opinion; all sent, for the Region."""
        if not user.is_authenticated:
            return self.none()
        own = asked_by(user)
        if has_permission(user, P.ACCESS_READ):
            return self.filter(own | ~Q(status=RequestStatus.DRAFT))
        answered = Q(opinions__organisation__in=produced_by(user))
        return self.filter(own | ~Q(status=RequestStatus.DRAFT) & answered).distinct()

    def waiting(self) -> Self:
        """Keep those that wait for the Region, the oldest first."""
        return self.filter(status__in=WAITING).order_by("submitted_at", "pk")


class AccessRequest(models.Model):
    """What an organisation asks of the restricted directory, and where that stands.

    `version` counts the sendings, `edits` every change: an act on a page that was read before
    another act is refused. `stopped_days`: working days since it was admitted that do not count:
    changes were awaited, or the examination that counts is the one that followed a refusal.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = word(RequestStatus, default=RequestStatus.DRAFT)
    version = models.PositiveIntegerField(default=0)
    edits = models.PositiveIntegerField(default=0)
    requester = person(related_name="access_requests")
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="access_requests",
    )
    title = models.CharField(max_length=120, blank=True)
    summary = models.TextField(max_length=400, blank=True)
    purpose = word(Purpose, blank=True)
    service = models.TextField(max_length=2_000, blank=True)
    use_cases = models.TextField(max_length=1_000, blank=True)
    # A challenge is run on these data: its teams download none of them.
    organises_challenge = models.BooleanField(default=False)
    beneficiaries = models.CharField(max_length=300, blank=True)
    legal_basis = models.CharField(max_length=300, blank=True)
    impact_assessment = models.CharField(max_length=300, blank=True)
    security = models.TextField(max_length=2_000, blank=True)
    hosting = word(Country, blank=True)
    months = models.PositiveSmallIntegerField(default=12)
    # The forbidden uses that who sent it signed, by code.
    pledges = models.JSONField(default=list, blank=True)

    created_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    expiry_told_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    admitted_at = models.DateTimeField(null=True, blank=True)
    changes_asked_at = models.DateTimeField(null=True, blank=True)
    changes_asked = models.TextField(max_length=2_000, blank=True)
    changes_fields = models.JSONField(default=list, blank=True)
    # What who asked answers to them, until it is sent back.
    answer = models.TextField(max_length=2_000, blank=True)
    stopped_days = models.PositiveSmallIntegerField(default=0)
    decided_at = models.DateTimeField(null=True, blank=True)
    officer = someone()
    # The key of each officer who admitted it or asked for changes: none of them decides.
    preparers = models.JSONField(default=list, blank=True)
    approver = someone()
    reason = word(RefusalReason, blank=True)
    decision = models.TextField(max_length=2_000, blank=True)
    # Why an unfavourable opinion of the data protection officer was passed over.
    override = models.TextField(max_length=2_000, blank=True)
    # A refusal is examined again once, and kept: who refused it first does not decide again.
    review_asked_at = models.DateTimeField(null=True, blank=True)
    first_approver = someone()
    first_decided_at = models.DateTimeField(null=True, blank=True)
    first_reason = word(RefusalReason, blank=True)
    first_decision = models.TextField(max_length=2_000, blank=True)
    # What who asked says that it did not see.
    review_argument = models.TextField(max_length=2_000, blank=True)

    status_enum = Member("status", RequestStatus)
    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-edited_at", "-pk"]
        constraints = [
            within("status", RequestStatus, name="access_request_status_known"),
            set_together("decided_at", "approver", name="access_request_decided_by_someone"),
            set_together(
                "review_asked_at",
                "first_approver",
                "first_decided_at",
                name="access_request_first_refusal_kept",
                words="first_decision",
            ),
            models.CheckConstraint(
                name="access_request_two_people",
                condition=Q(approver=None) | Q(officer=None) | ~Q(approver=models.F("officer")),
            ),
            models.CheckConstraint(
                name="access_request_decided_once_admitted",
                condition=~Q(status__in=EXAMINED)
                | Q(admitted_at__isnull=False, officer__isnull=False),
            ),
            models.CheckConstraint(
                name="access_request_not_by_requester",
                condition=~Q(approver=models.F("requester")) & ~Q(officer=models.F("requester")),
            ),
            models.CheckConstraint(
                name="access_request_refused_with_reason",
                condition=~Q(status=RequestStatus.REFUSED) | ~Q(reason="") & ~Q(decision=""),
            ),
            models.CheckConstraint(
                name="access_request_changes_with_reason",
                condition=~Q(status=RequestStatus.CHANGES_REQUESTED) | ~Q(changes_asked=""),
            ),
            models.CheckConstraint(
                name="access_request_sent_dated",
                condition=Q(status=RequestStatus.DRAFT) | Q(submitted_at__isnull=False),
            ),
        ]
        indexes = [models.Index(name="access_request_queue", fields=("status", "submitted_at"))]

    def __str__(self) -> str:
        return self.title or self.number

    def get_absolute_url(self) -> str:
        return reverse("datasets:access_request", args=(self.public_id,))

    @property
    def number(self) -> str:
        """Name the request as letters and the register do."""
        return f"R2-{clock.paris_day(self.created_at).year}-{self.pk:04d}"

    @property
    def is_writable(self) -> bool:
        """Say whether its requester may still write in it."""
        return self.status in WRITABLE

    @property
    def admissible_by_days(self) -> int:
        """Count the working days since it was sent, until it was admitted."""
        return self._days(self.submitted_at, self.admitted_at)

    @property
    def decision_days(self) -> int:
        """Count the working days of its examination, or of the one that followed a refusal."""
        end = self.decided_at
        if self.status == RequestStatus.CHANGES_REQUESTED:
            end = self.changes_asked_at
        return max(0, self._days(self.admitted_at, end) - self.stopped_days)

    @property
    def standing(self) -> str:
        """Name where it stands as pages do: after a refusal, it is examined or refused again."""
        if self.review_asked_at is not None and self.status == RequestStatus.IN_REVIEW:
            return _("Réexamen")
        return _("Refus confirmé") if self.is_confirmed else str(self.status_enum.label)

    @property
    def is_confirmed(self) -> bool:
        """Say whether it is refused for the second time, after another person examined it."""
        return self.review_asked_at is not None and self.status == RequestStatus.REFUSED

    @property
    def review_until(self) -> datetime | None:
        """Say until when a refusal may be examined again; None where it may not be."""
        if self.status != RequestStatus.REFUSED or self.review_asked_at or not self.decided_at:
            return None
        until = self.decided_at + timedelta(days=settings.ACCESS_REVIEW_DAYS)
        return until if until >= clock.now() else None

    @property
    def is_late(self) -> bool:
        """Say whether a promised delay has passed without its answer."""
        if self.status == RequestStatus.SUBMITTED:
            return self.admissible_by_days > settings.ACCESS_ADMISSIBLE_DAYS
        waits = self.status == RequestStatus.IN_REVIEW
        return waits and self.decision_days > self.promised_days

    @property
    def promised_days(self) -> int:
        """Count the working days promised for a decision, or for examining a refusal again."""
        if self.review_asked_at is None:
            return settings.ACCESS_DECISION_DAYS
        until = self.review_asked_at + timedelta(days=settings.ACCESS_REVIEW_DAYS)
        return self._days(self.review_asked_at, until)

    @property
    def due_on(self) -> date | None:
        """Say by which day the Region promised its answer, or the changes asked must come."""
        match self.status_enum:
            case RequestStatus.SUBMITTED:
                return self._promised(self.submitted_at, settings.ACCESS_ADMISSIBLE_DAYS)
            case RequestStatus.IN_REVIEW:
                return self._promised(self.admitted_at, self.promised_days + self.stopped_days)
            case RequestStatus.CHANGES_REQUESTED:
                asked = self.changes_asked_at or self.edited_at
                return clock.paris_day(asked + timedelta(days=settings.ACCESS_LAPSE_DAYS))
            case RequestStatus.DRAFT:
                kept = timedelta(days=settings.ACCESS_DRAFT_KEPT_DAYS)
                return clock.paris_day(self.edited_at + kept)
            case _:
                return None

    def _promised(self, since: datetime | None, days: int) -> date | None:
        return since and clock.working_day_after(clock.paris_day(since), days)

    def _days(self, start: datetime | None, end: datetime | None) -> int:
        if start is None:
            return 0
        until = end or clock.now()
        return clock.working_days_elapsed(clock.paris_day(start), clock.paris_day(until))

    def become(self, status: RequestStatus, **columns: Any) -> None:
        """Take an allowed edge and save; Conflict when the table has no such edge."""
        if status not in EDGES[self.status_enum]:
            raise Conflict(
                _("Cette demande a changé d’état : cet acte n’est plus possible."),
                code="request_status",
                current=self.status,
                wanted=status.value,
            )
        self.status = status
        self.note(**columns)

    def note(self, **columns: Any) -> None:
        """Write some columns, and that the request changed."""
        self.edits += 1
        for name, value in columns.items():
            setattr(self, name, value)
        self.save()


class RequestVersion(Immutable):
    """One sending of a request, whole: what opinions and decisions spoke of.

    changes_asked: what the Region had asked for before it; answer: what who sends it says of them.
    """

    request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    changes_asked_at = models.DateTimeField(null=True, blank=True)
    changes_asked = models.TextField(max_length=2_000, blank=True)
    answer = models.TextField(max_length=2_000, blank=True)
    sent_by = person()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            set_together("changes_asked_at", name="request_version_asked", words="changes_asked"),
            models.UniqueConstraint(fields=["request", "number"], name="request_version_once"),
        ]


class RequestedDataset(models.Model):
    """A dataset that a request asks for, and its columns.

    columns: {name: why}, why is "" for a column without protection.
    """

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="datasets")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="requested")
    columns: Any = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "dataset"], name="requested_dataset_once")
        ]


class Opinion(models.Model):
    """What one producer thinks of the use of one dataset, or the data protection officer of all.

    dataset and organisation are empty for the officer. version: the sending it speaks of. months:
    the longest that the producer lends for.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="opinions")
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, null=True, blank=True, related_name="opinions"
    )
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    verdict = word(Verdict, blank=True)
    text = models.TextField(max_length=2_000, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    given_by = someone()
    given_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            set_together("dataset", "organisation", name="opinion_of_a_producer_or_not"),
            set_together("given_by", "given_at", name="opinion_given_by_someone", words="verdict"),
            models.CheckConstraint(
                name="opinion_unfavourable_says_why",
                condition=~Q(verdict=Verdict.UNFAVOURABLE) | ~Q(text=""),
            ),
            models.UniqueConstraint(
                fields=["request", "dataset", "version"], name="opinion_of_a_producer_once"
            ),
            models.UniqueConstraint(
                fields=["request", "version"],
                condition=Q(dataset=None),
                name="opinion_of_the_officer_once",
            ),
        ]

    @property
    def is_dpo(self) -> bool:
        """Say whether it is the data protection officer's."""
        return self.dataset_id is None


class NamedUser(models.Model):
    """A person whom a request names: reads nothing before they signed themselves.

    The address stands nowhere else, and goes with the account.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="named_users")
    email = models.EmailField(blank=True)
    user = someone(related_name="named_in")
    signed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            set_together("user", "signed_at", name="named_user_signed_by_someone"),
            models.UniqueConstraint(
                fields=["request", "email"], condition=~Q(email=""), name="named_user_once"
            ),
            models.CheckConstraint(
                name="named_user_has_an_address",
                condition=~Q(email="") | Q(removed_at__isnull=False),
            ),
        ]


class PromisedReturnQuerySet(models.QuerySet["PromisedReturn"]):
    """Reads of what is given back, by where it stands."""

    def in_state(self, state: ReturnState, at: datetime) -> Self:
        """Keep those that stand there at an instant, as `PromisedReturn.state` says."""
        undelivered = self.filter(delivered_at=None)
        match state:
            case ReturnState.DELIVERED:
                return self.filter(delivered_at__isnull=False)
            case ReturnState.DROPPED:
                return undelivered.filter(request__grant__revoked_at__isnull=False)
            case ReturnState.LATE:
                return undelivered.filter(due_at__lte=at, request__grant__revoked_at=None)
            case ReturnState.AWAITED:
                ahead = Q(due_at=None) | Q(due_at__gt=at)
                return undelivered.filter(ahead, request__grant__revoked_at=None)


class PromisedReturn(models.Model):
    """What a project gives back: due so many months after its grant begins, delivered by a link."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="returns")
    text = models.CharField(max_length=200)
    months = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivered_by = someone()
    link = models.URLField(max_length=500, blank=True)

    objects = PromisedReturnQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            set_together(
                "delivered_at", "delivered_by", name="return_delivered_by_someone", words="link"
            )
        ]

    def state(self, at: datetime, *, revoked: bool) -> ReturnState:
        """Say where it stands at an instant; what a revoked grant promised is awaited no more."""
        if self.delivered_at is not None:
            return ReturnState.DELIVERED
        if revoked:
            return ReturnState.DROPPED
        is_late = self.due_at is not None and self.due_at <= at
        return ReturnState.LATE if is_late else ReturnState.AWAITED


class GrantQuerySet(LockableQuerySet["Grant"]):
    """Reads of grants by who asks and by where they stand."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep those of the requests that this person sees, and those that name them."""
        seen = Q(request__in=AccessRequest.objects.visible_to(user))
        if user.is_authenticated:
            mine = Q(user=user) | Q(email__iexact=user.email)
            named = NamedUser.objects.filter(mine, removed_at=None)
            seen |= Q(request__in=named.values("request"))
        return self.filter(seen)

    def active(self, at: datetime) -> Self:
        """Keep those that give access at this instant."""
        open_ones = self.filter(suspended_at=None, revoked_at=None, closed_at=None)
        return open_ones.filter(starts_at__lte=at, ends_at__gt=at)

    def for_challenges(self, organisation: int) -> Self:
        """Keep those of an organisation, by key, that cover the running of a challenge."""
        return self.filter(content__organises_challenge=True, request__organisation=organisation)

    def over(self, at: datetime) -> Self:
        """Keep those that give access to nothing any more, for good."""
        ended = Q(revoked_at__isnull=False) | Q(closed_at__isnull=False) | Q(ends_at__lte=at)
        return self.filter(ended)

    def in_state(self, state: GrantState, at: datetime) -> Self:
        """Keep those that stand there at an instant, as `Grant.state` says."""
        kept = self.filter(closed_at=None)
        held = kept.filter(Q(ends_at=None) | Q(ends_at__gt=at), revoked_at=None)
        match state:
            case GrantState.CLOSED:
                return self.filter(closed_at__isnull=False)
            case GrantState.REVOKED:
                return kept.filter(revoked_at__isnull=False)
            case GrantState.EXPIRED:
                return kept.filter(revoked_at=None, ends_at__lte=at)
            case GrantState.SUSPENDED:
                return held.filter(suspended_at__isnull=False)
            case GrantState.PENDING:
                return held.filter(suspended_at=None, starts_at=None)
            case GrantState.ACTIVE:
                return held.filter(suspended_at=None, starts_at__isnull=False)


class Grant(models.Model):
    """What was approved: datasets, columns, purpose, persons, duration; only its state moves.

    content: the sending that was approved, less the datasets that a producer kept back. It begins
    when who asked signs, and lasts `months` from then.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.OneToOneField(AccessRequest, on_delete=models.PROTECT, related_name="grant")
    content = models.JSONField()
    months = models.PositiveSmallIntegerField()
    agreement_sha256 = models.CharField(max_length=64)
    approved_at = models.DateTimeField()
    approved_by = person()
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by = someone()
    suspension = models.TextField(max_length=2_000, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = someone()
    revocation = models.TextField(max_length=2_000, blank=True)
    # The requester's word that what was received is destroyed.
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = someone()
    destruction = models.TextField(max_length=2_000, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-approved_at", "-pk"]
        constraints = [
            set_together("starts_at", "ends_at", name="grant_dated"),
            set_together(
                "suspended_at", "suspended_by", name="grant_suspended_why", words="suspension"
            ),
            set_together("revoked_at", "revoked_by", name="grant_revoked_why", words="revocation"),
            set_together("closed_at", "closed_by", name="grant_closed_why", words="destruction"),
        ]

    def __str__(self) -> str:
        return str(self.content.get("title", ""))

    def state(self, at: datetime) -> GrantState:
        """Say where it stands at an instant."""
        if self.closed_at is not None:
            return GrantState.CLOSED
        if self.revoked_at is not None:
            return GrantState.REVOKED
        if self.ends_at is not None and self.ends_at <= at:
            return GrantState.EXPIRED
        if self.suspended_at is not None:
            return GrantState.SUSPENDED
        return GrantState.PENDING if self.starts_at is None else GrantState.ACTIVE

    @property
    def number(self) -> str:
        """Name it as letters and the register do."""
        return self.request.number

    @property
    def purpose(self) -> str:
        """Say what it was approved for."""
        return str(Purpose(self.content["purpose"]).label)

    @property
    def forbidden_uses(self) -> list[str]:
        """List what is never done with its data, as who asked signed it."""
        return ForbiddenUse.signed(self.content["pledges"])

    @property
    def ended_at(self) -> datetime | None:
        """Say since when it gives access to nothing, or None: revoked, or its days are over."""
        return self.revoked_at or self.ends_at

    @property
    def destruction_due_at(self) -> datetime | None:
        """Say until when the destruction must be attested."""
        end = self.ended_at
        return end + timedelta(days=settings.ACCESS_DESTRUCTION_DAYS) if end else None


class Suspension(Immutable):
    """A suspension of a grant that is over: why it began, why the access was given back."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="suspensions")
    suspended_at = models.DateTimeField()
    suspended_by = person()
    suspension = models.TextField(max_length=2_000)
    resumed_at = models.DateTimeField()
    resumed_by = person()
    resumption = models.TextField(max_length=2_000)

    class Meta:
        ordering = ["pk"]


class GrantedDataset(Immutable):
    """A dataset of a grant: its level then, and the columns that its extract keeps, in their order.

    columns: pairs of name and protection, as they stood when this was granted.
    """

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="datasets")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="granted")
    level = word(AccessLevel)
    columns: Any = models.JSONField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "dataset"], name="granted_dataset_once"),
            within("level", AccessLevel, name="granted_dataset_level_known"),
        ]

    @property
    def names(self) -> list[str]:
        """List the columns by their names."""
        return [name for name, _protection in self.columns]

    def lends(self, schema: list[dict[str, Any]], level: str) -> list[str]:
        """List the columns of a file that its extract keeps, in the order of the file.

        Those whose protection is the one that was granted; none of a file of a higher level.
        """
        if AccessLevel(level).rank > AccessLevel(self.level).rank:
            return []
        granted = dict(self.columns)
        found = map(column_of, schema)
        return [each.name for each in found if granted.get(each.name) == each.protection]


class ExtractQuerySet(models.QuerySet["Extract"]):
    """Reads of extracts."""

    def ready(self) -> Self:
        """Keep those that may be read: built, and not removed."""
        return self.filter(built_at__isnull=False, removed_at=None)

    def given_up(self, at: datetime) -> Self:
        """Keep those that no worker takes any more: each try failed, and none was built."""
        tried = self.filter(attempts__gte=settings.EXTRACT_ATTEMPTS, claimed_until__lte=at)
        return tried.filter(built_at=None, removed_at=None)

    def readable_by(self, user: "User | AnonymousUser", at: datetime) -> Self:
        """Keep those that a person reads at an instant: grant active, signature given and kept."""
        return self.signed_by(user).filter(granted__grant__in=Grant.objects.active(at))

    def signed_by(self, user: "User | AnonymousUser") -> Self:
        """Keep those whose grant a person signed and is named in, whether it is active or not.

        Of a card that is published and a release that nobody took back.
        """
        if not user.is_authenticated:
            return self.none()
        return self.ready().filter(
            data_file__release__withdrawn_at=None,
            data_file__release__dataset__resource__live=True,
            granted__grant__request__named_users__user=user,
            granted__grant__request__named_users__user__is_active=True,
            granted__grant__request__named_users__signed_at__isnull=False,
            granted__grant__request__named_users__removed_at=None,
        )


class Extract(models.Model):
    """What a grant gives to read of one file: built by the worker, sealed to the web process.

    sha256: of the sealed object; clear_size: what a reader receives. keys: its wrapped keys.
    columns: what it holds. claimed_until: a worker is building it, or it waits to be tried again.
    fault: why it was given up. Once its grant ended it has neither digest nor keys.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    granted = models.ForeignKey(GrantedDataset, on_delete=models.PROTECT, related_name="extracts")
    data_file = models.ForeignKey(DataFile, on_delete=models.PROTECT, related_name="extracts")
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    keys: Any = models.JSONField(default=list, blank=True)
    columns: Any = models.JSONField(default=list, blank=True)
    clear_size = models.PositiveBigIntegerField(null=True, blank=True)
    rows = models.PositiveBigIntegerField(null=True, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ExtractQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["granted", "data_file"], name="extract_once"),
            set_together("built_at", "clear_size", name="extract_built_whole"),
            models.CheckConstraint(
                name="extract_sealed_while_kept",
                condition=Q(sha256="", built_at=None)
                | Q(sha256="", removed_at__isnull=False)
                | ~Q(sha256="") & Q(built_at__isnull=False, removed_at=None),
            ),
        ]


def content_of(request: AccessRequest, *, without: Iterable[int] = ()) -> dict[str, Any]:
    """Write a request whole, as it is sent: what a version and a grant keep of it.

    Of a dataset: its level at this instant, and protections: pairs of the name of a column asked
    and its protection, in the order of the file. PostgreSQL keeps none of an object's keys.
    persons: their public identifiers, no address.
    """
    kept_back, named = set(without), request.named_users.filter(removed_at=None)
    rows = list(request.datasets.select_related("dataset__resource__organisation"))
    columns = columns_of([each.dataset_id for each in rows])
    datasets = [
        {
            "dataset": str(each.dataset.public_id),
            "title": each.dataset.resource.title,
            "producer": each.dataset.resource.holder_name,
            "level": str(each.dataset.level),
            "columns": dict(each.columns),
            "protections": [
                [column.name, str(column.protection)]
                for column in columns[each.dataset_id]
                if column.name in each.columns
            ],
        }
        for each in rows
        if each.dataset_id not in kept_back
    ]
    texts = (
        "title",
        "summary",
        "purpose",
        "service",
        "use_cases",
        "organises_challenge",
        "beneficiaries",
        "legal_basis",
        "impact_assessment",
        "security",
        "hosting",
        "months",
        "pledges",
    )
    return {
        **{name: getattr(request, name) for name in texts},
        "organisation": str(request.organisation or ""),
        "organisation_id": str(request.organisation.public_id) if request.organisation else "",
        "datasets": datasets,
        "persons": sorted(map(str, named.values_list("public_id", flat=True))),
        "returns": [
            {"text": each.text, "months": each.months} for each in request.returns.order_by("pk")
        ],
    }

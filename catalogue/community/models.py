"""What people do around cards: alerts, follows, collections, discussions, reuses, notices."""

import datetime
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalogue.community.enums import (
    REPORT_EDGES,
    AlertFrequency,
    Ground,
    MaskingEnd,
    Measure,
    ReportCategory,
    ReportOutcome,
    ReportStage,
    ReportStatus,
    ReuseKind,
    ReviewState,
)
from catalogue.resources.columns import some, some_organisation, someone
from catalogue.resources.enums import UseCase
from catalogue.resources.models import Resource, editable_organisations
from portal.accounts.authorization import Permission, has_permission
from portal.discussions.models import Message
from portal.lib.columns import LockableQuerySet, Member, person, set_exactly, set_together, within
from portal.lib.immutable import Immutable
from portal.lib.refusals import Conflict

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


QUERY_CHARACTERS = 2_000


class SavedSearchQuerySet(LockableQuerySet["SavedSearch"]):
    """Saved searches, by whose they are and by what they do."""

    def visible_to(self, user: "User | AnonymousUser") -> "SavedSearchQuerySet":
        """Keep one's own, nobody else's."""
        return self.filter(user_id=user.pk or 0)

    def writing(self) -> "SavedSearchQuerySet":
        """Keep those that write letters: confirmed, of an open account or of an address."""
        alive = Q(user__isnull=True) | Q(user__is_active=True)
        return self.filter(alive, confirmed_at__isnull=False).exclude(frequency=AlertFrequency.FEED)


class SavedSearch(models.Model):
    """A query that somebody keeps, to hear of what is published later.

    Of a person with an account, or of an address that was confirmed by a link. The links of its
    letters and of its feed are signed from this row and never stored.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = someone(models.CASCADE, related_name="saved_searches")
    email = models.EmailField(blank=True)
    title = models.CharField(max_length=120)
    # The canonical query string; its digest is what is unique, since an index row is bounded.
    query = models.TextField(blank=True, max_length=QUERY_CHARACTERS)
    query_sha256 = models.CharField(max_length=64)
    frequency = models.CharField(max_length=8, choices=AlertFrequency.choices)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # What was first published after this instant is new; until then nothing is owed.
    since = models.DateTimeField()
    looked_at = models.DateTimeField(null=True, blank=True)
    last_letter_on = models.DateField(null=True, blank=True)
    # Each number gives the feed another address: the former one is worth nothing.
    feed_number = models.PositiveIntegerField(default=0)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        ordering = ("title", "pk")
        constraints = [
            models.CheckConstraint(
                name="search_of_person_or_address",
                condition=Q(user__isnull=False, email="") | (Q(user__isnull=True) & ~Q(email="")),
            ),
            within("frequency", AlertFrequency, name="search_frequency_known"),
            models.UniqueConstraint(
                name="search_once_by_person",
                fields=("user", "query_sha256"),
                condition=Q(user__isnull=False),
            ),
            models.UniqueConstraint(
                name="search_once_by_address",
                fields=("email", "query_sha256"),
                condition=~Q(email=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def address(self) -> str:
        """Give the address that its letters go to."""
        return self.user.email if self.user else self.email

    @property
    def writes(self) -> bool:
        """Say whether its letters leave."""
        alive = self.user is None or self.user.is_active
        return bool(alive and self.confirmed_at and self.frequency != AlertFrequency.FEED)


class AlertMatch(models.Model):
    """One publication that answers a saved search: told once, in the letter of a day."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="matches")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    first_published_at = models.DateTimeField()
    found_at = models.DateTimeField()
    # The day of the letter that tells it; null while it waits for one.
    told_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-first_published_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                name="alert_once", fields=("search", "resource", "first_published_at")
            ),
        ]
        indexes = [models.Index(name="alert_found", fields=("found_at",))]


TAG_CHARACTERS = 120


class OwnQuerySet(models.QuerySet[models.Model]):
    """Rows that only their person reads."""

    def visible_to(self, user: "User | AnonymousUser") -> "OwnQuerySet":
        """Keep one's own, nobody else's."""
        return self.filter(user_id=user.pk or 0)


class Follow(models.Model):
    """A person follows one resource, one organisation, one use case or one tag."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows"
    )
    resource = some(Resource, models.CASCADE, related_name="follows")
    organisation = some_organisation(models.CASCADE, related_name="follows")
    use_case = models.CharField(max_length=40, choices=UseCase.choices, blank=True)
    tag = models.CharField(max_length=TAG_CHARACTERS, blank=True)
    at = models.DateTimeField()

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="follow_of_one_thing",
                condition=Q(resource__isnull=False, organisation__isnull=True, use_case="", tag="")
                | Q(resource__isnull=True, organisation__isnull=False, use_case="", tag="")
                | (Q(resource__isnull=True, organisation__isnull=True, tag="") & ~Q(use_case=""))
                | (Q(resource__isnull=True, organisation__isnull=True, use_case="") & ~Q(tag="")),
            ),
            models.UniqueConstraint(
                name="follow_resource_once",
                fields=("user", "resource"),
                condition=Q(resource__isnull=False),
            ),
            models.UniqueConstraint(
                name="follow_organisation_once",
                fields=("user", "organisation"),
                condition=Q(organisation__isnull=False),
            ),
            models.UniqueConstraint(
                name="follow_use_case_once",
                fields=("user", "use_case"),
                condition=~Q(use_case=""),
            ),
            models.UniqueConstraint(
                name="follow_tag_once", fields=("user", "tag"), condition=~Q(tag="")
            ),
        ]
        indexes = [
            models.Index(name="follow_by_tag", fields=("tag",), condition=~Q(tag="")),
            models.Index(
                name="follow_by_use_case", fields=("use_case",), condition=~Q(use_case="")
            ),
        ]


class CollectionQuerySet(LockableQuerySet["Collection"]):
    """Collections, by who reads them."""

    def public(self) -> "CollectionQuerySet":
        """Keep what everybody reads."""
        return self.filter(published_at__isnull=False, hidden_at=None)

    def listed(self) -> "CollectionQuerySet":
        """Keep what lists name: public, of an organisation that the Region has verified."""
        known = Q(organisation__is_region=True) | Q(organisation__verified_at__isnull=False)
        return self.public().filter(known)

    def visible_to(self, user: "User | AnonymousUser") -> "CollectionQuerySet":
        """Keep the public ones, and those of the organisations that a person edits."""
        if not user.is_authenticated:
            return self.public()
        return self.filter(
            Q(published_at__isnull=False, hidden_at=None)
            | Q(organisation__in=editable_organisations(user))
        )


class Collection(models.Model):
    """A list that the Region or an organisation makes for its readers."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=140, unique=True)
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=400, blank=True)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="collections"
    )
    made_by = someone()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    # Hidden by the Region after a report: only its organisation sees it, and why.
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = someone()
    hidden_reason = models.CharField(max_length=300, blank=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ("-published_at", "-pk")
        constraints = [
            set_together("hidden_at", name="collection_hidden_for_a_reason", words="hidden_reason"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Give the address of its page."""
        return reverse("catalogue:collection", args=(self.slug,))


class CollectionItem(models.Model):
    """One resource of a collection, at its place, with a word of who chose it."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    comment = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("position", "pk")
        constraints = [
            models.UniqueConstraint(name="collected_once", fields=("collection", "resource")),
        ]


DECIDED = (ReviewState.PUBLISHED, ReviewState.REFUSED)


class ReuseQuerySet(LockableQuerySet[Any]):
    """Rows by what the Region decided of them."""

    def public(self) -> "ReuseQuerySet":
        """Keep what everybody reads."""
        return self.filter(state=ReviewState.PUBLISHED)

    def waiting(self) -> "ReuseQuerySet":
        """Keep what waits for the Region, the oldest first."""
        return self.filter(state=ReviewState.WAITING).order_by("at", "pk")

    def visible_to(self, user: "User | AnonymousUser") -> "ReuseQuerySet":
        """Keep what everybody reads and one's own."""
        return self.filter(Q(state=ReviewState.PUBLISHED) | Q(by_id=user.pk or 0))


class Reuse(models.Model):
    """What was made with resources of the catalogue, or what came of their use in the field.

    Its author writes it; a moderator publishes or refuses it, once.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=120)
    url = models.URLField(max_length=500, blank=True)  # of a use in the field: its proof, if any
    kind = models.CharField(max_length=20, choices=ReuseKind.choices)
    description = models.TextField(max_length=1_000, blank=True)
    # Of a use in the field: where, in which month (its first day), for how many persons.
    place = models.CharField(max_length=120, blank=True)
    used_on = models.DateField(null=True, blank=True)
    persons = models.PositiveIntegerField(null=True, blank=True)
    # In whose name: an organisation of the portal, or a name.
    organisation = some_organisation(related_name="reuses")
    organisation_name = models.CharField(max_length=160, blank=True)
    resources = models.ManyToManyField(Resource, related_name="reused_by")
    by = person("reuse_rows")
    at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ReviewState.choices, default=ReviewState.WAITING
    )
    decided_by = someone(models.PROTECT)
    decided_at = models.DateTimeField(null=True, blank=True)
    # Why it was refused, told to its author.
    message = models.CharField(max_length=500, blank=True)

    state_enum = Member("state", ReviewState)
    objects: ClassVar[Any] = ReuseQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="reuse_decision_dated",
                condition=Q(state=ReviewState.WITHDRAWN)
                | Q(state=ReviewState.WAITING, decided_at__isnull=True, decided_by__isnull=True)
                | Q(state__in=DECIDED, decided_at__isnull=False, decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="reuse_refused_with_words",
                condition=~Q(state=ReviewState.REFUSED) | ~Q(message=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def holder(self) -> str:
        """Name who made it."""
        return self.organisation.name if self.organisation else self.organisation_name


OPEN = (ReportStatus.RECEIVED, ReportStatus.ASSESSED, ReportStatus.CONTESTED)
TARGETS = ("resource", "message", "reuse", "collection")


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
            "message__discussion",
            "reuse",
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
    message = some(Message, related_name="reports")
    reuse = some(Reuse, related_name="reports")
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

    status_enum = Member("status", ReportStatus)
    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            within("status", ReportStatus, name="report_status_known"),
            set_together("contested_at", name="report_contest_has_words", words="contest_words"),
            set_exactly(Q(status=ReportStatus.FINAL), "ended_at", name="report_end_dated"),
        ]
        indexes = [models.Index(name="report_queue", fields=("status", "at"))]

    def __str__(self) -> str:
        return f"{self.public_id} {self.status}"

    @property
    def target(self) -> Any:
        """Give the text of a person that is reported, else the card, else nothing."""
        return self.message or self.reuse or self.collection or self.resource

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
    decided_by = someone()
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
    masked_by = person()
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
            set_together("lift_asked_by", "lift_asked_at", name="masking_lift_paired"),
            set_together("ended_at", name="masking_end_said", words="end"),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.masked_at}"

    @property
    def due_at(self) -> datetime.datetime:
        """Give the moment at which it lapses when nobody confirmed it."""
        return self.masked_at + datetime.timedelta(hours=settings.MASKING_CONFIRM_HOURS)

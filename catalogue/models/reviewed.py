"""What people bring to a card and the Region reads before it is shown: reuses, field feedback."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.enums.community import ReuseKind, ReviewState
from catalogue.models.resource import Resource
from portal.accounts.enums import OrganisationKind

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

DECIDED = (ReviewState.PUBLISHED, ReviewState.REFUSED)


class ReviewedQuerySet(models.QuerySet[Any]):
    """Rows by what the Region decided of them."""

    def public(self) -> "ReviewedQuerySet":
        """Keep what everybody reads."""
        return self.filter(state=ReviewState.PUBLISHED)

    def waiting(self) -> "ReviewedQuerySet":
        """Keep what waits for the Region, the oldest first."""
        return self.filter(state=ReviewState.WAITING).order_by("at", "pk")

    def visible_to(self, user: "User | AnonymousUser") -> "ReviewedQuerySet":
        """Keep what everybody reads and one's own."""
        return self.filter(Q(state=ReviewState.PUBLISHED) | Q(by_id=user.pk or 0))

    def locked(self, row: Any) -> Any:
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=row.pk)


class Reviewed(models.Model):
    """A row that its author wrote and that a moderator publishes or refuses, once."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="%(class)s_rows"
    )
    at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ReviewState.choices, default=ReviewState.WAITING
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Why it was refused, told to its author.
    message = models.CharField(max_length=500, blank=True)

    objects: ClassVar[Any] = ReviewedQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="%(class)s_decision_dated",
                condition=Q(state=ReviewState.WITHDRAWN)
                | Q(state=ReviewState.WAITING, decided_at__isnull=True, decided_by__isnull=True)
                | Q(state__in=DECIDED, decided_at__isnull=False, decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="%(class)s_refused_with_words",
                condition=~Q(state=ReviewState.REFUSED) | ~Q(message=""),
            ),
        ]

    @property
    def state_enum(self) -> ReviewState:
        """Give the state as an enum member."""
        return ReviewState(self.state)


class Reuse(Reviewed):
    """Something that was made with resources of the catalogue, at an address of its own."""

    title = models.CharField(max_length=120)
    url = models.URLField(max_length=500)
    kind = models.CharField(max_length=20, choices=ReuseKind.choices)
    description = models.CharField(max_length=500, blank=True)
    # In whose name: an organisation of the portal, or a name.
    organisation = models.ForeignKey(
        "accounts.Organisation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="reuses",
    )
    organisation_name = models.CharField(max_length=160, blank=True)
    resources = models.ManyToManyField(Resource, related_name="reused_by")

    class Meta(Reviewed.Meta):
        pass

    def __str__(self) -> str:
        return self.title

    @property
    def holder(self) -> str:
        """Name who made it."""
        return self.organisation.name if self.organisation else self.organisation_name


class FieldFeedback(Reviewed):
    """What happened where a resource was used: by whom, where, for how many persons, the result."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="feedback")
    organisation_kind = models.CharField(max_length=20, choices=OrganisationKind.choices)
    place = models.CharField(max_length=120)
    used_on = models.DateField()  # the first of the month in which it was used
    persons = models.PositiveIntegerField(null=True, blank=True)
    result = models.TextField(max_length=1_000)
    proof_url = models.URLField(max_length=500, blank=True)

    class Meta(Reviewed.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.get_organisation_kind_display()}, {self.place}"

"""Many cards imported at once from one table: its lines, then its contributions, as one lot."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.enums.batches import BatchState
from catalogue.models.resource import editable_organisations

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

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
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Who asked for what is under way: an editor may send what another one imported.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
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

    objects = ContributionBatchQuerySet.as_manager()

    class Meta:
        ordering = ("-read_at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="batch_state_known", condition=Q(state__in=BatchState.values)
            ),
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
    def state_enum(self) -> BatchState:
        """Give the state as an enum member."""
        return BatchState(self.state)

    @property
    def is_under_way(self) -> bool:
        """Say whether it waits for a worker or has one."""
        return self.state in UNDER_WAY

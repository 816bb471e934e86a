"""What is known of the addresses that cards give."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from catalogue.enums.harvest import LinkState
from catalogue.models.resource import Resource


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
    etag = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=120, blank=True)
    byte_count = models.PositiveBigIntegerField(null=True, blank=True)
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
            models.CheckConstraint(
                name="link_check_state_known", condition=Q(state__in=LinkState.values)
            ),
            models.CheckConstraint(
                name="link_check_failures_dated",
                condition=Q(failures=0, first_failed_at__isnull=True)
                | Q(failures__gte=1, first_failed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.url} {self.state}"

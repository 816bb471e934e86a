"""The queue: one row per piece of work for the worker."""

from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import Q

from challenges.enums import JobKind, JobState
from challenges.models.words import within, word


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, by what may happen to them now."""

    def due(self, at: datetime) -> "JobQuerySet":
        """Keep the jobs that a worker may take, the next one first."""
        return self.filter(state=JobState.READY, run_after__lte=at).order_by(
            "priority", "fair_rank", "run_after", "pk"
        )

    def abandoned(self, at: datetime) -> "JobQuerySet":
        """Keep the jobs whose worker stopped beating."""
        return self.filter(state=JobState.LEASED, lease_until__lt=at)

    def alive(self) -> "JobQuerySet":
        """Keep the jobs that are waiting or running."""
        return self.filter(state__in=[JobState.READY, JobState.LEASED])


class Job(models.Model):
    """Hold one piece of work, the lease of the worker that does it and its outcome."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = word(JobKind)
    subject_id = models.CharField(max_length=64)
    dedup_key = models.CharField(max_length=160)
    priority = models.SmallIntegerField(default=0)
    fair_rank = models.PositiveIntegerField(default=0)
    run_after = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    state = word(JobState, default=JobState.READY)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "fair_rank", "run_after", "pk"]
        constraints = [
            within("kind", JobKind, name="job_kind_known"),
            within("state", JobState, name="job_state_known"),
            models.UniqueConstraint(fields=["kind", "dedup_key"], name="job_once"),
            models.CheckConstraint(
                condition=Q(state="leased", lease_token__isnull=False)
                | (~Q(state="leased") & Q(lease_token__isnull=True)),
                name="job_leased_has_its_token",
            ),
            models.CheckConstraint(
                condition=Q(state="leased", lease_until__isnull=False)
                | (~Q(state="leased") & Q(lease_until__isnull=True)),
                name="job_leased_has_its_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "fair_rank", "run_after"],
                condition=Q(state="ready"),
                name="job_ready",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="leased"), name="job_leased"),
            models.Index(fields=["kind", "subject_id"], name="job_subject"),
        ]

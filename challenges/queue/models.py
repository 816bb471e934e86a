"""The queue: one row per piece of work for the worker."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import CharField, Exists, Func, Q

from challenges.queue.enums import JobKind, JobState
from datasets.access.models import Grant
from portal.lib.columns import set_exactly, within, word

# Why a job was put off: what it would open is restricted, and no grant is in force.
NO_GRANT = "grant_not_active"
RUNS_AN_ATTEMPT = 2  # of programs in one attempt at most: ingestion, then scoring


def attempt_seconds(*limits: int) -> float:
    """Return how long one attempt at an evaluation may last. limits: seconds of one run."""
    least = settings.SCORE_LEAST_SECONDS  # a metric is computed without that limit
    return float(max(RUNS_AN_ATTEMPT * max(limits, default=0), least) + settings.JOB_MARGIN_SECONDS)


class Dashed(Func):
    """Write an identifier as the keys of jobs hold it, for each database its own way.

    PostgreSQL writes the dashes by itself; SQLite keeps the digits alone.
    """

    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Cast it to text."""
        return self.as_sql(compiler, connection, template="(%(expressions)s)::text")

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Put the dashes back, each piece of the digits once."""
        column, given = compiler.compile(self.source_expressions[0])
        cuts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        pieces = [f"substr({column}, {at}, {size})" for at, size in cuts]
        return "(" + " || '-' || ".join(pieces) + ")", tuple(given) * len(cuts)


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, by what may happen to them now."""

    def due(self, at: datetime) -> "JobQuerySet":
        """Keep the jobs that a worker may take, the next one first.

        A paused phase gives none, nor one whose restricted data have no grant at this instant.
        """
        ready = self.unheld(at).filter(state=JobState.READY, run_after__lte=at)
        return ready.order_by("priority", "fair_rank", "run_after", "pk")

    def unheld(self, at: datetime) -> "JobQuerySet":
        """Leave out the jobs that the pause of their phase holds, or the lack of a grant.

        One without a phase is put off as it begins.
        """
        granted = Q(phase__challenge__grant__in=Grant.objects.active(at))
        free = Q(phase=None) | Q(phase__challenge__restricted=False)
        put_off = Q(error_code=NO_GRANT, run_after__gt=at)
        return self.filter(free | granted, phase__paused_at__isnull=True).exclude(put_off)

    def abandoned(self, at: datetime) -> "JobQuerySet":
        """Keep the jobs whose worker stopped beating."""
        return self.filter(state=JobState.LEASED, lease_until__lt=at)

    def alive(self) -> "JobQuerySet":
        """Keep the jobs that are waiting or running."""
        return self.filter(state__in=[JobState.READY, JobState.LEASED])

    def does(self, kind: JobKind, subject: str) -> Exists:
        """Say, in a query on rows known by an UUID, whether a live job of theirs will act.

        subject: the path from those rows to the identifier that is the key of the job.
        """
        return Exists(self.alive().filter(kind=kind, dedup_key=Dashed(models.OuterRef(subject))))


class Job(models.Model):
    """Hold one piece of work, the lease of the worker that does it and its outcome."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = word(JobKind)
    # The phase whose pause holds it: a score that its teams wait for, or the run of their code;
    # null for the others.
    phase = models.ForeignKey(
        "challenges.Phase", on_delete=models.CASCADE, null=True, blank=True, related_name="jobs"
    )
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
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "fair_rank", "run_after", "pk"]
        constraints = [
            within("kind", JobKind, name="job_kind_known"),
            within("state", JobState, name="job_state_known"),
            models.UniqueConstraint(fields=["kind", "dedup_key"], name="job_once"),
            set_exactly(Q(state="leased"), "lease_token", name="job_leased_has_its_token"),
            set_exactly(Q(state="leased"), "lease_until", name="job_leased_has_its_end"),
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

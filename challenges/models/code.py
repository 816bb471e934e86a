"""A team's code: what it is given to read, its runs on hidden inputs, its trials.

Nothing hidden lies here in clear: inputs are a sealed version, predictions a sealed object.
"""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from challenges.enums import JobKind, RunState
from challenges.models.entry import Entry
from challenges.models.plan import RunPlan
from challenges.models.words import within, word
from challenges.organising.models import Phase, Viewer
from challenges.teams.models import Team

ALIVE = (RunState.QUEUED, RunState.RUNNING)


class CodeRun(models.Model):
    """Run an entry's code on the hidden inputs: the predictions serve every scoring.

    minutes, half_gib: the classes that the team reads, « at most so many »; None above the
    last or before. measures: exact, for moderators. detail: French, for
    moderators. log: what the code printed, for the organiser where the phase says so;
    log_forgotten: it was emptied when its days had passed.
    inputs_digest: keyed, tells two inputs apart and nothing of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="code_runs")
    plan = models.ForeignKey(RunPlan, on_delete=models.PROTECT, related_name="runs")
    state = word(RunState, default=RunState.QUEUED)
    reason_code = models.CharField(max_length=40, blank=True)
    seed = models.BigIntegerField(default=0)
    environment_digest = models.CharField(max_length=64, blank=True)
    inputs_digest = models.CharField(max_length=64, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    half_gib = models.PositiveSmallIntegerField(null=True, blank=True)
    measures = models.JSONField(default=dict, blank=True)
    detail = models.TextField(blank=True)
    log = models.TextField(blank=True)
    log_forgotten = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["entry_id", "pk"]
        constraints = [
            within("state", RunState, name="code_run_state_known"),
            models.UniqueConstraint(fields=["entry", "plan"], name="code_run_once"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="code_run_end_has_its_date",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(reason_code=""),
                name="code_run_failed_has_its_reason",
            ),
        ]

    @property
    def is_alive(self) -> bool:
        """Say whether it waits or runs."""
        return self.state in ALIVE

    @property
    def wanted_job(self) -> tuple[str, str]:
        """Return the (kind, key) of the job that it must have while it is alive."""
        return JobKind.RUN.value, str(self.pk)


class SealedPredictions(models.Model):
    """Keep what a run predicted on hidden inputs, encrypted to the scoring worker.

    ciphertext_sha256: the object. keys: the wrapped keys that open it. suffix: of the file, as
    ".csv".
    """

    run = models.OneToOneField(CodeRun, on_delete=models.PROTECT, related_name="predictions")
    ciphertext_sha256 = models.CharField(max_length=64)
    ciphertext_size = models.PositiveBigIntegerField()
    keys = models.JSONField(default=list)
    suffix = models.CharField(max_length=12, default=".csv")

    class Meta:
        ordering = ["run_id"]


class CodeTrialQuerySet(models.QuerySet["CodeTrial"]):
    """Trials, by who may read them."""

    def visible_to(self, user: Viewer) -> "CodeTrialQuerySet":
        """Keep the trials of the teams this person is in today; nobody else reads trials."""
        return self.filter(team_id__in=Team.objects.of(user).values("pk"))

    def alive(self) -> "CodeTrialQuerySet":
        """Keep those that wait or run."""
        return self.filter(state__in=[each.value for each in ALIVE])


class CodeTrial(models.Model):
    """Run a team's code on the public sample: free, no attempt is used, nothing hidden is open.

    verdict: {"faults": […], "warnings": […], "rows": n} of the file it wrote, or of its package.
    log: what it printed, 64 kB of each stream, where the phase shows it; log_cut: there was
    more; log_forgotten: it was emptied when its days had passed. sealed, keys: the object that
    holds its package encrypted, and what opens it; both emptied with the bytes once it has ended.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="code_trials")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="code_trials")
    plan = models.ForeignKey(RunPlan, on_delete=models.PROTECT, related_name="trials")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    original_name = models.CharField(max_length=200)
    sealed = models.CharField(max_length=64, blank=True)
    keys = models.JSONField(default=list, blank=True)
    state = word(RunState, default=RunState.QUEUED)
    reason_code = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)
    verdict = models.JSONField(default=dict, blank=True)
    log = models.TextField(blank=True)
    log_cut = models.BooleanField(default=False)
    log_forgotten = models.BooleanField(default=False)
    # Exact: the sample is public. {"wall_seconds", "cpu_seconds", "peak_bytes", "processes",
    # "output_bytes"}.
    measures = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = CodeTrialQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "pk"]
        constraints = [
            within("state", RunState, name="code_trial_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="code_trial_end_has_its_date",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"]) | Q(sealed=""),
                name="code_trial_bytes_forgotten",
            ),
        ]
        indexes = [models.Index(fields=["team", "created_at"], name="code_trial_recent")]

    @property
    def is_alive(self) -> bool:
        """Say whether it waits or runs."""
        return self.state in ALIVE

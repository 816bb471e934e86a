"""Each scoring of an entry, what it released, what stays sealed, the signed receipts."""

from uuid import uuid4

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import EvaluationState, RunState, Split
from challenges.organising.models.scorings import PhaseTask, ScorerVersion
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from portal.lib.columns import set_exactly, within, word
from portal.lib.immutable import Immutable

_LONG = 1e15
ENDED = (EvaluationState.DONE, EvaluationState.FAILED)


def rounded(value: float, decimals: int) -> tuple[float, str]:
    """Return the released value and its text; minus zero is zero."""
    released = round(float(value), decimals) + 0.0
    return released, written(released, decimals)


def written(value: float, decimals: int) -> str:
    """Write a released value, with a power of ten from 1e15: its text has 32 characters at most."""
    if abs(value) < _LONG:
        return f"{value:.{decimals}f}"
    return f"{value:.{min(decimals, 6)}e}"


class Evaluation(models.Model):
    """Score one entry by one scorer version on one version of the held-out data."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="evaluations")
    scorer_version = models.ForeignKey(
        ScorerVersion, on_delete=models.PROTECT, related_name="evaluations"
    )
    holdout = models.ForeignKey(
        "datasets.HoldoutVersion", on_delete=models.PROTECT, related_name="evaluations"
    )
    # Where code of the team wrote what is scored.
    run = models.ForeignKey(
        "challenges.CodeRun",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="evaluations",
    )
    state = word(EvaluationState, default=EvaluationState.PENDING)
    reason_code = models.CharField(max_length=40, blank=True)
    # It failed by no fault of the team that is known: a moderator decides.
    to_examine = models.BooleanField(default=False)
    input_sha256 = models.CharField(max_length=64, blank=True)
    environment_digest = models.CharField(max_length=64, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    cpu_seconds = models.FloatField(null=True, blank=True)
    peak_mb = models.FloatField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["entry_id", "pk"]
        constraints = [
            within("state", EvaluationState, name="evaluation_state_known"),
            models.UniqueConstraint(
                fields=["entry", "scorer_version", "holdout"], name="evaluation_once"
            ),
            set_exactly(
                Q(state__in=["done", "failed"]), "finished_at", name="evaluation_end_has_its_date"
            ),
        ]
        indexes = [
            # A trial asks after each entry whether another is left to score.
            models.Index(fields=["scorer_version", "holdout", "state"], name="evaluation_left")
        ]

    def tasks(self) -> "models.QuerySet[PhaseTask]":
        """Keep the tasks of its phase that it answers, the one in force first."""
        tasks = PhaseTask.objects.filter(
            phase_id=self.entry.enrolment.phase_id,
            scorer_version_id=self.scorer_version_id,
            holdout_id=self.holdout_id,
        )
        return tasks.order_by("-current", "-pk")


def evaluations_of(task: PhaseTask) -> "models.QuerySet[Evaluation]":
    """Keep the evaluations that answer a task of a phase."""
    return Evaluation.objects.filter(
        entry__enrolment__phase_id=task.phase_id,
        scorer_version_id=task.scorer_version_id,
        holdout_id=task.holdout_id,
    )


def is_in_force(evaluation: Evaluation) -> bool:
    """Say whether an evaluation answers a task in force of its phase."""
    return evaluation.tasks().filter(current=True).exists()


def pausing_phase(evaluation: Evaluation) -> int | None:
    """Return the phase whose pause holds a score; None when it is tried aside."""
    return evaluation.entry.enrolment.phase_id if is_in_force(evaluation) else None


def in_force(path: str = "") -> Q:
    """Keep the evaluations of a task in force, and those of no task at all.

    path: from the rows that are kept to their evaluation, as "evaluation__".
    """
    tasks = PhaseTask.objects.filter(
        phase_id=OuterRef(f"{path}entry__enrolment__phase_id"),
        scorer_version_id=OuterRef(f"{path}scorer_version_id"),
        holdout_id=OuterRef(f"{path}holdout_id"),
    )
    return Q(Exists(tasks.filter(current=True))) | ~Q(Exists(tasks))


def wanted_jobs(entry: Entry) -> set[tuple[str, str]]:
    """Return the (kind, key) of the jobs that an entry must have while it is unfinished."""
    if entry.status in {EntryStatus.RECEIVED, EntryStatus.CHECKING}:
        return {(JobKind.CHECK.value, str(entry.pk))}
    waiting = [each for each in entry.evaluations.all() if each.state not in ENDED]
    return {
        each.run.wanted_job
        if each.run is not None and each.run.is_alive
        else (JobKind.SCORE.value, str(each.pk))
        for each in waiting
    }


def forsaken() -> "models.QuerySet[Entry]":
    """Keep the unfinished entries that no live job will move on.

    While its file is checked an entry has one job; then one for each evaluation that has not
    ended, of which there is at least one: while the code of a team runs, that of its run.
    """
    unfinished = Evaluation.objects.filter(
        entry=OuterRef("pk"), state__in=[EvaluationState.PENDING, EvaluationState.RUNNING]
    )
    running = Q(run__isnull=False, run__state__in=[RunState.QUEUED, RunState.RUNNING])
    alone = unfinished.filter(
        (running & ~Q(Job.objects.does(JobKind.RUN, "run_id")))
        | (~running & ~Q(Job.objects.does(JobKind.SCORE, "pk")))
    )
    checked = Q(status__in=[EntryStatus.RECEIVED, EntryStatus.CHECKING])
    return Entry.objects.unfinished().filter(
        (checked & ~Q(Job.objects.does(JobKind.CHECK, "pk")))
        | (~checked & (~Q(Exists(unfinished)) | Q(Exists(alone))))
    )


class Score(Immutable):
    """Hold one released figure; written once, never changed."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="scores")
    split = word(Split)
    metric = models.CharField(max_length=36)
    # The group of a figure given group by group; empty for a figure of the whole part.
    group = models.CharField(max_length=120, blank=True, default="")
    value = models.FloatField()
    value_text = models.CharField(max_length=32)
    # The 95 % interval, rounded like the value; None where there is none to tell.
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    units = models.PositiveIntegerField(null=True, blank=True)
    released_at = models.DateTimeField()

    class Meta:
        constraints = [
            within("split", Split, name="score_split_known"),
            models.UniqueConstraint(
                fields=["evaluation", "split", "metric", "group"], name="score_once"
            ),
            models.CheckConstraint(
                condition=Q(value__gt=-1e308, value__lt=1e308), name="score_is_finite"
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=True, high__isnull=True)
                | Q(low__isnull=False, high__isnull=False)
                & Q(low__gt=-1e308, high__lt=1e308, low__lte=F("high")),
                name="score_interval_is_whole",
            ),
        ]


class Rung(Immutable):
    """Tell what a team was shown for one evaluation under the Ladder of its phase.

    Derived: in order of receipt, from the sealed results of the team's entries, withdrawn ones
    included: taking an entry back does not unsay what was shown.
    """

    evaluation = models.OneToOneField(Evaluation, on_delete=models.PROTECT, related_name="rung")
    improved = models.BooleanField()
    # The evaluation that the figures shown come from, this one when improved; none before the
    # team has a figure.
    leader = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField()
    # Its own public figures, {column key: [value, text]}, once the final results are out.
    own = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(improved=False) | Q(leader=F("evaluation")),
                name="rung_improved_leads",
            ),
        ]


class SealedResult(Immutable):
    """Hold the exact figures, encrypted to the scoring worker; written once."""

    # Kept by the constraint of the database: Django would read the row to refuse, and who drops an
    # evaluation that waits may read none.
    evaluation = models.OneToOneField(
        Evaluation, on_delete=models.DO_NOTHING, related_name="sealed_result"
    )
    payload = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    key_id = models.CharField(max_length=64)


class ReceiptReason(models.TextChoices):
    """Say why a score receipt was issued: a first score, a new one, or the reveal."""

    SCORED = "scored", _("première évaluation")
    RESCORED = "rescored", _("nouvelle évaluation")
    REVEALED = "revealed", _("résultats définitifs")


class ScoreReceipt(Immutable):
    """State once what an entry scored on a task of its phase; a later one names this one."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="score_receipts")
    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="score_receipts"
    )
    task = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    reason = word(ReceiptReason)
    # Canonical JSON, signed.
    text = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["entry_id", "task", "serial"]
        constraints = [
            within("reason", ReceiptReason, name="score_receipt_reason_known"),
            models.UniqueConstraint(
                fields=["entry", "task", "serial"], name="score_receipt_serial_once"
            ),
            models.CheckConstraint(
                condition=Q(serial=1, replaces__isnull=True)
                | Q(serial__gt=1, replaces__isnull=False),
                name="score_receipt_names_the_former",
            ),
        ]

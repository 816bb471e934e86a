"""What scores an entry, each scoring of it, what it released and what stays sealed."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext

from challenges.entries.models import Entry
from challenges.enums import EntryStatus, EvaluationState, JobKind, RunState, ScorerKind, Split
from challenges.models.words import set_exactly, set_together, within, word
from challenges.organising.models import Challenge, Phase
from challenges.queue.models import Job
from portal.lib import clock
from portal.lib.immutable import Immutable

_LONG = 1e15


def rounded(value: float, decimals: int) -> tuple[float, str]:
    """Return the released value and its text; minus zero is zero."""
    released = round(float(value), decimals) + 0.0
    return released, written(released, decimals)


def written(value: float, decimals: int) -> str:
    """Write a released value, with a power of ten from 1e15: its text has 32 characters at most."""
    if abs(value) < _LONG:
        return f"{value:.{decimals}f}"
    return f"{value:.{min(decimals, 6)}e}"


class RunPlan(models.Model):
    """Freeze what code reads: hidden inputs, a public sample of the same form, an environment.

    Another set is another row. inputs: sealed files, mounted under their names, without any
    label. ids: the column of identifiers, that a CSV among them has; where all are CSV, rows and
    identifiers change between the two runs. sample_*: a zip of files of the same names in the
    private store, that everybody may download; rows: identifiers of the sample.
    environment: a name of the closed list.
    """

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="run_plans")
    inputs = models.ForeignKey(
        "datasets.HoldoutVersion", on_delete=models.PROTECT, related_name="run_plans"
    )
    ids = models.CharField(max_length=120)
    # The layouts of packages that are taken, of scoring.packages.Layout; all where empty.
    layouts = models.JSONField(default=list, blank=True)
    environment = models.CharField(max_length=64, default="systeme")
    sample_sha256 = models.CharField(max_length=64)
    sample_size = models.PositiveBigIntegerField()
    sample_rows = models.PositiveIntegerField()
    # [{"name", "size"}] of its files.
    sample_files = models.JSONField(default=list)
    created_at = models.DateTimeField()
    # When the worker compared the inputs with the truth, and what does not go: a marked sentence
    # of challenges.scoring.inputs and what fills it.
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    problem_facts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["challenge_id", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(sample_rows__gte=1), name="run_plan_sample_has_rows")
        ]

    @property
    def is_ready(self) -> bool:
        """Say whether its inputs were found to go with the truth."""
        return self.checked_at is not None and not self.problem

    @property
    def problem_said(self) -> str:
        """Say in the reader's language what does not go; "" where all does."""
        if not self.problem_facts:  # written before its facts were kept: French, and filled
            return self.problem
        return gettext(self.problem) % self.problem_facts


class Scorer(models.Model):
    """Name a way of scoring of a challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="scorers")
    key = models.SlugField(max_length=64)
    kind = word(ScorerKind, default=ScorerKind.METRIC)

    class Meta:
        constraints = [
            within("kind", ScorerKind, name="scorer_kind_known"),
            models.UniqueConstraint(fields=["challenge", "key"], name="scorer_key_once"),
        ]

    def version_of(self, spec: Mapping[str, Any], digest: str, **facts: Any) -> "ScorerVersion":
        """Return the version with this digest, made if there is none yet; the scorer is locked.

        facts: other fields of a version, for a program.
        """
        known = self.versions.filter(digest=digest).order_by("-number").first()
        if known is not None:
            return known
        return self.versions.create(
            number=self.versions.count() + 1,
            spec=spec,
            digest=digest,
            created_at=clock.now(),
            **facts,
        )


class ScorerVersion(models.Model):
    """Freeze one scoring contract; a change is a new version."""

    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    spec = models.JSONField()
    program_sha256 = models.CharField(max_length=64, blank=True)
    environment = models.CharField(max_length=64, blank=True)
    # Where an organiser's programs are sealed; null for a metric of the menu.
    programs = models.ForeignKey(
        "datasets.HoldoutVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="program_versions",
    )
    seed = models.BigIntegerField(default=0)
    code_version = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scorer", "number"], name="scorer_version_number_once"),
            set_together(
                "programs", words="program_sha256", name="scorer_version_program_has_its_digest"
            ),
        ]

    @property
    def is_program(self) -> bool:
        """Say whether an organiser's program scores, and not a metric of the menu."""
        return self.programs_id is not None


class PhaseTask(models.Model):
    """Tie a phase to the scorer and the held-out data in force."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="tasks")
    index = models.PositiveSmallIntegerField(default=0)
    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    scorer_version = models.ForeignKey(
        ScorerVersion, on_delete=models.PROTECT, related_name="tasks"
    )
    holdout = models.ForeignKey(
        "datasets.HoldoutVersion", on_delete=models.PROTECT, related_name="phase_tasks"
    )
    current = models.BooleanField(default=True)
    # What the code of teams reads; null where they send their answers.
    plan = models.ForeignKey(
        RunPlan, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    # What a file looks like before a program reads it: challenges.bundles.programs.Form.
    form = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["phase_id", "index"]
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "index"], condition=Q(current=True), name="phase_task_current_once"
            )
        ]

    @property
    def takes_code(self) -> bool:
        """Say whether the platform runs the code of teams, and a metric scores what it writes."""
        return self.plan_id is not None


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
    examined = models.BooleanField(default=False)
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


def held_by(evaluation: Evaluation) -> int | None:
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

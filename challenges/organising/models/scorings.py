"""What scores a challenge: scorers, tasks, plans of code; what its boards list."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from challenges.organising.enums import BoardRule, ColumnKind, Direction, ScorerKind
from challenges.organising.models.challenges import Challenge, Phase
from portal.lib import clock
from portal.lib.columns import LockableQuerySet, set_together, within, word


class RunPlan(models.Model):
    """Freeze what code reads: hidden inputs, a public sample of the same form.

    Another set is another row. inputs: sealed files, mounted under their names, without any
    label. ids: the column of identifiers, that a CSV among them has; where all are CSV, rows and
    identifiers change between the two runs. sample_*: a zip of files of the same names in the
    private store, that everybody may download; rows: identifiers of the sample. data_file: what the
    grant of the challenge lends and nobody downloads; its extract takes the place of the table of
    the inputs for the time of a run.
    """

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="run_plans")
    inputs = models.ForeignKey(
        "datasets.HoldoutVersion", on_delete=models.PROTECT, related_name="run_plans"
    )
    data_file = models.ForeignKey(
        "datasets.DataFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ids = models.CharField(max_length=120)
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
    def problem_sentence(self) -> str:
        """Say in the reader's language what does not go; "" where all does."""
        return gettext(self.problem) % self.problem_facts if self.problem else ""


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
    # Where an organiser's programs are sealed; null for a metric of the menu.
    programs = models.ForeignKey(
        "datasets.HoldoutVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="program_versions",
    )
    seed = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scorer", "number"], name="scorer_version_number_once"),
            set_together(
                "programs", words="program_sha256", name="scorer_version_program_has_its_digest"
            ),
        ]


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


def program_tasks(phase: Phase) -> list[PhaseTask]:
    """List the tasks in force of a phase that a program scores."""
    tasks = phase.tasks.filter(current=True, scorer_version__programs__isnull=False)
    return list(tasks.select_related("scorer_version").order_by("index"))


FACT_CHARACTERS = 120


class Leaderboard(models.Model):
    """Rank the teams of a phase."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="leaderboards")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="leaderboards")
    key = models.CharField(max_length=36)
    title = models.CharField(max_length=64)
    rule = word(BoardRule, default=BoardRule.BEST)
    primary = models.ForeignKey(
        "Column", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    hidden = models.BooleanField(default=False)
    anonymous = models.BooleanField(default=False)
    # Per split: {"digest", "computed_at", "rows", "references", "few", "tested", "axis"}.
    facts = models.JSONField(default=dict, blank=True)

    objects = LockableQuerySet["Leaderboard"].as_manager()

    class Meta:
        ordering = ["phase_id", "pk"]
        constraints = [
            within("rule", BoardRule, name="leaderboard_rule_known"),
            models.UniqueConstraint(fields=["challenge", "key"], name="leaderboard_key_once"),
        ]

    @property
    def lists_every_entry(self) -> bool:
        """Say whether it has a row for each entry, not one for each team."""
        return self.rule == BoardRule.ALL


class Column(models.Model):
    """Describe one figure of a leaderboard."""

    leaderboard = models.ForeignKey(Leaderboard, on_delete=models.CASCADE, related_name="columns")
    index = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=36)
    title = models.CharField(max_length=120)
    kind = word(ColumnKind, default=ColumnKind.METRIC)
    direction = word(Direction, default=Direction.MAX)
    decimals = models.PositiveSmallIntegerField(default=3)
    # The cell holds one figure per group.
    grouped = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    operation = models.CharField(max_length=8, blank=True)
    operands = models.JSONField(default=list, blank=True)
    valid_min = models.FloatField(null=True, blank=True)
    valid_max = models.FloatField(null=True, blank=True)
    sentinels = models.JSONField(default=list, blank=True)
    groups = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["leaderboard_id", "index"]
        constraints = [
            within("kind", ColumnKind, name="column_kind_known"),
            within("direction", Direction, name="column_direction_known"),
            models.UniqueConstraint(fields=["leaderboard", "key"], name="column_key_once"),
            models.UniqueConstraint(fields=["leaderboard", "index"], name="column_index_once"),
            models.CheckConstraint(condition=Q(decimals__lte=12), name="column_decimals_bounded"),
        ]

    @property
    def is_limited(self) -> bool:
        """Say whether a limit bars from prizes what is beyond it."""
        return self.valid_min is not None or self.valid_max is not None

    def passes(self, value: float) -> bool:
        """Say whether a released value is within the limits."""
        low = self.valid_min is None or value >= self.valid_min
        return low and (self.valid_max is None or value <= self.valid_max)

    @property
    def is_fact(self) -> bool:
        """Say whether it shows what teams answer of their method: operands name the question."""
        return self.kind == ColumnKind.FACT

    def answer_in(self, answers: Mapping[str, Any]) -> str:
        """Write the answer of an entry to its question, shortened; nothing without one."""
        answer = answers.get(self.operands[0]) if self.operands else None
        return " ".join(answer_text(answer).split())[:FACT_CHARACTERS]

    @property
    def at_closing(self) -> bool:
        """Say whether its figures stay sealed until the reveal."""
        return self.kind == ColumnKind.FAIRNESS


def answer_text(answer: object) -> str:
    """Write an answer of a fact sheet: a list as its words, yes or no as "true" or "false"."""
    if isinstance(answer, list):
        return ", ".join(map(str, answer))
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return str(answer or "")


def in_words(text: str) -> str:
    """Say a told answer to a reader, in their language: yes or no in words, others as they are."""
    return {"true": _("Oui"), "false": _("Non")}.get(text, text)

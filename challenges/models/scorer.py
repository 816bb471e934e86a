"""What scores an entry: a scorer, its versions, and the held-out data of each phase.

A scorer is a metric of the menu (spec: a ScoringContract) or an organiser's program (spec: a
`challenges.bundles.programs.ProgramSpec`; its bytes are sealed, decision 30).
"""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from challenges.enums import ScorerKind
from challenges.models.plan import RunPlan
from challenges.models.words import within, word
from challenges.organising.models import Challenge, Phase


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
            models.CheckConstraint(
                condition=Q(programs__isnull=True, program_sha256="")
                | Q(programs__isnull=False) & ~Q(program_sha256=""),
                name="scorer_version_program_has_its_digest",
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

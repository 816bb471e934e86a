"""What the code of teams is given to read in a phase, and where it runs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from challenges.organising.models import Challenge


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

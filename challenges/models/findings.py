"""The fairness audit of an entry, told at the reveal; written once."""

from django.db import models

from challenges.models.evaluation import Evaluation
from portal.lib.immutable import Immutable


class FairnessAudit(Immutable):
    """Hold the fairness audit of one evaluation, as it may be read."""

    evaluation = models.OneToOneField(
        Evaluation, on_delete=models.PROTECT, related_name="fairness_audit"
    )
    # See challenges.scoring.audit.run: rounded, without small cells.
    record = models.JSONField()
    sha256 = models.CharField(max_length=64)
    released_at = models.DateTimeField()

"""What the worker found out about an entry and tells at the reveal; written once."""

from django.db import models

from challenges.enums import Split
from challenges.models.evaluation import Evaluation
from challenges.models.words import within, word
from portal.lib.immutable import Immutable


class FairnessAudit(Immutable):
    """Hold the fairness audit of one evaluation, as it may be read."""

    evaluation = models.OneToOneField(
        Evaluation, on_delete=models.PROTECT, related_name="fairness_audit"
    )
    # See challenges.scoring.audit.published: rounded, without small cells.
    record = models.JSONField()
    sha256 = models.CharField(max_length=64)
    released_at = models.DateTimeField()


class EntryDetail(Immutable):
    """Hold, for its team, where an entry is right on one part: classes, errors, calibration."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="details")
    split = word(Split)
    # See challenges.scoring.details: rounded, without small classes.
    record = models.JSONField()
    sha256 = models.CharField(max_length=64)
    released_at = models.DateTimeField()

    class Meta:
        constraints = [
            within("split", Split, name="detail_split_known"),
            models.UniqueConstraint(fields=["evaluation", "split"], name="detail_once"),
        ]

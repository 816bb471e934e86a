"""What the nightly scoring of a reference gave, against what it gave the first time."""

from django.db import models
from django.db.models import Q

from challenges.enums import WatchState
from challenges.models.evaluation import Evaluation
from challenges.models.words import within, word
from portal.lib.immutable import Immutable


class BaselineCheck(Immutable):
    """Tell whether a reference still scores the same; written once a night, never changed."""

    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="baseline_checks"
    )
    day = models.DateField()
    state = word(WatchState)
    # The public figure that moved most, and by how much; empty and None where a reserved one did.
    figure = models.CharField(max_length=160, blank=True)
    difference = models.FloatField(null=True, blank=True)
    tolerance = models.FloatField(null=True, blank=True)
    runs = models.PositiveSmallIntegerField(default=1)
    reason_code = models.CharField(max_length=40, blank=True)
    # Whether organisers and operators were told of it: once for each drift.
    rang = models.BooleanField(default=False)
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["evaluation_id", "-day"]
        constraints = [
            within("state", WatchState, name="baseline_check_state_known"),
            models.UniqueConstraint(fields=["evaluation", "day"], name="baseline_check_once_a_day"),
            models.CheckConstraint(
                condition=Q(rang=False) | ~Q(state="same"), name="baseline_check_rings_for_a_drift"
            ),
        ]

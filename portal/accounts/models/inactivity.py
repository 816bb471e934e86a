"""Warnings to people who no longer come: what was said, when, and the day it announces."""

from django.conf import settings
from django.db import models


class InactivityNotice(models.Model):
    """A warning that an unused account will be erased: the first, then the last.

    It holds for one absence: whoever signs in begins another.
    """

    FIRST, LAST = 1, 2

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inactivity_notices"
    )
    rank = models.PositiveSmallIntegerField()
    inactive_since = models.DateTimeField()
    sent_at = models.DateTimeField()
    erased_from = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "inactive_since", "rank"], name="inactivity_notice_once"
            ),
            models.CheckConstraint(
                condition=models.Q(rank__in=[1, 2]), name="inactivity_notice_first_or_last"
            ),
            models.CheckConstraint(
                condition=models.Q(erased_from__gt=models.F("sent_at")),
                name="inactivity_notice_ahead",
            ),
        ]

"""What a challenge written by form keeps beside its document, and the worker's check of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from challenges.enums import BuildState
from challenges.models.challenge import Challenge
from challenges.models.words import within, word


class ChallengeDraft(models.Model):
    """Hold the files deposited for a draft, and the last check: who asked, what it found."""

    challenge = models.OneToOneField(Challenge, on_delete=models.CASCADE, related_name="written")
    # {path: {"sha256"} or {"sealed": public id of a held-out version}}. Never from a document.
    kept = models.JSONField(default=dict, blank=True)
    # What scores a phase or a task otherwise than the first phase:
    # [{"phase", "task", "name", "truth": {"path", "columns", "sealed"} or None, "test", "sample",
    # "measure": {"submission", "truth", "metrics"} or None, "fingerprint"}].
    scorings = models.JSONField(default=list, blank=True)
    # Raised by each request: an older job that ends late writes nothing.
    number = models.PositiveIntegerField(default=0)
    state = word(BuildState, default=BuildState.IDLE)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    # [{"code", "message", "file", "key"}]: never a value, which could come from the answers.
    errors = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            within("state", BuildState, name="challenge_draft_state_known"),
            models.CheckConstraint(
                condition=Q(asked_by__isnull=True, asked_at__isnull=True)
                | Q(asked_by__isnull=False, asked_at__isnull=False),
                name="challenge_draft_asked_has_author",
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        """Say whether the worker has not answered yet."""
        return self.state == BuildState.QUEUED

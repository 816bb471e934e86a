"""A removal on its way: one person proposes, another answers."""

import uuid

from django.conf import settings
from django.db import models

from catalogue.enums.cards import RemovalReason
from catalogue.models.resource import Resource
from portal.accounts.enums import Answer


class Removal(models.Model):
    """The removal of a published resource, waiting for a second person.

    The resource is gone once the removal is accepted; its address stays, for the tombstone.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(
        Resource, on_delete=models.SET_NULL, related_name="removals", null=True
    )
    slug = models.SlugField(max_length=140)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
    )
    reason = models.CharField(max_length=20, choices=RemovalReason.choices)
    keep_title = models.BooleanField(default=True)
    explanation = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource"], condition=models.Q(answer=""), name="one_open_removal"
            ),
            models.CheckConstraint(
                condition=models.Q(answered_by__isnull=True)
                | models.Q(answer=Answer.WITHDRAWN)
                | ~models.Q(answered_by=models.F("proposed_by")),
                name="removal_answered_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | (
                    ~models.Q(answer="")
                    & models.Q(answered_at__isnull=False, answered_by__isnull=False)
                ),
                name="removal_answer_dated",
            ),
        ]

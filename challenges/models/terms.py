"""The rules of a challenge, who accepted them, who takes part."""

from django.conf import settings
from django.db import models

from challenges.enums import RegistrationState
from challenges.models.challenge import Challenge
from challenges.models.words import within, word


class Terms(models.Model):
    """Hold one version of the rules of a challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="terms")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    html = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "number"], name="terms_number_once")
        ]


class TermsAcceptance(models.Model):
    """Record that a person accepted one version of the rules."""

    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="terms_acceptances"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terms", "user"], name="terms_accepted_once")
        ]


class Registration(models.Model):
    """Say whether a person takes part in a challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="registrations")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registrations"
    )
    state = word(RegistrationState, default=RegistrationState.PENDING)
    answers = models.JSONField(default=dict, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    # Why it was refused, told to the person.
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            within("state", RegistrationState, name="registration_state_known"),
            models.UniqueConstraint(fields=["challenge", "user"], name="registration_once"),
        ]

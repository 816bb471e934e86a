"""Who is invited to take part in a challenge that is by invitation."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from challenges.enums import InvitationState
from challenges.models.challenge import Challenge
from challenges.models.words import within, word
from portal.accounts.models import User


class GuestQuerySet(models.QuerySet["Guest"]):
    """Guests, by whom they let in and by where they stand."""

    def open_at(self, at: datetime) -> "GuestQuerySet":
        """Keep those that let somebody in: neither used, withdrawn nor too old."""
        return self.filter(expires_at__gt=at, state=InvitationState.SENT)

    def inviting(self, user: User, *, at: datetime) -> "GuestQuerySet":
        """Keep the open ones of the confirmed address of this person."""
        return self.open_at(at).filter(email=user.email.lower()) if user.email else self.none()


class Guest(models.Model):
    """Invite one e-mail address to take part: ACCEPTED once its person registered."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="guests")
    email = models.EmailField()
    state = word(InvitationState, default=InvitationState.SENT)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = GuestQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-pk"]
        constraints = [
            within("state", InvitationState, name="guest_state_known"),
            models.UniqueConstraint(
                fields=["challenge", "email"],
                condition=Q(state="sent"),
                name="guest_address_once",
            ),
        ]

    def is_open(self, at: datetime) -> bool:
        """Say whether it lets somebody in."""
        return self.state == InvitationState.SENT and self.expires_at > at

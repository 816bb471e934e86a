"""Who is called to run a challenge with others, and who ran it and left."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from challenges.enums import InvitationState, OrganiserRole
from challenges.models.challenge import Challenge
from challenges.models.people import Viewer
from challenges.models.words import within, word


class OrganiserInvitationQuerySet(models.QuerySet["OrganiserInvitation"]):
    """Invitations, by whom they are for."""

    def open_at(self, at: datetime) -> "OrganiserInvitationQuerySet":
        """Keep those that may still be answered."""
        return self.filter(state=InvitationState.SENT, expires_at__gt=at)

    def for_person(self, user: Viewer) -> "OrganiserInvitationQuerySet":
        """Keep those sent to the address of this person."""
        email = getattr(user, "email", "")
        return self.filter(email__iexact=email) if email else self.none()


class OrganiserInvitation(models.Model):
    """Invite a person, by their address, into the team that runs a challenge."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    challenge = models.ForeignKey(
        Challenge, on_delete=models.CASCADE, related_name="organiser_invitations"
    )
    email = models.EmailField()
    role = word(OrganiserRole, default=OrganiserRole.ORGANISER)
    state = word(InvitationState, default=InvitationState.SENT)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = OrganiserInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "pk"]
        constraints = [
            within("role", OrganiserRole, name="organiser_invitation_role_known"),
            within("state", InvitationState, name="organiser_invitation_state_known"),
            models.UniqueConstraint(
                fields=["challenge", "email"],
                condition=Q(state="sent"),
                name="organiser_invited_once",
            ),
        ]


class FormerOrganiser(models.Model):
    """Remember that a person ran a challenge, jury included.

    They do not play it afterwards, and decide on nothing of it for the Region.
    """

    challenge = models.ForeignKey(
        Challenge, on_delete=models.CASCADE, related_name="former_organisers"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # The one they had when they left.
    role = word(OrganiserRole)
    left_at = models.DateTimeField()

    class Meta:
        constraints = [
            within("role", OrganiserRole, name="former_organiser_role_known"),
            models.UniqueConstraint(fields=["challenge", "user"], name="former_organiser_once"),
        ]

"""Who is invited to take part in a challenge that is by invitation."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from challenges.enums import InvitationState, RegistrationState
from challenges.models.challenge import Challenge
from challenges.models.terms import Registration
from challenges.models.words import within, word
from portal.accounts.models import User


class GuestQuerySet(models.QuerySet["Guest"]):
    """Guests, by whom they let in and by where they stand."""

    def open_at(self, at: datetime) -> "GuestQuerySet":
        """Keep those that let somebody in: neither used, withdrawn nor too old."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at), state="sent")

    def inviting(self, user: User, *, at: datetime) -> "GuestQuerySet":
        """Keep the open ones for this person: their confirmed address, an organisation of theirs.

        That of the address comes first.
        """
        held = list(user.roles_by_organisation)
        mine = Q(email=user.email.lower()) if user.email else Q(pk__in=[])
        found = self.open_at(at).filter(mine | Q(organisation__in=held))
        return found.order_by("-email", "pk")

    def letting_in(
        self, user: User, asked: Registration | None, *, at: datetime
    ) -> "GuestQuerySet":
        """Keep those that let this person in, who registered before or not.

        Who was refused is let in by their own address alone: to invite an organisation takes back
        no answer that was given to one person.
        """
        found = self.inviting(user, at=at)
        refused = asked is not None and asked.state == RegistrationState.REFUSED
        return found.exclude(email="") if refused else found


class Guest(models.Model):
    """Invite one e-mail address, or the members of one organisation, to take part.

    An address is of one person: ACCEPTED once they registered. An organisation stays SENT, and
    lets its members of the day in, until it is withdrawn.
    """

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="guests")
    email = models.EmailField(blank=True)
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    state = word(InvitationState, default=InvitationState.SENT)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField()
    # How many letters this address was sent, and when the last one was.
    letters = models.PositiveSmallIntegerField(default=1)
    letter_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = GuestQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-pk"]
        constraints = [
            within("state", InvitationState, name="guest_state_known"),
            models.CheckConstraint(
                condition=Q(organisation__isnull=True, expires_at__isnull=False) & ~Q(email="")
                | Q(organisation__isnull=False, expires_at__isnull=True, email=""),
                name="guest_is_an_address_or_an_organisation",
            ),
            models.UniqueConstraint(
                fields=["challenge", "email"],
                condition=Q(state="sent") & ~Q(email=""),
                name="guest_address_once",
            ),
            models.UniqueConstraint(
                fields=["challenge", "organisation"],
                condition=Q(state="sent"),
                name="guest_organisation_once",
            ),
        ]

    def is_open(self, at: datetime) -> bool:
        """Say whether it lets somebody in."""
        return self.state == InvitationState.SENT and (
            self.expires_at is None or self.expires_at > at
        )

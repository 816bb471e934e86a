"""Ways into an organisation: invitation, request, and the handing over of its care."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from portal.accounts.enums import Answer, Role

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models.functions import Now

GIVEN_BY_INVITATION = (Role.EDITOR, Role.CONTRIBUTOR)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations by state."""

    def open(self, at: "datetime | Now") -> "InvitationQuerySet":
        """Keep those that may still be accepted at an instant, or when the database reads them."""
        return self.filter(answer="", expires_at__gt=at)


class Invitation(models.Model):
    """A place offered to an address in one organisation, once, for seven days.

    The token sent by letter is signed from this row and never stored.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField()
    role = models.CharField(
        max_length=20, choices=[(role.value, role.label) for role in GIVEN_BY_INVITATION]
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=models.Q(answer=""),
                name="one_open_invitation",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True)
                | (~models.Q(answer="") & models.Q(answered_at__isnull=False)),
                name="invitation_answer_dated",
            ),
        ]


class JoinRequest(models.Model):
    """A person's wish to join an organisation, answered by one of its referents."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="join_requests"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="join_requests"
    )
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=models.Q(answer=""),
                name="one_open_join_request",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True)
                | (~models.Q(answer="") & models.Q(answered_at__isnull=False)),
                name="join_request_answer_dated",
            ),
        ]


class Transfer(models.Model):
    """The care of an organisation offered by a referent to another member."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="transfers"
    )
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transfers_received"
    )
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(answer=""), name="one_open_transfer"
            ),
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("receiver")), name="transfer_between_two"
            ),
        ]


class FormerAddress(models.Model):
    """An address that an organisation had before it was renamed; it still leads there."""

    slug = models.SlugField(max_length=80, unique=True)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="former_addresses"
    )

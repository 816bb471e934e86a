"""Discussions of a card: a subject, and messages that are hidden with a reason, never rewritten."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.enums.community import MessageState
from catalogue.models.resource import Resource
from portal.accounts.authorization import Permission, has_permission

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


class DiscussionQuerySet(models.QuerySet["Discussion"]):
    """Discussions, by who reads them."""

    def public(self) -> "DiscussionQuerySet":
        """Keep those whose first message everybody reads."""
        return self.filter(state=MessageState.SHOWN)

    def visible_to(self, user: "User | AnonymousUser") -> "DiscussionQuerySet":
        """Keep the public ones and one's own that wait; all for a moderator."""
        if not user.is_authenticated:
            return self.public()
        if has_permission(user, Permission.CONTRIBUTION_MODERATE):
            return self
        return self.filter(Q(state=MessageState.SHOWN) | Q(state=MessageState.HELD, by=user))

    def locked(self, discussion: "Discussion") -> "Discussion":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=discussion.pk)


class Discussion(models.Model):
    """One subject about a resource. Its state is that of its first message."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="discussions")
    title = models.CharField(max_length=160)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="discussions"
    )
    at = models.DateTimeField()
    moved_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=MessageState.choices)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    close_reason = models.CharField(max_length=300, blank=True)

    objects = DiscussionQuerySet.as_manager()

    class Meta:
        ordering = ("-moved_at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="discussion_closed_with_reason",
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, close_reason="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(close_reason="")),
            )
        ]
        indexes = [models.Index(fields=["resource", "-moved_at"], name="discussion_last_moved")]

    def __str__(self) -> str:
        return self.title

    @property
    def path(self) -> str:
        """Return the address of its page."""
        return f"/ressources/{self.resource.slug}/discussions/{self.public_id}/"

    @property
    def is_closed(self) -> bool:
        """Say whether it takes no more answers."""
        return self.closed_at is not None


class DiscussionMessageQuerySet(models.QuerySet["DiscussionMessage"]):
    """Messages, by who reads them."""

    def visible_to(self, user: "User | AnonymousUser") -> "DiscussionMessageQuerySet":
        """Keep what is shown, the place of what is hidden, one's own that wait; all to moderate."""
        if not user.is_authenticated:
            return self.exclude(state=MessageState.HELD)
        if has_permission(user, Permission.CONTRIBUTION_MODERATE):
            return self
        return self.filter(~Q(state=MessageState.HELD) | Q(by=user))

    def held(self) -> "DiscussionMessageQuerySet":
        """Keep what waits for the Region, the oldest first."""
        return self.filter(state=MessageState.HELD).order_by("at", "pk")


class DiscussionMessage(models.Model):
    """One message of a discussion; the first one opens it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="messages")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="discussion_messages"
    )
    at = models.DateTimeField()
    body_md = models.TextField(max_length=10_000)
    body_html = models.TextField()
    # Written by who answers for the card, as such: the mark outlives the role.
    from_owner = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=MessageState.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Told to its author, and shown in its place.
    hidden_reason = models.CharField(max_length=300, blank=True)

    objects = DiscussionMessageQuerySet.as_manager()

    class Meta:
        ordering = ("at", "pk")
        constraints = [
            models.CheckConstraint(
                name="message_hidden_with_reason",
                condition=(~Q(state=MessageState.HIDDEN) & Q(hidden_reason=""))
                | (Q(state=MessageState.HIDDEN, decided_by__isnull=False) & ~Q(hidden_reason="")),
            )
        ]

    @property
    def is_held(self) -> bool:
        """Say whether only its author and the Region read it."""
        return self.state == MessageState.HELD

    @property
    def is_hidden(self) -> bool:
        """Say whether only its place is shown."""
        return self.state == MessageState.HIDDEN

"""Discussions of a subject, their messages, what is reported, and who is kept from writing."""

import uuid
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.authorization import Permission, has_permission
from portal.discussions import subjects
from portal.lib.columns import person, set_together, someone
from portal.lib.refusals import Hidden

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


class MessageState(models.TextChoices):
    """Who reads a message: its author and moderators alone, everybody, or its place only."""

    HELD = "held", _("En attente de la Région")
    SHOWN = "shown", _("Publié")
    HIDDEN = "hidden", _("Masqué")


class SubjectQuerySet(models.QuerySet[Any]):
    """Rows that hang on a subject."""

    def on(self, subject: subjects.Subject) -> Self:
        """Keep those of one subject."""
        kind = subjects.kind_of(type(subject))
        return self.filter(subject_kind=kind.name, subject_id=subject.public_id)

    def on_any(self, rows: models.QuerySet[Any]) -> Self:
        """Keep those of some subjects of one kind."""
        ids = rows.order_by().values("public_id")
        return self.filter(subject_kind=subjects.kind_of(rows.model).name, subject_id__in=ids)


class OnSubject(models.Model):
    """A row that names what it is about by a kind and a public identifier."""

    # The parts register what a kind means (portal.discussions.subjects).
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()

    class Meta:
        abstract = True

    @property
    def kind(self) -> subjects.SubjectKind:
        """Give what its part says of such subjects."""
        return subjects.kinds[self.subject_kind]

    @cached_property
    def subject(self) -> subjects.Subject:
        """Read what it is about; raises Hidden once that is gone."""
        subject = self.kind.rows().filter(public_id=self.subject_id).first()
        if subject is None:
            raise Hidden
        return subject


def attach_subjects(rows: Iterable[OnSubject]) -> None:
    """Read what some rows are about, in one query a kind."""
    concerned = list(rows)
    for kind in subjects.kinds.values():
        own = [each for each in concerned if each.subject_kind == kind.name]
        if own:
            ids = {each.subject_id for each in own}
            known = {each.public_id: each for each in kind.rows().filter(public_id__in=ids)}
            for each in own:
                each.subject = known[each.subject_id]


class DiscussionQuerySet(SubjectQuerySet):
    """Discussions, by who reads them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep the public ones and one's own that wait; all for a moderator of the Region."""
        if has_permission(user, Permission.CONTRIBUTION_MODERATE):
            return self.all()
        own = Q(state=MessageState.HELD, by_id=user.pk or 0)
        return self.filter(Q(state=MessageState.SHOWN) | own)

    def locked(self, discussion: "Discussion") -> "Discussion":
        """Return the fresh row, held until the end of the transaction; Hidden once it is gone."""
        fresh: Discussion | None = self.select_for_update().filter(pk=discussion.pk).first()
        if fresh is None:
            raise Hidden
        return fresh


class Discussion(OnSubject):
    """What people write about one subject, under one title. Its state is its first message's."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=160)
    by = person("discussions")
    at = models.DateTimeField()
    moved_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=MessageState.choices)
    pinned = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = someone()
    close_reason = models.CharField(max_length=300, blank=True)

    objects = DiscussionQuerySet.as_manager()

    class Meta:
        ordering = ("-pinned", "-moved_at", "-pk")
        constraints = [
            set_together(
                "closed_at", "closed_by", name="discussion_closed_with_reason", words="close_reason"
            )
        ]
        indexes = [
            models.Index(
                fields=["subject_kind", "subject_id", "-moved_at"], name="discussion_last_moved"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def path(self) -> str:
        """Return the address of its page."""
        return f"{self.kind.page(self.subject)}{self.public_id}/"

    @property
    def is_closed(self) -> bool:
        """Say whether it takes no more answers."""
        return self.closed_at is not None

    @property
    def takes_answers(self) -> bool:
        """Say whether it is read by everybody, and open."""
        return self.state == MessageState.SHOWN and not self.is_closed


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, by who reads them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep what is shown, the place of what is hidden, one's own that wait; all to moderate."""
        if has_permission(user, Permission.CONTRIBUTION_MODERATE):
            return self.all()
        return self.filter(~Q(state=MessageState.HELD) | Q(by_id=user.pk or 0))

    def on(self, subject: subjects.Subject) -> Self:
        """Keep those of one subject."""
        return self.filter(discussion__in=Discussion.objects.on(subject))

    def whole(self) -> Self:
        """Read with each its author and its discussion."""
        return self.select_related("by", "discussion")

    def locked(self, message: "Message") -> "Message":
        """Return the fresh row, held until the end of the transaction; Hidden once it is gone."""
        fresh = self.whole().select_for_update(of=("self",)).filter(pk=message.pk).first()
        if fresh is None:
            raise Hidden
        return fresh


class Message(models.Model):
    """One message of a discussion; the first one opens it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="messages")
    by = person("discussion_messages")
    at = models.DateTimeField()
    body_md = models.TextField(max_length=10_000)
    body_html = models.TextField()
    # Written by who answers for the subject, as such: the mark outlives the role.
    from_owner = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=MessageState.choices)
    decided_by = someone()
    decided_at = models.DateTimeField(null=True, blank=True)
    # Told to its author, and shown in its place.
    hidden_reason = models.CharField(max_length=300, blank=True)

    objects = MessageQuerySet.as_manager()

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
        """Say whether only its author and moderators read it."""
        return self.state == MessageState.HELD

    @property
    def is_hidden(self) -> bool:
        """Say whether only its place is shown."""
        return self.state == MessageState.HIDDEN


class Flag(models.Model):
    """Somebody asks those who moderate a subject to look at a message, once."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="flags")
    by = person()
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["message", "by"], name="message_flagged_once_by_person")
        ]


class Block(OnSubject):
    """A person who no longer writes about a subject; they still read."""

    user = person()
    by = person()
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()

    objects = SubjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "user"], name="blocked_once"
            )
        ]

"""Entraide: what members ask and answer about a challenge, in threads."""

from uuid import uuid4

from django.db import models

from challenges.organising.models.challenges import Challenge
from portal.lib.columns import person, set_together, someone


class ThreadQuerySet(models.QuerySet["Thread"]):
    """Threads."""

    def shown(self) -> "ThreadQuerySet":
        """Keep those whose opening message is not hidden, pinned first, the last moved next."""
        return self.filter(hidden_at__isnull=True).order_by("-pinned", "-moved_at", "-pk")

    def locked(self, thread: "Thread") -> "Thread":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=thread.pk)


class Thread(models.Model):
    """Hold one subject of the discussion of a challenge."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="threads")
    title = models.CharField(max_length=160)
    by = person()
    at = models.DateTimeField()
    moved_at = models.DateTimeField()
    pinned = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Hidden with its first message.
    hidden_at = models.DateTimeField(null=True, blank=True)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["-pinned", "-moved_at", "-pk"]
        indexes = [models.Index(fields=["challenge", "-moved_at"], name="thread_last_moved")]

    def __str__(self) -> str:
        return self.title

    @property
    def path(self) -> str:
        """Return the address of its page."""
        return f"/challenges/{self.challenge.slug}/entraide/{self.public_id}/"

    @property
    def is_closed(self) -> bool:
        """Say whether it takes no more answers."""
        return self.closed_at is not None


class Post(models.Model):
    """Hold one message of a thread; the first one opens it."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="posts")
    by = person()
    at = models.DateTimeField()
    body_md = models.TextField()
    body_html = models.TextField()
    # Written by somebody who runs the challenge, as such: the mark outlives the role.
    official = models.BooleanField(default=False)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = someone()
    # Told to its author, and shown in its place.
    hidden_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            set_together(
                "hidden_at",
                "hidden_by",
                words="hidden_reason",
                name="post_hidden_has_author_and_reason",
            )
        ]

    @property
    def is_hidden(self) -> bool:
        """Say whether only its place is shown."""
        return self.hidden_at is not None


class PostReport(models.Model):
    """Record that a person asks moderators to look at a message, once."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="reports")
    by = person()
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["post", "by"], name="post_reported_once_by_person")
        ]


class ForumBlock(models.Model):
    """Keep a person from writing in the discussion of a challenge; they still read it."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="forum_blocks")
    user = person()
    by = person()
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["challenge", "user"], name="forum_blocked_once")
        ]

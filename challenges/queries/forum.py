"""What the discussion of a challenge shows."""

from collections.abc import Sequence

from django.db.models import Count, Q, QuerySet

from challenges.models import Challenge, Post, PostReport, Thread
from challenges.models.forum import ThreadQuerySet
from challenges.models.people import Viewer, person_id


def threads(challenge: Challenge) -> ThreadQuerySet:
    """List the threads that everybody who sees the challenge may read."""
    return (
        Thread.objects.filter(challenge=challenge)
        .shown()
        .select_related("by")
        .annotate(
            shown_posts=Count("posts", filter=Q(posts__hidden_at__isnull=True), distinct=True),
            official_posts=Count(
                "posts",
                filter=Q(posts__hidden_at__isnull=True, posts__official=True),
                distinct=True,
            ),
        )
    )


def is_blocked(user: Viewer, challenge: Challenge) -> bool:
    """Say whether a person is kept from writing here."""
    return challenge.forum_blocks.filter(user_id=person_id(user)).exists()


def posts(thread: Thread) -> QuerySet[Post]:
    """List the messages of a thread, hidden ones included: their place and reason are shown."""
    return thread.posts.select_related("by").order_by("at", "pk")


def reports(challenge: Challenge) -> Sequence[PostReport]:
    """List the reports that nobody settled, the oldest first."""
    return list(
        PostReport.objects.filter(post__thread__challenge=challenge, dismissed_at__isnull=True)
        .select_related("post__thread", "post__by")
        .order_by("at", "pk")[:200]
    )


def hidden(challenge: Challenge) -> Sequence[Post]:
    """List the hidden messages, the last one first."""
    return list(
        Post.objects.filter(thread__challenge=challenge, hidden_at__isnull=False)
        .select_related("thread", "by", "hidden_by")
        .order_by("-hidden_at", "-pk")[:200]
    )


def latest(challenge: Challenge) -> QuerySet[Post]:
    """List the shown messages of the shown threads, the last one first."""
    return (
        Post.objects.filter(
            thread__challenge=challenge, thread__hidden_at__isnull=True, hidden_at__isnull=True
        )
        .select_related("thread", "by")
        .order_by("-at", "-pk")
    )

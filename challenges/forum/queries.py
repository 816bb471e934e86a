"""Read the discussion of a challenge, as each audience may."""

from collections.abc import Sequence

from django.db.models import Count, Q, QuerySet

from challenges.forum.models import Post, PostReport, Thread, ThreadQuerySet
from challenges.organising.enums import OrganiserRole
from challenges.organising.models.challenges import Challenge, ChallengeOrganiser, Viewer, person_id
from challenges.teams.models import TeamMember
from portal.accounts.authorization import Permission, has_permission


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


def moderated_by(user: Viewer) -> QuerySet[Challenge]:
    """Keep the challenges whose discussion a person moderates: see `rules.may_moderate_forum`."""
    person = person_id(user)
    run = ChallengeOrganiser.objects.filter(user_id=person).exclude(role=OrganiserRole.JURY)
    own = Q(pk__in=run.values("challenge_id"))
    if not has_permission(user, Permission.CONTRIBUTION_MODERATE):
        return Challenge.objects.filter(own)
    played = TeamMember.objects.filter(user_id=person).values("challenge_id")
    return Challenge.objects.filter(own | ~Q(pk__in=played))


def waiting(user: Viewer) -> QuerySet[PostReport]:
    """List the reports that nobody settled, over all that a person moderates, the oldest first."""
    return (
        PostReport.objects.filter(
            dismissed_at__isnull=True, post__thread__challenge__in=moderated_by(user).values("pk")
        )
        .select_related("post__thread__challenge", "post__by")
        .order_by("at", "pk")
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

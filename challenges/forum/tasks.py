"""Write about the discussion of a challenge: threads, answers, reports, hidden messages."""

from typing import Any

from challenges.forum.models import Post, PostReport, Thread
from challenges.organising.letters import challenge_letter, organisers, page, region, tell
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.outbox import handler


@handler("mail.forum_thread")
def forum_thread(thread_id: int) -> None:
    """Tell the organisers that a thread was opened."""
    found = _shown(thread_id)
    if found is None:
        return
    tell(
        "forum_thread",
        organisers(found.challenge),
        found.challenge,
        path=found.path,
        event=str(found.pk),
        about=found.title,
        topic="mail.forum_letter",
        thread_id=found.pk,
    )


def _shown(thread_id: int) -> Thread | None:
    """Hold a thread while its title is told; None once it is hidden."""
    shown = Thread.objects.filter(pk=thread_id, hidden_at__isnull=True)
    return shown.select_related("challenge").select_for_update(of=["self"]).first()


@handler("mail.forum_letter")
def forum_letter(thread_id: int, **letter: Any) -> None:
    """Send a letter that quotes the title of a thread, unless the thread was hidden meanwhile."""
    if Thread.objects.filter(pk=thread_id, hidden_at__isnull=True).exists():
        challenge_letter(**letter)


@handler("mail.forum_answer")
def forum_answer(post_id: int) -> None:
    """Tell the others who wrote in a thread that it has an answer."""
    found = Post.objects.get(pk=post_id)
    thread = _shown(found.thread_id)
    if thread is None or found.is_hidden:
        return
    wrote = thread.posts.filter(hidden_at__isnull=True, at__lt=found.at).exclude(by=found.by_id)
    tell(
        "forum_answer",
        User.objects.filter(pk__in=wrote.values("by_id"), is_active=True).order_by("pk"),
        thread.challenge,
        path=thread.path,
        event=str(found.pk),
        about=thread.title,
        topic="mail.forum_letter",
        thread_id=thread.pk,
    )


@handler("mail.forum_report")
def forum_report(report_id: int) -> None:
    """Tell those who moderate that a message was reported, while nobody has settled it."""
    found = PostReport.objects.select_related("post__thread__challenge").get(pk=report_id)
    if found.dismissed_at is not None:
        return
    challenge = found.post.thread.challenge
    people = {each.pk: each for each in [*organisers(challenge), *region(RegionRole.MODERATOR)]}
    tell(
        "forum_report",
        people.values(),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/entraide/",
        event=str(found.pk),
        about=found.post.thread.title,
    )


@handler("mail.forum_hidden")
def forum_hidden(post_id: int) -> None:
    """Tell the author why their message is hidden."""
    found = Post.objects.select_related("thread__challenge", "by").get(pk=post_id)
    if found.hidden_at is None:
        return
    challenge = found.thread.challenge
    tell(
        "forum_hidden",
        [found.by],
        challenge,
        path=page(challenge, "entraide/"),
        event=f"{found.pk}:{found.hidden_at.isoformat()}",
        about=found.hidden_reason,
    )

"""Tell the people registered what is announced to everybody."""

from challenges.enums import InvitationState, NoticeKind
from challenges.models import Notice, OrganiserInvitation, Post, PostReport, Thread
from challenges.tasks.telling import organisers, page, region, registered, tell
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.outbox import handler


@handler("mail.notice")
def notice(notice_id: int) -> None:
    """Tell the people registered of a public notice, once each."""
    found = Notice.objects.select_related("challenge").get(pk=notice_id)
    rules = found.kind == NoticeKind.TERMS
    tell(
        "terms_changed" if rules else "challenge_notice",
        registered(found.challenge),
        found.challenge,
        path=page(found.challenge, "reglement/" if rules else ""),
        event=str(found.pk),
        about=found.text,
    )


@handler("mail.organiser_invited")
def organiser_invited(invitation_id: int) -> None:
    """Ask a person to run a challenge with others; an address without account gets nothing."""
    found = OrganiserInvitation.objects.select_related("challenge").get(pk=invitation_id)
    if found.state != InvitationState.SENT:
        return
    tell(
        "organiser_invited",
        User.objects.filter(email__iexact=found.email, is_active=True),
        found.challenge,
        path="/espace/challenges/",
        event=str(found.pk),
        about=str(found.role),
    )


@handler("mail.forum_thread")
def forum_thread(thread_id: int) -> None:
    """Tell the organisers that a thread was opened."""
    found = Thread.objects.select_related("challenge").get(pk=thread_id)
    if found.hidden_at is not None:
        return
    tell(
        "forum_thread",
        organisers(found.challenge),
        found.challenge,
        path=page(found.challenge, f"entraide/{found.public_id}/"),
        event=str(found.pk),
        about=found.title,
    )


@handler("mail.forum_answer")
def forum_answer(post_id: int) -> None:
    """Tell the others who wrote in a thread that it has an answer."""
    found = Post.objects.select_related("thread__challenge").get(pk=post_id)
    if found.is_hidden:
        return
    wrote = found.thread.posts.filter(hidden_at__isnull=True, at__lt=found.at).exclude(
        by=found.by_id
    )
    challenge = found.thread.challenge
    tell(
        "forum_answer",
        User.objects.filter(pk__in=wrote.values("by_id"), is_active=True).order_by("pk"),
        challenge,
        path=page(challenge, f"entraide/{found.thread.public_id}/"),
        event=str(found.pk),
        about=found.thread.title,
    )


@handler("mail.forum_report")
def forum_report(report_id: int) -> None:
    """Tell those who moderate that a message was reported."""
    found = PostReport.objects.select_related("post__thread__challenge").get(pk=report_id)
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

"""Write and moderate the discussion of a challenge: threads, answers, reports, blocks."""

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.forum import rules as forum_rules
from challenges.forum.models import ForumBlock, Post, PostReport, Thread
from challenges.organising import rules as organising_rules
from challenges.organising.models.challenges import Challenge
from portal.accounts.actions import notifications
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.markdown import render
from portal.lib.prose.texts import require_plain_line, require_plain_text
from portal.lib.rates import DAY, HOUR, keep_pace
from portal.lib.refusals import Conflict, Invalid, NotAllowed

# What one person may write in one challenge.
POSTS_AN_HOUR = 12
THREADS_A_DAY = 5
REPORTS_A_DAY = 20
BODY_CHARACTERS = 10_000


@transaction.atomic
def open_thread(*, challenge: Challenge, title: str, body_md: str, by: User) -> Thread:
    """Open a thread with its first message.

    In order: thread; message, marked when an organiser writes it; letter to the organisers.
    Raises NotAllowed for who may not write, or was blocked; QuotaSpent past five threads a day
    or twelve messages an hour; Invalid for control characters, a text that cannot be rendered.
    """
    challenge = _written_by(challenge, by)
    require_plain_line(title)
    keep_pace(
        challenge.threads.filter(by=by),
        by="at",
        most=THREADS_A_DAY,
        window=DAY,
        sentence=_("Cinq fils par jour au plus."),
        code="forum_pace",
    )
    now = clock.now()
    thread = Thread.objects.create(challenge=challenge, title=title, by=by, at=now, moved_at=now)
    post = _post(thread, body_md, by)
    if not post.official:
        owe("mail.forum_thread", key=str(thread.pk), thread_id=thread.pk)
    return thread


@transaction.atomic
def answer(*, thread: Thread, body_md: str, by: User) -> Post:
    """Answer in a thread.

    In order: message; thread moved up; letter to those who wrote in it. Raises as `open_thread`;
    Conflict once the thread is closed or hidden.
    """
    challenge = _written_by(thread.challenge, by)
    thread = Thread.objects.locked(thread)
    if thread.hidden_at is not None or thread.is_closed:
        raise Conflict(_("Ce fil est clos."), code="thread_closed")
    thread.challenge = challenge
    post = _post(thread, body_md, by)
    thread.moved_at = post.at
    thread.save(update_fields=["moved_at"])
    owe("mail.forum_answer", key=str(post.pk), post_id=post.pk)
    return post


def _written_by(challenge: Challenge, by: User) -> Challenge:
    """Hold the challenge, and let only those write who may."""
    challenge = Challenge.objects.locked(challenge)
    require(forum_rules.may_write_in_forum, by, challenge)
    if ForumBlock.objects.filter(challenge=challenge, user=by).exists():
        raise NotAllowed(
            _("Vous ne pouvez plus écrire dans l’entraide de ce challenge."), code="forum_blocked"
        )
    return challenge


def _post(thread: Thread, body_md: str, by: User) -> Post:
    require_plain_text(body_md)
    if len(body_md) > BODY_CHARACTERS:
        raise Invalid(_("Ce message est trop long."), code="post_long")
    now = clock.now()
    own = Post.objects.filter(thread__challenge=thread.challenge, by=by)
    official = organising_rules.may_edit_challenge(by, thread.challenge)
    if not official:
        keep_pace(
            own,
            by="at",
            most=POSTS_AN_HOUR,
            window=HOUR,
            sentence=_("Douze messages par heure au plus."),
            code="forum_pace",
        )
    if own.filter(thread=thread, body_md=body_md, at__gt=now - HOUR).exists():
        raise Conflict(_("Ce message vient d’être publié."), code="sent_twice")
    return Post.objects.create(
        thread=thread, by=by, at=now, body_md=body_md, body_html=render(body_md), official=official
    )


@transaction.atomic
def report(*, post: Post, reason: str, by: User) -> PostReport:
    """Ask those who moderate to look at a message; a second time changes nothing.

    In order: report; letter to the organisers and the moderators. Raises NotAllowed, QuotaSpent.
    """
    challenge = post.thread.challenge
    require(forum_rules.may_report_post, by, challenge)
    known = PostReport.objects.filter(post=post, by=by).first()
    if known is not None:
        return known
    keep_pace(
        PostReport.objects.filter(by=by),
        by="at",
        most=REPORTS_A_DAY,
        window=DAY,
        sentence=_("Vingt signalements par jour au plus."),
        code="forum_pace",
    )
    made = PostReport.objects.create(post=post, by=by, reason=reason[:300], at=clock.now())
    owe("mail.forum_report", key=str(made.pk), report_id=made.pk)
    return made


@transaction.atomic
def hide(*, post: Post, reason: str, by: User) -> Post:
    """Hide a message with a reason that its author is told; a thread goes with its first one.

    In order: message; thread, and the news that quote its subject; its reports settled; event
    "forum.hidden"; letter to the author.
    Raises NotAllowed; Invalid without reason; Conflict when it is hidden already.
    """
    challenge = Challenge.objects.locked(post.thread.challenge)
    require(forum_rules.may_moderate_forum, by, challenge)
    if not reason.strip():
        raise Invalid(_("Dites pourquoi le message est masqué."), code="reason_required")
    post = (
        Post.objects.select_for_update(of=["self"])
        .select_related("thread__challenge", "by")
        .get(pk=post.pk)
    )
    if post.is_hidden:
        raise Conflict(_("Ce message est déjà masqué."), code="post_hidden")
    now = clock.now()
    post.hidden_at, post.hidden_by, post.hidden_reason = now, by, reason.strip()[:300]
    post.save()
    if _is_first(post):
        Thread.objects.filter(pk=post.thread_id).update(hidden_at=now)
        notifications.take_back(path=post.thread.path, since=post.thread.at)
    post.reports.filter(dismissed_at__isnull=True).update(dismissed_at=now)
    record(
        "forum.hidden",
        by=by,
        on=challenge,
        post=str(post.public_id),
        author=post.by.person_key,
        reason=post.hidden_reason,
    )
    owe("mail.forum_hidden", key=f"{post.pk}:{now.isoformat()}", post_id=post.pk)
    return post


@transaction.atomic
def restore(*, post: Post, by: User) -> Post:
    """Show a hidden message again. Event "forum.restored". Raises NotAllowed; twice is nothing."""
    challenge = Challenge.objects.locked(post.thread.challenge)
    require(forum_rules.may_moderate_forum, by, challenge)
    post = Post.objects.select_for_update().select_related("thread").get(pk=post.pk)
    if not post.is_hidden:
        return post
    post.hidden_at, post.hidden_by, post.hidden_reason = None, None, ""
    post.save()
    if _is_first(post):
        Thread.objects.filter(pk=post.thread_id).update(hidden_at=None)
    record("forum.restored", by=by, on=challenge, post=str(post.public_id))
    return post


@transaction.atomic
def dismiss(*, post: Post, by: User) -> None:
    """Leave a reported message where it is. Event "forum.report_dismissed"."""
    challenge = Challenge.objects.locked(post.thread.challenge)
    require(forum_rules.may_moderate_forum, by, challenge)
    settled = post.reports.filter(dismissed_at__isnull=True).update(dismissed_at=clock.now())
    if settled:
        record("forum.report_dismissed", by=by, on=challenge, post=str(post.public_id))


@transaction.atomic
def arrange(*, thread: Thread, pinned: bool, closed: bool, by: User) -> Thread:
    """Pin a thread or close it, or the contrary. Event "forum.arranged". Raises NotAllowed."""
    challenge = Challenge.objects.locked(thread.challenge)
    require(forum_rules.may_moderate_forum, by, challenge)
    thread = Thread.objects.locked(thread)
    if (thread.pinned, thread.is_closed) == (pinned, closed):
        return thread
    thread.pinned = pinned
    thread.closed_at = (thread.closed_at or clock.now()) if closed else None
    thread.save(update_fields=["pinned", "closed_at"])
    record(
        "forum.arranged",
        by=by,
        on=challenge,
        thread=str(thread.public_id),
        pinned=pinned,
        closed=closed,
    )
    return thread


@transaction.atomic
def block(*, challenge: Challenge, user: User, reason: str, by: User) -> ForumBlock:
    """Keep a person from writing here; they still read. Event "forum.blocked".

    Raises NotAllowed, also for somebody who runs the challenge; Invalid without reason.
    """
    challenge = Challenge.objects.locked(challenge)
    require(forum_rules.may_moderate_forum, by, challenge)
    if not reason.strip():
        raise Invalid(_("Dites pourquoi la personne est écartée."), code="reason_required")
    if challenge.is_followed_by(user):
        raise NotAllowed
    made, created = ForumBlock.objects.get_or_create(
        challenge=challenge,
        user=user,
        defaults={"by": by, "reason": reason.strip()[:300], "at": clock.now()},
    )
    if created:
        record("forum.blocked", by=by, on=challenge, person=user.person_key, reason=made.reason)
    return made


@transaction.atomic
def unblock(*, blocked: ForumBlock, by: User) -> None:
    """Let a person write again. Event "forum.unblocked". Raises NotAllowed."""
    challenge = Challenge.objects.locked(blocked.challenge)
    require(forum_rules.may_moderate_forum, by, challenge)
    person = blocked.user.person_key
    blocked.delete()
    record("forum.unblocked", by=by, on=challenge, person=person)


def _is_first(post: Post) -> bool:
    first = Post.objects.filter(thread_id=post.thread_id).order_by("at", "pk").first()
    return first is not None and first.pk == post.pk

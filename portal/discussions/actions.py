"""Discuss a subject: open, answer, close; flag, hold, hide and show messages; block a person."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts.actions import notifications
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.discussions import subjects
from portal.discussions.models import Block, Discussion, Flag, Message, MessageState
from portal.discussions.queries import is_blocked, may_close, may_show
from portal.discussions.subjects import Subject
from portal.lib import clock
from portal.lib.prose import markdown
from portal.lib.prose.texts import require_plain_line, require_plain_text
from portal.lib.rates import DAY, HOUR, keep_pace
from portal.lib.refusals import Conflict, Hidden, Invalid, NotAllowed

# What one person writes about all subjects of a kind; who answers for one writes there freely.
MESSAGES_AN_HOUR = 12
DISCUSSIONS_A_DAY = 5
FLAGS_A_DAY = 20
BODY_CHARACTERS = 10_000
REASON_CHARACTERS = 300


@transaction.atomic
def open_discussion(*, on: Subject, title: str, body_md: str, by: User) -> Discussion:
    """Open a discussion of a subject with its first message.

    In order: discussion and message, both held where the subject holds this person's words; letter
    to who answers for the subject, or to its moderators when held. Raises Hidden when the subject
    is gone; NotAllowed for who may not write, or was blocked; QuotaSpent past five discussions a
    day or twelve messages an hour; Invalid for control characters, a text that cannot be rendered.
    """
    on = _locked_subject(on)
    by = _writer(on, by)
    require_plain_line(title)
    kind = subjects.kind_of(type(on))
    keep_pace(
        by.discussions.filter(subject_kind=kind.name),
        by="at",
        most=DISCUSSIONS_A_DAY,
        window=DAY,
        sentence=_("Cinq discussions par jour au plus."),
    )
    now = clock.now()
    state = _state_of(on, by)
    discussion = Discussion.objects.create(
        subject_kind=kind.name,
        subject_id=on.public_id,
        title=title,
        by=by,
        at=now,
        moved_at=now,
        state=state,
    )
    discussion.subject = on
    _write(discussion, body_md, by, state)
    return discussion


@transaction.atomic
def answer(*, discussion: Discussion, body_md: str, by: User) -> Message:
    """Answer in a discussion.

    In order: message, held or not; discussion moved up when shown; letters. Raises as
    `open_discussion`; Hidden once it is deleted; Conflict once it is closed, or not shown.
    """
    by = _writer(discussion.subject, by)
    discussion = Discussion.objects.locked(discussion)
    if not discussion.takes_answers:
        raise Conflict(_("Cette discussion ne prend pas de réponse."), code="wrong_state")
    return _write(discussion, body_md, by, _state_of(discussion.subject, by))


@transaction.atomic
def close(*, discussion: Discussion, reason: str, by: User) -> Discussion:
    """Close a discussion with its reason, which stands at its foot. Event "discussion.closed".

    Raises NotAllowed, Conflict when it is closed, Invalid without a reason.
    """
    discussion = Discussion.objects.locked(discussion)
    require(may_close, by, discussion)
    if discussion.is_closed:
        raise Conflict(_("Cette discussion est déjà close."), code="wrong_state")
    discussion.close_reason = _reason(reason, _("Dites pourquoi la discussion est close."))
    discussion.closed_at, discussion.closed_by = clock.now(), by
    discussion.save(update_fields=["closed_at", "closed_by", "close_reason"])
    _record("discussion.closed", discussion, by)
    return discussion


@transaction.atomic
def reopen(*, discussion: Discussion, by: User) -> Discussion:
    """Take answers again. Event "discussion.reopened". Raises NotAllowed; twice is nothing."""
    discussion = _moderated(discussion, by)
    if discussion.is_closed:
        discussion.closed_at, discussion.closed_by, discussion.close_reason = None, None, ""
        discussion.save(update_fields=["closed_at", "closed_by", "close_reason"])
        _record("discussion.reopened", discussion, by)
    return discussion


@transaction.atomic
def pin(*, discussion: Discussion, pinned: bool, by: User) -> Discussion:
    """Keep a discussion above the others, or no more. Event "discussion.pinned", "….unpinned".

    Raises NotAllowed; twice is nothing.
    """
    discussion = _moderated(discussion, by)
    if discussion.pinned != pinned:
        discussion.pinned = pinned
        discussion.save(update_fields=["pinned"])
        _record("discussion.pinned" if pinned else "discussion.unpinned", discussion, by)
    return discussion


@transaction.atomic
def hide(*, message: Message, reason: str, by: User) -> Message:
    """Hide a message with a reason that its author is told; a discussion goes with its first one.

    In order: message, discussion and the news that quote its title; its flags settled; event
    "discussion.hidden"; letter to the author. Raises NotAllowed, Invalid without a reason,
    Conflict when it is hidden.
    """
    message = _moderated_message(message, by)
    reason = _reason(reason, _("Dites pourquoi le message est masqué."))
    if message.is_hidden:
        raise Conflict(_("Ce message est déjà masqué."), code="message_hidden")
    message.hidden_reason = reason
    _decide(message, MessageState.HIDDEN, by)
    if _follow_first(message):
        notifications.take_back(path=message.discussion.path, since=message.discussion.at)
    message.flags.filter(settled_at=None).update(settled_at=message.decided_at)
    _record(
        "discussion.hidden",
        message.discussion,
        by,
        message=str(message.public_id),
        author=message.by.person_key,
        reason=reason,
    )
    owe("mail.message_hidden", key=f"{message.pk}:{message.decided_at}", message_id=message.pk)
    return message


@transaction.atomic
def show(*, message: Message, by: User) -> Message:
    """Show a message that was held or hidden, and its discussion with the first one.

    In order: message, discussion; event "discussion.shown"; letters as when it is written, once.
    Raises NotAllowed, for its author too; twice changes nothing.
    """
    message = _moderated_message(message, by)
    require(may_show, by, message)
    if message.state == MessageState.SHOWN:
        return message
    message.hidden_reason = ""
    _decide(message, MessageState.SHOWN, by)
    _follow_first(message)
    _record("discussion.shown", message.discussion, by, message=str(message.public_id))
    _move(message)
    return message


@transaction.atomic
def flag(*, message: Message, reason: str, by: User) -> Flag:
    """Ask those who moderate to look at a message; a second time changes nothing.

    In order: flag; letter to the moderators. Raises NotAllowed, Hidden once the message is
    deleted, QuotaSpent, Invalid without a reason.
    """
    message = Message.objects.locked(message)
    discussion = message.discussion
    require(discussion.kind.may_flag, by, discussion.subject)
    known = Flag.objects.filter(message=message, by=by).first()
    if known is not None:
        return known
    keep_pace(
        Flag.objects.filter(by=by),
        by="at",
        most=FLAGS_A_DAY,
        window=DAY,
        sentence=_("Vingt signalements par jour au plus."),
    )
    reason = _reason(reason, _("Dites ce qui ne va pas dans ce message."))
    # Sent twice at once, it is there by now.
    made, created = Flag.objects.get_or_create(
        message=message, by=by, defaults={"reason": reason, "at": clock.now()}
    )
    if created:
        owe("mail.message_flagged", key=str(made.pk), flag_id=made.pk)
    return made


@transaction.atomic
def dismiss(*, message: Message, by: User) -> None:
    """Leave a flagged message where it is. Event "discussion.flag_dismissed"."""
    message = _moderated_message(message, by)
    if message.flags.filter(settled_at=None).update(settled_at=clock.now()):
        _record("discussion.flag_dismissed", message.discussion, by, message=str(message.public_id))


@transaction.atomic
def block(*, on: Subject, user: User, reason: str, by: User) -> Block:
    """Keep a person from writing about a subject; they still read. Event "discussion.blocked".

    Raises Hidden when the subject is gone; NotAllowed, also for somebody whom its kind never
    blocks; Invalid without a reason.
    """
    on = _locked_subject(on)
    kind = subjects.kind_of(type(on))
    require(kind.may_moderate, by, on)
    reason = _reason(reason, _("Dites pourquoi la personne est écartée."))
    if kind.never_blocked(user, on):
        raise NotAllowed
    made: Block
    made, created = Block.objects.get_or_create(
        subject_kind=kind.name,
        subject_id=on.public_id,
        user=user,
        defaults={"by": by, "reason": reason, "at": clock.now()},
    )
    if created:
        record("discussion.blocked", by=by, on=on, person=user.person_key, reason=reason)
    return made


@transaction.atomic
def unblock(*, block: Block, by: User) -> None:
    """Let a person write again. Event "discussion.unblocked". Raises NotAllowed."""
    require(block.kind.may_moderate, by, block.subject)
    block.delete()
    record("discussion.unblocked", by=by, on=block.subject, person=block.user.person_key)


@transaction.atomic
def erase_person(*, person: User) -> None:
    """Drop what somebody who leaves wrote and nobody has read: what waits for a moderator."""
    Message.objects.filter(by=person, state=MessageState.HELD).delete()
    Discussion.objects.filter(by=person, state=MessageState.HELD).delete()


@transaction.atomic
def erase_subject(*, on: Subject) -> None:
    """Delete all that was written about a subject that is deleted itself. No rule is asked here."""
    for model in (Discussion, Block):
        model.objects.on(on).delete()


def _locked_subject(on: Subject) -> Subject:
    """Read a subject again and keep it from being deleted: no key of a discussion does."""
    rows = subjects.kind_of(type(on)).rows().select_for_update(of=("self",), no_key=True)
    fresh = rows.filter(pk=on.pk).first()
    if fresh is None:
        raise Hidden
    return fresh


def _writer(on: Subject, by: User) -> User:
    """Hold the person, whose pace is kept, and let only those write who may."""
    # The key stays free for the news of this person, written while their discussion is locked.
    by = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    require(subjects.kind_of(type(on)).may_write, by, on)
    if is_blocked(by, on):
        raise NotAllowed(_("Vous ne pouvez plus écrire ici."), code="discussion_blocked")
    return by


def _write(discussion: Discussion, body_md: str, by: User, state: MessageState) -> Message:
    require_plain_text(body_md)
    if len(body_md) > BODY_CHARACTERS:
        raise Invalid(_("Ce message est trop long."), code="message_long")
    own = by.discussion_messages.filter(discussion__subject_kind=discussion.subject_kind)
    from_owner = discussion.kind.answers_for(by, discussion.subject)
    if not from_owner:
        keep_pace(
            own,
            by="at",
            most=MESSAGES_AN_HOUR,
            window=HOUR,
            sentence=_("Douze messages par heure au plus."),
        )
    now = clock.now()
    if own.filter(discussion=discussion, body_md=body_md, at__gt=now - HOUR).exists():
        raise Conflict(_("Ce message vient d’être publié."), code="message_twice")
    message = Message.objects.create(
        discussion=discussion,
        by=by,
        at=now,
        body_md=body_md,
        body_html=markdown.render(body_md),
        from_owner=from_owner,
        state=state,
    )
    if state == MessageState.SHOWN:
        _move(message)
    else:
        owe("mail.message_held", key=str(message.pk), message_id=message.pk)
    return message


def _move(message: Message) -> None:
    """Put the discussion of a message that has just appeared above the others; owe the letters."""
    Discussion.objects.filter(pk=message.discussion_id).update(moved_at=clock.now())
    owe("mail.message_written", key=str(message.pk), message_id=message.pk)


def _decide(message: Message, state: MessageState, by: User) -> None:
    message.state, message.decided_by, message.decided_at = state, by, clock.now()
    message.save(update_fields=["state", "decided_by", "decided_at", "hidden_reason"])


def _follow_first(message: Message) -> bool:
    """Give a discussion the state of its first message; say whether this was it."""
    first = message.discussion.messages.order_by("at", "pk").values_list("pk", flat=True)[0]
    if first != message.pk:
        return False
    Discussion.objects.filter(pk=message.discussion_id).update(state=message.state)
    message.discussion.state = message.state
    return True


def _moderated(discussion: Discussion, by: User) -> Discussion:
    fresh = Discussion.objects.locked(discussion)
    require(fresh.kind.may_moderate, by, fresh.subject)
    return fresh


def _moderated_message(message: Message, by: User) -> Message:
    fresh = Message.objects.locked(message)
    require(fresh.discussion.kind.may_moderate, by, fresh.discussion.subject)
    return fresh


def _state_of(on: Subject, by: User) -> MessageState:
    return MessageState.HELD if subjects.kind_of(type(on)).holds(by, on) else MessageState.SHOWN


def _reason(text: str, fault: str) -> str:
    require_plain_line(text)
    if not text.strip():
        raise Invalid(fault, code="reason_required")
    return text.strip()[:REASON_CHARACTERS]


def _record(action: str, discussion: Discussion, by: User, **facts: Any) -> None:
    record(
        action,
        by=by,
        on=discussion.subject,
        discussion=str(discussion.public_id),
        **facts,
    )

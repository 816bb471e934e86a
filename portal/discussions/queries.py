"""Read discussions, as each audience may."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from portal.accounts.account_data import columns_of
from portal.accounts.space import Item, ItemSource
from portal.discussions.models import (
    Block,
    Discussion,
    DiscussionQuerySet,
    Flag,
    Message,
    MessageState,
    attach_subjects,
)
from portal.discussions.subjects import Subject, SubjectKind, kind_of, kinds
from portal.lib.prose import texts

if TYPE_CHECKING:
    from portal.accounts.models import User

MOST_ASKED = 10
SHOWN = Q(messages__state=MessageState.SHOWN)


def discussions(subject: Subject, viewer: Any) -> DiscussionQuerySet:
    """List the discussions of a subject, pinned first, the last moved next, with their messages."""
    rows: DiscussionQuerySet = Discussion.objects.visible_to(viewer).on(subject)
    return (
        rows.exclude(state=MessageState.HIDDEN)
        .select_related("by")
        .annotate(
            shown=Count("messages", filter=SHOWN, distinct=True),
            answered=Count("messages", filter=SHOWN & Q(messages__from_owner=True), distinct=True),
        )
        .order_by("-pinned", "-moved_at", "-pk")
    )


def waiting(subject: Subject, viewer: Any) -> DiscussionQuerySet:
    """List the open discussions of a subject that who answers for it has not answered, in order."""
    rows: DiscussionQuerySet = discussions(subject, viewer).filter(
        answered=0, state=MessageState.SHOWN, closed_at=None
    )
    return rows.order_by("at", "pk")


def messages(discussion: Discussion, viewer: Any) -> QuerySet[Message]:
    """List the messages of a discussion that a person reads, in the order they were written."""
    rows = Message.objects.visible_to(viewer).filter(discussion=discussion)
    return rows.select_related("by").order_by("at", "pk")


def latest(subject: Subject) -> QuerySet[Message]:
    """List the shown messages of the shown discussions of a subject, the last one first."""
    rows = Message.objects.on(subject).filter(
        state=MessageState.SHOWN, discussion__state=MessageState.SHOWN
    )
    return rows.whole().order_by("-at", "-pk")


def held(model: type[Model]) -> QuerySet[Message]:
    """List the messages about subjects of a model that wait for a moderator, the oldest first.

    What lost its subject is left out: nobody can judge it, and `verify` tells it.
    """
    about = Discussion.objects.on_any(kind_of(model).rows())
    rows = Message.objects.filter(state=MessageState.HELD, discussion__in=about)
    return rows.whole().order_by("at", "pk")


def hidden(subject: Subject) -> QuerySet[Message]:
    """List the hidden messages about a subject, the last one first."""
    rows = Message.objects.on(subject).filter(state=MessageState.HIDDEN)
    return rows.whole().select_related("decided_by").order_by("-decided_at", "-pk")


def flags(subjects: QuerySet[Any]) -> QuerySet[Flag]:
    """List the flags that nobody settled about some subjects of a kind, the oldest first."""
    waiting = Flag.objects.filter(
        settled_at=None, message__discussion__in=Discussion.objects.on_any(subjects)
    )
    return waiting.select_related("message__discussion", "message__by").order_by("at", "pk")


def blocks(subject: Subject) -> QuerySet[Block]:
    """List who is kept from writing about a subject."""
    rows: QuerySet[Block] = Block.objects.on(subject).select_related("user")
    return rows.order_by("pk")


def is_blocked(user: Any, subject: Subject) -> bool:
    """Say whether a person is kept from writing about a subject."""
    return Block.objects.on(subject).filter(user_id=user.pk or 0).exists()


def may_close(by: Any, discussion: Discussion) -> bool:
    """Let who answers for its subject, a moderator, or who opened it and may still write close it.

    The reason is shown to everybody: it is one more text of who opened a discussion.
    """
    kind, subject = discussion.kind, discussion.subject
    if not getattr(by, "is_active", False):
        return False
    if kind.answers_for(by, subject) or kind.may_moderate(by, subject):
        return True
    return (
        by.pk == discussion.by_id
        and discussion.state == MessageState.SHOWN
        and kind.may_write(by, subject)
        and not is_blocked(by, subject)
    )


def may_show(by: Any, message: Message) -> bool:
    """Let a moderator show what somebody else wrote."""
    discussion = message.discussion
    return by.pk != message.by_id and discussion.kind.may_moderate(by, discussion.subject)


def unanswered(user: "User") -> Iterator[ItemSource]:
    """List the open questions about what a person answers for, the oldest first."""
    replies = Message.objects.filter(
        discussion=OuterRef("pk"), from_owner=True, state=MessageState.SHOWN
    )
    for kind in kinds.values():
        asked = Discussion.objects.on_any(kind.answered_by(user)).filter(
            ~Exists(replies), state=MessageState.SHOWN, closed_at=None
        )
        yield ItemSource(asked.order_by("at", "pk")[:MOST_ASKED], partial(_asked, kind))


def _asked(kind: SubjectKind, rows: Any) -> Iterator[Item]:
    found = list(rows)
    attach_subjects(found)
    for each in found:
        yield Item(
            title=_("Répondre à la question « %(title)s »") % {"title": each.title},
            url=each.path,
            detail=texts.in_language(each.subject.title, kind.language(each.subject)),
            icon="message-square",
            tone="calanque",
        )


def described(user: "User") -> dict[str, Any]:
    """Describe what a person wrote and flagged, for the archive of their data."""
    return {
        "messages": columns_of(
            user.discussion_messages, "discussion__title body_md at state hidden_reason"
        ),
        "clotures": columns_of(
            Discussion.objects.filter(closed_by=user), "title close_reason closed_at"
        ),
        "signalements": columns_of(
            Flag.objects.filter(by=user), "message__discussion__title reason at"
        ),
    }

"""Write to the people concerned by a discussion, one row a person, once each."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.models import User
from portal.audit.outbox import handler
from portal.discussions import subjects
from portal.discussions.models import Flag, Message, MessageState


def _moderates(user: User) -> bool:
    return any(kind.moderates(user) for kind in subjects.kinds.values())


news.declare(
    news.Kind(
        "discussions",
        _("Discussions"),
        ("discussion_answer", "discussion_opened", "message_hidden"),
        detail=_("Questions sur ce dont vous répondez, réponses où vous avez écrit."),
    )
)
news.declare(
    news.Kind(
        "moderated_discussions",
        _("Discussions à modérer"),
        ("message_flagged", "message_to_review"),
        detail=_("Messages signalés, premiers messages à lire."),
        open_to=_moderates,
    )
)
# What a message is when a letter about it is true.
TRUE_OF = {
    "discussion_answer": MessageState.SHOWN,
    "discussion_opened": MessageState.SHOWN,
    "message_flagged": MessageState.SHOWN,
    "message_hidden": MessageState.HIDDEN,
    "message_to_review": MessageState.HELD,
}


def _tell(
    letter: str, people: Iterable[User], message: Message, *, path: str, about: str, event: str = ""
) -> None:
    """Note an event for each of these people, once; owe a letter to those who hear at once.

    about: what the letter quotes. event: by default, this message.
    """
    subject, kind = message.discussion.subject, message.discussion.kind
    notifications.tell(
        letter,
        people,
        path=path,
        event=event or str(message.pk),
        facts={"title": subject.title, "language": kind.language(subject), "about": about},
        sent_by="mail.discussion_letter",
        message_id=message.pk,
        about=about,
    )


@handler("mail.discussion_letter")
def discussion_letter(letter: str, user_id: int, message_id: int, path: str, about: str) -> None:
    """Send one letter to a person who has an account and wants it, while what it says is true."""
    # Unlocked: a slow mail server keeps nobody from answering.
    message = _message(message_id, TRUE_OF[letter], lock=False)
    if message is None:
        return
    subject, kind = message.discussion.subject, message.discussion.kind
    contact = kind.contact(subject)
    news.write(letter, user_id, path=path, title=subject.title, about=about, contact=contact)


@handler("mail.message_written")
def message_written(message_id: int) -> None:
    """Tell who answers for the subject of a new discussion; of an answer, who wrote before."""
    message = _message(message_id, MessageState.SHOWN)
    if message is None:
        return
    discussion = message.discussion
    kind, about = discussion.kind, discussion.title
    owners = [each for each in kind.owners(discussion.subject) if each.pk != message.by_id]
    before = discussion.messages.filter(state=MessageState.SHOWN, at__lt=message.at)
    wrote = User.objects.filter(is_active=True, pk__in=before.order_by().values("by_id"))
    people = list(wrote.exclude(pk=message.by_id).order_by("pk"))
    _tell("discussion_answer", people, message, path=discussion.path, about=about)
    if kind.owners_follow or not before.exists():
        others = [each for each in owners if each not in people]
        _tell("discussion_opened", others, message, path=discussion.path, about=about)


@handler("mail.message_held")
def message_held(message_id: int) -> None:
    """Tell those who moderate that a message waits."""
    message = _message(message_id, MessageState.HELD)
    if message is not None:
        _tell_moderators("message_to_review", message)


@handler("mail.message_flagged")
def message_flagged(flag_id: int) -> None:
    """Tell those who moderate that a message was flagged, while nobody has settled it."""
    rows = Flag.objects.filter(settled_at=None).select_related("message__by", "message__discussion")
    waiting = rows.filter(pk=flag_id).first()
    if waiting is not None:
        _tell_moderators("message_flagged", waiting.message, event=str(waiting.pk))


@handler("mail.message_hidden")
def message_hidden(message_id: int) -> None:
    """Tell the author why their message is hidden."""
    message = _message(message_id, MessageState.HIDDEN)
    if message is not None and message.by.is_active:
        page = message.discussion.kind.page(message.discussion.subject)
        event = f"{message.pk}:{message.decided_at}"
        about = message.hidden_reason
        _tell("message_hidden", [message.by], message, path=page, about=about, event=event)


def _tell_moderators(letter: str, message: Message, *, event: str = "") -> None:
    discussion = message.discussion
    kind, subject = discussion.kind, discussion.subject
    people = [
        each
        for each in kind.moderators(subject)
        if kind.may_moderate(each, subject) and each.pk != message.by_id
    ]
    _tell(letter, people, message, path=kind.desk_of(subject), about=discussion.title, event=event)


def _message(message_id: int, state: MessageState, *, lock: bool = True) -> Message | None:
    """Find a message in this state, locked while it is told; none of a discussion that is hidden.

    The letter of a hidden message quotes its reason alone.
    """
    rows = Message.objects.filter(pk=message_id, state=state)
    if state == MessageState.SHOWN:
        rows = rows.filter(discussion__state=MessageState.SHOWN)
    rows = rows.whole()
    return (rows.select_for_update(of=["self", "discussion"]) if lock else rows).first()

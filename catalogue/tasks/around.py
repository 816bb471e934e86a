"""Tell of what people bring to cards: to the Region, to who answers for the card, to its author."""

from collections.abc import Iterable

from catalogue import rules
from catalogue.actions.reuses import cards
from catalogue.enums import MessageState, ReviewState
from catalogue.models import DiscussionMessage, FieldFeedback, Reuse
from catalogue.queries.owners import owners_of
from catalogue.tasks.letters import MODERATORS
from catalogue.tasks.telling import tell
from portal.accounts.models import User
from portal.audit.outbox import handler

QUEUE = "/moderation/autour/"


def moderators() -> Iterable[User]:
    """List who reads what waits for the Region."""
    held = {"region_appointments__role__in": MODERATORS, "region_appointments__ended_at": None}
    return User.objects.filter(is_active=True, **held).distinct().order_by("pk")


@handler("mail.brought")
def brought(reuse_id: int = 0, feedback_id: int = 0) -> None:
    """Tell the moderators who may decide that a reuse or a feedback waits."""
    found = _find(reuse_id, feedback_id)
    if found is None or found.state != ReviewState.WAITING:
        return
    concerned = cards(found)
    people = [each for each in moderators() if rules.may_review(each, found, concerned)]
    tell("brought_to_review", people, path=QUEUE, event=_event(found), about=str(found))


@handler("mail.brought_decided")
def brought_decided(reuse_id: int = 0, feedback_id: int = 0) -> None:
    """Tell the author what was decided; once published, who answers for the cards."""
    found = _find(reuse_id, feedback_id)
    if found is None:
        return
    concerned = cards(found)
    rest = "reutilisations/" if isinstance(found, Reuse) else "retours/"
    event = f"{_event(found)}:{found.state}"
    path = f"/ressources/{concerned[0].slug}/{rest}" if concerned else "/ressources/"
    if found.state == ReviewState.REFUSED:
        tell("brought_refused", [found.by], path=path, event=event, about=str(found))
    if found.state != ReviewState.PUBLISHED:
        return
    tell("brought_published", [found.by], path=path, event=event, about=str(found))
    letter = "reuse_of_mine" if isinstance(found, Reuse) else "feedback_of_mine"
    for card in concerned:
        tell(
            letter,
            owners_of(card).exclude(pk=found.by_id),
            path=f"/ressources/{card.slug}/{rest}",
            event=f"{event}:{card.pk}",
            about=card.title,
        )


@handler("mail.message_held")
def message_held(message_id: int) -> None:
    """Tell the moderators who may decide that a first message waits."""
    found = _message(message_id)
    if found is not None and found.state == MessageState.HELD:
        people = [each for each in moderators() if rules.may_moderate_message(each, found)]
        about = found.discussion.title
        tell("message_to_review", people, path=QUEUE, event=str(found.pk), about=about)


@handler("mail.discussion")
def discussed(message_id: int) -> None:
    """Tell of a message that is shown: a new subject to who answers for the card, an answer to all
    who wrote before.
    """
    found = _message(message_id)
    if found is None or found.state != MessageState.SHOWN:
        return
    discussion = found.discussion
    if discussion.state != MessageState.SHOWN:
        return
    told = {"path": discussion.path, "event": str(found.pk), "about": discussion.title}
    before = discussion.messages.filter(state=MessageState.SHOWN, at__lt=found.at)
    owners = owners_of(discussion.resource).exclude(pk=found.by_id)
    if not before.exists():
        tell("discussion_opened", owners, **told)
        return
    wrote = User.objects.filter(is_active=True, pk__in=before.order_by().values("by_id"))
    people = list(wrote.exclude(pk=found.by_id).order_by("pk"))
    tell("discussion_answer", people, **told)
    tell("discussion_opened", owners.exclude(pk__in=[each.pk for each in people]), **told)


@handler("mail.message_hidden")
def message_hidden(message_id: int) -> None:
    """Tell the author that their message is hidden; the page says why."""
    found = _message(message_id)
    if found is not None and found.state == MessageState.HIDDEN and found.by.is_active:
        event, path = f"{found.pk}:{found.decided_at}", found.discussion.path
        tell("message_hidden", [found.by], path=path, event=event, about=found.discussion.title)


def _find(reuse_id: int, feedback_id: int) -> Reuse | FieldFeedback | None:
    related = ("by", "organisation") if reuse_id else ("by", "resource__organisation")
    model = Reuse if reuse_id else FieldFeedback
    found: Reuse | FieldFeedback | None = (
        model.objects.select_related(*related).filter(pk=reuse_id or feedback_id).first()
    )
    return found


def _message(message_id: int) -> DiscussionMessage | None:
    rows = DiscussionMessage.objects.select_related("by", "discussion__resource__organisation")
    return rows.filter(pk=message_id).first()


def _event(found: Reuse | FieldFeedback) -> str:
    return f"{type(found).__name__.lower()}:{found.pk}"

"""Discuss a card: open a subject, answer, close; hold, accept and hide messages."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.community import rules
from catalogue.community.enums import MessageState
from catalogue.community.models import Discussion, DiscussionMessage
from catalogue.resources import rules as resource_rules
from catalogue.resources.models import Resource
from portal.accounts.actions import notifications
from portal.accounts.authorization import require
from portal.accounts.enums import OrganisationBadge
from portal.accounts.models import Organisation, User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose import markdown
from portal.lib.prose.texts import require_plain_line, require_plain_text
from portal.lib.rates import DAY, HOUR, keep_pace
from portal.lib.refusals import Conflict, Invalid

MESSAGES_AN_HOUR = 12
DISCUSSIONS_A_DAY = 5
BODY_CHARACTERS = 10_000
# The first message of an account younger than this waits for the Region.
NEW_ACCOUNT_DAYS = 30


@transaction.atomic
def open_discussion(*, resource: Resource, title: str, body_md: str, by: User) -> Discussion:
    """Open a subject with its first message.

    In order: subject and message, both held for a new account; letter to who answers for the card,
    or to the moderators when held. Raises NotAllowed; QuotaSpent past five subjects a day or
    twelve messages an hour; Invalid for control characters, a text that cannot be rendered.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    require(rules.may_bring, by, resource)
    require_plain_line(title)
    keep_pace(
        by.discussions.all(),
        by="at",
        most=DISCUSSIONS_A_DAY,
        window=DAY,
        sentence=_("Cinq sujets par jour au plus."),
        code="too_many_requests",
    )
    now = clock.now()
    state = _state_for(by, resource)
    discussion = Discussion.objects.create(
        resource=resource, title=title, by=by, at=now, moved_at=now, state=state
    )
    _write(discussion, body_md, by, state)
    return discussion


@transaction.atomic
def answer(*, discussion: Discussion, body_md: str, by: User) -> DiscussionMessage:
    """Answer in a discussion.

    In order: message, held for a new account; discussion moved up when shown; letters. Raises as
    `open_discussion`; Conflict once it is closed, or not shown.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    discussion = Discussion.objects.locked(discussion)
    require(rules.may_bring, by, discussion.resource)
    if discussion.state != MessageState.SHOWN or discussion.is_closed:
        raise Conflict(_("Cette discussion ne prend pas de réponse."), code="wrong_state")
    return _write(discussion, body_md, by, _state_for(by, discussion.resource))


@transaction.atomic
def close(*, discussion: Discussion, reason: str, by: User) -> Discussion:
    """Close a discussion with its reason, which stands at its foot. Event "discussion.closed".

    Raises NotAllowed, Conflict when it is closed, Invalid without a reason.
    """
    discussion = Discussion.objects.locked(discussion)
    require(rules.may_close, by, discussion)
    require_plain_line(reason)
    if discussion.is_closed:
        raise Conflict(_("Cette discussion est déjà close."), code="wrong_state")
    if not reason.strip():
        raise Invalid(_("Dites pourquoi la discussion est close."), code="reason_required")
    discussion.closed_at, discussion.closed_by = clock.now(), by
    discussion.close_reason = reason.strip()[:300]
    discussion.save(update_fields=["closed_at", "closed_by", "close_reason"])
    record("discussion.closed", by=by, on=discussion)
    return discussion


@transaction.atomic
def accept(*, message: DiscussionMessage, by: User) -> DiscussionMessage:
    """Show a message that was held or hidden, and its discussion with the first one.

    In order: message, discussion; event "discussion.accepted"; letters as when it is written.
    Raises NotAllowed; twice changes nothing.
    """
    message = _held(message, by)
    if message.state == MessageState.SHOWN:
        return message
    message.state, message.hidden_reason = MessageState.SHOWN, ""
    message.decided_by, message.decided_at = by, clock.now()
    message.save()
    _follow_first(message)
    record("discussion.accepted", by=by, on=message.discussion, message=str(message.public_id))
    _shown(message)
    return message


@transaction.atomic
def hide(*, message: DiscussionMessage, reason: str, by: User) -> DiscussionMessage:
    """Hide a message with a reason that its author is told; a discussion goes with its first one.

    In order: message, discussion and the news that quote its subject; event "discussion.hidden";
    letter to the author. Raises NotAllowed, Invalid without a reason, Conflict when it is hidden.
    """
    message = _held(message, by)
    require_plain_line(reason)
    if not reason.strip():
        raise Invalid(_("Dites pourquoi le message est masqué."), code="reason_required")
    if message.is_hidden:
        raise Conflict(_("Ce message est déjà masqué."), code="message_hidden")
    message.state, message.hidden_reason = MessageState.HIDDEN, reason.strip()[:300]
    message.decided_by, message.decided_at = by, clock.now()
    message.save()
    if _follow_first(message):
        notifications.take_back(path=message.discussion.path, since=message.at)
    record(
        "discussion.hidden",
        by=by,
        on=message.discussion,
        message=str(message.public_id),
        author=message.by.person_key,
        reason=message.hidden_reason,
    )
    owe("mail.message_hidden", key=f"{message.pk}:{message.decided_at}", message_id=message.pk)
    return message


@transaction.atomic
def forget(*, person: User) -> None:
    """Drop what somebody who leaves wrote and nobody has read: what waits for the Region."""
    held = DiscussionMessage.objects.filter(by=person, state=MessageState.HELD)
    held.delete()
    Discussion.objects.filter(by=person, state=MessageState.HELD).delete()


def _write(
    discussion: Discussion, body_md: str, by: User, state: MessageState
) -> DiscussionMessage:
    require_plain_text(body_md)
    if len(body_md) > BODY_CHARACTERS:
        raise Invalid(_("Ce message est trop long."), code="message_long")
    own = DiscussionMessage.objects.filter(by=by)
    keep_pace(
        own,
        by="at",
        most=MESSAGES_AN_HOUR,
        window=HOUR,
        sentence=_("Douze messages par heure au plus."),
        code="too_many_requests",
    )
    now = clock.now()
    if own.filter(discussion=discussion, body_md=body_md, at__gt=now - HOUR).exists():
        raise Conflict(_("Ce message vient d’être publié."), code="message_twice")
    message = DiscussionMessage.objects.create(
        discussion=discussion,
        by=by,
        at=now,
        body_md=body_md,
        body_html=markdown.render(body_md),
        from_owner=resource_rules.owns(by, discussion.resource),
        state=state,
    )
    if state == MessageState.SHOWN:
        _shown(message)
    else:
        owe("mail.message_held", key=str(message.pk), message_id=message.pk)
    return message


def _shown(message: DiscussionMessage) -> None:
    Discussion.objects.filter(pk=message.discussion_id).update(moved_at=clock.now())
    owe("mail.discussion", key=str(message.pk), message_id=message.pk)


def _follow_first(message: DiscussionMessage) -> bool:
    """Give a discussion the state of its first message; say whether this was it."""
    first = message.discussion.messages.order_by("at", "pk").values_list("pk", flat=True)[0]
    if first != message.pk:
        return False
    Discussion.objects.filter(pk=message.discussion_id).update(state=message.state)
    message.discussion.state = message.state
    return True


def _held(message: DiscussionMessage, by: User) -> DiscussionMessage:
    rows = DiscussionMessage.objects.select_related("discussion__resource__organisation", "by")
    fresh = rows.select_for_update(of=["self"]).get(pk=message.pk)
    require(rules.may_moderate_message, by, fresh)
    return fresh


def _state_for(by: User, resource: Resource) -> MessageState:
    """Hold the words of an account that is new and that nobody vouches for."""
    if by.date_joined < clock.now() - timedelta(days=NEW_ACCOUNT_DAYS):
        return MessageState.SHOWN
    if by.is_region or resource_rules.owns(by, resource):
        return MessageState.SHOWN
    if by.discussion_messages.filter(state=MessageState.SHOWN).exists():
        return MessageState.SHOWN
    places = Organisation.objects.filter(pk__in=by.roles_by_organisation)
    vouched = any(OrganisationBadge.VERIFIED in each.badges for each in places)
    return MessageState.SHOWN if vouched else MessageState.HELD

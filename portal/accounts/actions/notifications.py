"""Tell people of events, each once; mark as read, choose how to hear, gather once a day."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import news
from portal.accounts.enums import Delivery
from portal.accounts.models import Notification, User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Invalid


@transaction.atomic
def notify(
    *, people: Iterable[User], letter: str, event: str, path: str, facts: Mapping[str, str]
) -> list[User]:
    """Note an event in the space of each of these people; return those to write to at once.

    One row a person, letter and event, whatever the number of calls.
    """
    concerned = list(people)
    ways = news.deliveries(letter, concerned)
    now = clock.now()
    Notification.objects.bulk_create(
        [
            Notification(
                user=person,
                letter=letter,
                event=event,
                facts=dict(facts),
                path=path,
                delivery=ways[person.pk].value,
                created_at=now,
            )
            for person in concerned
        ],
        ignore_conflicts=True,
    )
    return [person for person in concerned if ways[person.pk] == Delivery.NOW]


def tell(
    letter: str,
    people: Iterable[User],
    *,
    path: str,
    event: str,
    facts: Mapping[str, str],
    sent_by: str,
    **given: Any,
) -> None:
    """Note an event for each of these people, once; owe a letter to those who hear at once.

    sent_by: the handler that sends it, which is given the letter, the person, the path and `given`.
    """
    for person in notify(people=people, letter=letter, event=event, path=path, facts=facts):
        key = f"{letter}:{event}:{person.pk}"
        owe(sent_by, key=key, letter=letter, user_id=person.pk, path=path, **given)


def take_back(*, path: str, since: datetime, below: bool = False) -> None:
    """Remove the news of a page that nobody reads any more: they quote it.

    since: when the page came, which no piece of news of it is older than. below: with the pages
    under its address, which ends with a slash.
    """
    place = {"path__startswith" if below else "path": path}
    Notification.objects.filter(created_at__gte=since, **place).delete()


def mark_read(*, notifications: Iterable[int], by: User) -> None:
    """Mark some of one's own news as read."""
    unread = Notification.objects.visible_to(by).unread().filter(pk__in=list(notifications))
    unread.update(read_at=clock.now())


def mark_seen(*, path: str, by: User) -> None:
    """Mark as read one's news of a page that one sees, in either language."""
    if by.unread_news:
        own = Notification.objects.visible_to(by).unread()
        by.unread_news -= own.filter(path=path.removeprefix("/en")).update(read_at=clock.now())


def mark_all_read(*, by: User) -> None:
    """Mark all of one's news as read."""
    Notification.objects.visible_to(by).unread().update(read_at=clock.now())


@transaction.atomic
def choose(*, ways: Mapping[str, str], by: User) -> None:
    """Choose how to hear of some kinds of news: {kind: delivery}.

    In order: the choices; event "account.news_chosen" when one changed. What was waiting for
    the letter of the day stays in it. Raises Invalid for a kind that is essential, unknown,
    or a way that it does not offer.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    changed = {}
    for name, way in sorted(ways.items()):
        kind = news.kind_named(name)
        if kind is None or kind.essential or way not in Delivery.values:
            raise Invalid(_("Ce choix n’est pas proposé pour cet avis."), code="news_choice")
        if news.deliveries(kind.letters[0], [by])[by.pk] != way:
            changed[name] = way
    if changed:
        by.notification_choices |= changed
        by.save(update_fields=["notification_choices"])
        record("account.news_chosen", by=by, on=by, **changed)


def gather(day: str) -> None:
    """Owe the letter of a day to each person whom something waits for, while they may sign in."""
    waiting = Notification.objects.filter(
        delivery=Delivery.DAILY, gathered_at__isnull=True, user__is_active=True
    )
    for pk in waiting.order_by("user_id").values_list("user_id", flat=True).distinct():
        owe("mail.digest", key=f"{pk}:{day}", user_id=pk, day=day)


def forget_old() -> int:
    """Remove the news of half a year ago, read or not; return how many."""
    before = clock.now() - timedelta(days=settings.NOTIFICATIONS_KEPT_DAYS)
    return Notification.objects.filter(created_at__lt=before).delete()[0]

"""The kinds of news that a person may hear of, and how they chose to.

Apps above declare their kinds at start; a letter that no kind names is of the last one:

    news.declare(news.Kind("entries", _("Mes soumissions"), letters=("entry_scored",)))
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing

from portal.accounts.enums import Delivery
from portal.accounts.models import Notification, User
from portal.audit import letters
from portal.audit.letters import absolute

_SALT = "accounts.news.stop"


@dataclass(frozen=True)
class Kind:
    """A kind of news: its words, its letters, how it is told by default.

    essential: why it always goes by e-mail at once, empty for what a person may turn down.
    open_to: who has a use for it, and reads it among the choices.
    """

    name: str
    label: Any
    letters: tuple[str, ...]
    detail: Any = ""
    essential: Any = ""
    default: Delivery = Delivery.NOW
    open_to: Callable[[User], bool] = lambda _user: True


_kinds: dict[str, Kind] = {}


def declare(kind: Kind) -> None:
    """Add a kind; twice the same changes nothing."""
    _kinds[kind.name] = kind


def kinds(user: User) -> list[Kind]:
    """List the kinds that a person has a use for, in the order they were declared."""
    return [kind for kind in _kinds.values() if kind.open_to(user)]


def kind_named(name: str) -> Kind | None:
    """Return the kind of this name, if any."""
    return _kinds.get(name)


def kind_of(letter: str) -> Kind | None:
    """Return the kind of a letter, if any names it."""
    return next((kind for kind in _kinds.values() if letter in kind.letters), None)


def deliveries(letter: str, people: Iterable[User]) -> dict[int, Delivery]:
    """Return how each of these people hears of a letter, in one query."""
    kind, keys = kind_of(letter), [person.pk for person in people]
    if kind is None or kind.essential:
        return dict.fromkeys(keys, Delivery.NOW)
    chosen = User.objects.filter(pk__in=keys).values_list("pk", "notification_choices")
    return {pk: Delivery(choices.get(kind.name, kind.default)) for pk, choices in chosen}


def stop_link(letter: str, person: User) -> str:
    """Return the signed address that turns the e-mails of a kind down, empty if essential."""
    kind = kind_of(letter)
    if kind is None or kind.essential:
        return ""
    token = signing.dumps([person.person_key, kind.name], salt=_SALT)
    return absolute("notification_stop", token)


def write(letter: str, user_id: int, *, path: str, **context: Any) -> None:
    """Send a letter that was owed to one person, who still has an account and still wants it.

    context: what its templates show besides the person and the link to `path`.
    """
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None or deliveries(letter, [person])[person.pk] != Delivery.NOW:
        return  # turned down since it was owed: it stands in their space
    context |= {"person": person, "link": f"{settings.SITE_URL}{path}"}
    letters.send(letter, to=person.email, stop=stop_link(letter, person), context=context)


def stopped(token: str) -> tuple[User, Kind] | None:
    """Read whose e-mails of which kind a link turns down; None for a link that is not ours."""
    try:
        key, name = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    person = User.objects.filter(person_key=key, is_active=True).first()
    kind = kind_named(name)
    return (person, kind) if person is not None and kind is not None else None


def subject_of(notification: Notification) -> str:
    """Write what a piece of news says, in the language in force."""
    facts = notification.facts
    challenge = {"title": facts.get("title", ""), "language": facts.get("language", "")}
    context = {"challenge": challenge, "title": challenge["title"], "about": facts.get("about", "")}
    return letters.subject_of(notification.letter, context)

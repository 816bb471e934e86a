"""The signed addresses of a saved search: what a letter or a feed reader holds, never stored."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from catalogue.models import SavedSearch

CONFIRM, STOP, MANAGE, FEED = (
    f"catalogue.alerts.{what}" for what in ("confirm", "stop", "manage", "feed")
)


def confirm(search: SavedSearch) -> str:
    """Return the address that confirms a search; it is good for settings' hours, once."""
    token = signing.dumps(str(search.public_id), salt=CONFIRM)
    return _absolute("catalogue:search_confirm", token)


def stop(search: SavedSearch) -> str:
    """Return the address that ends the letters of a search, without signing in."""
    return _absolute("catalogue:search_stop", _signed(search, STOP))


def manage(search: SavedSearch) -> str:
    """Return the address where a search is changed: its own page, or the one a letter opens."""
    if search.user_id is not None:
        return _absolute("catalogue:search", search.public_id)
    return _absolute("catalogue:search_manage", _signed(search, MANAGE))


def feed(search: SavedSearch) -> str:
    """Return the address of the private feed, or "" when it is shut."""
    if not search.feed_open:
        return ""
    token = signing.Signer(salt=FEED).sign_object([str(search.public_id), search.feed_number])
    return _absolute("catalogue:search_feed", token)


def confirmed(token: str) -> SavedSearch | None:
    """Read which search a link confirms; None when it is not ours or its hours are over."""
    try:
        name = signing.loads(
            token, salt=CONFIRM, max_age=settings.SAVED_SEARCH_CONFIRM_HOURS * 3600
        )
    except (signing.BadSignature, ValueError):
        return None
    return _named(name)


def stopped(token: str) -> SavedSearch | None:
    """Read which search a link stops; None when it is not ours, or is gone."""
    return _named(_read(token, STOP))


def is_ours(token: str) -> bool:
    """Say whether we made a link that stops letters, even of a search that is gone."""
    return isinstance(_read(token, STOP), str)


def managed(token: str) -> SavedSearch | None:
    """Read which search of an address a link opens."""
    found = _named(_read(token, MANAGE))
    return found if found is not None and found.user_id is None else None


def fed(token: str) -> SavedSearch | None:
    """Read which search a feed tells; None once its address was changed or shut."""
    said = _read(token, FEED)
    if not isinstance(said, list) or len(said) != 2:
        return None
    found = _named(said[0])
    live = found is not None and found.feed_open and found.feed_number == said[1]
    return found if live and found is not None and found.confirmed_at is not None else None


def _signed(search: SavedSearch, salt: str) -> str:
    return signing.Signer(salt=salt).sign_object(str(search.public_id))


def _read(token: str, salt: str) -> Any:
    try:
        return signing.Signer(salt=salt).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None


def _named(name: Any) -> SavedSearch | None:
    if not isinstance(name, str):
        return None
    rows = SavedSearch.objects.select_related("user")
    return rows.filter(public_id=UUID(name)).first()


def _absolute(route: str, *args: Any) -> str:
    return settings.SITE_URL + reverse(route, args=args)

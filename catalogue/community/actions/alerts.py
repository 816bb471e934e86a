"""Keep a search, change it, stop it by signed addresses; find what answers it, owe its letters."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from catalogue.community import queries as community_queries
from catalogue.community import rules
from catalogue.community.enums import AlertFrequency
from catalogue.community.models import QUERY_CHARACTERS, AlertMatch, SavedSearch
from catalogue.resources.models import Resource
from catalogue.search import engine
from catalogue.search.models import IndexedResource
from catalogue.search.query import (
    MAX_DEPTH,
    MAX_SIZE,
    SIZE,
    ResourceQuery,
    Sort,
    Words,
)
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.letters import absolute
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.prose.texts import require_plain_line
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

CONFIRM, STOP, MANAGE, FEED = (
    f"catalogue.alerts.{what}" for what in ("confirm", "stop", "manage", "feed")
)


def confirm_link(search: SavedSearch) -> str:
    """Return the address that confirms a search; it is good for settings' hours, once."""
    token = signing.dumps(str(search.public_id), salt=CONFIRM)
    return absolute("catalogue:search_confirm", token)


def stop_link(search: SavedSearch) -> str:
    """Return the address that ends the letters of a search, without signing in."""
    return absolute("catalogue:search_stop", _signed(search, STOP))


def manage_link(search: SavedSearch) -> str:
    """Return the address where a search is changed: its own page, or the one a letter opens."""
    if search.user_id is not None:
        return absolute("catalogue:search", search.public_id)
    return absolute("catalogue:search_manage", _signed(search, MANAGE))


def feed_link(search: SavedSearch) -> str:
    """Return the address of the private feed, or "" for a search that writes letters."""
    if search.frequency != AlertFrequency.FEED:
        return ""
    token = signing.Signer(salt=FEED).sign_object([str(search.public_id), search.feed_number])
    return absolute("catalogue:search_feed", token)


def search_to_confirm(token: str) -> SavedSearch | None:
    """Read which search a link confirms; None when it is not ours or its hours are over."""
    try:
        name = signing.loads(
            token, salt=CONFIRM, max_age=settings.SAVED_SEARCH_CONFIRM_HOURS * 3600
        )
    except (signing.BadSignature, ValueError):
        return None
    return _search_named(name)


def search_to_stop(token: str) -> SavedSearch | None:
    """Read which search a link stops; None when it is not ours, or is gone."""
    return _search_named(_read_signed(token, STOP))


def is_our_stop_link(token: str) -> bool:
    """Say whether we made a link that stops letters, even of a search that is gone."""
    return isinstance(_read_signed(token, STOP), str)


def search_managed(token: str) -> SavedSearch | None:
    """Read which search of an address a link opens."""
    found = _search_named(_read_signed(token, MANAGE))
    return found if found is not None and found.user_id is None else None


def search_of_feed(token: str) -> SavedSearch | None:
    """Read which search a feed tells; None once its address was changed, or letters chosen."""
    said = _read_signed(token, FEED)
    if not isinstance(said, list) or len(said) != 2:
        return None
    found = _search_named(said[0])
    if found is None or found.frequency != AlertFrequency.FEED or found.confirmed_at is None:
        return None
    return found if found.feed_number == said[1] else None


def _signed(search: SavedSearch, salt: str) -> str:
    return signing.Signer(salt=salt).sign_object(str(search.public_id))


def _read_signed(token: str, salt: str) -> Any:
    try:
        return signing.Signer(salt=salt).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None


def _search_named(name: Any) -> SavedSearch | None:
    if not isinstance(name, str):
        return None
    rows = SavedSearch.objects.select_related("user")
    return rows.filter(public_id=UUID(name)).first()


@dataclass(frozen=True)
class Fresh:
    """What was published lately.

    moments: {resource id: first publication}. oldest: the earliest day, in Paris, under which the
    index sorts one of them.
    """

    moments: Mapping[int, datetime]
    oldest: date | None


def canonical(query: ResourceQuery) -> ResourceQuery:
    """Keep of a query what decides which resources answer; all the words are asked for anyway."""
    return replace(query, sort=Sort.RELEVANCE, words=Words.ANY, page=1, size=SIZE)


def query_of(search: SavedSearch) -> ResourceQuery:
    """Read the query that a search keeps."""
    return ResourceQuery.parse(QueryDict(search.query))


def published_since(since: datetime) -> Fresh:
    """Read what was first published after an instant."""
    rows = Resource.objects.public().filter(first_published_at__gt=since)
    moments: dict[int, datetime] = {}
    days: list[date] = []
    for pk, first, modified, created in rows.values_list(
        "pk", "first_published_at", "content_modified_at", "created_at"
    ):
        if first is not None:  # as its filter says
            moments[pk] = first
        days.append(clock.paris_day(modified or created))
    return Fresh(moments, min(days, default=None))


def matching(query: ResourceQuery, among: Fresh) -> list[int]:
    """List the fresh resources that hold all the words of a query and pass its filters."""
    if among.oldest is None:
        return []
    wanted = replace(query, words=Words.ALL, sort=Sort.UPDATED, size=MAX_SIZE)
    found: list[int] = []
    for page in range(1, MAX_DEPTH // MAX_SIZE + 1):
        ids = engine().search(wanted.at_page(page)).ids
        found += [pk for pk in ids if pk in among.moments]
        if len(ids) < MAX_SIZE or len(found) == len(among.moments) or _before(ids[-1], among):
            break
    return found


def _before(pk: int, among: Fresh) -> bool:
    """Say whether the order has come past the oldest of what is looked for."""
    day = IndexedResource.objects.filter(pk=pk).values_list("updated_on", flat=True).first()
    return day is not None and among.oldest is not None and day < among.oldest


log = logging.getLogger("portal.alerts")
# Whoever holds the link of a letter acts for the address it was sent to.
BY_LINK = SystemActor("link")
# A publication whose transaction was long, or that an index learned late, is not missed.
LOOKS_BACK_DAYS = 2


@transaction.atomic
def save(*, query: ResourceQuery, title: str, frequency: str, by: User) -> SavedSearch:
    """Keep a search for a person; the same one again is changed, not doubled.

    In order: the row, confirmed at once; event "search.saved". Raises NotAllowed; Invalid for a
    title of control characters, or too many filters; QuotaSpent past the searches of a person.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    require(rules.may_keep, by)
    text = _checked(query, title)
    kept = SavedSearch.objects.filter(user=by, query_sha256=_digest(text)).first()
    if kept is not None:
        return change(search=kept, title=title, frequency=frequency, by=by)
    if by.saved_searches.count() >= settings.SAVED_SEARCHES_PER_PERSON:
        raise QuotaSpent(
            _("Vous avez trop de recherches enregistrées : supprimez-en une."),
            code="limit_reached",
        )
    search = _made(text, title, frequency, user=by, confirmed=True)
    record("search.saved", by=by, on=search)
    return search


@transaction.atomic
def ask(*, query: ResourceQuery, title: str, frequency: str, email: str) -> None:
    """Keep a search for an address, which confirms it by a link; says nothing of what it knows.

    In order: the row, unconfirmed; one letter a day and search at most, one a day in all of
    what the address confirmed. Past the searches of an address, or its requests of a day, nothing
    is written. Raises Invalid as `save`.
    """
    text = _checked(query, title)
    email = email.strip().lower()
    rows = SavedSearch.objects.filter(email=email)
    now = clock.now()
    search = rows.filter(query_sha256=_digest(text)).first()
    day = clock.paris_day(now).isoformat()
    if search is not None and search.confirmed_at is not None:
        # One such letter a day to an address, whatever it has confirmed.
        first = rows.exclude(confirmed_at=None).order_by("pk")[0]
        owe("mail.saved_search_asked", key=f"known:{first.pk}:{day}", search_id=search.pk)
        return
    lately = rows.filter(confirmed_at=None, created_at__gt=now - timedelta(days=1))
    others = lately.exclude(pk=search.pk) if search else lately
    if others.count() >= settings.SAVED_SEARCH_REQUESTS_PER_DAY:
        return
    if search is None:
        if rows.count() >= settings.SAVED_SEARCHES_PER_ADDRESS:
            return
        search = _made(text, title, frequency, email=email, confirmed=False)
    elif search.created_at > now - timedelta(days=1):
        return  # its letter left, and its link still works
    else:
        # The link sent before says another day: this request counts as a new one.
        search.title, search.frequency, search.created_at = title, frequency, now
        search.save(update_fields=["title", "frequency", "created_at"])
    owe("mail.saved_search_asked", key=f"{search.pk}:{day}", search_id=search.pk)


@transaction.atomic
def confirm(*, search: SavedSearch) -> SavedSearch:
    """Start a search whose address was proved by a link, once.

    In order: date of confirmation, from which publications count; event "search.saved". Raises
    Conflict when it was confirmed before.
    """
    search = SavedSearch.objects.locked(search)
    if search.confirmed_at is not None:
        raise Conflict(_("Ce lien a déjà servi : l’alerte est active."), code="link_used")
    search.confirmed_at = search.since = clock.now()
    search.save(update_fields=["confirmed_at", "since"])
    record("search.saved", by=BY_LINK, on=search)
    return search


@transaction.atomic
def change(*, search: SavedSearch, title: str, frequency: str, by: Actor) -> SavedSearch:
    """Rename a search, or have it write more or less often, or tell its private feed alone.

    In order: the row; what waited for a letter is dropped when letters stop, and the feed opens
    under a new address, which a new name leaves as it is. Event "search.changed". Raises
    NotAllowed, Invalid.
    """
    search = _held(search, by)
    require_plain_line(title)
    if frequency not in AlertFrequency.values:
        raise Invalid(_("Choisissez une fréquence."), code="frequency")
    if (search.title, search.frequency) == (title, frequency):
        return search
    former = search.frequency
    if former == AlertFrequency.FEED:
        search.since = clock.now()  # what came meanwhile was in the feed
    search.title, search.frequency = title, frequency
    if frequency == AlertFrequency.FEED != former:
        search.matches.filter(told_on=None).delete()
        search.feed_number += 1
    search.save()
    record("search.changed", by=by, on=search)
    return search


@transaction.atomic
def renew_feed(*, search: SavedSearch, by: Actor) -> SavedSearch:
    """Give the private feed a new address: the former one ends. Event "search.feed_opened".

    Raises NotAllowed.
    """
    search = _held(search, by)
    search.feed_number += 1
    search.save(update_fields=["feed_number"])
    record("search.feed_opened", by=by, on=search)
    return search


@transaction.atomic
def remove(*, search: SavedSearch, by: Actor) -> None:
    """Forget a search, and the address that asked for it. Event "search.removed"."""
    search = _held(search, by)
    record("search.removed", by=by, on=search)
    search.delete()


@transaction.atomic
def stop(*, search: SavedSearch) -> None:
    """End the letters of a search from one of them; that of an address is forgotten."""
    if search.user is None:
        remove(search=search, by=BY_LINK)
    else:
        change(search=search, title=search.title, frequency=AlertFrequency.FEED, by=search.user)


@transaction.atomic
def look_for(*, search: SavedSearch) -> None:
    """Note what was published since and answers; twice the same changes nothing.

    It looks back over the days of settings, so that a publication whose transaction was long, or
    that an index learned late, is not missed; the constraint keeps each once.
    """
    search = SavedSearch.objects.locked(search)
    if not search.writes:
        return
    at = clock.now()
    back = timedelta(days=LOOKS_BACK_DAYS)
    since = max(search.since, (search.looked_at or search.since) - back)
    among = published_since(since)
    ids = matching(query_of(search), among)
    AlertMatch.objects.bulk_create(
        [
            AlertMatch(
                search=search,
                resource_id=pk,
                first_published_at=among.moments[pk],
                found_at=at,
            )
            for pk in ids
        ],
        ignore_conflicts=True,
    )
    search.looked_at = at
    search.save(update_fields=["looked_at"])
    failpoints.hit("alerts.found")


@transaction.atomic
def gather(*, search: SavedSearch, day: date) -> bool:
    """Put what waits into the letter of a day and owe it, one letter a day at most.

    Which publications the letter tells is written with it: sent twice, it says the same.
    """
    search = SavedSearch.objects.locked(search)
    if not search.writes or not _due(search, day):
        return False
    if not search.matches.filter(told_on=None).update(told_on=day):
        return False
    failpoints.hit("alerts.gathered")
    search.last_letter_on = day
    search.save(update_fields=["last_letter_on"])
    owe(
        "mail.saved_search",
        key=f"{search.pk}:{day.isoformat()}",
        search_id=search.pk,
        day=day.isoformat(),
    )
    return True


def write_all(*, at: datetime) -> int:
    """Look for every search that writes, and owe the letters that are due; return how many.

    A search that fails is logged and looked at again at the next call; it keeps no other waiting.
    """
    day, letters = clock.paris_day(at), 0
    morning = at.astimezone(clock.PARIS).hour >= settings.SAVED_SEARCH_LETTER_HOUR
    for search in SavedSearch.objects.writing().order_by("pk").iterator(chunk_size=500):
        try:
            look_for(search=search)
            letters += morning and gather(search=search, day=day)
        except Exception:  # the boundary of one search
            log.exception("saved search %s was not looked at", search.pk)
    return letters


@transaction.atomic
def forget() -> int:
    """Drop the addresses that were never confirmed, and matches too old to come again."""
    now = clock.now()
    asked = timedelta(hours=settings.SAVED_SEARCH_CONFIRM_HOURS)
    SavedSearch.objects.filter(confirmed_at=None, created_at__lt=now - asked).delete()
    kept = timedelta(days=settings.NOTIFICATIONS_KEPT_DAYS)
    old = AlertMatch.objects.filter(found_at__lt=now - kept, told_on__isnull=False)
    return old.delete()[0]


@transaction.atomic
def forget_person(*, person: User) -> None:
    """Erase the searches of somebody who leaves, and those of their address without account."""
    community_queries.all_searches_of(person).delete()


def _due(search: SavedSearch, day: date) -> bool:
    last = search.last_letter_on
    match AlertFrequency(search.frequency):
        case AlertFrequency.DAILY:
            return last is None or last < day
        case AlertFrequency.WEEKLY:
            return (last or clock.paris_day(search.since)) <= day - timedelta(days=7)
        case AlertFrequency.FEED:
            return False


def _held(search: SavedSearch, by: Actor) -> SavedSearch:
    fresh = SavedSearch.objects.locked(search)
    require(rules.may_manage_search, by, fresh)
    return fresh


def _checked(query: ResourceQuery, title: str) -> str:
    require_plain_line(title)
    text = canonical(query).serialise()
    if len(text) > QUERY_CHARACTERS:
        raise Invalid(
            _("Cette recherche a trop de filtres pour être enregistrée : retirez-en."),
            code="query_long",
        )
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _made(
    text: str,
    title: str,
    frequency: str,
    *,
    confirmed: bool,
    user: User | None = None,
    email: str = "",
) -> SavedSearch:
    now = clock.now()
    return SavedSearch.objects.create(
        user=user,
        email=email,
        title=title,
        query=text,
        query_sha256=_digest(text),
        frequency=AlertFrequency(frequency),
        created_at=now,
        since=now,
        confirmed_at=now if confirmed else None,
    )

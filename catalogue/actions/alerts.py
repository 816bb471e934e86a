"""Keep a search, change it, stop it; find what answers it, and owe its letters."""

import hashlib
import logging
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.actions import matching
from catalogue.enums import AlertFrequency
from catalogue.models import AlertMatch, SavedSearch
from catalogue.models.community import QUERY_CHARACTERS
from catalogue.queries import searches
from catalogue.search.query import ResourceQuery
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.characters import require_plain_line
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

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
            _("Vous avez atteint le nombre de recherches enregistrées : supprimez-en une."),
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
    """Rename a search, or have it write more or less often.

    In order: the row; what waited for a letter is dropped when letters stop. Event
    "search.changed". Raises NotAllowed, Invalid.
    """
    search = _held(search, by)
    require_plain_line(title)
    if frequency not in AlertFrequency.values:
        raise Invalid(_("Choisissez une fréquence."), code="frequency")
    if (search.title, search.frequency) == (title, frequency):
        return search
    if search.frequency == AlertFrequency.FEED:
        search.since = clock.now()  # what came meanwhile was in the feed
    search.title, search.frequency = title, frequency
    if frequency == AlertFrequency.FEED:
        search.matches.filter(told_on=None).delete()
        _open_feed(search)
    search.save()
    record("search.changed", by=by, on=search)
    return search


@transaction.atomic
def pause(*, search: SavedSearch, by: Actor) -> SavedSearch:
    """Stop the letters until further notice; what waited is dropped. Event "search.paused"."""
    search = _held(search, by)
    if search.paused_at is None:
        search.paused_at = clock.now()
        search.save(update_fields=["paused_at"])
        search.matches.filter(told_on=None).delete()
        record("search.paused", by=by, on=search)
    return search


@transaction.atomic
def resume(*, search: SavedSearch, by: Actor) -> SavedSearch:
    """Write again, of what is published from now on. Event "search.resumed"."""
    search = _held(search, by)
    if search.paused_at is not None:
        search.paused_at, search.since = None, clock.now()
        search.save(update_fields=["paused_at", "since"])
        record("search.resumed", by=by, on=search)
    return search


@transaction.atomic
def renew_feed(*, search: SavedSearch, by: Actor) -> SavedSearch:
    """Open the private feed under a new address: the former one ends. Event "search.feed_opened".

    Raises NotAllowed.
    """
    search = _held(search, by)
    search.feed_open = False
    _open_feed(search)
    search.save(update_fields=["feed_number", "feed_open"])
    record("search.feed_opened", by=by, on=search)
    return search


@transaction.atomic
def shut_feed(*, search: SavedSearch, by: Actor) -> SavedSearch:
    """End the private feed. Event "search.feed_shut". Raises Conflict when nothing else is left."""
    search = _held(search, by)
    if search.frequency == AlertFrequency.FEED:
        raise Conflict(
            _("Cette recherche n’a que son flux : choisissez d’abord un courriel."),
            code="feed_only",
        )
    if search.feed_open:
        search.feed_open = False
        search.save(update_fields=["feed_open"])
        record("search.feed_shut", by=by, on=search)
    return search


@transaction.atomic
def remove(*, search: SavedSearch, by: Actor) -> None:
    """Forget a search, and the address that asked for it. Event "search.removed"."""
    search = _held(search, by)
    record("search.removed", by=by, on=search)
    search.delete()


@transaction.atomic
def stop(*, search: SavedSearch) -> None:
    """End the letters of a search from one of them: paused for an account, forgotten for others."""
    if search.user is None:
        remove(search=search, by=BY_LINK)
    else:
        pause(search=search, by=search.user)


@transaction.atomic
def look(*, search: SavedSearch) -> int:
    """Note what was published since and answers; return how many. Twice the same changes nothing.

    It looks back over the days of settings, so that a publication whose transaction was long, or
    that an index learned late, is not missed; the constraint keeps each once.
    """
    search = SavedSearch.objects.locked(search)
    if not search.writes:
        return 0
    at = clock.now()
    back = timedelta(days=LOOKS_BACK_DAYS)
    since = max(search.since, (search.looked_at or search.since) - back)
    among = matching.fresh(since)
    ids = matching.matching(matching.query_of(search), among)
    known = AlertMatch.objects.filter(search=search).count()
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
    return AlertMatch.objects.filter(search=search).count() - known


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
            look(search=search)
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
    searches.all_of(person).delete()


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
    text = matching.canonical(query).serialise()
    if len(text) > QUERY_CHARACTERS:
        raise Invalid(
            _("Cette recherche compte trop de filtres pour être enregistrée : ôtez-en."),
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
    search = SavedSearch(
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
    if frequency == AlertFrequency.FEED:
        _open_feed(search)
    search.save()
    return search


def _open_feed(search: SavedSearch) -> None:
    if not search.feed_open:
        search.feed_open, search.feed_number = True, search.feed_number + 1

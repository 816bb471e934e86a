"""How much of the public catalogue one network may ask: searches, suggestions, exports."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from portal.lib import clock, turns
from portal.lib.refusals import QuotaSpent
from portal.lib.windows import Window

EXPORT_BUSY_SECONDS = 30
MINUTE_SECONDS = 60
WAIT_SECONDS = 0.05
Lot = TypeVar("Lot")
searches = Window()
suggestions = Window()


def keep_search_pace(request: HttpRequest) -> None:
    """Refuse the searches of a network past its share of a minute."""
    _keep(request, searches, most=settings.SEARCHES_PER_MINUTE_AND_NETWORK)


def keep_suggestion_pace(request: HttpRequest) -> None:
    """Refuse the suggestions of a network past its share of a minute; typing asks many."""
    _keep(request, suggestions, most=settings.SUGGESTIONS_PER_MINUTE_AND_NETWORK)


def exporting(request: HttpRequest, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Write an export in one of the places of the portal, free again before its first byte leaves.

    Each holds a thread of the web server until it is read or shut: a network has one or two, which
    are its own. What follows its first bytes is written by `in_turns`. Raises QuotaSpent when
    there is no place, or past the exports of a minute.
    """
    rate = {"export": f"{settings.EXPORTS_PER_MINUTE_AND_NETWORK}/m/ip"}
    if not ratelimit.consume(
        request, app="catalogue", action="export", config=rate, limit_get=True
    ):
        raise _spent(
            _("Trop d’exports demandés depuis votre réseau : attendez une minute."), MINUTE_SECONDS
        )
    own = _own_place(request)
    try:
        response = _written(answer)
    except BaseException:
        own.give_back()
        raise
    closing = response.close

    def close() -> None:
        try:
            closing()
        finally:
            own.give_back()

    response.close = close  # type: ignore[method-assign]
    return response


def in_turns(lots: Iterator[Lot]) -> Iterator[Lot]:
    """Write each of some lots in one of the places of the portal, held by none while it is read.

    Several exports that go on thus share the places, lot after lot. Raises QuotaSpent when one
    waits too long.
    """
    while True:
        place = _awaited()
        try:
            lot = next(lots, None)
        finally:
            place.give_back()
        if lot is None:
            return
        yield lot


def _awaited() -> turns.Turn:
    until = time.monotonic() + settings.EXPORT_MOST_SECONDS
    while (place := _place()) is None:
        if time.monotonic() > until:
            raise _busy()
        time.sleep(WAIT_SECONDS)
    return place


def _place() -> turns.Turn | None:
    most, seconds = settings.EXPORTS_AT_A_TIME, settings.EXPORT_MOST_SECONDS
    return turns.take("export", most=most, seconds=seconds)


def _busy() -> QuotaSpent:
    return _spent(
        _("Le portail prépare déjà plusieurs exports : réessayez dans une demi-minute."),
        EXPORT_BUSY_SECONDS,
    )


def _own_place(request: HttpRequest) -> turns.Turn:
    own = turns.take(
        f"export:of:{ratelimit.get_ip(request)}",
        most=settings.EXPORTS_AT_A_TIME_AND_NETWORK,
        seconds=settings.EXPORT_MOST_SECONDS,
    )
    if own is None:
        raise _spent(
            _("Un export demandé depuis votre réseau est en cours : attendez qu’il finisse."),
            EXPORT_BUSY_SECONDS,
        )
    return own


def _written(answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    place = _place()
    if place is None:
        raise _busy()
    try:
        return answer()
    finally:
        place.give_back()


def _keep(request: HttpRequest, window: Window, *, most: int) -> None:
    seconds = window.wait(ratelimit.get_ip(request), most=most)
    if seconds:
        raise _spent(
            _("Trop de recherches depuis votre réseau : attendez une minute, puis recommencez."),
            seconds,
        )


def _spent(sentence: str, seconds: int) -> QuotaSpent:
    return QuotaSpent(
        sentence,
        code="too_many_requests",
        next_opening=clock.now() + timedelta(seconds=seconds),
    )

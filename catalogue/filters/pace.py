"""How much of the public catalogue one network may ask: searches, suggestions, exports."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from portal.lib import clock, rates, responses
from portal.lib.rates import Window
from portal.lib.refusals import QuotaSpent

EXPORT_BUSY_SECONDS = 30
MINUTE_SECONDS = 60
searches = Window()
suggestions = Window()
SUGGESTIONS_PER_SEARCH = 4


def keep_search_pace(request: HttpRequest) -> None:
    """Refuse the searches of a network past its share of a minute."""
    _keep(request, searches, most=settings.SEARCHES_PER_MINUTE_AND_NETWORK)


def keep_suggestion_pace(request: HttpRequest) -> None:
    """Refuse the suggestions of a network past its share of a minute; typing asks many."""
    _keep(
        request, suggestions, most=SUGGESTIONS_PER_SEARCH * settings.SEARCHES_PER_MINUTE_AND_NETWORK
    )


def exporting(
    request: HttpRequest, answer: Callable[[], StreamingHttpResponse]
) -> StreamingHttpResponse:
    """Send an export in one of the places of the portal, held until it is read, shut or cut.

    It holds a thread of the web server as long: the places are fewer than the threads of one
    process, a network has one or two, and who reads too slowly is cut, so that nobody holds any
    for ever. Raises QuotaSpent when there is no place, or past the exports of a minute.
    """
    rate = {"export": f"{settings.EXPORTS_PER_MINUTE_AND_NETWORK}/m/ip"}
    if not ratelimit.consume(
        request, app="catalogue", action="export", config=rate, limit_get=True
    ):
        raise _spent(
            _("Trop d’exports demandés depuis votre réseau : attendez une minute."), MINUTE_SECONDS
        )
    end = time.monotonic() + settings.EXPORT_MOST_SECONDS
    with ExitStack() as taken:
        taken.callback(_own_place(request).give_back)
        taken.callback(_place().give_back)
        response = answer()
        responses.cut_slow_readers(response, request, end=end, piece_seconds=settings.PIECE_SECONDS)
        places = taken.pop_all()
    closing = response.close

    def close() -> None:
        try:
            places.close()
        finally:
            closing()

    response.close = close  # type: ignore[method-assign]
    return response


def _own_place(request: HttpRequest) -> rates.Turn:
    most = settings.EXPORTS_AT_A_TIME_AND_NETWORK
    own = rates.take_turn(f"export:of:{ratelimit.get_ip(request)}", most=most, seconds=_longest())
    if own is None:
        raise _spent(
            _("Un export demandé depuis votre réseau est en cours : attendez qu’il finisse."),
            EXPORT_BUSY_SECONDS,
        )
    return own


def _place() -> rates.Turn:
    place = rates.take_turn("export", most=settings.EXPORTS_AT_A_TIME, seconds=_longest())
    if place is None:
        raise _spent(
            _("Le portail prépare déjà plusieurs exports : réessayez dans une demi-minute."),
            EXPORT_BUSY_SECONDS,
        )
    return place


def _longest() -> int:
    # Past its end, an export may still write a lot, and its last piece be on its way.
    return int(settings.EXPORT_MOST_SECONDS + 2 * settings.PIECE_SECONDS)


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

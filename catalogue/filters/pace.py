"""How much of the public catalogue one network may ask: searches, suggestions, exports."""

from collections.abc import Callable
from datetime import timedelta

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
searches = Window()
suggestions = Window()


def keep_search_pace(request: HttpRequest) -> None:
    """Refuse the searches of a network past its share of a minute."""
    _keep(request, searches, most=settings.SEARCHES_PER_MINUTE_AND_NETWORK)


def keep_suggestion_pace(request: HttpRequest) -> None:
    """Refuse the suggestions of a network past its share of a minute; typing asks many."""
    _keep(request, suggestions, most=settings.SUGGESTIONS_PER_MINUTE_AND_NETWORK)


def exporting(request: HttpRequest, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Build an export that holds one of the places until its last byte has left, or it is shut.

    Each holds a thread of the web server: a network has one or two of them, all together a few.
    Raises QuotaSpent when there is none, or past the exports of a minute.
    """
    rate = {"export": f"{settings.EXPORTS_PER_MINUTE_AND_NETWORK}/m/ip"}
    if not ratelimit.consume(
        request, app="catalogue", action="export", config=rate, limit_get=True
    ):
        raise _spent(
            _("Trop d’exports demandés depuis votre réseau : attendez une minute."), MINUTE_SECONDS
        )
    held = _places(request)
    try:
        response = answer()
    except BaseException:
        _give_back(held)
        raise
    closing = response.close

    def close() -> None:
        try:
            closing()
        finally:
            _give_back(held)

    response.close = close  # type: ignore[method-assign]
    return response


def _places(request: HttpRequest) -> list[turns.Turn]:
    seconds = settings.EXPORT_MOST_SECONDS
    most = settings.EXPORTS_AT_A_TIME_AND_NETWORK
    own = turns.take(f"export:of:{ratelimit.get_ip(request)}", most=most, seconds=seconds)
    if own is None:
        raise _spent(
            _("Un export demandé depuis votre réseau est en cours : attendez qu’il finisse."),
            EXPORT_BUSY_SECONDS,
        )
    place = turns.take("export", most=settings.EXPORTS_AT_A_TIME, seconds=seconds)
    if place is None:
        own.give_back()
        raise _spent(
            _("Le portail prépare déjà plusieurs exports : réessayez dans une demi-minute."),
            EXPORT_BUSY_SECONDS,
        )
    return [own, place]


def _give_back(held: list[turns.Turn]) -> None:
    for turn in held:
        turn.give_back()


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

"""Security headers, and the mapping of refusals to HTTP."""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from portal.audit import denials
from portal.audit.record import reference
from portal.lib import clock
from portal.lib.refusals import (
    Closed,
    Conflict,
    Corrupted,
    Gone,
    Hidden,
    Invalid,
    NotAllowed,
    NotIdentified,
    OutOfRange,
    QuotaSpent,
    Refusal,
    TooLarge,
    TooLong,
    Unavailable,
    Unsupported,
    WrongMethod,
)
from portal.lib.web.requests import natural, without_secrets
from portal.lib.web.responses import API, RETRY_SECONDS, problem, wants_json

log = logging.getLogger("portal.refusals")
OBJECT_CHARACTERS = 120
# The end of the address of the standings that other sites show in a frame.
FRAMED = "/classement/cadre/"
# Where more than an entry may be sent; the fields around a file take some room too.
LARGE_REQUESTS = (
    "/espace/",
    "/donnees/",
    "/admin/",
    "/api/v1/challenges/imports",
    "/fichiers/",
    "/files/",
)
REQUEST_SLACK_BYTES = 2**20
# Parameters of an address; gunicorn refuses less by default, with a bare page.
QUERY_MAX_CHARACTERS = 16_000
GetResponse = Callable[[HttpRequest], HttpResponseBase]

STATUS: Sequence[tuple[type[Refusal], int]] = (
    (NotIdentified, 401),
    (Hidden, 404),
    (NotAllowed, 403),
    (Closed, 403),
    (WrongMethod, 405),
    (Conflict, 409),
    (Gone, 410),
    (Invalid, 422),
    (QuotaSpent, 429),
    (TooLarge, 413),
    (TooLong, 414),
    (Unsupported, 415),
    (OutOfRange, 416),
    (Corrupted, 460),
    (Unavailable, 503),
)


def policy(directives: Mapping[str, Sequence[str]]) -> str:
    """Write a Content-Security-Policy value."""
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def security_headers(get_response: GetResponse) -> GetResponse:
    """Set the content security policy and its companions on every response.

    A view marked with Django's `xframe_options_exempt` may stand in a frame of any site.
    """
    front = policy(settings.SECURE_CSP)
    admin = policy(settings.SECURE_CSP_ADMIN)
    framed = policy(settings.SECURE_CSP_FRAMED)

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if getattr(response, "xframe_options_exempt", False):
            response.headers["Content-Security-Policy"] = framed
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            response.headers["Permissions-Policy"] = ""
            return response
        if settings.DEBUG and response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            return response  # Django's page of an error brings its own styles and script
        in_admin = request.path.startswith(("/admin/", "/en/admin/"))
        response.headers.setdefault("Content-Security-Policy", admin if in_admin else front)
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN" if in_admin else "DENY")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "")
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return respond


def no_body_for_head(get_response: GetResponse) -> GetResponse:
    """Leave the body out of an answer to HEAD, which a server that is given one complains of."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method == "HEAD":
            if isinstance(response, HttpResponse):
                response.headers.setdefault("Content-Length", str(len(response.content)))
                response.content = b""
            elif isinstance(response, StreamingHttpResponse):
                response.streaming_content = iter(())
        return response

    return respond


def no_cookies_for_machines(get_response: GetResponse) -> GetResponse:
    """Take the cookies off every request to the API: a token alone says who asks.

    No page of another site can act with a person's session there; any may read what is public.
    What stands in frames of other sites is asked for without them too: it knows nobody.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path.endswith(FRAMED):
            request.COOKIES = {}
            response = get_response(request)
            response.headers.pop("Vary", None)  # the address alone decides of the answer
            return response
        if not request.path.startswith(API):
            return get_response(request)
        request.COOKIES = {}
        response = get_response(request)
        if request.method in {"GET", "HEAD"}:
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return respond


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    for kind, status in STATUS:
        if isinstance(refusal, kind):
            return status
    return 400


class refusals:
    """Turn a Refusal raised by a view into a page or problem+json, and trace denials."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; say what a form’s address is for.

        Nothing has a name with a NUL byte, which PostgreSQL refuses to look for.
        """
        if "\0" in request.path:
            return refusal_response(request, Hidden())
        if any("\0" in value for value in request.headers.values()):
            return refusal_response(
                request, Refusal(_("Cette requête ne peut pas être lue."), code="malformed")
            )
        if len(request.META.get("QUERY_STRING", "")) > QUERY_MAX_CHARACTERS:
            return refusal_response(request, TooLong(limit_characters=QUERY_MAX_CHARACTERS))
        most = _most_bytes(request.path)
        if _length(request) > most:  # before a byte of it is read, so that none is stored
            return refusal_response(request, TooLarge(limit_bytes=most))
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            page = refusal_response(request, _wrong_method(request))
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a Refusal; leave other errors alone."""
        if not isinstance(error, Refusal):
            return None
        response = refusal_response(request, error)
        on = _denied(request, error)
        if on:
            facts = {"rule": error.facts.get("rule", "")}
            if isinstance(error, Hidden) and error.under is not None:
                facts["grant"] = error.under
            _once_sent(response, lambda: denials.note(by=request.user, on=on, **facts))
        return response


def _most_bytes(path: str) -> int:
    """Say how much a request may bring: a bundle where organisers and producers work,
    and the files of cards."""
    large = any(part in path for part in LARGE_REQUESTS)
    most: int = settings.BUNDLE_MAX_BYTES if large else settings.ENTRY_MAX_BYTES
    return most + REQUEST_SLACK_BYTES


def _length(request: HttpRequest) -> int:
    """Read the announced length; a body without one is not read at all."""
    return natural(request.META.get("CONTENT_LENGTH") or "")


def _wrong_method(request: HttpRequest) -> WrongMethod:
    if request.path.startswith(API):
        return WrongMethod(_("Cette adresse ne connaît pas cette méthode ; voyez « Allow »."))
    return WrongMethod()


def _denied(request: HttpRequest, refusal: Refusal) -> str:
    """Name what was denied, for the ledger; nothing when no denial has to be written.

    A hidden object is named when it exists, whoever asked. Other refusals are named by their
    path, for people who are signed in: a visitor is led to the sign-in.
    """
    if isinstance(refusal, Hidden):
        return reference(refusal.denied)[:OBJECT_CHARACTERS]
    user = getattr(request, "user", None)
    if not isinstance(refusal, NotAllowed) or user is None or not user.is_authenticated:
        return ""
    path = without_secrets(request.path, request.resolver_match)
    return f"path:{path}"[:OBJECT_CHARACTERS]


def _once_sent(response: HttpResponse, act: Callable[[], None]) -> None:
    """Do something once the answer has left, when what was refused is rolled back.

    A denial that is written costs no time that would tell a hidden object from an unknown one.
    """
    closing = response.close

    def close() -> None:
        try:
            act()
        except DatabaseError as error:
            log.error("a denial was not written: %s", type(error).__name__)
        finally:
            closing()

    response.close = close  # type: ignore[method-assign]


def refusal_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Build the answer to a refusal: the status, the code, the sentence, the facts."""
    status = status_of(refusal)
    response: HttpResponse
    if wants_json(request):
        faults = {"errors": refusal.faults} if isinstance(refusal, Invalid) else {}
        response = problem(status, refusal.code, str(refusal), {**refusal.facts, **faults})
    else:
        template = "404.html" if status == 404 else "refusal.html"
        context = {"refusal": refusal, "status": status, "reference": secrets.token_hex(4)}
        context["back"] = _form_of(request)
        response = render(request, template, context, status=status)
    _headers(response, refusal)
    return response


def _headers(response: HttpResponse, refusal: Refusal) -> None:
    """Say in the headers too how to be identified, and when to come back."""
    if isinstance(refusal, NotIdentified):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Open Emploi"'
    if isinstance(refusal, OutOfRange):
        response.headers["Content-Range"] = f"bytes */{refusal.facts['size_bytes']}"
    if type(refusal) is Unavailable:  # a kind of it that lasts has its own class
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    opening = refusal.facts.get("next_opening")
    if isinstance(refusal, QuotaSpent) and isinstance(opening, datetime):
        wait = (opening - clock.now()).total_seconds()
        response.headers["Retry-After"] = str(max(1, round(wait)))


def _form_of(request: HttpRequest) -> str:
    """Give the page of this site that sent a refused form, or ""."""
    came = request.headers.get("Referer", "")
    secure = request.is_secure()
    if request.method != "POST" or not url_has_allowed_host_and_scheme(
        came, {request.get_host()}, require_https=secure
    ):
        return ""
    page = urlsplit(came)._replace(scheme="", netloc="", fragment="").geturl()
    return page if url_has_allowed_host_and_scheme(page, None) else ""

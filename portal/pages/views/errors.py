"""Say what went wrong and what to do: one page for each status."""

import logging
import secrets
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.lib.problems import RETRY_SECONDS, away, broken, wants_json

log = logging.getLogger(__name__)
AWAY = (OperationalError, InterfaceError)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return render(request, "400.html", status=400)


@login_not_required
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return render(request, "403.html", status=403)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 for a form without a valid token: the page was open for too long."""
    return render(request, "403_form.html", status=403)


@login_not_required
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404; a hidden object and an unknown one get the same page."""
    return render(request, "404.html", status=404)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 with a page that needs neither database nor context, or with a problem.

    A database that restarts or is too busy is no error of ours: 503, and when to come back. What
    was sent and not acknowledged may be sent again. The reference shown is in the log, just below
    the error.
    """
    if isinstance(sys.exc_info()[1], AWAY):
        response = away() if wants_json(request) else unavailable(request)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    reference = secrets.token_hex(4)
    log.error("reference %s: %s %s", reference, request.method, request.path)
    if wants_json(request):
        return broken(reference)
    return render(None, "500.html", {"reference": reference}, status=500)


@login_not_required
def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503 with a page that needs neither database nor context."""
    return render(None, "503.html", status=503)

"""Take what browsers report of the content security policy: counted, cut down, written in the log.

A report holds addresses, and sometimes a sample of the page: neither is kept. What is logged is
the directive, the host that was blocked, and the name of the page's route.
"""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from allauth.core.internal import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.lib.numbers import natural

log = logging.getLogger("portal.csp")
REPORT_MAX_BYTES = 16_384
REPORTS_READ = 10
# Of one address, and of all: a page seen by a crowd must not fill the log.
RATES = "30/m/ip,300/m/key"
TYPES = {"application/csp-report", "application/reports+json", "application/json"}
DIRECTIVES = re.compile(r"[a-z]{3,20}(?:-[a-z]{2,12}){0,3}")
KEYWORDS = {"inline", "eval", "self", "data", "blob", "wasm-eval", "trusted-types-policy"}
HOST = re.compile(r"[a-z0-9.-]{1,80}(?::[0-9]{1,5})?")
UNKNOWN = "?"


@csrf_exempt
@login_not_required
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Log one request's reports; 204, or what is wrong with it: 400, 413, 415, 429."""
    if request.content_type not in TYPES:
        return HttpResponse(status=415)
    if natural(request.headers.get("Content-Length") or "") > REPORT_MAX_BYTES:
        return HttpResponse(status=413)
    config = {"csp_report": RATES}
    if not ratelimit.consume(request, app="portal", action="csp_report", config=config, key="all"):
        return HttpResponse(status=429)
    try:
        found = list(_reports(json.loads(request.body)))
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    for directive, blocked, page in found:
        log.warning("directive %s blocked %s on %s", directive, blocked, page)
    return HttpResponse(status=204)


def _reports(content: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (directive, blocked, page) of the reports, in either of the two forms browsers send."""
    rows = content if isinstance(content, list) else [content]
    for row in rows[:REPORTS_READ]:
        body = row.get("csp-report", row.get("body")) if isinstance(row, dict) else None
        if not isinstance(body, dict):
            raise ValueError("not a report")
        yield (
            _directive(_first(body, "effective-directive", "effectiveDirective")),
            _blocked(_first(body, "blocked-uri", "blockedURL")),
            _page(_first(body, "document-uri", "documentURL")),
        )


def _first(body: dict[str, Any], *names: str) -> str:
    return next((body[name] for name in names if isinstance(body.get(name), str)), "")


def _directive(text: str) -> str:
    return text if DIRECTIVES.fullmatch(text) else UNKNOWN


def _blocked(text: str) -> str:
    if text in KEYWORDS:
        return text
    try:
        host = urlsplit(text).netloc.rpartition("@")[2].lower()
    except ValueError:
        return UNKNOWN
    return host if HOST.fullmatch(host) else UNKNOWN


def _page(text: str) -> str:
    """Name the route of the page: its address may hold a token."""
    try:
        return resolve(urlsplit(text).path).view_name or UNKNOWN
    except (Resolver404, ValueError):
        return UNKNOWN

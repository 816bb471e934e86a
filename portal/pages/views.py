"""Pages of the house itself: appearance, errors, health, sitemap, a person's space."""

import json
import logging
import re
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import Sitemap
from django.db import InterfaceError, OperationalError
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from wagtail.models import Page

from catalogue.resources.models import Resource
from challenges.organising.models.challenges import Challenge
from datasets.releases.models import Dataset
from portal.accounts import news, space
from portal.accounts.models import Notification
from portal.accounts.views import person
from portal.lib import clock, rates
from portal.lib.prose.texts import Feed
from portal.lib.web.requests import natural
from portal.lib.web.responses import RETRY_SECONDS, away, broken, wants_json
from portal.lib.web.stretches import Stretches
from portal.pages import frame
from portal.pages import health as house
from portal.pages.home import ANYONE
from portal.pages.models import NewsPage

COOKIE_SECONDS = 365 * 24 * 3600
SECURITY_TXT_DAYS = 180
NEWS_IN_FEED = 30
CHOICES = (
    (
        "",
        gettext_lazy("Comme le système"),
        gettext_lazy("Clair le jour, sombre la nuit, selon votre appareil"),
    ),
    ("light", gettext_lazy("Clair"), gettext_lazy("Fond blanc, toujours")),
    ("dark", gettext_lazy("Sombre"), gettext_lazy("Fond nuit, toujours")),
)


def return_address(request: HttpRequest, wanted: str) -> str:
    """Keep an address of this site, or give the home page."""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else frame.home_address()


@method_decorator(login_not_required, name="dispatch")
class Appearance(View):
    """Choose light, dark or the system's theme; the choice stays in a cookie of this browser."""

    def get(self, request: HttpRequest) -> HttpResponse:
        back = return_address(request, request.GET.get("suite", ""))
        context = {"choices": CHOICES, "chosen": frame.theme(request), "back": back}
        return render(request, "pages/appearance.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponseRedirect(return_address(request, request.POST.get("suite", "")))
        chosen = request.POST.get("theme", "")
        if chosen in frame.THEMES:
            response.set_cookie(frame.THEME_COOKIE, chosen, max_age=COOKIE_SECONDS, samesite="Lax")
        else:
            response.delete_cookie(frame.THEME_COOKIE, samesite="Lax")
        return response


csp_log = logging.getLogger("portal.csp")
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
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log one request's reports; 204, or what is wrong with it: 400, 413, 415, 429."""
    if request.content_type not in TYPES:
        return HttpResponse(status=415)
    if natural(request.headers.get("Content-Length") or "") > REPORT_MAX_BYTES:
        return HttpResponse(status=413)
    if not rates.may_ask(request, "csp_report", RATES, key="all"):
        return HttpResponse(status=429)
    try:
        found = list(_reports(json.loads(request.body)))
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    for directive, blocked, page in found:
        csp_log.warning("directive %s blocked %s on %s", directive, blocked, page)
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


error_log = logging.getLogger(__name__)
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
    error_log.error("reference %s: %s %s", reference, request.method, request.path)
    if wants_json(request):
        return broken(reference)
    return render(None, "500.html", {"reference": reference}, status=500)


@login_not_required
def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503 with a page that needs neither database nor context."""
    return render(None, "503.html", status=503)


@require_safe
@never_cache
@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the portal can serve, 503 when a check is bad; JSON on demand."""
    found = house.checks()
    overall = house.overall(found)
    status = 503 if overall == house.Level.BAD else 200
    if request.GET.get("format") == "json":
        rows = [
            {"key": c.key, "name": c.name, "level": c.level, "text": c.text, "at": c.at}
            for c in found
        ]
        return JsonResponse({"level": overall, "checks": rows}, status=status)
    context = {"checks": found, "overall": overall}
    return render(request, "pages/health.html", context, status=status)


class PublicSitemap(Sitemap):
    """List one family of public addresses, 1,000 a file, each a stretch of their order.

    changed: when a row last changed, as an expression; without it no line says when.
    """

    limit = 1000
    changed: Any = None
    is_in_each_language = True

    @property
    def paginator(self) -> Stretches:
        """Cut the list where its files begin, without counting through it."""
        rows: Any = self.items()
        return Stretches(rows, self.limit, name=type(self).__name__)

    def get_urls(self, page: Any = 1, site: Any = None, protocol: Any = None) -> list[Any]:
        """Tell beside each address the same page in the other languages."""
        told = super().get_urls(page, site, protocol)
        for each in told if self.is_in_each_language else ():
            base, path = each["location"].partition(self.location(each["item"]))[:2]
            each["alternates"] = [
                {"lang_code": code, "location": base + frame.in_language(path, code)}
                for code, _name in settings.LANGUAGES
            ]
        return told

    def get_latest_lastmod(self) -> Any:
        """Ask the database for the moment of the last change: the index reads no row."""
        if self.changed is None:
            return None
        rows: Any = self.items()
        return rows.order_by().aggregate(at=Max(self.changed))["at"]


class PageSitemap(PublicSitemap):
    """List the published editorial pages."""

    changed = F("last_published_at")
    is_in_each_language = False  # each language has pages of its own

    def items(self) -> QuerySet[Page]:
        """Read the pages below the root, in the order of the tree."""
        return Page.objects.live().filter(depth__gt=1).order_by("path")

    def location(self, item: Page) -> str:
        return str(item.get_url())

    def lastmod(self, item: Page) -> Any:
        return item.last_published_at


class ResourceSitemap(PublicSitemap):
    """List the published resources."""

    changed = Coalesce("content_modified_at", "last_published_at")

    def items(self) -> QuerySet[Resource]:
        """Read what an anonymous visitor may read; of each card, no more than a line says."""
        rows = Resource.objects.visible_to(ANYONE).order_by("pk")
        return rows.only("slug", "content_modified_at", "last_published_at")

    def location(self, item: Resource) -> str:
        return frame.address("catalogue:resource", item.slug)

    def lastmod(self, item: Resource) -> Any:
        return item.content_modified_at or item.last_published_at


class ChallengeSitemap(PublicSitemap):
    """List the public challenges."""

    changed = F("status_since")

    def items(self) -> QuerySet[Challenge]:
        """Read what an anonymous visitor may read."""
        return Challenge.objects.visible_to(ANYONE).order_by("pk")

    def location(self, item: Challenge) -> str:
        return frame.address("challenges:presentation", item.slug)

    def lastmod(self, item: Challenge) -> Any:
        return item.status_since


class DatasetSitemap(PublicSitemap):
    """List the datasets of the directory."""

    def items(self) -> QuerySet[Dataset]:
        """Read what an anonymous visitor may read."""
        return Dataset.objects.visible_to(ANYONE).with_card().order_by("pk")


SITEMAPS: dict[str, type[PublicSitemap]] = {
    "pages": PageSitemap,
    "ressources": ResourceSitemap,
    "donnees": DatasetSitemap,
    "challenges": ChallengeSitemap,
}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Answer robots.txt: everything public, nothing that is someone's own."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in frame.CLOSED)]
    lines += [f"Disallow: /en{path}" for path in frame.CLOSED]
    lines += ["", f"Sitemap: {settings.SITE_URL}{reverse('sitemap_index')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say to whom a weakness is told (RFC 9116)."""
    root = settings.SITE_URL
    expires = clock.now().astimezone(UTC) + timedelta(days=SECURITY_TXT_DAYS)
    lines = (
        *([f"Contact: mailto:{settings.CONTACT_EMAIL}"] if settings.CONTACT_EMAIL else []),
        f"Contact: {root}{reverse('pages:contact')}",
        f"Expires: {expires:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: fr, en",
        f"Canonical: {root}{reverse('security_txt')}",
    )
    return HttpResponse("\n".join((*lines, "")), content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Lead managers of passwords to the page where one changes."""
    return redirect("account_change_password")


@login_not_required
@require_safe
def api_catalog(request: HttpRequest) -> HttpResponse:
    """Name the API, its document and its guide (RFC 9727)."""
    root = settings.SITE_URL
    document = {
        "anchor": root + reverse("api:api-root"),
        "service-desc": [{"href": root + reverse("api:openapi-json"), "type": "application/json"}],
        "service-doc": [{"href": root + reverse("api_guide"), "type": "text/html"}],
    }
    return JsonResponse({"linkset": [document]}, content_type="application/linkset+json")


@login_not_required
@require_safe
def news_feed(request: HttpRequest) -> HttpResponse:
    """Answer the last news in the language of the address as Atom."""
    feed = Feed(
        title=_("Open Emploi : actualités"),
        link=settings.SITE_URL + frame.address("/actualites/"),
        description=_("La vie du programme : appels, rencontres, nouveaux jeux de données."),
        language=request.LANGUAGE_CODE,
        feed_url=request.build_absolute_uri(),
        author_name="Open Emploi",
    )
    news = NewsPage.objects.live().filter(locale__language_code=request.LANGUAGE_CODE)
    for each in news.order_by("-published_on", "-pk")[:NEWS_IN_FEED]:
        at = each.last_published_at or each.first_published_at
        feed.add_item(
            title=each.title,
            link=settings.SITE_URL + (each.get_url() or ""),
            description=each.lede,
            unique_id=f"urn:uuid:{each.translation_key}",
            pubdate=each.first_published_at,
            updateddate=at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


@login_not_required
@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Say to whom one writes, by what it is about."""
    return render(request, "pages/contact.html", {"address": settings.CONTACT_EMAIL})


LATEST_NEWS, NEWS_READ = 3, 12


@require_safe
def space_page(request: HttpRequest) -> HttpResponse:
    """Show a person's space, from what the apps registered."""
    user = person(request)
    context = space.gathered(user)
    latest = Notification.objects.visible_to(user)[:NEWS_READ]
    # What says the same is said once, as it was last.
    subjects = {news.subject_of(each): each for each in reversed(list(latest))}
    recent = sorted(subjects.items(), key=lambda pair: -pair[1].pk)[:LATEST_NEWS]
    figures = space.figures(user)
    return render(request, "accounts/space.html", {**context, "recent": recent, "figures": figures})

"""Pages of the house itself: components, errors, health, sitemap, a person's space."""

import json
import logging
import re
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import Sitemap
from django.core.paginator import Paginator
from django.db import InterfaceError, OperationalError
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
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
from datasets.models import Dataset
from portal.accounts import space
from portal.accounts.models import Membership
from portal.accounts.views import person
from portal.lib import rates
from portal.lib.prose import differences
from portal.lib.web.requests import natural
from portal.lib.web.responses import RETRY_SECONDS, away, broken, wants_json
from portal.lib.web.stretches import Stretches
from portal.pages import frame
from portal.pages import health as house
from portal.pages.home import ANYONE
from portal.pages.looks import FACES

COOKIE_SECONDS = 365 * 24 * 3600
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
        """Show the three choices."""
        back = return_address(request, request.GET.get("suite", ""))
        context = {"choices": CHOICES, "chosen": frame.theme(request), "back": back}
        return render(request, "pages/appearance.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice and go back to the page."""
        response = HttpResponseRedirect(return_address(request, request.POST.get("suite", "")))
        chosen = request.POST.get("theme", "")
        if chosen in frame.THEMES:
            response.set_cookie(frame.THEME_COOKIE, chosen, max_age=COOKIE_SECONDS, samesite="Lax")
        else:
            response.delete_cookie(frame.THEME_COOKIE, samesite="Lax")
        return response


CODE = """import csv

with open("offres.csv", encoding="utf-8") as offres:
    lignes = list(csv.DictReader(offres))  # une offre par ligne
print(len(lignes))"""


class SampleForm(forms.Form):
    """Show each kind of field."""

    title = forms.CharField(
        label=gettext_lazy("Titre"),
        help_text=gettext_lazy("Une aide courte, avant le champ."),
        max_length=120,
    )
    summary = forms.CharField(
        label=gettext_lazy("Résumé"), max_length=280, widget=forms.Textarea, required=False
    )
    day = forms.DateField(
        label=gettext_lazy("Date"),
        error_messages={
            "invalid": gettext_lazy(
                "Écrivez la date sous la forme jour, mois, année : par exemple 17/12/2026."
            )
        },
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Échelle"),
        choices=[("regional", gettext_lazy("Régionale")), ("national", gettext_lazy("Nationale"))],
    )
    decision = forms.ChoiceField(
        label=gettext_lazy("Décision"),
        widget=forms.RadioSelect,
        choices=[
            ("publish", gettext_lazy("Publier")),
            ("changes", gettext_lazy("Demander des corrections")),
        ],
    )
    agreed = forms.BooleanField(label=gettext_lazy("Case à cocher"), required=False)
    upload = forms.FileField(label=gettext_lazy("Votre fichier de prédictions"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].descriptions = {  # type: ignore[attr-defined]  # read by the kit
            "publish": _("Visible tout de suite"),
            "changes": _("L’auteur répond, la fiche revient"),
        }


@login_not_required
def components(request: HttpRequest) -> HttpResponse:
    """Answer with the component guide."""
    wrong = SampleForm(
        # Only the two fields shown are wrong: the summary leads to no field that is not there.
        {
            "wrong-title": "",
            "wrong-day": "12/2026",
            "wrong-scope": "regional",
            "wrong-decision": "publish",
        },
        prefix="wrong",
    )
    context = {
        "sample_dots": _dots(),
        "colours": _colours(),
        "kinds": list(FACES)[:9],
        "kind_choices": [(key, face.plural) for key, face in FACES.items()],
        "blank_form": SampleForm(initial={"agreed": True, "decision": "publish"}),
        "wrong_form": wrong,
        "page": Paginator(range(63), 9, orphans=0).get_page(request.GET.get("page")),
        "code": CODE,
    } | _progress()
    return render(request, "pages/components.html", context)


def _dots() -> dict[str, Any]:
    rows = [
        {"label": _("Femmes"), "value": 0.61, "low": 0.57, "high": 0.65},
        {"label": _("Hommes"), "value": 0.70, "low": 0.66, "high": 0.74},
        {"label": _("Non renseigné"), "value": 0.66, "low": 0.5, "high": 0.8, "faint": True},
    ]
    description = _("Femmes 0,61, hommes 0,70, non renseigné 0,66 ; 0,66 en moyenne.")
    title = _("Exemple de points et d’intervalles")
    return {
        "key": "sample-dots",
        "title": title,
        "description": description,
        "rows": rows,
        "scale": (0.4, 0.9),
        "reference": 0.66,
        "decimals": 0,
        "percent": True,
    }


def _colours() -> list[tuple[str, str, str]]:
    return [
        ("ink", _("Nuit"), _("texte")),
        ("ink-2", _("Nuit claire"), _("texte second")),
        ("ink-3", _("Ardoise pâle"), _("légende")),
        ("accent", _("Calanque"), _("action, lien")),
        ("pin", _("Pin"), _("réussite, ouvert")),
        ("ocre", _("Ocre"), _("attention, en cours")),
        ("garance", _("Garance"), _("erreur, refus")),
        ("olivier", _("Olivier"), _("données")),
        ("lavande", _("Lavande"), _("méthode, programme")),
        ("mimosa", _("Mimosa"), _("idée, à améliorer")),
        ("ardoise", _("Ardoise"), _("neutre")),
        ("sunk", _("Calcaire"), _("fond de section")),
    ]


def _progress() -> dict[str, Any]:
    at = datetime(2026, 12, 17, 16, 0, tzinfo=UTC)
    standing = {"rank": 1, "tied": True, "value": 0.871, "low": 0.858, "high": 0.884}
    kept = _("Transforme une note vocale en fiche de poste.")
    return {
        "at": at,
        "now": datetime.now(UTC) + timedelta(days=23, hours=1),
        "steps": [(_("Type"), "done", "#etapes"), (_("Description"), "now"), (_("Relecture"), "")],
        "phases": [
            (_("Inscription"), _("terminée"), "done"),
            (_("Phase publique"), _("en cours"), "now"),
            (_("Restitution"), _("à venir"), ""),
        ],
        "stages": [
            {"label": _("Reçue"), "state": "done", "at": at},
            {
                "label": _("Format refusé"),
                "state": "error",
                "at": at,
                "text": _("Trois problèmes à corriger."),
            },
            {
                "label": _("Évaluation"),
                "state": "now",
                "at": _("en cours"),
                "progress": 62,
                "text": _("1 240 tirages sur 2 000"),
            },
            {"label": _("Score publié"), "state": "todo"},
        ],
        "standings": [
            standing | {"team": _("Équipe A"), "extra": _cells(0.031)},
            standing
            | {
                "rank": 1,
                "tied": True,
                "team": _("Équipe B"),
                "mine": True,
                "extra": _cells(0.072),
            },
            {
                "rank": None,
                "team": _("Référence à battre"),
                "value": 0.8,
                "low": 0.789,
                "high": 0.811,
                "baseline": True,
                "new_tier": True,
                "extra": _cells(0.055),
            },
        ],
        "scale": (0.76, 0.9, 0.8),
        "changes": [
            {
                "label": _("Résumé"),
                "lines": differences.lines(
                    f"{kept}\nFonctionne hors ligne sur téléphone.",
                    f"{kept}\nFonctionne sans réseau sur téléphone.",
                ),
            },
        ],
        "tab_items": [(_("Présentation"), "#navigation", ""), (_("Classement"), "#fiches", 34)],
        "facet_items": [
            {"value": "model", "label": _("Modèles pré-entraînés"), "count": 14, "checked": True},
            {"value": "dataset", "label": _("Jeux de données"), "count": 1204, "checked": False},
        ],
    }


def _cells(gap: float) -> list[dict[str, str]]:
    shown, low, high = (f"{each:.3f}".replace(".", ",") for each in (gap, gap - 0.02, gap + 0.02))
    cell = {"label": _("Équité"), "text": shown, "low": low, "high": high}
    if gap <= 0.06:
        return [cell | {"tone": "pin", "icon": "check"}]
    beyond = _("%(gap)s hors seuil") % {"gap": shown}
    return [cell | {"text": beyond, "tone": "garance", "icon": "triangle-alert"}]


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


CLOSED = ("/admin/", "/compte/", "/espace/", "/moderation/", "/apparence/", "/documents/")


class PublicSitemap(Sitemap):
    """List one family of public addresses, 1,000 a file, each a stretch of their order.

    changed: when a row last changed, as an expression; without it no line says when.
    """

    limit = 1000
    changed: Any = None

    @property
    def paginator(self) -> Stretches:
        """Cut the list where its files begin, without counting through it."""
        rows: Any = self.items()
        return Stretches(rows, self.limit, name=type(self).__name__)

    def get_latest_lastmod(self) -> Any:
        """Ask the database for the moment of the last change: the index reads no row."""
        if self.changed is None:
            return None
        rows: Any = self.items()
        return rows.order_by().aggregate(at=Max(self.changed))["at"]


class PageSitemap(PublicSitemap):
    """List the published editorial pages."""

    changed = F("last_published_at")

    def items(self) -> QuerySet[Page]:
        """Read the pages below the root, in the order of the tree."""
        return Page.objects.live().filter(depth__gt=1).order_by("path")

    def location(self, item: Page) -> str:
        """Give the path of a page."""
        return str(item.get_url())

    def lastmod(self, item: Page) -> Any:
        """Give the moment of its last publication."""
        return item.last_published_at


class ResourceSitemap(PublicSitemap):
    """List the published resources."""

    changed = Coalesce("content_modified_at", "last_published_at")

    def items(self) -> QuerySet[Resource]:
        """Read what an anonymous visitor may read; of each card, no more than a line says."""
        rows = Resource.objects.visible_to(ANYONE).order_by("pk")
        return rows.only("slug", "content_modified_at", "last_published_at")

    def location(self, item: Resource) -> str:
        """Give the path of a resource."""
        return frame.address("catalogue:resource", item.slug)

    def lastmod(self, item: Resource) -> Any:
        """Give the moment of the last change of content."""
        return item.content_modified_at or item.last_published_at


class ChallengeSitemap(PublicSitemap):
    """List the public challenges."""

    changed = F("status_since")

    def items(self) -> QuerySet[Challenge]:
        """Read what an anonymous visitor may read."""
        return Challenge.objects.visible_to(ANYONE).order_by("pk")

    def location(self, item: Challenge) -> str:
        """Give the path of a challenge."""
        return frame.address("challenges:presentation", item.slug)

    def lastmod(self, item: Challenge) -> Any:
        """Give the moment of its last step."""
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
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines += [f"Disallow: /en{path}" for path in CLOSED]
    lines += ["", f"Sitemap: {settings.SITE_URL}{reverse('sitemap_index')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def space_page(request: HttpRequest) -> HttpResponse:
    """Show a person's space, from what the apps registered."""
    user = person(request)
    places = Membership.objects.live().places_of(user)
    context = {section: space.items(section, user) for section in space.SECTIONS}
    return render(
        request,
        "accounts/space.html",
        {**context, "places": places, "figures": space.figures(user)},
    )

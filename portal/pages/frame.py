"""Describe the frame of every page: menus, theme, language and the section being visited."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from portal.lib.web.requests import natural

THEME_COOKIE = "theme"
THEMES = ("light", "dark")
OWN_NAMES = {"fr": "Version française", "en": "English version"}


@dataclass(frozen=True)
class Entry:
    """Lead from the frame to a page.

    section: first segment of the addresses it stands for. route: a name for `reverse`, or a
    path under the site's root, kept by the editorial pages.
    """

    section: str
    label: str | Promise
    route: str


MENU = (
    Entry("ressources", _("Ressources"), "catalogue:list"),
    Entry("donnees", _("Données"), "datasets:list"),
    Entry("challenges", _("Challenges"), "challenges:list"),
    Entry("demonstrateur", _("Démonstrateur"), "demonstrator:index"),
    Entry("programme", _("Programme"), "/programme/"),
    Entry("actualites", _("Actualités"), "/actualites/"),
)

EXPLORE = (
    Entry("ressources", _("Toutes les ressources"), "catalogue:list"),
    Entry("donnees", _("Répertoire R2DDE"), "datasets:list"),
    Entry("registre", _("Registre public des accès"), "datasets:register"),
    Entry("challenges", _("Challenges d’innovation"), "challenges:list"),
    Entry("demonstrateur", _("Démonstrateur"), "demonstrator:index"),
    Entry("organisations", _("Organisations"), "organisations"),
    Entry("dossiers", _("Dossiers de ressources"), "catalogue:collections"),
    Entry("programme", _("Le programme"), "/programme/"),
)

CONTRIBUTE = (
    Entry("publier", _("Publier une ressource"), "catalogue:contribute"),
    Entry("demander", _("Demander l’accès à des données"), "datasets:list"),
    Entry("charte", _("Charte de contribution"), "/charte/"),
)

REUSE = (
    Entry("api", _("Interface de programmation (API)"), "api_guide"),
    Entry("catalogue", _("Catalogue en DCAT-AP"), "documents:catalogue.ttl"),
    Entry("exports", _("Export complet (CSV)"), "documents:export.csv"),
)

LEGAL = (
    Entry("accessibilite", _("Accessibilité : non conforme"), "/accessibilite/"),
    Entry("mentions-legales", _("Mentions légales"), "/mentions-legales/"),
    Entry("donnees-personnelles", _("Données personnelles"), "/donnees-personnelles/"),
    Entry("contact", _("Contact"), "pages:contact"),
    Entry("signaler", _("Signaler un contenu"), "catalogue:report"),
    Entry("transparence", _("Transparence"), "catalogue:transparency"),
    Entry("apparence", _("Apparence"), "pages:appearance"),
)


def address(route: str, *args: str) -> str:
    """Find the address of a route in the language of the page, or "" when it does not exist."""
    if route.startswith("/"):
        return home_address().rstrip("/") + route
    try:
        return reverse(route, args=args)
    except NoReverseMatch:
        return ""


def reserved_paths() -> frozenset[str]:
    """List the editorial addresses that the frame links to, under the root of a language."""
    entries = (*MENU, *EXPLORE, *CONTRIBUTE, *REUSE, *LEGAL)
    return frozenset(entry.route for entry in entries if entry.route.startswith("/"))


def is_reserved(page: Page) -> bool:
    """Say whether the frame links to this editorial page."""
    return "/" + page.url_path.strip("/").partition("/")[2] + "/" in reserved_paths()


def home_address() -> str:
    """Find the address of the home page in the language of the page."""
    language = get_language() or settings.LANGUAGE_CODE
    return "/" if language == settings.LANGUAGE_CODE else f"/{language}/"


def suggestions() -> str:
    """Find the address of the search suggestions, ready for the words, or ""."""
    found = address("catalogue:suggest")
    return f"{found}?q=" if found else ""


def links(entries: tuple[Entry, ...], section: str = "") -> list[dict[str, Any]]:
    """List the entries whose page exists, and mark the one of the section being visited."""
    return [
        {"label": entry.label, "href": href, "current": entry.section == section}
        for entry in entries
        if (href := address(entry.route))
    ]


def without_language(path: str) -> str:
    """Remove the language of an address: « /en/ressources/ » is « /ressources/ »."""
    for code, _name in settings.LANGUAGES:
        if path == f"/{code}" or path.startswith(f"/{code}/"):
            return path[len(code) + 1 :] or "/"
    return path


def in_language(path: str, language: str) -> str:
    """Write the same address in another language."""
    bare = without_language(path)
    return bare if language == settings.LANGUAGE_CODE else f"/{language}{bare}"


def theme(request: HttpRequest) -> str:
    """Read the chosen theme: light, dark, or "" to follow the system."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def section(request: HttpRequest) -> str:
    """Name the part of the site being visited: the first segment of the address."""
    return without_language(request.path).strip("/").partition("/")[0]


def sign_in(request: HttpRequest) -> str:
    """Lead to the door, and back to this page once in; from the home page, to Mon espace."""
    door = address("account_login")
    if section(request) in {"", "compte"} or getattr(request, "resolver_match", None) is None:
        return door
    return f"{door}?{urlencode({'next': request.get_full_path()})}"


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Gather the menus and addresses around a page."""
    language = get_language() or settings.LANGUAGE_CODE
    other = next((code for code, _name in settings.LANGUAGES if code != language), language)
    return {
        "home": home_address(),
        "footer": [
            (_("Explorer"), links(EXPLORE)),
            (_("Contribuer"), links(CONTRIBUTE)),
            (_("Réutiliser"), links(REUSE)),
        ],
        "legal": links(LEGAL),
        "other_language": other,
        "other_label": OWN_NAMES.get(other, other),
        "other_address": getattr(request, "other_address", "") or in_language(request.path, other),
        "search": address("catalogue:list"),
        "suggest": suggestions(),
        "opensearch": address("documents:opensearch"),
        "publish": address("catalogue:contribute"),
        "space": address("space"),
        "sign_in": sign_in(request),
        "sign_out": address("account_logout"),
        "appearance": address("pages:appearance"),
        "site": settings.SITE_URL,
        "versions": language_versions(request, language, other),
    }


# What is a person's own, or of the back office: told to no search engine.
CLOSED = ("/admin/", "/compte/", "/espace/", "/moderation/", "/apparence/", "/documents/")


def language_versions(request: HttpRequest, language: str, other: str) -> dict[str, str]:
    """Give the address of a public page in each language, its own first; {} for what is closed.

    Words of a search and filters make no other page: only the number of a page does.
    """
    is_nowhere = request.resolver_match is None
    if is_nowhere or without_language(request.path).startswith(CLOSED):
        return {}
    number = natural(request.GET.get("page", ""))
    query = f"?page={number}" if number > 1 else ""
    beside = getattr(request, "other_address", "") or in_language(request.path, other)
    beside = beside if "://" in beside else settings.SITE_URL + beside
    return {language: settings.SITE_URL + request.path + query, other: beside + query}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the theme, the section and, on demand, the frame around the page."""
    return {
        "theme": theme(request),
        "section": section(request),
        "frame": SimpleLazyObject(lambda: surroundings(request)),
    }

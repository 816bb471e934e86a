"""Saved searches and what a person follows: kept, confirmed, changed, stopped."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from catalogue.community import queries as reads
from catalogue.community.actions import alerts, follows
from catalogue.community.forms import AddressForm, SearchForm
from catalogue.community.models import SavedSearch
from catalogue.resources.enums import UseCase
from catalogue.resources.models import Resource
from catalogue.resources.views import public
from catalogue.search import filters
from catalogue.search.query import ResourceQuery
from portal.accounts.models import Organisation, User
from portal.accounts.views import person
from portal.audit.actors import Actor
from portal.lib import rates
from portal.lib.refusals import Hidden, Invalid
from portal.lib.visible import find
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post


@login_not_required
@get_or_post
def save(request: HttpRequest) -> HttpResponse:
    """Keep the search of the address: at once with an account, else once the link is followed."""
    query = alerts.canonical(ResourceQuery.parse(request.GET))
    signed_in = request.user.is_authenticated
    given, initial = sent(request), {"title": filters.title(query)}
    form = SearchForm(given, initial=initial) if signed_in else AddressForm(given, initial=initial)
    if not form.is_valid():
        context = {"form": form, "parts": filters.parts(query), "back": query.serialise()}
        status = 422 if form.is_bound else 200
        return render(request, "catalogue/community/searches/save.html", context, status=status)
    values = dict(form.cleaned_data)
    if signed_in:
        search = alerts.save(query=query, by=person(request), **values)
        messages.success(request, _("Recherche enregistrée."))
        return redirect("catalogue:search", search.public_id)
    _keep_pace(request)
    if not values.pop("site"):
        alerts.ask(query=query, **values)
    return render(request, "catalogue/community/searches/asked.html", {"hours": _hours()})


@login_not_required
@get_or_post
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then start the alert of an address; opening the link starts nothing by itself."""
    search = alerts.search_to_confirm(token)
    if search is None:
        late = {"hours": _hours()}
        return _unkept(render(request, "catalogue/community/searches/stale.html", late, status=410))
    done = search.confirmed_at is not None
    if request.method == "POST":
        search, done = alerts.confirm(search=search), True
    manage = alerts.manage_link(search) if request.method == "POST" else ""
    context = {"search": search, "done": done, "manage": manage}
    return _unkept(render(request, "catalogue/community/searches/confirm.html", context))


@csrf_exempt  # the signed link is the proof: mail programs post to it without a page
@login_not_required
@get_or_post
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then end the letters of a search, without signing in; twice says the same."""
    search = alerts.search_to_stop(token)
    if search is None and not alerts.is_our_stop_link(token):
        raise Hidden
    if request.method == "POST" and search is not None:
        alerts.stop(search=search)
    done = request.method == "POST" or search is None
    context = {"search": search, "done": done}
    return _unkept(render(request, "catalogue/community/searches/stop.html", context))


@login_not_required
@get_or_post
def managed(request: HttpRequest, token: str) -> HttpResponse:
    """Change the search of an address, from the link of its letters."""
    search = alerts.search_managed(token)
    if search is None:
        raise Hidden
    return _unkept(_page(request, search, by=alerts.BY_LINK))


@get_or_post
def own(request: HttpRequest, search: UUID) -> HttpResponse:
    """Change one of one's own searches."""
    by = person(request)
    rows = SavedSearch.objects.visible_to(by).select_related("user")
    found = find(rows, among=SavedSearch.objects.all(), public_id=search)
    return _page(request, found, by=by)


def _page(request: HttpRequest, search: SavedSearch, *, by: Actor) -> HttpResponse:
    act = request.POST.get("act", "")
    if act in ACTS:
        done, sentence = ACTS[act]
        done(search=search, by=by)
        messages.success(request, sentence)
        if act == "remove":
            return redirect("catalogue:followed" if by == search.user else "catalogue:list")
        return redirect(request.path)
    initial = {"title": search.title, "frequency": search.frequency}
    form = SearchForm(sent(request), initial=initial)
    if form.is_valid():
        alerts.change(search=search, by=by, **form.cleaned_data)
        messages.success(request, _("Vos choix sont enregistrés."))
        return redirect(request.path)
    query = alerts.query_of(search)
    context = {
        "search": search,
        "form": form,
        "parts": filters.parts(query),
        "results": query.serialise(),
        "feed": alerts.feed_link(search),
        "matches": _told(search),
        "is_own": search.user_id is not None,
    }
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/community/searches/manage.html", context, status=status)


ACTS: dict[str, Any] = {
    "renew_feed": (
        alerts.renew_feed,
        gettext_lazy("Le flux a une nouvelle adresse ; l’ancienne ne répond plus."),
    ),
    "remove": (alerts.remove, gettext_lazy("La recherche est supprimée.")),
}
MATCHES_SHOWN = 25


def _told(search: SavedSearch) -> list[Any]:
    rows = search.matches.filter(resource__live=True).select_related("resource")
    return list(rows[:MATCHES_SHOWN])


def _unkept(answer: HttpResponse) -> HttpResponse:
    """Keep a page whose address is the secret out of every cache."""
    answer["Cache-Control"] = "no-store, private"
    return answer


def _keep_pace(request: HttpRequest) -> None:
    rate = f"{settings.SAVED_SEARCH_REQUESTS_PER_MINUTE}/m/ip"
    rate += f",{settings.SAVED_SEARCH_REQUESTS_PER_DAY_AND_NETWORK}/d/ip"
    spent = _("Trop de demandes d’alerte depuis votre réseau : réessayez plus tard.")
    rates.keep_rate(request, "saved_search", rate, spent)


def _hours() -> int:
    return int(settings.SAVED_SEARCH_CONFIRM_HOURS)


PER_PAGE = 25
SUBJECTS = ("resource", "organisation", "use_case", "tag")


@require_safe
def followed(request: HttpRequest) -> HttpResponse:
    """List one's saved searches and what one follows."""
    by = person(request)
    follows_page = Paginator(reads.follows_of(by), PER_PAGE).get_page(request.GET.get("suivis"))
    context = {
        "searches": reads.searches_of(by),
        "follows_page": follows_page,
        "followed": list(reads.followed_lines(follows_page)),
    }
    return render(request, "catalogue/community/followed.html", context)


@get_or_post
def follow(request: HttpRequest) -> HttpResponse:
    """Follow, or follow no more; by GET, ask: a visitor comes back here once signed in."""
    given = request.POST if request.method == "POST" else request.GET
    name = next((each for each in SUBJECTS if given.get(each)), "")
    by = person(request)
    if "stop" in request.POST and name == "resource" and _left(by, given[name]):
        messages.info(request, _("Vous ne suivez plus cette fiche, qui n’est plus en ligne."))
        return redirect("catalogue:followed")
    subject, title, href = _subject(name, given.get(name, ""))
    if request.method == "POST":
        if "stop" in request.POST:
            follows.unfollow(subject=subject, by=by)
            messages.info(request, _("Vous ne suivez plus « %(title)s ».") % {"title": title})
        else:
            follows.follow(subject=subject, by=by)
            messages.success(request, _("Vous suivez « %(title)s ».") % {"title": title})
        return redirect(_back(request, href))
    context = {"name": name, "value": given.get(name, ""), "title": title, "back": href}
    return render(request, "catalogue/community/follow.html", context)


def _left(by: User, slug: str) -> bool:
    """Follow no more a card that went offline, and of which nothing is said."""
    resource = reads.card_followed(by, slug)
    if resource is None or resource.live:
        return False
    return follows.unfollow(subject=resource, by=by)


def _subject(name: str, value: str) -> tuple[Any, str, str]:
    """Find what is named: the thing, its words and its page; 404 for what is not there."""
    listed = reverse("catalogue:list")
    match name:
        case "resource":
            resource: Resource = public(value if value.isprintable() else "")
            return resource, resource.title, resource.get_absolute_url()
        case "organisation":
            slug = value if value.isprintable() else ""
            organisation = get_object_or_404(Organisation, slug=slug)
            href = reverse("organisation", args=(organisation.slug,))
            return organisation, organisation.name, href
        case "use_case" if value in UseCase.values:
            return UseCase(value), str(UseCase(value).label), f"{listed}?use_case={value}"
        case "tag" if value.isprintable():
            return value[:120], value[:120], f"{listed}?{urlencode({'tag': value})}"
        case _:
            raise Invalid(_("Dites ce qu’il faut suivre."), code="subject")


def _back(request: HttpRequest, other: str) -> str:
    asked = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if asked and own else other

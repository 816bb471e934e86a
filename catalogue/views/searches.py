"""Saved searches: keep one, confirm it, change it, stop it, read its private feed."""

from typing import Any
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from portal.accounts.views import person

from catalogue.actions import alert_links, alerts, matching
from catalogue.filters import said
from catalogue.forms.searches import AddressForm, SearchForm
from catalogue.models import SavedSearch
from catalogue.search.query import ResourceQuery
from portal.audit.actors import Actor
from portal.lib.refusals import Hidden, QuotaSpent
from portal.lib.visible import find

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@get_or_post
def save(request: HttpRequest) -> HttpResponse:
    """Keep the search of the address: at once with an account, else once the link is followed."""
    query = matching.canonical(ResourceQuery.parse(request.GET))
    signed_in = request.user.is_authenticated
    given = request.POST if request.method == "POST" else None
    initial = {"title": said.title(query)}
    form = SearchForm(given, initial=initial) if signed_in else AddressForm(given, initial=initial)
    if not form.is_valid():
        context = {"form": form, "parts": said.parts(query), "back": query.serialise()}
        status = 422 if form.is_bound else 200
        return render(request, "catalogue/searches/save.html", context, status=status)
    values = dict(form.cleaned_data)
    if signed_in:
        search = alerts.save(query=query, by=person(request), **values)
        messages.success(request, _("Recherche enregistrée."))
        return redirect("catalogue:search", search.public_id)
    _keep_pace(request)
    if not values.pop("site"):
        alerts.ask(query=query, **values)
    return render(request, "catalogue/searches/asked.html", {"hours": _hours()})


@login_not_required
@get_or_post
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then start the alert of an address; opening the link starts nothing by itself."""
    search = alert_links.confirmed(token)
    if search is None:
        late = {"hours": _hours()}
        return _unkept(render(request, "catalogue/searches/stale.html", late, status=410))
    done = search.confirmed_at is not None
    if request.method == "POST":
        search, done = alerts.confirm(search=search), True
    manage = alert_links.manage(search) if request.method == "POST" else ""
    context = {"search": search, "done": done, "manage": manage}
    return _unkept(render(request, "catalogue/searches/confirm.html", context))


@csrf_exempt  # the signed link is the proof: mail programs post to it without a page
@login_not_required
@get_or_post
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then end the letters of a search, without signing in; twice says the same."""
    search = alert_links.stopped(token)
    if search is None and not alert_links.is_ours(token):
        raise Hidden
    if request.method == "POST" and search is not None:
        alerts.stop(search=search)
    done = request.method == "POST" or search is None
    context = {"search": search, "done": done}
    return _unkept(render(request, "catalogue/searches/stop.html", context))


@login_not_required
@get_or_post
def managed(request: HttpRequest, token: str) -> HttpResponse:
    """Change the search of an address, from the link of its letters."""
    search = alert_links.managed(token)
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
    form = SearchForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        alerts.change(search=search, by=by, **form.cleaned_data)
        messages.success(request, _("Vos choix sont enregistrés."))
        return redirect(request.path)
    query = matching.query_of(search)
    context = {
        "search": search,
        "form": form,
        "parts": said.parts(query),
        "results": query.serialise(),
        "feed": alert_links.feed(search),
        "matches": _told(search),
        "is_own": search.user_id is not None,
    }
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/searches/manage.html", context, status=status)


ACTS: dict[str, Any] = {
    "pause": (alerts.pause, gettext_lazy("L’alerte est en pause.")),
    "resume": (alerts.resume, gettext_lazy("L’alerte reprend.")),
    "renew_feed": (
        alerts.renew_feed,
        gettext_lazy("Le flux a une nouvelle adresse ; l’ancienne ne répond plus."),
    ),
    "shut_feed": (alerts.shut_feed, gettext_lazy("Le flux est fermé.")),
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
    config = {"saved_search": rate}
    if not ratelimit.consume(request, app="catalogue", action="saved_search", config=config):
        raise QuotaSpent(
            _("Trop de demandes d’alerte depuis votre réseau : réessayez plus tard."),
            code="too_many_requests",
        )


def _hours() -> int:
    return int(settings.SAVED_SEARCH_CONFIRM_HOURS)

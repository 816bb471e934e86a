"""What a person follows: one page of one's own, and small forms."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from portal.accounts.views import person

from catalogue.actions import follows
from catalogue.enums import UseCase
from catalogue.models import Resource
from catalogue.queries import follows as reads
from catalogue.queries import searches
from catalogue.views.usage import public
from portal.accounts.models import Organisation, User
from portal.lib.refusals import Invalid

PER_PAGE = 25
SUBJECTS = ("resource", "organisation", "use_case", "tag")


@require_safe
def followed(request: HttpRequest) -> HttpResponse:
    """List one's saved searches and what one follows."""
    by = person(request)
    follows_page = Paginator(reads.of(by), PER_PAGE).get_page(request.GET.get("suivis"))
    context = {
        "searches": searches.of(by),
        "follows_page": follows_page,
        "followed": list(reads.lines(follows_page)),
    }
    return render(request, "catalogue/community/followed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
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
    resource = reads.card(by, slug)
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

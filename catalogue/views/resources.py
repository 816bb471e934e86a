"""The public pages of the catalogue: list, card, suggestions."""

from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue import rules
from catalogue.enums import ResourceKind
from catalogue.filters import lines, pace, panel, said
from catalogue.models import FormerSlug, Resource
from catalogue.queries import (
    around,
    cards,
    collections,
    detail,
    follows,
    published,
    standards,
    tombstones,
)
from catalogue.search import engine, pages
from catalogue.search import suggest as suggesting
from catalogue.search.query import ResourceQuery, Words
from catalogue.standards import forms, negotiation, signposting
from catalogue.views import documents, usage
from catalogue.views.around import tabs
from portal.accounts.authorization import Permission, holds_somewhere
from portal.lib import clock

ANYONE = AnonymousUser()
VALUES_PER_PAGE = 60
# What a challenge may be made of.
CHALLENGE_KINDS = frozenset({ResourceKind.IDEA, ResourceKind.NEED})


class Matches:
    """A sequence as long as the results, of which one page was fetched."""

    def __init__(self, total: int, ids: list[int]) -> None:
        self.total, self.ids = total, ids

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, wanted: slice) -> list[int]:
        return self.ids


@login_not_required
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show the resources that answer a query, with facets counted."""
    pace.keep_search_pace(request)
    query = ResourceQuery.parse(request.GET)
    found = engine().search(query)
    matches = Matches(found.total, list(found.ids))
    page: Page[int] = Paginator(cast(Any, matches), query.size).get_page(query.page)
    if page.number != query.page:
        query = query.at_page(page.number)
        found = engine().search(query)
    resources = cards.in_order(found.ids)
    context = {
        "section": "ressources",
        "query": query,
        "found": found,
        "page": page,
        "lines": lines.lines(
            resources, found.highlights, complete_left=found.complete - found.offset
        ),
        "facets": panel.facets(query, found),
        "chips": list(panel.chips(query, found)),
        "pages": _pages(request, query),
        "meant": replace(query, q=found.suggestion, page=1).serialise() if found.suggestion else "",
        "since": panel.since(query),
        "several_words": " " in query.q,
        "all_words": query.words is Words.ALL,
        "kinds": [(kind.value, kind.plural) for kind in ResourceKind],
        "chosen_kind": query.kind[0] if len(query.kind) == 1 else "",
        "sorts": panel.sorts(query),
        "kept": panel.kept(query, *panel.TITLES, "updated", "words"),
        "kept_for_sort": panel.kept(query, "sort"),
        "followable": [
            (name, value, panel.say(name, value))
            for name in ("use_case", "tag")
            for value in getattr(query, name)[:3]
        ],
        "cleared": query.cleared().serialise(),
        "serialised": query.at_page(1).serialise(),
        "exports": standards.exports(),
        "left_out": said.left_out(request.GET),
    }
    return render(request, "catalogue/list.html", context)


def _pages(request: HttpRequest, query: ResourceQuery) -> tuple[pages.Found, ...]:
    """Find the editorial pages beside the first resources; a filter is about resources alone."""
    if not query.q or query.page > 1 or query.is_filtered:
        return ()
    return pages.by_query(query.q, language=request.LANGUAGE_CODE)


@login_not_required
@require_safe
def values(request: HttpRequest, facet: str) -> HttpResponse:
    """Search inside a facet: every value, with what choosing it gives."""
    if facet not in panel.SEARCHED:
        raise Http404
    pace.keep_search_pace(request)
    query = ResourceQuery.parse(request.GET)
    inside = ResourceQuery.parse(QueryDict(urlencode({"q": request.GET.get("dans", "")}))).q
    rows = panel.values(query, facet, engine().values(query, facet), inside)
    page = Paginator(rows, VALUES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "ressources",
        "facet": facet,
        "title": panel.TITLES[facet],
        "inside": inside,
        "page": page,
        "total": len(rows),
        "kept": panel.kept(query),
        "back": f"{reverse('catalogue:list')}?{query.at_page(1).serialise()}",
    }
    return render(request, "catalogue/values.html", context)


@login_not_required
@require_safe
def shown(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show one public card in the form asked; a former address moves, a removed one is gone."""
    wanted = negotiation.choose(request.headers.get("Accept", ""), ("text/html", *forms.NEGOTIATED))
    found = published.public().select_related("indexed")
    resource = found.filter(slug=slug).first()
    if resource is None:
        return _elsewhere(request, slug, forms.NEGOTIATED.get(wanted, ""))
    if wanted in forms.NEGOTIATED:
        return documents.of_public(request, resource, forms.NEGOTIATED[wanted])
    user = request.user
    usage.count(request, resource, "views")
    now = clock.now()
    described, told = published.one(resource), around.counts(resource)
    reused, field = around.reuses(resource, ANYONE), around.feedback(resource, ANYONE)
    context = {
        "section": "ressources",
        "may_archive": user.is_authenticated and rules.may_archive(user, resource),
        "may_remove": user.is_authenticated and rules.may_remove(user, resource),
        "follows": user.is_authenticated and follows.follows(user, resource=resource),
        "may_carry_on": user.is_authenticated
        and resource.kind == ResourceKind.IDEA
        and rules.owns(user, resource),
        "may_challenge": user.is_authenticated
        and resource.kind in CHALLENGE_KINDS
        and holds_somewhere(user, Permission.CHALLENGE_ORGANISE),
        "tab_items": tabs(resource, told),
        "current_tab": _("Fiche"),
        "mine": list(collections.editable(user)) if user.is_authenticated else [],
        "reused": list(reused[: around.ON_CARD]) if told.reuses else [],
        "field": list(field[: around.ON_CARD]) if told.feedback else [],
        **detail.card(resource, now=now),
        **standards.of(described),
    }
    response = render(request, "catalogue/resource.html", context)
    linkset = forms.KINDS["linkset.json"].address(described)
    response["Link"] = signposting.header(described, context["forms"], linkset=linkset)
    patch_vary_headers(response, ("Accept",))
    return response


def _elsewhere(request: HttpRequest, slug: str, ending: str) -> HttpResponseBase:
    former = FormerSlug.objects.filter(slug=slug, resource__live=True).select_related("resource")
    if (moved := former.first()) is not None:
        return redirect(moved.resource, permanent=True)
    masked = Resource.objects.filter(slug=slug, masked_at__isnull=False).first()
    if masked is not None and not ending:
        return render(request, "catalogue/masked.html", {"at": masked.masked_at}, status=451)
    gone = tombstones.of_slug(slug)
    if gone is None:
        raise Http404
    if ending:
        return documents.of_removed(request, gone, ending)
    response = render(request, "catalogue/removed.html", {"tombstone": gone}, status=410)
    patch_vary_headers(response, ("Accept",))
    return response


@login_not_required
@require_safe
def suggested(request: HttpRequest) -> HttpResponse:
    """Suggest while typing: a fragment of options."""
    pace.keep_suggestion_pace(request)
    q = ResourceQuery.parse(request.GET).q
    found = suggesting.suggest(q, language=request.LANGUAGE_CODE)
    wanted = found.prefixes
    base = reverse("catalogue:list")

    def option(item: suggesting.Suggestion) -> dict[str, object]:
        if item.facet:
            href = f"{base}?{urlencode({item.facet: item.value})}"
        else:
            href = reverse("catalogue:resource", args=(item.value,))
        return {
            "href": href,
            "runs": lines.first_letters(item.text, wanted),
            "kind": item.kind,
            "count": item.count,
        }

    context = {
        "resources": [option(item) for item in found.resources],
        "organisations": [option(item) for item in found.organisations],
        "topics": [option(item) for item in found.topics],
        "pages": [
            {"href": item.href, "runs": lines.first_letters(item.title, wanted)}
            for item in found.pages
        ],
    }
    return render(request, "catalogue/suggestions.html", context)

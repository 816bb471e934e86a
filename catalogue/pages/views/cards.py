"""The public pages of the catalogue: list, card, suggestions; a proposal as it would appear."""

from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

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

from catalogue.community import queries as community_queries
from catalogue.community.views.cards import tabs
from catalogue.contributions import rules as contribution_rules
from catalogue.contributions.models import Contribution
from catalogue.contributions.views.drafts import visible
from catalogue.pages.views import documents
from catalogue.resources import rules as resource_rules
from catalogue.resources import views as card_views
from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import Resource
from catalogue.resources.queries import detail, lists, published, relations
from catalogue.search import engine, filters, suggest
from catalogue.search import suggest as suggesting
from catalogue.search.query import FACETS, ResourceQuery, Words
from catalogue.standards.writers import forms
from portal.accounts.authorization import Permission, holds_somewhere, require
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.prose import markdown
from portal.lib.refusals import Invalid

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
def card_list(request: HttpRequest) -> HttpResponse:
    """Show the resources that answer a query, with facets counted."""
    filters.keep_search_pace(request)
    query = ResourceQuery.parse(request.GET)
    found = engine().search(query)
    matches = Matches(found.total, list(found.ids))
    page: Page[int] = Paginator(cast(Any, matches), query.size).get_page(query.page)
    if page.number != query.page:
        query = query.at_page(page.number)
        found = engine().search(query)
    resources = lists.in_order(found.ids)
    context = {
        "section": "ressources",
        "query": query,
        "found": found,
        "page": page,
        "lines": filters.result_lines(
            resources, found.highlights, complete_left=found.complete - found.offset
        ),
        "facets": filters.facets(query, found),
        "chips": list(filters.chips(query, found)),
        "pages": _pages(request, query),
        "meant": replace(query, q=found.suggestion, page=1).serialise() if found.suggestion else "",
        "since": filters.since(query),
        "several_words": " " in query.q,
        "all_words": query.words is Words.ALL,
        "kinds": [(kind.value, kind.plural) for kind in ResourceKind],
        "chosen_kind": query.kind[0] if len(query.kind) == 1 else "",
        "sorts": filters.sorts(query),
        "kept": filters.kept(query, *FACETS, "updated", "words"),
        "kept_for_sort": filters.kept(query, "sort"),
        "followable": [
            (name, value, filters.say(name, value))
            for name in ("use_case", "tag")
            for value in getattr(query, name)[:3]
        ],
        "cleared": query.cleared().serialise(),
        "serialised": query.at_page(1).serialise(),
        "left_out": filters.left_out(request.GET),
    }
    return render(request, "catalogue/pages/list.html", context)


def _pages(request: HttpRequest, query: ResourceQuery) -> tuple[suggest.FoundPage, ...]:
    """Find the editorial pages beside the first resources; a filter is about resources alone."""
    if not query.q or query.page > 1 or query.is_filtered:
        return ()
    return suggest.pages_by_query(query.q, language=request.LANGUAGE_CODE)


@login_not_required
@require_safe
def values(request: HttpRequest, facet: str) -> HttpResponse:
    """Search inside a facet: every value, with what choosing it gives."""
    if facet not in FACETS or not FACETS[facet].searched:
        raise Http404
    filters.keep_search_pace(request)
    query = ResourceQuery.parse(request.GET)
    inside = ResourceQuery.parse(QueryDict(urlencode({"q": request.GET.get("dans", "")}))).q
    rows = filters.values(query, facet, engine().values(query, facet), inside)
    page = Paginator(rows, VALUES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "ressources",
        "facet": facet,
        "title": FACETS[facet].title,
        "inside": inside,
        "page": page,
        "total": len(rows),
        "kept": filters.kept(query),
        "back": f"{reverse('catalogue:list')}?{query.at_page(1).serialise()}",
    }
    return render(request, "catalogue/pages/values.html", context)


@login_not_required
@require_safe
def card_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show one public card in the form asked; a former address moves, a removed one is gone."""
    wanted = request.get_preferred_type(("text/html", *forms.NEGOTIATED)) or "text/html"
    found = published.public().select_related("indexed")
    resource = found.filter(slug=slug).first()
    if resource is None:
        return _elsewhere(request, slug, forms.NEGOTIATED.get(wanted, ""))
    if wanted in forms.NEGOTIATED:
        return documents.of_public(request, resource, forms.NEGOTIATED[wanted])
    user = request.user
    card_views.count(request, resource, "views")
    now = clock.now()
    described, told = published.published_one(resource), community_queries.counts(resource)
    reused, field = (
        community_queries.reuses(resource, ANYONE),
        community_queries.feedback(resource, ANYONE),
    )
    context = {
        "section": "ressources",
        "may_archive": user.is_authenticated and resource_rules.may_archive(user, resource),
        "may_remove": user.is_authenticated and resource_rules.may_remove(user, resource),
        "follows": user.is_authenticated and community_queries.follows(user, resource=resource),
        "may_carry_on": user.is_authenticated
        and resource.kind == ResourceKind.IDEA
        and resource_rules.owns(user, resource),
        "may_challenge": user.is_authenticated
        and resource.kind in CHALLENGE_KINDS
        and holds_somewhere(user, Permission.CHALLENGE_ORGANISE),
        "tab_items": tabs(resource, told),
        "current_tab": _("Fiche"),
        "mine": list(community_queries.editable_collections(user)) if user.is_authenticated else [],
        "reused": list(reused[: community_queries.ON_CARD]) if told.reuses else [],
        "field": list(field[: community_queries.ON_CARD]) if told.feedback else [],
        **detail.card(resource, now=now),
        **published.standards_of(described),
    }
    response = render(request, "catalogue/pages/resource.html", context)
    linkset = forms.KINDS["linkset.json"].address(described)
    response["Link"] = forms.header(described, context["forms"], linkset=linkset)
    patch_vary_headers(response, ("Accept",))
    return response


def _elsewhere(request: HttpRequest, slug: str, ending: str) -> HttpResponseBase:
    if moved := relations.cards_by_slug({slug}).get(slug):
        return redirect(moved, permanent=True)
    masked = Resource.objects.filter(slug=slug, masked_at__isnull=False).first()
    if masked is not None and not ending:
        return render(request, "catalogue/pages/masked.html", {"at": masked.masked_at}, status=451)
    gone = relations.tombstone_of(slug)
    if gone is None:
        raise Http404
    if ending:
        return documents.of_removed(request, gone, ending)
    response = render(request, "catalogue/pages/removed.html", {"tombstone": gone}, status=410)
    patch_vary_headers(response, ("Accept",))
    return response


@login_not_required
@require_safe
def suggested(request: HttpRequest) -> HttpResponse:
    """Suggest while typing: a fragment of options."""
    filters.keep_suggestion_pace(request)
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
            "runs": filters.first_letters(item.text, wanted),
            "kind": item.kind,
            "count": item.count,
        }

    context = {
        "resources": [option(item) for item in found.resources],
        "organisations": [option(item) for item in found.organisations],
        "topics": [option(item) for item in found.topics],
        "pages": [
            {"href": item.href, "runs": filters.first_letters(item.title, wanted)}
            for item in found.pages
        ],
    }
    return render(request, "catalogue/pages/suggestions.html", context)


@require_safe
def preview_page(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Show the card that a proposal would put online; nothing of it is public."""
    found = visible(request, contribution)
    require(contribution_rules.may_preview, person(request), found)
    context = {"contribution": found, "writes": contribution_rules.may_edit(person(request), found)}
    resource = _built(found)
    try:
        resource.description_html = markdown.render(resource.description)
    except Invalid as refusal:
        resource.description_html, context["fault"] = "", str(refusal)
    context |= detail.preview_card(resource)
    return render(request, "catalogue/contributions/preview.html", context)


def _built(contribution: Contribution) -> Resource:
    """Build the card, in the name of who proposes it while it is new."""
    resource = contribution.proposed
    if contribution.is_new:
        resource.organisation = contribution.organisation
    return resource

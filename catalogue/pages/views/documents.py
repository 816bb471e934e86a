"""The documents of the catalogue: one address, many forms; OpenSearch and Atom feeds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import EmptyPage, Paginator
from django.db.models import Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from catalogue.community.actions import alerts
from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import Resource, Tombstone
from catalogue.resources.queries import lists, published, relations
from catalogue.search import engine, filters
from catalogue.search.query import ResourceQuery, Sort, Words
from catalogue.standards.writers import dcat, forms, rdf
from catalogue.standards.writers import removed as stones
from catalogue.standards.writers.dcat import PAGE_SIZE
from portal.lib.prose.texts import Feed
from portal.lib.refusals import Hidden
from portal.lib.web.requests import natural
from portal.lib.web.responses import tagged
from portal.lib.web.stretches import Stretches

# Public data, read from anywhere: each time checked against its tag.
CACHE = "public, no-cache"


def described() -> Q:
    """Keep what DCAT-AP has a word for; agrees with `dcat.is_described`."""
    has_address = ~Q(homepage_url="") | Q(details__endpoint_url__isnull=False)
    service = Q(kind=ResourceKind.TECHNOLOGY, subtype="api") & has_address
    return Q(kind=ResourceKind.DATASET) | service


def answer(
    request: HttpRequest, content: bytes, media_type: str, *, status: int = 200
) -> HttpResponseBase:
    """Answer a document that any site may read, or 304 to who has it."""
    text = media_type.startswith("text/") or media_type.endswith(("yaml", "xml", "bibtex"))
    kind = f"{media_type}; charset=utf-8" if text else media_type
    response = HttpResponse(content, content_type=kind, status=status)
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "ETag, Link"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ("Accept",))
    return tagged(request, response, digest="1", cache=CACHE)


@login_not_required
@require_safe
def of_resource(request: HttpRequest, slug: str, ending: str) -> HttpResponseBase:
    """Describe a resource in one form; a former address moves, a removed one is gone."""
    resource = published.public().filter(slug=slug).first()
    if resource is not None:
        return of_public(request, resource, ending)
    if moved := relations.cards_by_slug({slug}).get(slug):
        return redirect(_address(moved.slug, ending), permanent=True)
    if (stone := relations.tombstone_of(slug)) is not None:
        return of_removed(request, stone, ending)
    raise Http404


def of_public(request: HttpRequest, resource: Resource, ending: str) -> HttpResponseBase:
    """Describe a public resource in one form; 404 when it has not this one."""
    kind = forms.KINDS[ending]
    shown = published.published_one(resource)
    if not kind.suits(shown):
        raise Http404
    response = answer(request, kind.write(shown), kind.media_type)
    response.headers["Content-Location"] = kind.address(shown)
    response.headers["Link"] = f'<{shown.iri}>; rel="cite-as", <{shown.page}>; rel="describes"'
    return response


def of_removed(request: HttpRequest, stone: Tombstone, ending: str) -> HttpResponseBase:
    """Say in the form asked that a resource was removed."""
    said = published.removed(stone)
    if ending in {".ttl", ".jsonld", ".rdf"}:
        extension = ending.removeprefix(".")
        content = rdf.serialise(stones.graph(said, root=published.root()), extension)
        return answer(request, content, rdf.FORMATS[extension][0], status=410)
    content = json.dumps(stones.document(said), ensure_ascii=False).encode()
    return answer(request, content, "application/json", status=410)


def _address(slug: str, ending: str) -> str:
    page = reverse("catalogue:resource", args=(slug,))
    return page.rstrip("/") + ending if ending.startswith(".") else page + ending


@login_not_required
@require_safe
def identified(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lead from a persistent identifier to the page of today, even of a removed resource."""
    resource = Resource.objects.public().filter(public_id=public_id).first()
    if resource is not None:
        target = reverse("catalogue:resource", args=(resource.slug,))
    else:
        stone = get_object_or_404(Tombstone, public_id=public_id)
        target = reverse("catalogue:resource", args=(stone.slug,))
    response = redirect(target)
    response.status_code = 303
    response["Access-Control-Allow-Origin"] = "*"
    return response


@login_not_required
@require_safe
def catalogue(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Describe one page of the catalogue as DCAT-AP."""
    base = f"{published.root()}/catalogue.{extension}"
    return paged(request, whole(), extension, base=base)


def whole() -> Stretches:
    """Give all that DCAT-AP has a word for, by pages."""
    return Stretches(published.public().filter(described()), PAGE_SIZE, name="catalogue")


@login_not_required
@require_safe
def catalogue_address(request: HttpRequest) -> HttpResponse:
    """Lead from the identifier of the catalogue to the form asked: the list, or its documents."""
    kinds = {media: extension for extension, (media, _name) in rdf.FORMATS.items()}
    extension = kinds.get(request.get_preferred_type(("text/html", *kinds)) or "")
    target = f"/catalogue.{extension}" if extension else reverse("catalogue:list")
    response = redirect(target)
    response.status_code = 303
    patch_vary_headers(response, ("Accept",))
    return response


def paged(
    request: HttpRequest, pages: Paginator[Any], extension: str, *, base: str
) -> HttpResponseBase:
    """Describe one page of resources that DCAT-AP knows; 404 past the last.

    pages: of resources fetched as `published.public` does, or of their primary keys.
    """
    number = natural(request.GET.get("page", "1"))
    try:
        on_page = list(pages.page(number))
    except EmptyPage:
        raise Http404 from None
    rows = on_page if isinstance(pages, Stretches) else _fetched(on_page)
    first = Resource.objects.public().order_by("first_published_at").first()
    # Of all that is public, so that pages that are merged say one thing of the catalogue.
    newest = published.in_order().aggregate(at=Max(published.changed_at()))["at"]
    graph = dcat.catalogue(
        published.site(),
        published.published_many(rows),
        dcat.Page(base, number, pages.num_pages, pages.count),
        issued=first.first_published_at if first else None,
        modified=newest,
    )
    return answer(request, rdf.serialise(graph, extension), rdf.FORMATS[extension][0])


def _fetched(ids: Sequence[int]) -> list[Any]:
    found = published.public().in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


MEDIA_TYPE = "application/opensearchdescription+xml"
SUGGESTIONS = "application/x-suggestions+json"


@login_not_required
@require_safe
def opensearch(request: HttpRequest) -> HttpResponseBase:
    """Describe the search: its page, its Atom feed and its suggestions."""
    with override(published.LANGUAGE):
        said = _("Chercher dans les ressources d’Open Emploi")
        context = {"root": published.root(), "description": said}
        content = render_to_string("catalogue/pages/opensearch.xml", context)
    return answer(request, content.encode(), MEDIA_TYPE)


MOST = 50


@login_not_required
@require_safe
def resource_feed(request: HttpRequest) -> HttpResponse:
    """Answer the resources of a query as Atom, the last changed first."""
    filters.keep_search_pace(request)
    return feed_answer(
        request, ResourceQuery.parse(request.GET), title=_("Open Emploi : ressources")
    )


@login_not_required
@require_safe
def private_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the private feed of a search; its address is the only key."""
    search = alerts.search_of_feed(token)
    if search is None:
        raise Hidden
    query = replace(alerts.query_of(search), words=Words.ALL)  # as its letters do
    said = feed_answer(request, query, title=search.title)
    said["Cache-Control"] = "private, no-store"
    said["X-Robots-Tag"] = "noindex"
    said["Referrer-Policy"] = "no-referrer"
    return said


def feed_answer(request: HttpRequest, asked: ResourceQuery, *, title: str) -> HttpResponse:
    """Write the results of a query as Atom, under the address of this request."""
    query = replace(asked, sort=Sort.UPDATED, page=1, size=MOST)
    found = lists.in_order(engine().search(query).ids)
    listed = request.build_absolute_uri(f"{reverse('catalogue:list')}?{query.serialise()}")
    feed = Feed(
        title=title,
        link=listed,
        description=_("Les ressources publiées qui répondent à cette recherche."),
        language=request.LANGUAGE_CODE,
        feed_url=request.build_absolute_uri(),
        author_name="Open Emploi",
    )
    for resource in found:
        feed.add_item(
            title=resource.title,
            link=request.build_absolute_uri(resource.get_absolute_url()),
            description=resource.summary,
            unique_id=f"urn:uuid:{resource.public_id}",
            updateddate=resource.changed_on,
            pubdate=resource.first_published_at,
            author_name=resource.holder_name or "Open Emploi",
            categories=[str(resource.kind_enum.label)],
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)

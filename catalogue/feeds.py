"""Atom feeds of the public catalogue: any query of the list."""

from dataclasses import replace

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue.actions import alert_links, matching
from catalogue.filters import pace
from catalogue.queries import cards
from catalogue.search import engine
from catalogue.search.query import ResourceQuery, Sort, Words
from portal.lib.feeds import Feed
from portal.lib.refusals import Hidden

MOST = 50


@login_not_required
@require_safe
def resources(request: HttpRequest) -> HttpResponse:
    """Answer the resources of a query as Atom, the last changed first."""
    pace.keep_search_pace(request)
    return answer(request, ResourceQuery.parse(request.GET), title=_("Open Emploi : ressources"))


@login_not_required
@require_safe
def private(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the private feed of a search; its address is the only key."""
    search = alert_links.fed(token)
    if search is None:
        raise Hidden
    query = replace(matching.query_of(search), words=Words.ALL)  # as its letters do
    said = answer(request, query, title=search.title)
    said["Cache-Control"] = "private, no-store"
    said["X-Robots-Tag"] = "noindex"
    said["Referrer-Policy"] = "no-referrer"
    return said


def answer(request: HttpRequest, asked: ResourceQuery, *, title: str) -> HttpResponse:
    """Write the results of a query as Atom, under the address of this request."""
    query = replace(asked, sort=Sort.UPDATED, page=1, size=MOST)
    found = cards.in_order(engine().search(query).ids)
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

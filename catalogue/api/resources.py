"""Read the catalogue: search it, read a card; what the pages show."""

import base64
import binascii
import json
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from ninja import Query

from catalogue.api.finding import card_named, cards
from catalogue.api.shapes import card_json, lines_json
from catalogue.filters import pace
from catalogue.models import Resource
from catalogue.schemas.reading import CardOut, QueryIn, ResourcesOut
from catalogue.search import engine
from catalogue.search.query import MAX_DEPTH, ResourceQuery
from portal.lib.endpoints import CURSOR_MAX_CHARACTERS, Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.refusals import Invalid
from portal.lib.responses import tagged


@cards.get(
    "/resources",
    response={200: ResourcesOut, **refused(401, 422, 429)},
    operation_id="resources",
    summary=_("Chercher dans le catalogue, ou le lire en entier"),
)
def resources(
    request: HttpRequest, asked: Query[QueryIn], cursor: str = "", limit: Limit = 20
) -> HttpResponseBase:
    """Les mêmes réponses, dans le même ordre, que la page de recherche ; 10 000 au plus.

    Sans mots, filtre ni tri : tout le catalogue, la dernière publication d’abord ; une fiche
    ajoutée entre deux pages ne déplace rien. D’une recherche, la suite garde le limit du début.
    """
    query = ResourceQuery.parse(request.GET)
    if query.q or query.is_filtered or asked.sort is not None:
        pace.keep_search_pace(request)
        return tagged(request, JsonResponse(_found(query, cursor, limit)), digest="1")
    rows = Resource.objects.public()
    page = after(rows, by="first_published_at", cursor=cursor, limit=limit)
    told = {
        "resources": lines_json([each.pk for each in page.rows]),
        "total": rows.count(),
        "facets": None,
        "next_cursor": page.next_cursor,
    }
    return tagged(request, JsonResponse(told), digest="1")


@cards.get(
    "/resources/{slug:resource}",
    response={200: CardOut, **refused(401, 404, 410, 429)},
    operation_id="resource",
    summary=_("Lire une fiche : tout ce qu’elle dit, son origine, sa qualité, ses liens"),
)
def resource(request: HttpRequest, resource: str) -> HttpResponseBase:
    """resource : son identifiant ou son nom d’adresse, même ancien. 410 quand elle a été retirée.

    Répond 304 quand If-None-Match porte l’ETag d’une réponse inchangée.
    """
    answer = JsonResponse(card_json(card_named(resource)))
    patch_vary_headers(answer, ("Accept-Language",))
    return tagged(request, answer, digest="1")


def _found(query: ResourceQuery, cursor: str, limit: int) -> dict[str, Any]:
    number, size = _place(cursor) if cursor else (1, limit)
    query = replace(query, page=number, size=size)
    found = engine().search(query)
    last = number * size >= min(found.total, MAX_DEPTH - size)
    return {
        "resources": lines_json(found.ids),
        "total": found.total,
        "facets": {
            name: [{"value": v.value, "count": v.count, "label": v.label} for v in values]
            for name, values in found.facets.items()
        },
        "next_cursor": None if last else _cursor(number + 1, size),
    }


def _cursor(number: int, size: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([number, size]).encode()).decode()


def _place(cursor: str) -> tuple[int, int]:
    try:
        number, size = json.loads(base64.urlsafe_b64decode(cursor[:CURSOR_MAX_CHARACTERS]))
        fits = type(number) is type(size) is int and number > 1 and 1 <= size <= 50
        if fits and number * size <= MAX_DEPTH:
            return number, size
    except (binascii.Error, ValueError, TypeError, RecursionError):
        pass
    raise Invalid(
        gettext("Ce curseur n’est pas celui d’une page : recommencez au début."), code="cursor"
    )

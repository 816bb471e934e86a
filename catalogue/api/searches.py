"""Keep searches: read one's own, save one, remove one."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from portal.accounts.views import person

from catalogue.actions import alerts
from catalogue.api.answers import accepted
from catalogue.api.community_shapes import search_json
from catalogue.filters import said
from catalogue.forms.searches import SearchForm
from catalogue.models import SavedSearch
from catalogue.queries import searches as reads
from catalogue.schemas.searches import SearchesOut, SearchIn, SearchOut
from catalogue.search.query import from_mapping
from portal.accounts import bearer
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _

router = Router(tags=[_("Suivre et échanger")])
CONTRIBUTE = Token(TokenScope.CONTRIBUTE)
READ = Token(TokenScope.READ)


@router.get(
    "/searches",
    auth=READ,
    response={200: SearchesOut, **refused(401, 403, 422, 429)},
    operation_id="searches",
    summary=_("Lister ses recherches enregistrées, la dernière d’abord"),
)
def searches(request: HttpRequest, cursor: str = "", limit: Limit = 20) -> dict[str, Any]:
    """feed est un secret : qui l’a lit le flux."""
    page = after(reads.of(person(request)), by="created_at", cursor=cursor, limit=limit)
    told = [search_json(request, each) for each in page.rows]
    return {"searches": told, "next_cursor": page.next_cursor}


@router.post(
    "/searches",
    auth=CONTRIBUTE,
    response={201: SearchOut, **refused(401, 403, 415, 422, 429)},
    operation_id="save_search",
    summary=_("Enregistrer une recherche, pour être prévenu de ce qui paraîtra"),
)
def save(request: HttpRequest, asked: SearchIn) -> Status[Any]:
    """La même recherche enregistrée de nouveau change de nom et de fréquence.

    frequency : daily, weekly, ou feed, qui n’écrit jamais. Sans titre, la recherche dit le sien.
    L’adresse du flux n’est dite qu’à un jeton `read`.
    """
    told = asked.query.model_dump(mode="json", exclude_none=True)
    query = from_mapping(
        {name: value if isinstance(value, list) else [str(value)] for name, value in told.items()}
    )
    title = asked.title or said.title(query)
    values = accepted(SearchForm({"title": title, "frequency": asked.frequency}))
    made = alerts.save(query=query, by=person(request), **values)
    told = search_json(request, made)
    return Status(201, told if bearer.reads(request) else told | {"found": 0, "feed": None})


@router.delete(
    "/searches/{uuid:search}",
    auth=CONTRIBUTE,
    response={204: None, **refused(401, 403, 404, 429)},
    operation_id="remove_search",
    summary=_("Supprimer une recherche enregistrée"),
)
def remove(request: HttpRequest, search: UUID) -> Status[None]:
    """Ses lettres et son flux finissent."""
    by = person(request)
    rows = SavedSearch.objects.visible_to(by)
    found = visible.find(rows, among=SavedSearch.objects.all(), public_id=search)
    alerts.remove(search=found, by=by)
    return Status(204, None)

"""Read one's saved searches."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from catalogue.api.community_shapes import search_json
from catalogue.api.finding import person
from catalogue.queries import searches as reads
from catalogue.schemas.searches import SearchesOut
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _

router = Router(tags=[_("Suivre et échanger")])
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

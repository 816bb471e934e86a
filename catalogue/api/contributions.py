"""Read contributions: their state, what the Region decided, what is proposed."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from catalogue.api.finding import contribution_named, person
from catalogue.api.proposals import contribution_json, whole_json
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution
from catalogue.queries import reviews
from catalogue.schemas.contributions import ContributionsOut, WholeContributionOut
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _

router = Router(tags=[_("Contribuer")])
READ = Token(TokenScope.READ)


@router.get(
    "/contributions",
    auth=READ,
    response={200: ContributionsOut, **refused(401, 403, 422, 429)},
    operation_id="contributions",
    summary=_("Lister ses contributions et celles des organisations où l’on publie"),
)
def contributions(
    request: HttpRequest,
    status: ContributionStatus | None = None,
    cursor: str = "",
    limit: Limit = 20,
) -> dict[str, Any]:
    """La dernière commencée d’abord ; status n’en garde qu’un état."""
    rows = reviews.titled(Contribution.objects.written_by(person(request)))
    rows = rows.select_related("resource", "organisation")
    if status is not None:
        rows = rows.filter(status=status)
    page = after(rows, by="created_at", cursor=cursor, limit=limit)
    told = [
        contribution_json(request, each, title=getattr(each, "proposed_title", "") or "")
        for each in page.rows
    ]
    return {"contributions": told, "next_cursor": page.next_cursor}


@router.get(
    "/contributions/{uuid:contribution}",
    auth=READ,
    response={200: WholeContributionOut, **refused(401, 403, 404, 429)},
    operation_id="contribution",
    summary=_("Suivre une contribution : état, décisions motivées, contenu proposé"),
)
def contribution(request: HttpRequest, contribution: UUID) -> dict[str, Any]:
    """La sienne, celle d’une organisation où l’on publie ; pour la Région, toute proposition."""
    return whole_json(request, contribution_named(request, contribution))

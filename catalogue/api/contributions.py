"""Read contributions: state, decisions, what is proposed; answer a change of one's own card."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from portal.accounts.views import person

from catalogue.actions import proposals as acts
from catalogue.api.answers import accepted
from catalogue.api.finding import contribution_named
from catalogue.api.proposals import contribution_json, unsaid, whole_json
from catalogue.enums import ContributionStatus
from catalogue.forms.decisions import DECLINE, OwnerAnswerForm
from catalogue.models import Contribution
from catalogue.queries import reviews
from catalogue.schemas.contributions import AnswerIn, ContributionsOut, WholeContributionOut
from portal.accounts import bearer
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _

router = Router(tags=[_("Contribuer")])
CONTRIBUTE = Token(TokenScope.CONTRIBUTE)
READ = Token(TokenScope.READ)
# What a token that may not read is not told of a change that somebody else wrote.
UNREAD: dict[str, Any] = {"title": "", "record": {}, "provenance": {}}


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


@router.post(
    "/contributions/{uuid:contribution}/answer",
    auth=CONTRIBUTE,
    response={200: WholeContributionOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="answer_proposal",
    summary=_("Donner son avis sur un changement que quelqu’un propose de sa fiche"),
)
def answer(request: HttpRequest, contribution: UUID, given: AnswerIn) -> dict[str, Any]:
    """Favorable (accept), la Région relit ; défavorable (decline), l’auteur lit la raison."""
    found, by = contribution_named(request, contribution), person(request)
    values = accepted(OwnerAnswerForm(given.model_dump()))
    if values["answer"] == DECLINE:
        acts.decline(contribution=found, reason=values["reason"], by=by)
    else:
        acts.accept(contribution=found, reason=values["reason"], by=by)
    told = whole_json(request, contribution_named(request, contribution))
    return told if bearer.reads(request) else told | unsaid() | UNREAD

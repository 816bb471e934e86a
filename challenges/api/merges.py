"""Merge two teams: ask, read the requests, answer them."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from challenges.actions import merges as acts
from challenges.api.finding import person
from challenges.api.merge_shapes import MergeAnswerIn, MergeIn, MergeOut, MergesOut
from challenges.models import MergeRequest, Team
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import visible
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused

router = Router(tags=[_("Équipes")])
READ, TEAM = Token(TokenScope.READ), Token(TokenScope.TEAM)
MOST = 50


@router.post(
    "/teams/{uuid:team}/merge-requests",
    auth=TEAM,
    response={201: MergeOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="ask_merge",
    summary=_("Demander à une autre équipe de réunir les deux"),
)
def ask(request: HttpRequest, team: UUID, merge: MergeIn) -> Status[Any]:
    """Un capitaine. Son équipe disparaîtrait dans l’autre, into, nommée exactement."""
    made = acts.ask(team=_own(request, team), name=merge.into, by=person(request))
    return Status(201, _told(made))


@router.get(
    "/teams/{uuid:team}/merge-requests",
    auth=READ,
    response={200: MergesOut, **refused(401, 403, 404, 429)},
    operation_id="merge_requests",
    summary=_("Lire les demandes envoyées et reçues par son équipe"),
)
def merge_requests(request: HttpRequest, team: UUID) -> dict[str, Any]:
    """Les 50 dernières."""
    own = _own(request, team)
    rows = own.merges_asked.all() | own.merges_received.all()
    rows = rows.select_related("from_team__challenge", "into_team").order_by("-asked_at", "-pk")
    return {"merge_requests": [_told(each) for each in rows[:MOST]]}


@router.post(
    "/merge-requests/{uuid:merge}/answer",
    auth=TEAM,
    response={200: MergeOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="answer_merge",
    summary=_("Accepter, refuser ou retirer une demande de réunion"),
)
def answer(request: HttpRequest, merge: UUID, decided: MergeAnswerIn) -> dict[str, Any]:
    """accept, refuse : un capitaine de l’équipe qui resterait. withdraw : de celle qui demande."""
    rows = MergeRequest.objects.of(request.user).select_related("from_team__challenge", "into_team")
    found: MergeRequest = visible.find(rows, among=MergeRequest.objects.all(), public_id=merge)
    match decided.answer:
        case "accept":
            acts.accept(merge=found, by=person(request))
        case "refuse":
            acts.refuse(merge=found, by=person(request))
        case "withdraw":
            acts.withdraw(merge=found, by=person(request))
    found.refresh_from_db(fields=["state", "answered_at"])
    return _told(found)


def _own(request: HttpRequest, team: UUID) -> Team:
    found: Team = visible.find(
        Team.objects.of(request.user), among=Team.objects.all(), public_id=team
    )
    return found


def _told(merge: MergeRequest) -> dict[str, Any]:
    return {
        "id": merge.public_id,
        "challenge": merge.from_team.challenge.slug,
        "from_team": merge.from_team.name,
        "into_team": merge.into_team.name,
        "state": merge.state,
        "asked_at": merge.asked_at,
        "answered_at": merge.answered_at,
    }

"""What happened where a card was used: read, told, withdrawn."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from portal.accounts.views import person

from catalogue.actions import reuses
from catalogue.api.answers import accepted
from catalogue.api.community_shapes import feedback_json
from catalogue.api.finding import card_named
from catalogue.forms.community import FeedbackForm
from catalogue.models import FieldFeedback
from catalogue.queries import around as reads
from catalogue.schemas.community import (
    FeedbackIn,
    FeedbackOut,
    FeedbacksOut,
)
from portal.accounts import bearer
from portal.accounts.bearer import Token, reader
from portal.accounts.enums import TokenScope
from portal.lib import visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _

router = Router(tags=[_("Suivre et échanger")])
CONTRIBUTE = Token(TokenScope.CONTRIBUTE)


@router.get(
    "/resources/{slug:resource}/feedback",
    auth=reader,
    response={200: FeedbacksOut, **refused(401, 404, 410, 422, 429)},
    operation_id="feedback",
    summary=_("Lister les retours de terrain d’une fiche, le dernier raconté d’abord"),
)
def feedback(
    request: HttpRequest, resource: str, cursor: str = "", limit: Limit = 20
) -> dict[str, Any]:
    """Avec un jeton `read`, les siens aussi, quel que soit leur état."""
    rows = reads.feedback(card_named(resource), request.user)
    page = after(rows, by="at", cursor=cursor, limit=limit)
    return {
        "feedback": [feedback_json(each) for each in page.rows],
        "next_cursor": page.next_cursor,
    }


@router.post(
    "/resources/{slug:resource}/feedback",
    auth=CONTRIBUTE,
    response={201: FeedbackOut, **refused(401, 403, 404, 410, 415, 422, 429)},
    operation_id="tell_feedback",
    summary=_("Raconter ce qui s’est passé là où une fiche a servi, que la Région relit"),
)
def tell(request: HttpRequest, resource: str, given: FeedbackIn) -> Status[Any]:
    """Jamais le nom d’une personne."""
    values = accepted(FeedbackForm(given.model_dump()))
    made = reuses.tell(resource=card_named(resource), by=person(request), **values)
    return Status(201, feedback_json(made))


@router.delete(
    "/feedback/{uuid:feedback}",
    auth=CONTRIBUTE,
    response={200: FeedbackOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw_feedback",
    summary=_("Retirer un retour de terrain que l’on a raconté"),
)
def withdraw(request: HttpRequest, feedback: UUID) -> dict[str, Any]:
    """Publié ou non ; 409 s’il est déjà refusé ou retiré."""
    rows = FieldFeedback.objects.filter(by=person(request))
    found = visible.find(rows, among=FieldFeedback.objects.all(), public_id=feedback)
    reuses.withdraw(brought=found, by=person(request))
    found.refresh_from_db(fields=["state"])
    told = feedback_json(found)
    return told if bearer.reads(request) else told | {"message": ""}

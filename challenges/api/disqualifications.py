"""Read disqualifications: what is asked, replied and decided, for those who have a part in it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from challenges.models import Disqualification
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _

router = Router(tags=[_("Équipes")])
READ = Token(TokenScope.READ)
WITH = ("challenge", "team", "entry__enrolment__phase")


class DisqualificationOut(Schema):
    """A disqualification. entry: null for the whole team; texts are "" while there is none."""

    id: UUID
    challenge: str
    team: str
    entry: UUID | None
    phase: int | None
    number: int | None
    status: Literal["proposed", "in_force", "dismissed", "withdrawn", "lifted"]
    reason: str
    proposed_at: datetime
    reply_by: datetime
    reply: str
    replied_at: datetime | None
    decision: str
    decided_at: datetime | None
    lifted_reason: str
    lifted_at: datetime | None


class DisqualificationsOut(Schema):
    """Some of them, the last asked first; next_cursor asks for those before."""

    disqualifications: list[DisqualificationOut]
    next_cursor: str | None


@router.get(
    "/disqualifications",
    auth=READ,
    response={200: DisqualificationsOut, **refused(401, 403, 422, 429)},
    operation_id="disqualifications",
    summary=_("Lister les disqualifications demandées"),
)
def disqualifications(
    request: HttpRequest, challenge: str = "", cursor: str = "", limit: Limit = 20
) -> dict[str, Any]:
    """Celles de ses équipes, des challenges que l’on organise, et de la Région qui décide."""
    rows = Disqualification.objects.visible_to(request.user).select_related(*WITH)
    if challenge:
        rows = rows.filter(challenge__slug=challenge)
    found = after(rows, by="proposed_at", cursor=cursor, limit=limit)
    return {
        "disqualifications": [_told(each) for each in found.rows],
        "next_cursor": found.next_cursor,
    }


@router.get(
    "/disqualifications/{uuid:found}",
    auth=READ,
    response={200: DisqualificationOut, **refused(401, 403, 404, 429)},
    operation_id="disqualification",
    summary=_("Lire une disqualification : motif, réponse, décision"),
)
def disqualification(request: HttpRequest, found: UUID) -> dict[str, Any]:
    """L’équipe concernée, l’organisation et la Région ; personne d’autre ne sait qu’elle existe."""
    rows = Disqualification.objects.visible_to(request.user).select_related(*WITH)
    return _told(visible.find(rows, among=Disqualification.objects.all(), public_id=found))


def _told(found: Disqualification) -> dict[str, Any]:
    entry = found.entry
    return {
        "id": found.public_id,
        "challenge": found.challenge.slug,
        "team": found.team.slug,
        "entry": found.entry_id,
        "phase": entry.enrolment.phase.index if entry else None,
        "number": entry.number if entry else None,
        "status": found.status,
        "reason": found.reason,
        "proposed_at": found.proposed_at,
        "reply_by": found.reply_by,
        "reply": found.reply,
        "replied_at": found.replied_at,
        "decision": found.decision,
        "decided_at": found.decided_at,
        "lifted_reason": found.lifted_reason,
        "lifted_at": found.lifted_at,
    }

"""Follow cards, organisations, use cases and tags; and no more."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Query, Router, Status
from portal.accounts.views import person

from catalogue.actions import follows as acts
from catalogue.api.community_shapes import follow_json
from catalogue.api.finding import card_named
from catalogue.api.subjects import holder_named
from catalogue.models import Follow, Resource
from catalogue.queries import follows as reads
from catalogue.schemas.community import FollowOut, FollowsOut, SubjectIn
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.refusals import Invalid

router = Router(tags=[_("Suivre et échanger")])
CONTRIBUTE = Token(TokenScope.CONTRIBUTE)
READ = Token(TokenScope.READ)


@router.get(
    "/follows",
    auth=READ,
    response={200: FollowsOut, **refused(401, 403, 422, 429)},
    operation_id="follows",
    summary=_("Lister ce que l’on suit, le dernier d’abord"),
)
def follows(request: HttpRequest, cursor: str = "", limit: Limit = 20) -> dict[str, Any]:
    """Une fiche qui n’est plus en ligne n’y est plus."""
    page = after(reads.of(person(request)), by="at", cursor=cursor, limit=limit)
    told = [follow_json(request, each) for each in reads.lines(page.rows)]
    return {"follows": told, "next_cursor": page.next_cursor}


@router.post(
    "/follows",
    auth=CONTRIBUTE,
    response={201: FollowOut, 200: FollowOut, **refused(401, 403, 404, 410, 415, 422, 429)},
    operation_id="follow",
    summary=_("Suivre une fiche, une organisation, un cas d’usage ou un mot-clé"),
)
def follow(request: HttpRequest, given: SubjectIn) -> Status[Any]:
    """200 quand on le suivait déjà."""
    subject = _subject(_one(given))
    made = acts.follow(subject=subject, by=person(request))
    row = Follow(**acts.named(subject))
    return Status(201 if made else 200, follow_json(request, next(reads.lines([row]))))


@router.delete(
    "/follows",
    auth=CONTRIBUTE,
    response={204: None, **refused(401, 403, 404, 410, 422, 429)},
    operation_id="unfollow",
    summary=_("Ne plus suivre"),
)
def unfollow(request: HttpRequest, given: Query[SubjectIn]) -> Status[None]:
    """Deux fois ne change rien. Une fiche que l’on suit se quitte aussi hors ligne."""
    by, subject = person(request), _one(given)
    followed = reads.card(by, given.resource) if given.resource else None
    acts.unfollow(subject=followed or _subject(subject), by=by)
    return Status(204, None)


def _one(given: SubjectIn) -> SubjectIn:
    named = {name: value for name, value in given.model_dump().items() if value}
    if len(named) != 1:
        raise Invalid(
            gettext("Dites une seule chose : resource, organisation, use_case ou tag."),
            code="subject",
        )
    return given


def _subject(given: SubjectIn) -> Any:
    if given.resource:
        found: Resource = card_named(given.resource)
        return found
    if given.organisation:
        return holder_named(given.organisation)
    return given.use_case or given.tag

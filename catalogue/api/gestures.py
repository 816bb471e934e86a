"""Put cards aside, support an idea or a need, tell what happened where a card was used."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from catalogue.actions import follows, reuses
from catalogue.api.answers import accepted
from catalogue.api.community_shapes import favourite_json, feedback_json
from catalogue.api.finding import card_named, person
from catalogue.forms.community import FeedbackForm
from catalogue.models import Favourite, FieldFeedback
from catalogue.queries import around as reads
from catalogue.queries import follows as kept
from catalogue.schemas.community import (
    CardNamedIn,
    FavouriteOut,
    FavouritesOut,
    FeedbackIn,
    FeedbackOut,
    FeedbacksOut,
    SupportOut,
)
from portal.accounts import bearer
from portal.accounts.bearer import Token, reader
from portal.accounts.enums import TokenScope
from portal.lib import visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _

router = Router(tags=[_("Suivre et échanger")])
READ, CONTRIBUTE = Token(TokenScope.READ), Token(TokenScope.CONTRIBUTE)
SAID = refused(401, 403, 404, 410, 415, 422, 429)
LEFT = refused(401, 403, 404, 410, 422, 429)


@router.get(
    "/favourites",
    auth=READ,
    response={200: FavouritesOut, **refused(401, 403, 422, 429)},
    operation_id="favourites",
    summary=_("Lister ses favoris, le dernier d’abord"),
)
def favourites(request: HttpRequest, cursor: str = "", limit: Limit = 20) -> dict[str, Any]:
    """Personne d’autre ne les voit. Une fiche qui n’est plus en ligne n’y est plus."""
    page = after(kept.favourites(person(request)), by="at", cursor=cursor, limit=limit)
    told = [favourite_json(request, each.resource, each.at) for each in page.rows]
    return {"favourites": told, "next_cursor": page.next_cursor}


@router.post(
    "/favourites",
    auth=CONTRIBUTE,
    response={201: FavouriteOut, 200: FavouriteOut, **SAID},
    operation_id="put_aside",
    summary=_("Mettre une fiche dans ses favoris"),
)
def put_aside(request: HttpRequest, given: CardNamedIn) -> Status[Any]:
    """200 quand elle y était déjà."""
    by, card = person(request), card_named(given.resource)
    made = follows.put_aside(resource=card, by=by)
    at = Favourite.objects.get(user=by, resource=card).at
    return Status(201 if made else 200, favourite_json(request, card, at))


@router.delete(
    "/favourites",
    auth=CONTRIBUTE,
    response={204: None, **LEFT},
    operation_id="take_out",
    summary=_("Ôter une fiche de ses favoris"),
)
def take_out(request: HttpRequest, given: Query[CardNamedIn]) -> Status[None]:
    """Deux fois ne change rien."""
    by = person(request)
    aside = kept.card(by, given.resource, among=Favourite)
    follows.take_out(resource=aside or card_named(given.resource), by=by)
    return Status(204, None)


@router.post(
    "/supports",
    auth=CONTRIBUTE,
    response={201: SupportOut, 200: SupportOut, **SAID},
    operation_id="support",
    summary=_("Soutenir une idée ou un besoin"),
)
def support(request: HttpRequest, given: CardNamedIn) -> Status[Any]:
    """Une fois par personne : 200 quand on la soutenait déjà ; 403 pour un autre type de fiche."""
    card = card_named(given.resource)
    made = follows.support(resource=card, by=person(request))
    return Status(201 if made else 200, _supported(card))


@router.delete(
    "/supports",
    auth=CONTRIBUTE,
    response={200: SupportOut, **LEFT},
    operation_id="withdraw_support",
    summary=_("Retirer son soutien"),
)
def withdraw_support(request: HttpRequest, given: Query[CardNamedIn]) -> dict[str, Any]:
    """Deux fois ne change rien."""
    card = card_named(given.resource)
    follows.withdraw_support(resource=card, by=person(request))
    return _supported(card)


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
    response={201: FeedbackOut, **SAID},
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


def _supported(card: Any) -> dict[str, Any]:
    card.refresh_from_db(fields=["supports"])
    return {"resource": card.slug, "supports": card.supports}

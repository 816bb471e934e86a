"""What people bring to a card: reuses, discussions; and notices on any content."""

from typing import Any
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Router, Status
from portal.accounts.views import person

from catalogue.actions import discussions as talks
from catalogue.actions import report_links, reports, reuses
from catalogue.api.answers import accepted
from catalogue.api.community_shapes import (
    discussion_json,
    message_json,
    reuse_json,
    whole_discussion_json,
)
from catalogue.api.finding import card_named, identifier
from catalogue.api.subjects import holder_named
from catalogue.forms.community import DiscussionForm, MessageForm, ReuseForm
from catalogue.forms.reports import ReportForm
from catalogue.models import Discussion, Resource, Reuse
from catalogue.queries import around as reads
from catalogue.schemas.community import (
    DiscussionIn,
    DiscussionOut,
    DiscussionsOut,
    MessageIn,
    MessageOut,
    ReportIn,
    ReportOut,
    ReuseIn,
    ReuseOut,
    ReusesOut,
    WholeDiscussionOut,
)
from portal.accounts import bearer
from portal.accounts.bearer import Token, reader
from portal.accounts.enums import TokenScope
from portal.lib import visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.refusals import Invalid

router = Router(tags=[_("Suivre et échanger")], auth=reader)
CONTRIBUTE = Token(TokenScope.CONTRIBUTE)
READ = refused(401, 404, 410, 422, 429)
SAID = refused(401, 403, 404, 409, 410, 415, 422, 429)


@router.get(
    "/resources/{slug:resource}/reuses",
    response={200: ReusesOut, **READ},
    operation_id="reuses",
    summary=_("Lister les réutilisations d’une fiche, la dernière d’abord"),
)
def reused(
    request: HttpRequest, resource: str, cursor: str = "", limit: Limit = 20
) -> dict[str, Any]:
    """Avec un jeton `read`, les siennes aussi, quel que soit leur état."""
    rows = reads.reuses(card_named(resource), request.user)
    page = after(rows, by="at", cursor=cursor, limit=limit)
    return {"reuses": [reuse_json(each) for each in page.rows], "next_cursor": page.next_cursor}


@router.post(
    "/reuses",
    auth=CONTRIBUTE,
    response={201: ReuseOut, **SAID},
    operation_id="declare_reuse",
    summary=_("Déclarer une réutilisation, que la Région relit"),
)
def declare(request: HttpRequest, given: ReuseIn) -> Status[Any]:
    """Une adresse par réutilisation et par fiche."""
    asked = given.model_dump(exclude={"resources", "organisation"})
    values = accepted(ReuseForm({**asked, "organisation": "", "others": ""}))
    del values["organisation"], values["others"]
    made = reuses.declare(
        resources=_cards(given.resources),
        organisation=holder_named(given.organisation),
        by=person(request),
        **values,
    )
    return Status(201, reuse_json(made))


@router.delete(
    "/reuses/{uuid:reuse}",
    auth=CONTRIBUTE,
    response={200: ReuseOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw_reuse",
    summary=_("Retirer une réutilisation que l’on a déclarée"),
)
def withdraw(request: HttpRequest, reuse: UUID) -> dict[str, Any]:
    """Publiée ou non ; 409 si elle est déjà refusée ou retirée."""
    rows = Reuse.objects.filter(by=person(request)).select_related("organisation")
    found = visible.find(rows, among=Reuse.objects.all(), public_id=reuse)
    reuses.withdraw(brought=found, by=person(request))
    found.refresh_from_db(fields=["state"])
    told = reuse_json(found)
    return told if bearer.reads(request) else told | {"message": ""}


@router.get(
    "/resources/{slug:resource}/discussions",
    response={200: DiscussionsOut, **READ},
    operation_id="discussions",
    summary=_("Lister les discussions d’une fiche, la dernière ouverte d’abord"),
)
def discussions(
    request: HttpRequest, resource: str, cursor: str = "", limit: Limit = 20
) -> dict[str, Any]:
    """Avec un jeton `read`, les siennes qui attendent la Région aussi."""
    rows = reads.discussions(card_named(resource), request.user).select_related("resource")
    page = after(rows, by="at", cursor=cursor, limit=limit)
    told = [discussion_json(request, each) for each in page.rows]
    return {"discussions": told, "next_cursor": page.next_cursor}


@router.post(
    "/resources/{slug:resource}/discussions",
    auth=CONTRIBUTE,
    response={201: DiscussionOut, **SAID},
    operation_id="open_discussion",
    summary=_("Ouvrir une discussion sur une fiche"),
)
def open_discussion(request: HttpRequest, resource: str, given: DiscussionIn) -> Status[Any]:
    """Le premier message d’un nouveau compte attend la Région : state est held."""
    values = accepted(DiscussionForm({"title": given.title, "body_md": given.body}))
    made = talks.open_discussion(resource=card_named(resource), by=person(request), **values)
    return Status(201, discussion_json(request, made))


@router.get(
    "/discussions/{uuid:discussion}",
    response={200: WholeDiscussionOut, **refused(401, 404, 429)},
    operation_id="discussion",
    summary=_("Lire une discussion et ses messages"),
)
def discussion(request: HttpRequest, discussion: UUID) -> dict[str, Any]:
    """Les 200 premiers messages."""
    found = _discussion(request, discussion)
    return whole_discussion_json(request, found, reads.messages(found, request.user))


@router.post(
    "/discussions/{uuid:discussion}/messages",
    auth=CONTRIBUTE,
    response={201: MessageOut, **SAID},
    operation_id="answer_discussion",
    summary=_("Répondre dans une discussion"),
)
def answer(request: HttpRequest, discussion: UUID, given: MessageIn) -> Status[Any]:
    """Douze messages par heure au plus."""
    found = _discussion(request, discussion)
    values = accepted(MessageForm({"body_md": given.body}))
    made = talks.answer(discussion=found, by=person(request), **values)
    return Status(201, message_json(made))


@router.post(
    "/reports",
    auth=CONTRIBUTE,
    response={201: ReportOut, **refused(401, 403, 415, 422, 429)},
    operation_id="report",
    summary=_("Signaler un contenu à la Région"),
)
def report(request: HttpRequest, given: ReportIn) -> Status[Any]:
    """L’accusé de réception donne l’adresse secrète du suivi (tracking)."""
    values = accepted(ReportForm(given.model_dump(), signed_in=True))
    del values["site"]
    config = {"report": f"{settings.REPORTS_PER_HOUR_AND_NETWORK}/h/ip"}
    consumed = ratelimit.consume(request, app="catalogue", action="report", config=config)
    reports.keep_network_pace(allowed=bool(consumed))
    made = reports.file(by=person(request), **values)
    told = {"id": made.public_id, "status": made.status, "at": made.at}
    return Status(201, {**told, "tracking": report_links.absolute(made)})


def _cards(names: list[str]) -> list[Resource]:
    """Find public cards; an unknown one is named, as the form of the page does."""
    found = {name: _public(name) for name in names}
    faults = [
        {
            "field": f"resources.{place}",
            "code": "unknown",
            "message": gettext("« %(line)s » n’est pas une fiche en ligne : copiez son adresse.")
            % {"line": name[:64]},
        }
        for place, name in enumerate(names)
        if found[name] is None
    ]
    if faults:
        raise Invalid(faults=faults)
    return [each for each in found.values() if each is not None]


def _public(name: str) -> Resource | None:
    public_id = identifier(name)
    named: dict[str, Any] = {"public_id": public_id} if public_id else {"slug": name}
    return Resource.objects.public().with_organisation().filter(**named).first()


def _discussion(request: HttpRequest, public_id: UUID) -> Discussion:
    rows = Discussion.objects.visible_to(request.user).filter(resource__live=True)
    return visible.find(
        rows.select_related("by", "resource__organisation"),
        among=Discussion.objects.all(),
        public_id=public_id,
    )

"""What people bring to a card and keep: reuses, feedback, discussions, notices, searches."""

from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext
from ninja import Query, Router, Schema, Status

from catalogue.community import queries as reads
from catalogue.community.actions import alerts, reports, reuses
from catalogue.community.actions import follows as acts
from catalogue.community.forms import (
    FeedbackForm,
    ReportForm,
    ReuseForm,
    SearchForm,
)
from catalogue.community.models import FieldFeedback, Follow, Reuse, SavedSearch
from catalogue.community.schemas import (
    DiscussionIn,
    DiscussionOut,
    DiscussionsOut,
    FeedbackIn,
    FeedbackOut,
    FeedbacksOut,
    FollowOut,
    FollowsOut,
    MessageIn,
    MessageOut,
    ReportIn,
    ReportOut,
    ReuseIn,
    ReuseOut,
    ReusesOut,
    SearchesOut,
    SearchIn,
    SearchOut,
    SubjectIn,
    WholeDiscussionOut,
)
from catalogue.contributions.api import holder_named
from catalogue.resources.api import accepted, card_named
from catalogue.resources.models import Resource
from catalogue.search import filters
from catalogue.search.query import ResourceQuery
from portal.accounts import bearer
from portal.accounts.bearer import Token, reader
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.discussions import actions as discuss
from portal.discussions import queries as talks
from portal.discussions.forms import DiscussionForm, MessageForm
from portal.discussions.models import Discussion
from portal.lib import rates, visible
from portal.lib.refusals import Invalid
from portal.lib.web.endpoints import Limit, after, refused
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.requests import identifier

Told = TypeVar("Told", bound=Schema)
Listed = dict[str, Any]  # some rows, and the cursor of those that follow


def shown(request: HttpRequest, schema: type[Told], row: Any, *, unread: dict[str, Any]) -> Told:
    """Describe a row; unread: what a token that may not read is told in place of what is."""
    told = schema.model_validate(row, context={"request": request})
    return told if bearer.reads(request) else told.model_copy(update=unread)


around_router = Router(tags=[_("Suivre et échanger")], auth=reader)
CONTRIBUTE = Token(TokenScope.CONTRIBUTE)
READ_REFUSED = refused(401, 404, 410, 422, 429)
SAID = refused(401, 403, 404, 409, 410, 415, 422, 429)


@around_router.get(
    "/resources/{slug:resource}/reuses",
    response={200: ReusesOut, **READ_REFUSED},
    operation_id="reuses",
    summary=_("Lister les réutilisations d’une fiche, la dernière d’abord"),
)
def reused(request: HttpRequest, resource: str, cursor: str = "", limit: Limit = 20) -> Listed:
    """Avec un jeton `read`, les siennes aussi, quel que soit leur état."""
    rows = reads.reuses(card_named(resource), request.user)
    page = after(rows, by="at", cursor=cursor, limit=limit)
    return {"reuses": page.rows, "next_cursor": page.next_cursor}


@around_router.post(
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
    return Status(201, made)


@around_router.delete(
    "/reuses/{uuid:reuse}",
    auth=CONTRIBUTE,
    response={200: ReuseOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw_reuse",
    summary=_("Retirer une réutilisation que l’on a déclarée"),
)
def withdraw_reuse(request: HttpRequest, reuse: UUID) -> ReuseOut:
    """Publiée ou non ; 409 si elle est déjà refusée ou retirée."""
    rows = Reuse.objects.filter(by=person(request)).select_related("organisation")
    found = visible.find(rows, among=Reuse.objects.all(), public_id=reuse)
    reuses.withdraw(brought=found, by=person(request))
    found.refresh_from_db(fields=["state"])
    return shown(request, ReuseOut, found, unread={"message": ""})


@around_router.get(
    "/resources/{slug:resource}/discussions",
    response={200: DiscussionsOut, **READ_REFUSED},
    operation_id="discussions",
    summary=_("Lister les discussions d’une fiche, la dernière ouverte d’abord"),
)
def discussions(request: HttpRequest, resource: str, cursor: str = "", limit: Limit = 20) -> Listed:
    """Avec un jeton `read`, les siennes qui attendent la Région aussi."""
    card = card_named(resource)
    page = after(talks.discussions(card, request.user), by="at", cursor=cursor, limit=limit)
    for each in page.rows:
        each.subject = card
    return {"discussions": page.rows, "next_cursor": page.next_cursor}


@around_router.post(
    "/resources/{slug:resource}/discussions",
    auth=CONTRIBUTE,
    response={201: DiscussionOut, **SAID},
    operation_id="open_discussion",
    summary=_("Ouvrir une discussion sur une fiche"),
)
def open_discussion(request: HttpRequest, resource: str, given: DiscussionIn) -> Status[Any]:
    """Le premier message d’un nouveau compte attend la Région : state est held."""
    values = accepted(DiscussionForm({"title": given.title, "body_md": given.body}))
    made = discuss.open_discussion(on=card_named(resource), by=person(request), **values)
    return Status(201, made)


@around_router.get(
    "/discussions/{uuid:discussion}",
    response={200: WholeDiscussionOut, **refused(401, 404, 429)},
    operation_id="discussion",
    summary=_("Lire une discussion et ses messages"),
)
def discussion(request: HttpRequest, discussion: UUID) -> Discussion:
    """Les 200 premiers messages."""
    return _discussion(request, discussion)


@around_router.post(
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
    made = discuss.answer(discussion=found, by=person(request), **values)
    return Status(201, made)


@around_router.post(
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
    rate = f"{settings.REPORTS_PER_HOUR_AND_NETWORK}/h/ip"
    reports.keep_network_pace(allowed=rates.may_ask(request, "report", rate))
    made = reports.file(by=person(request), **values)
    return Status(201, made)


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
    rows = Discussion.objects.visible_to(request.user).on_any(Resource.objects.public())
    found: Discussion = visible.find(
        rows.select_related("by"), among=Discussion.objects.all(), public_id=public_id
    )
    return found


router = Router(tags=[_("Suivre et échanger")])


@router.get(
    "/resources/{slug:resource}/feedback",
    auth=reader,
    response={200: FeedbacksOut, **refused(401, 404, 410, 422, 429)},
    operation_id="feedback",
    summary=_("Lister les retours de terrain d’une fiche, le dernier raconté d’abord"),
)
def feedback(request: HttpRequest, resource: str, cursor: str = "", limit: Limit = 20) -> Listed:
    """Avec un jeton `read`, les siens aussi, quel que soit leur état."""
    rows = reads.feedback(card_named(resource), request.user)
    page = after(rows, by="at", cursor=cursor, limit=limit)
    return {"feedback": page.rows, "next_cursor": page.next_cursor}


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
    made = reuses.tell_feedback(resource=card_named(resource), by=person(request), **values)
    return Status(201, made)


@router.delete(
    "/feedback/{uuid:feedback}",
    auth=CONTRIBUTE,
    response={200: FeedbackOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw_feedback",
    summary=_("Retirer un retour de terrain que l’on a raconté"),
)
def withdraw_feedback(request: HttpRequest, feedback: UUID) -> FeedbackOut:
    """Publié ou non ; 409 s’il est déjà refusé ou retiré."""
    rows = FieldFeedback.objects.filter(by=person(request))
    found = visible.find(rows, among=FieldFeedback.objects.all(), public_id=feedback)
    reuses.withdraw(brought=found, by=person(request))
    found.refresh_from_db(fields=["state"])
    return shown(request, FeedbackOut, found, unread={"message": ""})


READ = Token(TokenScope.READ)


@router.get(
    "/follows",
    auth=READ,
    response={200: FollowsOut, **refused(401, 403, 422, 429)},
    operation_id="follows",
    summary=_("Lister ce que l’on suit, le dernier d’abord"),
)
def follows(request: HttpRequest, cursor: str = "", limit: Limit = 20) -> Listed:
    """Une fiche qui n’est plus en ligne n’y est plus."""
    page = after(reads.follows_of(person(request)), by="at", cursor=cursor, limit=limit)
    return {"follows": list(reads.followed_lines(page.rows)), "next_cursor": page.next_cursor}


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
    row = Follow(**acts.subject_columns(subject))
    return Status(201 if made else 200, next(reads.followed_lines([row])))


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
    followed = reads.card_followed(by, given.resource) if given.resource else None
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


@router.get(
    "/searches",
    auth=READ,
    response={200: SearchesOut, **refused(401, 403, 422, 429)},
    operation_id="searches",
    summary=_("Lister ses recherches enregistrées, la dernière d’abord"),
)
def searches(request: HttpRequest, cursor: str = "", limit: Limit = 20) -> Listed:
    """feed est un secret : qui l’a lit le flux."""
    page = after(reads.searches_of(person(request)), by="created_at", cursor=cursor, limit=limit)
    return {"searches": page.rows, "next_cursor": page.next_cursor}


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
    query = ResourceQuery.parse(QueryDict(urlencode(told, doseq=True)))
    title = asked.title or filters.title(query)
    values = accepted(SearchForm({"title": title, "frequency": asked.frequency}))
    made = alerts.save(query=query, by=person(request), **values)
    return Status(201, shown(request, SearchOut, made, unread={"found": 0, "feed": None}))


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

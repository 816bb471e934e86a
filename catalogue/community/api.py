"""What people bring to a card and keep: reuses, discussions, searches."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext
from ninja import Query, Router, Status

from catalogue.community import queries as reads
from catalogue.community.actions import alerts, reuses
from catalogue.community.actions import follows as acts
from catalogue.community.forms import (
    ReuseForm,
    SearchForm,
)
from catalogue.community.models import Follow, SavedSearch
from catalogue.community.schemas import (
    DiscussionIn,
    DiscussionOut,
    DiscussionsOut,
    FollowOut,
    FollowsOut,
    MessageIn,
    MessageOut,
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
from portal.lib import visible
from portal.lib.refusals import Invalid
from portal.lib.web.endpoints import Limit, after, refused
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.requests import identifier

Listed = dict[str, Any]  # some rows, and the cursor of those that follow


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
    words = asked.query.model_dump(mode="json", exclude_none=True)
    query = ResourceQuery.parse(QueryDict(urlencode(words, doseq=True)))
    title = asked.title or filters.title(query)
    values = accepted(SearchForm({"title": title, "frequency": asked.frequency}))
    made = alerts.save(query=query, by=person(request), **values)
    told = SearchOut.model_validate(made, context={"request": request})
    unread = {} if bearer.reads(request) else {"found": 0, "feed": None}
    return Status(201, told.model_copy(update=unread))


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

"""The OAI-PMH endpoint: six verbs over the public catalogue, removals included."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt

from catalogue.pages.views import documents
from catalogue.resources.enums import ResourceKind, UseCase
from catalogue.resources.models import Resource, Tombstone
from catalogue.resources.queries import published, relations
from catalogue.search.models import IndexedFacet
from catalogue.standards.published import Published
from catalogue.standards.writers import dcat, oai_pmh
from catalogue.standards.writers.oai_pmh import Asked, Header, OaiError, Resumption
from portal.lib import clock
from portal.lib.web.requests import get_or_post

SALT = "catalogue.oai"
PAGE = 100
TOKEN_HOURS = 24
# A list gives the living first, then the removed, then what the Region hides, each in an order
# that nothing moves.
LIVING, REMOVED, HIDDEN = "living", "removed", "hidden"
Rows = list[tuple[Header, ET.Element | None]]


@dataclass(frozen=True)
class Place:
    """Where a list stands: the phase, the last row given, how many were."""

    phase: str = LIVING
    at: str = ""
    pk: int = 0
    given: int = 0


@csrf_exempt
@login_not_required
@get_or_post
def endpoint(request: HttpRequest) -> HttpResponseBase:
    """Answer a request of the protocol, by address or by form."""
    data = request.POST if request.method == "POST" else request.GET
    pairs = [(name, value) for name, values in data.lists() for value in values]
    base = f"{published.root()}/oai"
    now = clock.now()
    try:
        body: ET.Element | OaiError = _answer(oai_pmh.read_request(pairs), base, now)
    except OaiError as error:
        body = error
    content = oai_pmh.answer(body, base=base, arguments=pairs, at=now)
    return documents.answer(request, content, "text/xml")


def _answer(asked: Asked, base: str, now: datetime) -> ET.Element:
    match asked.verb:
        case "Identify":
            return oai_pmh.identify(
                name=published.site().name,
                base=base,
                email=settings.CONTACT_EMAIL or settings.DEFAULT_FROM_EMAIL,
                earliest=_earliest(now),
            )
        case "ListMetadataFormats":
            return oai_pmh.formats(_formats(asked.identifier))
        case "ListSets":
            return oai_pmh.sets(_sets(asked.token))
        case "GetRecord":
            return _one(asked)
        case _:
            return _list(asked, now)


def _earliest(now: datetime) -> datetime:
    living = Resource.objects.public().aggregate(at=Min("first_published_at"))["at"]
    gone = Tombstone.objects.aggregate(at=Min("removed_at"))["at"]
    hidden = relations.hidden_cards().aggregate(at=Min("masked_at"))["at"]
    return min((at for at in (living, gone, hidden) if at is not None), default=now)


def _prefix() -> str:
    return f"oai:{urlsplit(published.root()).hostname}:"


def _found(identifier: str) -> Resource | Tombstone:
    """Find what an identifier names; raises OaiError."""
    try:
        public_id = UUID(identifier.removeprefix(_prefix()))
    except ValueError:
        raise OaiError("idDoesNotExist", "This identifier names nothing here.") from None
    row = published.public().filter(public_id=public_id).first()
    hidden = relations.hidden_cards().filter(public_id=public_id).first()
    stone = row or hidden or Tombstone.objects.filter(public_id=public_id).first()
    if stone is None or not identifier.startswith(_prefix()):
        raise OaiError("idDoesNotExist", "This identifier names nothing here.")
    return stone


def _formats(identifier: str) -> list[str]:
    if not identifier:
        return list(oai_pmh.FORMATS)
    found = _found(identifier)
    if isinstance(found, Tombstone) or found.masked_at:
        raise OaiError("noMetadataFormats", "This record was removed.")
    return ["oai_dc", "dcat"] if dcat.is_described(published.published_one(found)) else ["oai_dc"]


def _one(asked: Asked) -> ET.Element:
    found = _found(asked.identifier)
    if isinstance(found, Tombstone) or found.masked_at:
        return oai_pmh.one_record(_header_of_gone(found), None)
    shown = published.published_one(found)
    if asked.prefix == "dcat" and not dcat.is_described(shown):
        raise OaiError("cannotDisseminateFormat", "This record is not a dataset nor a service.")
    return oai_pmh.one_record(_header(found, sets_of([found.pk])), _metadata(shown, asked.prefix))


def _sets(token: str) -> list[tuple[str, str]]:
    """List the sets that hold something: kinds, organisations, use cases."""
    if token:
        raise OaiError("badResumptionToken", "The list of sets is whole.")
    used = (
        IndexedFacet.objects.filter(facet__in=FACETS)
        .values_list("facet", "value", "label")
        .distinct()
        .order_by("facet", "value")
    )
    with override(published.LANGUAGE):
        rows = {f"{facet}:{value}": _set_name(facet, value, label) for facet, value, label in used}
    if not rows:
        raise OaiError("noSetHierarchy", "There is no set yet.")
    return list(rows.items())


def _set_name(facet: str, value: str, label: str) -> str:
    if facet == "kind":
        return str(ResourceKind(value).plural)
    if facet == "use_case":
        return str(UseCase(value).label)
    return label or value


def _list(asked: Asked, now: datetime) -> ET.Element:
    place = Place()
    if asked.token:
        asked, place = _resumed(asked)
    phases: dict[str, tuple[QuerySet[Any], str]] = {
        LIVING: (_living(asked), "first_published_at"),
        REMOVED: (_gone(asked), "removed_at"),
        HIDDEN: (_hidden(asked), "masked_at"),
    }
    rows: list[Resource | Tombstone] = []
    for phase in list(phases)[list(phases).index(place.phase) :]:
        if len(rows) <= PAGE:
            start = place if place.phase == phase else Place()
            rows += _after(*phases[phase], start)[: PAGE + 1 - len(rows)]
    if not rows:
        raise OaiError("noRecordsMatch", "Nothing matches.")
    page = rows[:PAGE]
    total = sum(found.count() for found, _column in phases.values())
    token = ""
    if len(rows) > PAGE:
        token = _token(asked, _place_of(page[-1], place.given + len(page)))
    resumption = None
    if token or asked.token:
        expires = now + timedelta(hours=TOKEN_HOURS)
        resumption = Resumption(token, place.given, total, expires)
    return oai_pmh.listing(asked.verb, _records(page, asked), resumption)


def _place_of(row: Resource | Tombstone, given: int) -> Place:
    if isinstance(row, Tombstone):
        return Place(REMOVED, row.removed_at.isoformat(), row.pk, given)
    if row.masked_at:
        return Place(HIDDEN, row.masked_at.isoformat(), row.pk, given)
    at = row.first_published_at or row.created_at
    return Place(LIVING, at.isoformat(), row.pk, given)


def _after(rows: "QuerySet[Any]", column: str, place: Place) -> "QuerySet[Any]":
    """Keep what follows a place, by a date that never changes: nothing moves while one reads."""
    if place.pk:
        at = datetime.fromisoformat(place.at)
        # Where the index is entered; then what was given of that very instant is left out.
        rows = rows.filter(**{f"{column}__gte": at})
        rows = rows.filter(Q(**{f"{column}__gt": at}) | Q(pk__gt=place.pk))
    return rows.order_by(column, "pk")


def _between(rows: "QuerySet[Any]", column: str, asked: Asked) -> "QuerySet[Any]":
    if asked.since:
        rows = rows.filter(**{f"{column}__gte": asked.since})
    if asked.before:
        rows = rows.filter(**{f"{column}__lt": asked.before})
    return rows


def _living(asked: Asked) -> "QuerySet[Any]":
    rows: QuerySet[Any] = published.public()
    if asked.prefix == "dcat":
        rows = rows.filter(documents.described())
    rows = _between(rows, "changed_at", asked)
    if asked.set:
        facet, _colon, value = asked.set.partition(":")
        held = IndexedFacet.objects.filter(facet=facet, value=value)
        rows = rows.filter(pk__in=held.values("resource_id")) if facet in FACETS else rows.none()
    return rows


def _gone(asked: Asked) -> "QuerySet[Tombstone]":
    rows = Tombstone.objects.all()
    if asked.prefix == "dcat":
        rows = rows.filter(kind__in=(ResourceKind.DATASET, ResourceKind.TECHNOLOGY))
    if asked.set:
        rows = rows.filter(set_names__contains=f"\n{asked.set}\n")
    return _between(rows, "removed_at", asked)


def _hidden(asked: Asked) -> "QuerySet[Any]":
    """Select what the Region hides: who harvested it is told, as of a removal."""
    kinds = (ResourceKind.DATASET, ResourceKind.TECHNOLOGY)
    ids = [
        each.pk
        for each in relations.hidden_cards()
        if (not asked.set or asked.set in relations.sets_of_one(each))
        and (asked.prefix != "dcat" or each.kind in kinds)
    ]
    rows: QuerySet[Any] = Resource.objects.with_organisation().filter(pk__in=ids)
    return _between(rows, "masked_at", asked)


def _is_gone(row: Resource | Tombstone) -> bool:
    return isinstance(row, Tombstone) or row.masked_at is not None


def _records(rows: Sequence[Resource | Tombstone], asked: Asked) -> Rows:
    living = [row for row in rows if isinstance(row, Resource) and not _is_gone(row)]
    names = sets_of([row.pk for row in living])
    shown: Iterator[Published] = iter(())
    if asked.verb == "ListRecords":
        shown = iter(published.published_many(living))
    return [
        (_header_of_gone(row), None)
        if _is_gone(row)
        else (_header(row, names), _next_metadata(shown, asked))
        for row in rows
    ]


def _next_metadata(shown: Iterator[Published], asked: Asked) -> ET.Element | None:
    found = next(shown, None)
    return _metadata(found, asked.prefix) if found else None


def _metadata(shown: Published, prefix: str) -> ET.Element:
    if prefix == "dcat":
        return oai_pmh.embedded(dcat.document(shown))
    return oai_pmh.dublin_core(shown)


def _header(row: Any, names: dict[int, list[str]]) -> Header:
    identifier = f"{_prefix()}{row.public_id}"
    return Header(identifier, row.changed_at, tuple(names.get(row.pk, ())))


def _header_of_gone(row: Any) -> Header:
    if isinstance(row, Tombstone):
        at, names = row.removed_at, row.set_names.split()
    else:
        at, names = row.masked_at, relations.sets_of_one(row)
    return Header(f"{_prefix()}{row.public_id}", at, tuple(names), deleted=True)


def _token(asked: Asked, place: Place) -> str:
    """Sign where a list stands: nothing is kept here of who reads."""
    return signing.dumps(
        {
            "verb": asked.verb,
            "prefix": asked.prefix,
            "set": asked.set,
            "since": asked.since.isoformat() if asked.since else "",
            "before": asked.before.isoformat() if asked.before else "",
            "place": [place.phase, place.at, place.pk, place.given],
        },
        salt=SALT,
    )


def _resumed(asked: Asked) -> tuple[Asked, Place]:
    """Read a token of ours less than a day old; raises OaiError."""
    try:
        held = signing.loads(asked.token, salt=SALT, max_age=timedelta(hours=TOKEN_HOURS))
    except signing.BadSignature:
        raise OaiError("badResumptionToken", "This token is wrong, or a day has passed.") from None
    if held["verb"] != asked.verb:
        raise OaiError("badResumptionToken", "This token belongs to another verb.")
    since, before = (
        datetime.fromisoformat(text).astimezone(UTC) if (text := held[name]) else None
        for name in ("since", "before")
    )
    again = replace(asked, prefix=held["prefix"], set=held["set"], since=since, before=before)
    return again, Place(*held["place"])


FACETS = ("kind", "organisation", "use_case")


def sets_of(ids: Sequence[int]) -> dict[int, list[str]]:
    """Name the sets of some public resources, as « kind:model »; one query."""
    found: dict[int, list[str]] = {}
    rows = IndexedFacet.objects.filter(resource__in=ids, facet__in=FACETS)
    for pk, facet, value in rows.order_by("facet", "value").values_list(
        "resource_id", "facet", "value"
    ):
        found.setdefault(pk, []).append(f"{facet}:{value}")
    return found

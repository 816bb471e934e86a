"""Read the catalogue: search it, read a card, the organisations, the words of cards."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, gettext
from ninja import Query, Router

from catalogue.community import queries as community_queries
from catalogue.community.enums import AlertFrequency, ReportCategory, ReuseKind
from catalogue.contributions.forms import records
from catalogue.resources.api import card_named, cards
from catalogue.resources.enums import (
    LANGUAGES,
    Access,
    Barrier,
    Beneficiary,
    Deposit,
    Guarantee,
    LicenceStatus,
    Lifecycle,
    LinkType,
    ModelSize,
    ResourceKind,
    Scope,
    Task,
    UseCase,
)
from catalogue.resources.fields import COMMON_BY_NAME, Field, FieldType
from catalogue.resources.models import Resource, ResourceLink
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import lists, published, quality, relations
from catalogue.resources.schemas import (
    CardOut,
    OrganisationOut,
    OrganisationsOut,
    OriginOut,
    ResourcesOut,
    VocabulariesOut,
)
from catalogue.search import engine, filters
from catalogue.search.query import MAX_DEPTH, ResourceQuery
from catalogue.search.schemas import QueryIn
from catalogue.standards.writers import plain
from portal.accounts.bearer import anyone
from portal.accounts.enums import OrganisationKind
from portal.accounts.models import FormerAddress, Organisation
from portal.lib.refusals import Invalid
from portal.lib.web.endpoints import CURSOR_MAX_CHARACTERS, Limit, after, refused
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.responses import tagged

Json = dict[str, Any]


def lines_json(ids: Sequence[int]) -> list[Json]:
    """Describe those of some resources that are public; some queries, whatever their number."""
    rows = lists.export_rows(ids)
    told = zip(rows, lists.export_lines(rows), strict=True)
    return [{**line, "slug": row.slug} for row, line in told]


def card_json(resource: Resource) -> Json:
    """Describe one public card in full: its document, and what is told of it."""
    return {
        **plain.document(published.published_one(resource)),
        "scope_note": resource.scope_note,
        "lifecycle_note": resource.lifecycle_note,
        "beneficiaries": resource.beneficiaries,
        "barriers": resource.barriers,
        "links": [_link(each, resource) for each in relations.links_both_ways(resource)],
        "quality": _quality(resource),
        "provenance": _provenance(resource),
        "figures": _figures(resource),
        "revision": resource.live_revision_id,
    }


def _link(link: ResourceLink, seen_from: Resource) -> Json:
    leads = link.source_id == seen_from.pk
    other = link.target if leads else link.source
    return {
        "relation": link.type,
        "direction": "out" if leads else "in",
        "title": other.title if other else link.target_title if leads else link.source_title,
        "id": str(other.public_id) if other else None,
        "slug": other.slug if other else None,
        "url": published.page(other.slug) if other else None,
        "kind": other.kind if other else None,
    }


def _quality(resource: Resource) -> Json:
    judged = quality.assess(resource, list(resource.measurements.all()))
    return {
        "score": judged.score,
        "criteria": [
            {**line._asdict(), "text": str(line.text), "aside": str(line.aside)}
            for line in quality.criterion_lines(judged)
        ],
    }


def _provenance(resource: Resource) -> Json:
    """Say where each value comes from, but for those that are told on request alone."""
    untold = resource.details.keys() - card_files.readable_details(resource).keys()
    return {
        name: OriginOut.model_validate(told).model_dump()
        for name, told in resource.provenance.items()
        if name not in untold
    }


def _figures(resource: Resource) -> Json:
    return {
        "views": resource.views,
        "downloads": resource.downloads,
        "followers": resource.followers,
        **vars(community_queries.counts(resource)),
    }


router = Router(tags=[_("Catalogue")], auth=anyone)
LISTS: dict[str, Any] = {
    "kind": ResourceKind.choices,
    "scope": Scope.choices,
    "access": Access.choices,
    "deposit": Deposit.choices,
    "licence_status": LicenceStatus.choices,
    "lifecycle": Lifecycle.choices,
    "use_case": UseCase.choices,
    "beneficiary": Beneficiary.choices,
    "barrier": Barrier.choices,
    "task": Task.choices,
    "language": LANGUAGES.items(),
    "guarantee": Guarantee.choices,
    "model_size": ModelSize.choices,
    "link": LinkType.choices,
    "organisation_kind": OrganisationKind.choices,
    "search_frequency": AlertFrequency.choices,
    "reuse_kind": ReuseKind.choices,
    "report_category": ReportCategory.choices,
}


@router.get(
    "/organisations",
    response={200: OrganisationsOut, **refused(401, 422, 429)},
    operation_id="organisations",
    summary=_("Lister les organisations, la dernière inscrite d’abord"),
)
def organisations(
    request: HttpRequest,
    q: str = Query("", max_length=100),
    kind: OrganisationKind | None = None,
    cursor: str = "",
    limit: Limit = 20,
) -> dict[str, Any]:
    """q : des mots du nom, du sigle ou d’un ancien nom. kind : leur nature."""
    rows = _counted().listed().matching(q)
    if kind is not None:
        rows = rows.filter(kind=kind)
    page = after(rows, by="created_at", cursor=cursor, limit=limit)
    return {"organisations": page.rows, "next_cursor": page.next_cursor}


@router.get(
    "/organisations/{slug:organisation}",
    response={200: OrganisationOut, **refused(401, 404, 429)},
    operation_id="organisation",
    summary=_("Lire une organisation"),
)
def organisation(request: HttpRequest, organisation: str) -> Organisation:
    """organisation : son nom d’adresse, même ancien."""
    found = _counted().filter(slug=organisation).first()
    if found is None:
        former = get_object_or_404(FormerAddress, slug=organisation)
        found = _counted().get(pk=former.organisation_id)
    return found


@router.get(
    "/vocabularies",
    response={200: VocabulariesOut, **refused(401, 429)},
    operation_id="vocabularies",
    summary=_("Lire les champs de chaque type de fiche et les listes fermées"),
)
def vocabularies(request: HttpRequest) -> HttpResponseBase:
    """Ce que le formulaire demande, champ par champ, dans la langue demandée."""
    answer = JsonResponse(_words(get_language()))
    patch_vary_headers(answer, ("Accept-Language",))
    return tagged(request, answer, digest="1")


def _counted() -> Any:
    held = Count("resources", filter=Q(resources__live=True), distinct=True)
    produced = Count("produced", filter=Q(produced__live=True), distinct=True)
    return Organisation.objects.annotate(public_resources=held + produced)


@lru_cache(maxsize=4)
def _words(_language: str | None) -> dict[str, Any]:
    return {
        "charter": settings.CHARTER_VERSION,
        "kinds": [
            {"code": kind.value, "label": str(kind.label), "fields": _fields(kind)}
            for kind in ResourceKind
        ],
        "lists": {name: _pairs(choices) for name, choices in LISTS.items()},
    }


def _fields(kind: ResourceKind) -> list[dict[str, Any]]:
    referenced = {own.name: own.needed for own in records.taken(kind, deposit=Deposit.REFERENCED)}
    return [
        {**_field(own), "needed_if_referenced": referenced[own.name]} for own in records.taken(kind)
    ]


def _field(own: Field) -> dict[str, Any]:
    return {
        "name": own.name,
        "place": "record" if own.name in COMMON_BY_NAME else "details",
        "type": own.type.value,
        "label": str(own.label),
        "help": str(own.help),
        "needed": own.needed,
        "needed_if_referenced": False,
        "max_length": own.max_length if own.type in (FieldType.LINE, FieldType.TEXT) else None,
        "choices": _pairs(own.choices),
        "columns": [{**_field(each), "place": "row"} for each in own.columns],
    }


def _pairs(choices: Any) -> list[dict[str, str]]:
    return [{"code": str(code), "label": str(label)} for code, label in choices]


@cards.get(
    "/resources",
    response={200: ResourcesOut, **refused(401, 422, 429)},
    operation_id="resources",
    summary=_("Chercher dans le catalogue, ou le lire en entier"),
)
def resources(
    request: HttpRequest, asked: Query[QueryIn], cursor: str = "", limit: Limit = 20
) -> HttpResponseBase:
    """Les mêmes réponses, dans le même ordre, que la page de recherche ; 10 000 au plus.

    Sans mots, filtre ni tri : tout le catalogue, la dernière publication d’abord ; une fiche
    ajoutée entre deux pages ne déplace rien. D’une recherche, la suite garde le limit du début.
    """
    query = ResourceQuery.parse(request.GET)
    if query.q or query.is_filtered or asked.sort is not None:
        filters.keep_search_pace(request)
        return tagged(request, JsonResponse(_found(query, cursor, limit)), digest="1")
    rows = Resource.objects.public()
    page = after(rows, by="first_published_at", cursor=cursor, limit=limit)
    told = {
        "resources": lines_json([each.pk for each in page.rows]),
        "total": rows.count(),
        "facets": None,
        "next_cursor": page.next_cursor,
    }
    return tagged(request, JsonResponse(told), digest="1")


@cards.get(
    "/resources/{slug:resource}",
    response={200: CardOut, **refused(401, 404, 410, 429)},
    operation_id="resource",
    summary=_("Lire une fiche : tout ce qu’elle dit, son origine, sa qualité, ses liens"),
)
def resource(request: HttpRequest, resource: str) -> HttpResponseBase:
    """resource : son identifiant ou son nom d’adresse, même ancien. 410 quand elle a été retirée.

    Répond 304 quand If-None-Match porte l’ETag d’une réponse inchangée.
    """
    answer = JsonResponse(card_json(card_named(resource)))
    patch_vary_headers(answer, ("Accept-Language",))
    return tagged(request, answer, digest="1")


def _found(query: ResourceQuery, cursor: str, limit: int) -> dict[str, Any]:
    number, size = _place(cursor) if cursor else (1, limit)
    query = replace(query, page=number, size=size)
    found = engine().search(query)
    last = number * size >= min(found.total, MAX_DEPTH - size)
    following = base64.urlsafe_b64encode(json.dumps([number + 1, size]).encode()).decode()
    return {
        "resources": lines_json(found.ids),
        "total": found.total,
        "facets": {
            name: [{"value": v.value, "count": v.count, "label": v.label} for v in values]
            for name, values in found.facets.items()
        },
        "next_cursor": None if last else following,
    }


def _place(cursor: str) -> tuple[int, int]:
    try:
        number, size = json.loads(base64.urlsafe_b64decode(cursor[:CURSOR_MAX_CHARACTERS]))
        fits = type(number) is type(size) is int and number > 1 and 1 <= size <= 50
        if fits and number * size <= MAX_DEPTH:
            return number, size
    except (binascii.Error, ValueError, TypeError, RecursionError):
        pass
    raise Invalid(
        gettext("Ce curseur n’est pas celui d’une page : recommencez au début."), code="cursor"
    )

"""Read the organisations, and the words that cards are made of."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from ninja import Query, Router

from catalogue.api.shapes import organisations_json
from catalogue.enums import (
    LANGUAGES,
    Access,
    AlertFrequency,
    Barrier,
    Beneficiary,
    Deposit,
    Guarantee,
    LicenceStatus,
    Lifecycle,
    LinkType,
    ReportCategory,
    ResourceKind,
    ReuseKind,
    Scope,
    Task,
    UseCase,
)
from catalogue.forms import records
from catalogue.schemas.reading import OrganisationOut, OrganisationsOut, VocabulariesOut
from catalogue.validators.fields import COMMON_BY_NAME, Field, FieldType
from portal.accounts.bearer import anyone
from portal.accounts.enums import OrganisationKind
from portal.accounts.models import FormerAddress, Organisation
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.responses import tagged

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
    rows = _counted().matching(q)
    if kind is not None:
        rows = rows.filter(kind=kind)
    page = after(rows, by="created_at", cursor=cursor, limit=limit)
    told = organisations_json(request, page.rows)
    return {"organisations": told, "next_cursor": page.next_cursor}


@router.get(
    "/organisations/{slug:organisation}",
    response={200: OrganisationOut, **refused(401, 404, 429)},
    operation_id="organisation",
    summary=_("Lire une organisation"),
)
def organisation(request: HttpRequest, organisation: str) -> dict[str, Any]:
    """organisation : son nom d’adresse, même ancien."""
    found = _counted().filter(slug=organisation).first()
    if found is None:
        former = get_object_or_404(FormerAddress, slug=organisation)
        found = _counted().get(pk=former.organisation_id)
    return organisations_json(request, [found])[0]


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
    public = Count("resources", filter=Q(resources__live=True))
    rows: QuerySet[Organisation] = Organisation.objects.annotate(public_resources=public)
    return rows


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

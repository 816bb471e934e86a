"""Requests, grants and extracts by program: where they stand, who read, the bytes, resumed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Router, Schema

from datasets.access import queries
from datasets.access.models import AccessRequest, Extract, Grant
from datasets.releases.views import handed
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.visible import find
from portal.lib.web.endpoints import Address, PublicId, Words, refused, sent_as
from portal.lib.web.endpoints import lazy as _

MOST = 200


class RequestOut(Schema):
    """A request that one may see: where it stands, and its grant once it is approved."""

    id: PublicId
    number: str
    title: str
    status: str
    organisation: Words | None
    submitted_at: datetime | None
    decided_at: datetime | None
    grant: UUID | None
    page: Address

    @staticmethod
    def resolve_grant(row: AccessRequest) -> UUID | None:
        grant = getattr(row, "grant", None)
        return grant.public_id if grant else None

    @staticmethod
    def resolve_page(row: AccessRequest) -> str:
        return row.get_absolute_url()


class GrantOut(Schema):
    """A grant that one may see: its state at this instant and what it covers."""

    id: PublicId
    number: str
    title: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    datasets: list[dict[str, Any]]
    page: Address

    @staticmethod
    def resolve_number(row: Grant) -> str:
        return row.request.number

    @staticmethod
    def resolve_title(row: Grant) -> str:
        return str(row)

    @staticmethod
    def resolve_state(row: Grant) -> str:
        return row.state(clock.now()).value

    @staticmethod
    def resolve_datasets(row: Grant) -> list[dict[str, Any]]:
        return [
            {"dataset": str(each.dataset), "columns": each.names} for each in row.datasets.all()
        ]

    @staticmethod
    def resolve_page(row: Grant) -> str:
        return reverse("datasets:grant", args=(row.public_id,))


class ReadOut(Schema):
    """One read under a grant, as its producer and who asked see it."""

    at: datetime
    user: Words | None
    file: str
    bytes: int

    @staticmethod
    def resolve_file(row: Any) -> str:
        return str(row.data_file.name)


class ExtractOut(Schema):
    """A file that one may read now; content: where its bytes are, by ranges from any of them."""

    id: PublicId
    name: str
    dataset: str
    grant: str
    size: int
    rows: int | None
    content: Address

    @staticmethod
    def resolve_name(row: Extract) -> str:
        return row.data_file.name

    @staticmethod
    def resolve_dataset(row: Extract) -> str:
        return str(row.granted.dataset)

    @staticmethod
    def resolve_grant(row: Extract) -> str:
        return row.granted.grant.request.number

    @staticmethod
    def resolve_size(row: Extract) -> int:
        return row.clear_size or 0

    @staticmethod
    def resolve_content(row: Extract) -> str:
        return f"/api/v1/access/extracts/{row.public_id}/content"


class RequestsOut(Schema):
    """Requests, the last written first."""

    requests: list[RequestOut]


class GrantsOut(Schema):
    """Grants, the last approved first."""

    grants: list[GrantOut]


class ReadsOut(Schema):
    """Reads, the latest first."""

    reads: list[ReadOut]


class ExtractsOut(Schema):
    """Files that one may read, the last built first."""

    extracts: list[ExtractOut]


router = Router(tags=[_("Accès aux données")], auth=Token(TokenScope.READ))
DATA = Token(TokenScope.DATA)


@router.get(
    "/access/requests",
    response={200: RequestsOut, **refused(401, 403, 429)},
    operation_id="list_access_requests",
    summary=_("Lister les demandes d’accès que vous pouvez voir"),
)
def requests(request: HttpRequest) -> Any:
    rows = AccessRequest.objects.visible_to(person(request))
    return {"requests": rows.select_related("organisation", "grant")[:MOST]}


@router.get(
    "/access/grants",
    response={200: GrantsOut, **refused(401, 403, 429)},
    operation_id="list_grants",
    summary=_("Lister les habilitations que vous pouvez voir"),
)
def grants(request: HttpRequest) -> Any:
    rows = Grant.objects.visible_to(person(request)).select_related("request")
    return {"grants": rows.prefetch_related("datasets__dataset__resource")[:MOST]}


@router.get(
    "/access/grants/{uuid:grant}/reads",
    response={200: ReadsOut, **refused(401, 403, 404, 429)},
    operation_id="list_reads",
    summary=_("Lister les lectures d’une habilitation"),
)
def reads(request: HttpRequest, grant: UUID) -> Any:
    rows = Grant.objects.visible_to(person(request))
    found = find(rows, among=Grant.objects.all(), public_id=grant)
    return {"reads": queries.reads_of(found, person(request))[:MOST]}


@router.get(
    "/access/extracts",
    response={200: ExtractsOut, **refused(401, 403, 429)},
    operation_id="list_extracts",
    summary=_("Lister les fichiers que vous pouvez lire"),
)
def extracts(request: HttpRequest) -> Any:
    return {"extracts": queries.readable_extracts(person(request))[:MOST]}


@router.get(
    "/access/extracts/{uuid:extract}/content",
    auth=DATA,
    response={200: None, **refused(401, 403, 404, 416, 429)},
    operation_id="download_extract",
    summary=_("Télécharger un fichier accordé, ou la suite"),
    openapi_extra=sent_as("text/csv"),
)
def content(request: HttpRequest, extract: UUID) -> HttpResponseBase:
    by = person(request)
    rows = Extract.objects.readable_by(by, clock.now()).select_related("data_file__release")
    found = find(rows, among=Extract.objects.all(), public_id=extract)
    return handed(request, found.data_file, extract=found.public_id)

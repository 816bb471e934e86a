"""Send a large file to a card in parts, resumed where it stopped (the core of the tus protocol)."""

from typing import IO, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router
from portal.accounts.views import person

from catalogue.actions import card_uploads
from catalogue.api.stored_files import work_for
from catalogue.models import CardUpload
from catalogue.schemas.stored_files import CardUploadIn, CardUploadOut
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import objects, parts, visible
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.numbers import natural

router = Router(tags=[_("Contribuer")], auth=Token(TokenScope.CONTRIBUTE))


@router.post(
    "/resources/{slug:resource}/uploads",
    response={201: CardUploadOut, **refused(400, 401, 403, 404, 409, 413, 415, 422, 429)},
    operation_id="begin_card_upload",
    summary=_("Commencer l’envoi d’un grand fichier vers une fiche"),
)
def begin(
    request: HttpRequest, resource: str, upload: CardUploadIn, contribution: UUID | None = None
) -> HttpResponse:
    """Annonce la taille, 5 Go au plus ; Location dit où envoyer les morceaux, pendant un jour."""
    work = work_for(request, resource, contribution)
    made = card_uploads.begin(
        contribution=work, length=upload.length, name=upload.name, by=person(request)
    )
    told = CardUploadOut(id=made.pk, offset=0, length=made.length, expires_at=made.expires_at)
    answer = HttpResponse(told.model_dump_json(), content_type="application/json", status=201)
    answer["Location"] = f"/api/v1/resources/uploads/{made.pk}"
    return parts.placed(answer, offset=made.offset, length=made.length)


@router.api_operation(
    ["HEAD"],
    "/resources/uploads/{uuid:upload}",
    response={200: None, **refused(401, 403, 404, 429)},
    operation_id="card_upload_offset",
    summary=_("Demander où s’arrête l’envoi d’un fichier vers une fiche"),
)
def place(request: HttpRequest, upload: UUID) -> HttpResponse:
    """Upload-Offset : le nombre d’octets gardés ; Upload-Length : la taille annoncée."""
    own = _found(request, upload)
    return parts.placed(HttpResponse(status=200), offset=own.offset, length=own.length)


@router.patch(
    "/resources/uploads/{uuid:upload}",
    response={204: None, **refused(400, 401, 403, 404, 409, 413, 415, 422, 429, 460, 503)},
    operation_id="append_card_upload",
    summary=_("Envoyer un morceau d’un fichier vers une fiche"),
)
def append(
    request: HttpRequest,
    upload: UUID,
    offset: int = Header(..., alias="Upload-Offset", ge=0),
    checksum: str = Header("", alias="Upload-Checksum", max_length=80),
) -> HttpResponse:
    """Le corps est le morceau (application/offset+octet-stream), à l’octet Upload-Offset.

    Upload-Checksum, facultatif : « sha256 » et l’empreinte en base64. Avec le dernier morceau, le
    fichier va au brouillon ; s’il est grand, dans les minutes qui suivent.
    """
    parts.require_part(request)
    own = _found(request, upload)
    card_uploads.refuse_announced(own, natural(request.headers.get("Content-Length") or ""))
    kept = card_uploads.append(
        upload=own,
        offset=offset,
        content=objects.pieces(cast(IO[bytes], request)),
        checksum=parts.digest(checksum),
        by=person(request),
    )
    return parts.placed(HttpResponse(status=204), offset=kept.offset, length=kept.length)


def _found(request: HttpRequest, upload: UUID) -> CardUpload:
    rows = CardUpload.objects.visible_to(request.user).select_related(
        "begun_by", "contribution__resource__organisation", "contribution__organisation"
    )
    return visible.find(rows, among=CardUpload.objects.all(), pk=upload)

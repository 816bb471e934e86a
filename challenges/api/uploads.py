"""Send a large file in parts, resumed where it stopped (the core of the tus protocol)."""

from typing import IO, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router

from challenges.actions import uploads
from challenges.api.finding import challenge_named, own_team, person, phase_to_enter
from challenges.models import Upload
from challenges.schemas import UploadIn, UploadOut
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import objects, parts, visible
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.numbers import natural
from portal.lib.refusals import TooLarge

router = Router(tags=[_("Soumissions")], auth=Token(TokenScope.ENTER))


@router.post(
    "/uploads",
    response={201: UploadOut, **refused(400, 401, 403, 404, 413, 415, 422, 429)},
    operation_id="begin_upload",
    summary=_("Commencer l’envoi d’un grand fichier"),
)
def begin(request: HttpRequest, upload: UploadIn) -> HttpResponse:
    """Annonce la taille ; l’en-tête Location dit où envoyer les morceaux, pendant un jour."""
    challenge = challenge_named(request, upload.challenge)
    made = uploads.begin(
        phase=phase_to_enter(challenge, upload.phase),
        team=own_team(request, challenge),
        length=upload.length,
        name=upload.name,
        by=person(request),
    )
    told = UploadOut(id=made.pk, offset=0, length=made.length, expires_at=made.expires_at)
    response = HttpResponse(told.model_dump_json(), content_type="application/json", status=201)
    response["Location"] = f"/api/v1/uploads/{made.pk}"
    return parts.placed(response, offset=made.offset, length=made.length)


@router.api_operation(
    ["HEAD"],
    "/uploads/{uuid:upload}",
    response={200: None, **refused(401, 403, 404, 429)},
    operation_id="upload_offset",
    summary=_("Demander où s’arrête un envoi"),
)
def place(request: HttpRequest, upload: UUID) -> HttpResponse:
    """Upload-Offset : le nombre d’octets gardés ; Upload-Length : la taille annoncée."""
    own = _found(request, upload)
    return parts.placed(HttpResponse(status=200), offset=own.offset, length=own.length)


@router.patch(
    "/uploads/{uuid:upload}",
    response={204: None, **refused(400, 401, 403, 404, 409, 413, 415, 422, 429, 460, 503)},
    operation_id="append_upload",
    summary=_("Envoyer un morceau"),
)
def append(
    request: HttpRequest,
    upload: UUID,
    offset: int = Header(..., alias="Upload-Offset", ge=0),
    checksum: str = Header("", alias="Upload-Checksum", max_length=80),
) -> HttpResponse:
    """Le corps est le morceau (application/offset+octet-stream), à l’octet Upload-Offset.

    Upload-Checksum, facultatif : « sha256 » et l’empreinte en base64. 409 dit l’octet où
    reprendre (offset) ; 460, que le morceau est arrivé abîmé : rien n’en est gardé.
    """
    parts.require_part(request)
    own = _found(request, upload)
    _refuse_announced(request, own)
    kept = uploads.append(
        upload=own,
        offset=offset,
        content=objects.pieces(cast(IO[bytes], request)),
        checksum=parts.digest(checksum),
        by=person(request),
    )
    return parts.placed(HttpResponse(status=204), offset=kept.offset, length=kept.length)


def _found(request: HttpRequest, upload: UUID) -> Upload:
    rows = Upload.objects.visible_to(request.user).select_related(
        "enrolment__phase", "enrolment__team"
    )
    return visible.find(rows, among=Upload.objects.all(), pk=upload)


def _refuse_announced(request: HttpRequest, upload: Upload) -> None:
    """Refuse a part that says it is too long before one byte of it is read."""
    if natural(request.headers.get("Content-Length") or "") > upload.length:
        raise TooLarge(limit_bytes=upload.length)

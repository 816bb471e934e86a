"""Bring a file to a card that one writes, whole or in parts, and take it out."""

from typing import IO, cast
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Header, Router

from catalogue.contributions.actions import drafts
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.actions import uploads as file_uploads
from catalogue.contributions.api.cards import open_on, subject_named, work_on
from catalogue.contributions.schemas import CardFileOut, CardUploadIn
from catalogue.models import CardFile, CardUpload, Contribution
from catalogue.resources.actions import files as file_care
from catalogue.resources.queries import files as reads
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import objects, parts, visible
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.refusals import Hidden
from portal.lib.requests import natural

router = Router(tags=[_("Contribuer")], auth=Token(TokenScope.CONTRIBUTE))


@router.put(
    "/resources/{slug:resource}/files/{name}",
    response={
        200: CardFileOut,
        201: CardFileOut,
        **refused(401, 403, 404, 409, 413, 422, 429, 503),
    },
    operation_id="put_file",
    summary=_("Déposer un fichier sur le brouillon d’une fiche"),
)
def put(
    request: HttpRequest, resource: str, name: str, contribution: UUID | None = None
) -> HttpResponse:
    """Le corps est le fichier, 500 Mo au plus ; un plus grand s’envoie par morceaux.

    Une fiche en ligne ne bouge pas avant la décision de la Région : le fichier va au brouillon de
    sa modification. Un fichier du même nom est remplacé ; les mêmes octets répondent 200.
    """
    by, work = person(request), work_for(request, resource, contribution)
    name = draft_files.clean_name(name)
    size = natural(request.headers.get("Content-Length") or "")
    before = _named(work, name)
    content = objects.pieces(cast(IO[bytes], request))
    file = draft_files.add(contribution=work, name=name, content=content, size=size, by=by)
    return answered(file_care.begin_examination(file), created=before != file)


@router.delete(
    "/resources/{slug:resource}/files/{name}",
    response={204: None, **refused(401, 403, 404, 409, 429)},
    operation_id="delete_file",
    summary=_("Retirer un fichier du brouillon d’une fiche"),
)
def delete(
    request: HttpRequest, resource: str, name: str, contribution: UUID | None = None
) -> HttpResponse:
    """La fiche en ligne, s’il y en a une, garde le sien jusqu’à la décision de la Région."""
    work = work_for(request, resource, contribution)
    file = _named(work, name)
    if file is None:
        raise Hidden
    draft_files.remove(contribution=work, file=file, by=person(request))
    return HttpResponse(status=204)


def answered(file: CardFile, *, created: bool) -> HttpResponse:
    """Tell a file as it is kept: 201 when this request brought it."""
    told = CardFileOut.model_validate(file)
    answer = HttpResponse(told.model_dump_json(), content_type="application/json")
    answer.status_code = 201 if created else 200
    return answer


def work_for(request: HttpRequest, resource: str, wanted: UUID | None) -> Contribution:
    """Give the contribution in progress, or open one on a card online."""
    card = subject_named(request, resource)
    found = open_on(request, card, wanted)
    if found is not None:
        return found
    if wanted is not None or not card.live:
        return work_on(request, resource, wanted)
    with transaction.atomic():
        return drafts.propose(resource=card, by=person(request))


def _named(work: Contribution, name: str) -> CardFile | None:
    return next((each for each in reads.of_draft(work) if each.name == name), None)


upload_router = Router(tags=[_("Contribuer")], auth=Token(TokenScope.CONTRIBUTE))


@upload_router.post(
    "/resources/{slug:resource}/uploads",
    response={201: parts.UploadOut, **refused(400, 401, 403, 404, 409, 413, 415, 422, 429)},
    operation_id="begin_card_upload",
    summary=_("Commencer l’envoi d’un grand fichier vers une fiche"),
)
def begin(
    request: HttpRequest, resource: str, upload: CardUploadIn, contribution: UUID | None = None
) -> HttpResponse:
    """Annonce la taille, 5 Go au plus ; Location dit où envoyer les morceaux, pendant un jour."""
    work = work_for(request, resource, contribution)
    made = file_uploads.begin(
        contribution=work, length=upload.length, name=upload.name, by=person(request)
    )
    return parts.begun(made, "/api/v1/resources/uploads")


@upload_router.api_operation(
    ["HEAD"],
    "/resources/uploads/{uuid:upload}",
    response={200: None, **refused(401, 403, 404, 429)},
    operation_id="card_upload_offset",
    summary=_("Demander où s’arrête l’envoi d’un fichier vers une fiche"),
)
def place(request: HttpRequest, upload: UUID) -> HttpResponse:
    """Upload-Offset : le nombre d’octets gardés ; Upload-Length : la taille annoncée."""
    return parts.placed(_found(request, upload), status=200)


@upload_router.patch(
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
    kept = file_uploads.append(
        upload=own,
        offset=offset,
        content=parts.body(request, own, offset),
        checksum=parts.digest(checksum),
        by=person(request),
    )
    return parts.placed(kept, status=204)


def _found(request: HttpRequest, upload: UUID) -> CardUpload:
    rows = CardUpload.objects.visible_to(request.user).select_related(
        "begun_by", "contribution__resource__organisation", "contribution__organisation"
    )
    return visible.find(rows, among=CardUpload.objects.all(), pk=upload)

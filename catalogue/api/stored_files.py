"""Bring a file to a card that one writes, and take it out."""

from typing import IO, cast
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from portal.accounts.views import person

from catalogue.actions import contributions, file_examinations, stored_files
from catalogue.api.subjects import open_on, subject_named, work_on
from catalogue.models import CardFile, Contribution
from catalogue.queries import stored_files as reads
from catalogue.schemas.stored_files import CardFileOut
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import objects
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.numbers import natural
from portal.lib.refusals import Hidden

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
    name = stored_files.clean_name(name)
    size = natural(request.headers.get("Content-Length") or "")
    before = _named(work, name)
    content = objects.pieces(cast(IO[bytes], request))
    file = stored_files.add(contribution=work, name=name, content=content, size=size, by=by)
    return answered(file_examinations.begin(file), created=before != file)


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
    stored_files.remove(contribution=work, file=file, by=person(request))
    return HttpResponse(status=204)


def answered(file: CardFile, *, created: bool) -> HttpResponse:
    """Tell a file as it is kept: 201 when this request brought it."""
    told = CardFileOut(
        id=file.public_id,
        name=file.name,
        url=reads.address(file),
        bytes=file.size,
        sha256=file.sha256,
        media_type=file.media_type,
        content=file.kind,
        state=file.state,
        signs=file.signs,
    )
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
        return contributions.propose(resource=card, by=person(request))


def _named(work: Contribution, name: str) -> CardFile | None:
    return next((each for each in reads.of_draft(work) if each.name == name), None)

"""Check and submit a file, at once or in parts; read its receipt and what is left to send."""

import json
from datetime import datetime
from typing import IO, Any, Literal, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import File, Form, Header, Router, Schema
from ninja.files import UploadedFile
from pydantic import ConfigDict, Field

from challenges.entries.actions import checks, uploads
from challenges.entries.actions import deposits as acts
from challenges.entries.models import Entry, Upload, reader_language
from challenges.entries.queries import Quota, quota_left
from challenges.organising.api import challenge_named, phase_to_enter
from challenges.organising.models.challenges import Phase
from challenges.organising.queries import phase_of
from challenges.scoring.commands.offline import verdict_json
from challenges.teams.api import own_team
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Invalid
from portal.lib.storage import parts
from portal.lib.storage.files import safe_name
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.endpoints import refused


class FaultOut(Schema):
    """A fault of a file: code of a closed list, place, sentence in the language asked for."""

    code: str
    message: str
    line: int | None = None
    column: str | None = None
    hint: str | None = None
    value: str | None = None
    expected: str | None = None


class VerdictOut(Schema):
    """What a check says of a file, in the form of `check_predictions --json`.

    code, line, hint and message are those of the first fault; all are in errors.
    """

    verdict: Literal["accept", "reject"]
    code: str | None = None
    line: int | None = None
    hint: str | None = None
    message: str | None = None
    rows: int | None = None
    warnings: list[str]
    notices: list[str]
    errors: list[FaultOut]


class ReceiptOut(Schema):
    """A receipt as it was signed: the signature covers the canonical JSON of the payload."""

    key_id: str | None
    payload: dict[str, Any]
    signature: str | None


class SpentOut(Schema):
    """What was used of a limit."""

    used: int
    limit: int | None
    left: int | None


class RoomOut(Schema):
    """What the files of a team may still weigh in a phase, in bytes."""

    left: int
    limit: int


class QuotaOut(Schema):
    """What a team may still send; the day is that of Paris."""

    phase: int
    day: SpentOut
    total: SpentOut
    bytes: RoomOut
    left: int | None
    next_opening: datetime | None


class UploadIn(Schema):
    """A file to come, of so many bytes; phase by its number, by default the one in view."""

    model_config = ConfigDict(extra="forbid")

    challenge: str = Field(max_length=80)
    phase: int | None = Field(None, ge=0, le=32_767)
    length: int
    name: str = Field("fichier.csv", min_length=1, max_length=200)


router = Router(tags=[_("Soumissions")])
READ, ENTER = Token(TokenScope.READ), Token(TokenScope.ENTER)
ANSWERS_MAX_CHARACTERS, ANSWERS_MOST = 2_000, 50
OWN = refused(401, 403, 404, 429)


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/entries",
    auth=ENTER,
    response={
        201: ReceiptOut,
        200: ReceiptOut,
        **refused(401, 403, 404, 409, 413, 422, 429, 503),
    },
    operation_id="enter",
    summary=_("Soumettre un fichier"),
)
def enter(
    request: HttpRequest,
    slug: str,
    index: int,
    file: File[UploadedFile | None] = None,
    idempotency_key: str = Header(..., alias="Idempotency-Key", min_length=1, max_length=64),
    upload: Form[UUID | None] = None,
    note: str = Form("", max_length=140),
    fact_sheet: str = Form("{}"),
    again: bool = Form(True),
) -> HttpResponse:
    """Répond 201 et le récépissé signé ; 200 et le même si la clé a déjà servi pour ce fichier.

    Le fichier est dans la requête (file) ou a été envoyé en morceaux (upload).

    fact_sheet : un objet JSON, une réponse à chaque question de l’organisateur : un texte, true
    ou false, ou la liste des options choisies d’une question à plusieurs choix.

    Avec again à false, un fichier que l’équipe a déjà déposé dans cette phase est refusé
    (same_file) sans utiliser d’essai.

    L’en-tête Location mène à la soumission. 429 dit quand le prochain essai est possible
    (next_opening).
    """
    challenge = challenge_named(request, slug)
    phase, team = phase_to_enter(challenge, index), own_team(request, challenge)
    given: dict[str, Any] = {
        "idempotency_key": idempotency_key,
        "by": person(request),
        "note": note,
        "fact_sheet": _answers(fact_sheet),
        "again": again,
    }
    if (file is None) is (upload is None):
        raise Invalid(gettext("Donnez un fichier (file) ou un envoi (upload)."), code="one_file")
    if upload is not None:
        rows = Upload.objects.filter(enrolment__phase=phase, enrolment__team=team)
        rows = rows.select_related("enrolment__phase", "enrolment__team")
        sent = visible.find(rows, among=Upload.objects.all(), pk=upload)
        accepted = uploads.submit(upload=sent, **given)
    else:
        sent_now = cast(UploadedFile, file)
        accepted = acts.enter(
            phase=phase,
            team=team,
            content=cast(IO[bytes], sent_now.file),
            original_name=safe_name(sent_now.name or ""),
            first_byte_at=parts.first_byte_at(request),
            **given,
        )
    return _receipt(accepted.entry, created=accepted.created)


@router.get(
    "/entries/{uuid:entry}/receipt",
    auth=READ,
    response={200: ReceiptOut, **OWN},
    operation_id="receipt",
    summary=_("Reprendre le récépissé d’un dépôt"),
)
def receipt(request: HttpRequest, entry: UUID) -> HttpResponse:
    """Le texte signé, à l’octet près."""
    return HttpResponse(entry_named(request, entry).receipt, content_type="application/json")


@router.get(
    "/challenges/{slug:slug}/quota",
    auth=READ,
    response={200: QuotaOut, **OWN},
    operation_id="quota",
    summary=_("Lire ce que son équipe peut encore envoyer"),
)
def quota(request: HttpRequest, slug: str, phase: int | None = None) -> dict[str, Any]:
    """phase : son numéro, par défaut celle en vue."""
    challenge = challenge_named(request, slug)
    team = own_team(request, challenge)
    found = phase_to_enter(challenge) if phase is None else phase_of(challenge, phase)
    return quota_json(found, quota_left(found, team))


def own_entries(request: HttpRequest) -> Any:
    """Keep the entries of the teams of who asks."""
    return Entry.objects.visible_to(request.user).select_related(
        "enrolment__phase__challenge", "enrolment__phase__reveal", "enrolment__team"
    )


def entry_named(request: HttpRequest, entry: UUID) -> Entry:
    """Return an entry of a team of who asks; 404 for any other, known or not."""
    found: Entry = visible.find(own_entries(request), among=Entry.objects.all(), pk=entry)
    return found


def _receipt(entry: Entry, *, created: bool) -> HttpResponse:
    response = HttpResponse(entry.receipt, content_type="application/json")
    response.status_code = 201 if created else 200
    response["Location"] = f"/api/v1/entries/{entry.pk}"
    return response


def _answers(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict) or not all(map(_is_answer, read.values())):
        raise Invalid(
            gettext(
                "La fiche de méthode est un objet JSON dont chaque valeur est un texte, "
                "« true » ou « false », ou une liste de textes."
            ),
            code="fact_sheet",
        )
    return read


def _is_answer(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= ANSWERS_MOST and all(map(_is_text, value))
    return isinstance(value, bool) or _is_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value and len(value) <= ANSWERS_MAX_CHARACTERS


check_router = Router(tags=[_("Soumissions")])


@check_router.post(
    "/challenges/{slug:slug}/check",
    auth=Token(TokenScope.ENTER),
    response={200: VerdictOut, **refused(401, 403, 404, 413, 422, 429, 503)},
    operation_id="check",
    summary=_("Vérifier le format d’un fichier, sans utiliser d’essai"),
)
def check(
    request: HttpRequest,
    slug: str,
    file: UploadedFile,
    phase: int | None = Form(None, ge=0, le=32_767),
) -> dict[str, Any]:
    """Donne le verdict du formulaire et de `check_predictions` : 30 vérifications par heure.

    Un fichier refusé répond 200 aussi : la vérification a eu lieu, `verdict` la dit.
    """
    challenge = challenge_named(request, slug)
    verdict = checks.check(
        phase=phase_to_enter(challenge, phase),
        team=own_team(request, challenge),
        content=cast(IO[bytes], file.file),
        original_name=safe_name(file.name or ""),
        by=person(request),
    )
    return {"errors": []} | verdict_json(verdict, reader_language())


upload_router = Router(tags=[_("Soumissions")], auth=Token(TokenScope.ENTER))


@upload_router.post(
    "/uploads",
    response={201: parts.UploadOut, **refused(400, 401, 403, 404, 413, 415, 422, 429)},
    operation_id="begin_upload",
    summary=_("Commencer l’envoi d’un grand fichier"),
)
def begin_upload(request: HttpRequest, upload: UploadIn) -> HttpResponse:
    """Annonce la taille ; l’en-tête Location dit où envoyer les morceaux, pendant un jour."""
    challenge = challenge_named(request, upload.challenge)
    made = uploads.begin(
        phase=phase_to_enter(challenge, upload.phase),
        team=own_team(request, challenge),
        length=upload.length,
        name=upload.name,
        by=person(request),
    )
    return parts.begun(made, "/api/v1/uploads")


def _upload_named(request: HttpRequest, upload: UUID) -> Upload:
    rows = Upload.objects.visible_to(request.user).select_related(
        "enrolment__phase", "enrolment__team"
    )
    return visible.find(rows, among=Upload.objects.all(), pk=upload)


parts.routes(
    upload_router,
    "/uploads/{uuid:upload}",
    name="upload",
    summaries=(_("Demander où s’arrête un envoi"), _("Envoyer un morceau")),
    about="""Le corps est le morceau (application/offset+octet-stream), à l’octet Upload-Offset.

Upload-Checksum, facultatif : « sha256 » et l’empreinte en base64. 409 dit l’octet où
reprendre (offset) ; 460, que le morceau est arrivé abîmé : rien n’en est gardé.""",
    find=_upload_named,
    append=lambda request, **part: uploads.append(**part, by=person(request)),
)


def quota_json(phase: Phase, quota: Quota) -> dict[str, Any]:
    """Describe what a team may still send in a phase; None where there is no limit."""
    return {
        "phase": phase.index,
        "day": {"used": quota.day_used, "limit": quota.day_limit, "left": quota.day_left},
        "total": {"used": quota.total_used, "limit": quota.total_limit, "left": quota.total_left},
        "left": quota.left,
        "bytes": {"left": quota.bytes_left, "limit": quota.bytes_limit},
        "next_opening": quota.next_opening,
    }

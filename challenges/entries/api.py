"""Check, submit, follow, choose and withdraw the entries of one's team; send a file in parts."""

import json
from datetime import datetime
from typing import IO, Any, Literal, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import File, Form, Header, Router, Schema
from ninja.files import UploadedFile
from pydantic import ConfigDict, Field

from challenges.entries.actions import checks, choices, uploads
from challenges.entries.actions import deposits as acts
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry, Upload, faults_told, reader_language
from challenges.entries.queries import Quota, quota_left
from challenges.evaluation.queries import ShownFigures, shown_figures
from challenges.organising.api import challenge_named, phase_to_enter
from challenges.organising.enums import PhaseKind
from challenges.organising.models.challenges import Phase
from challenges.organising.modes import mode_in
from challenges.organising.queries import phase_of
from challenges.scoring.commands.offline import verdict_json
from challenges.teams.api import own_team
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Hidden, Invalid
from portal.lib.storage import parts
from portal.lib.storage.files import safe_name
from portal.lib.web.endpoints import Limit, after, refused
from portal.lib.web.endpoints import lazy as _


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


class FigureOut(Schema):
    """A released figure and its interval at 95 %, where there is one to tell."""

    value: float
    text: str
    low: float | None
    high: float | None


class RunOut(Schema):
    """A run of code on hidden inputs, as its team may know it: classes, no figure.

    minutes: at most so many; half_gib: at most so many halves of a GiB; null before the end, or
    above the last class.
    """

    state: str
    reason: str
    minutes: int | None
    half_gib: int | None


class EntryOut(Schema):
    """An entry, for its team. scores: {split: {column: figure}}.

    finished: nothing will act on it any more. errors: why the format was refused.
    score_of: number of the entry whose score is shown instead, by the Ladder.
    disqualified: out of the results by a decision of the Region, by itself or with its team.
    runs: of code, of one entry asked by its id. file_deleted_at: when its file was deleted, its
    months having passed; the rest stays.
    """

    id: UUID
    challenge: str
    phase: int
    team: str
    number: int
    status: str
    status_word: str
    status_since: datetime
    reason: str
    reason_sentence: str
    finished: bool
    received_at: datetime
    grace: bool
    file: str
    sha256: str
    size: int
    file_deleted_at: datetime | None
    note: str
    final_choice: bool
    disqualified: bool
    errors: list[FaultOut]
    warnings: list[str]
    scores: dict[str, dict[str, FigureOut]]
    score_of: int | None
    message: str
    runs: list[RunOut] = []


class EntriesOut(Schema):
    """Some entries, the last received first; next_cursor asks for those before."""

    entries: list[EntryOut]
    next_cursor: str | None


class ReceiptOut(Schema):
    """A receipt as it was signed: the signature covers the canonical JSON of the payload."""

    key_id: str | None
    payload: dict[str, Any]
    signature: str | None


class ChoiceIn(Schema):
    """Whether the entry is a final choice."""

    model_config = ConfigDict(extra="forbid")

    chosen: bool = True


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
    "/entries",
    auth=READ,
    response={200: EntriesOut, **refused(401, 403, 422, 429)},
    operation_id="entries",
    summary=_("Lister les soumissions de ses équipes"),
)
def entries(
    request: HttpRequest, challenge: str = "", cursor: str = "", limit: Limit = 20
) -> dict[str, Any]:
    """La dernière reçue d’abord ; challenge n’en garde qu’un."""
    rows = _own_entries(request)
    if challenge:
        rows = rows.filter(enrolment__phase__challenge__slug=challenge)
    found = after(rows, by="received_at", cursor=cursor, limit=limit)
    figures = shown_figures(found.rows)
    return {
        "entries": [entry_json(each, figures[each.pk]) for each in found.rows],
        "next_cursor": found.next_cursor,
    }


@router.get(
    "/entries/{uuid:entry}",
    auth=READ,
    response={200: EntryOut, **OWN},
    operation_id="entry",
    summary=_("Suivre une soumission : état, fautes, scores publiés"),
)
def entry(request: HttpRequest, entry: UUID) -> dict[str, Any]:
    """finished dit que plus rien n’agira sur elle."""
    return _entry_told(_entry_named(request, entry))


@router.get(
    "/entries/{uuid:entry}/receipt",
    auth=READ,
    response={200: ReceiptOut, **OWN},
    operation_id="receipt",
    summary=_("Reprendre le récépissé d’un dépôt"),
)
def receipt(request: HttpRequest, entry: UUID) -> HttpResponse:
    """Le texte signé, à l’octet près."""
    return HttpResponse(_entry_named(request, entry).receipt, content_type="application/json")


@router.get(
    "/entries/{uuid:entry}/score-receipt",
    auth=READ,
    response={200: ReceiptOut, **OWN},
    operation_id="score_receipt",
    summary=_("Reprendre le récépissé d’un score, celui qui fait foi"),
)
def score_receipt(request: HttpRequest, entry: UUID, task: int = 0) -> HttpResponse:
    """task : l’épreuve de la phase, la première par défaut."""
    receipts = _entry_named(request, entry).score_receipts.filter(task=task)
    found = receipts.order_by("-serial").first()
    if found is None:
        raise Hidden
    return HttpResponse(found.text, content_type="application/json")


@router.post(
    "/entries/{uuid:entry}/withdraw",
    auth=ENTER,
    response={200: EntryOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw",
    summary=_("Retirer une soumission ; l’essai reste décompté"),
)
def withdraw(request: HttpRequest, entry: UUID) -> dict[str, Any]:
    """Un capitaine, jusqu’à la révélation."""
    choices.withdraw(entry=_entry_named(request, entry), by=person(request))
    return _entry_told(_entry_named(request, entry))


@router.post(
    "/entries/{uuid:entry}/choose",
    auth=ENTER,
    response={200: EntryOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="choose",
    summary=_("Faire d’une soumission un choix final, ou non"),
)
def choose(request: HttpRequest, entry: UUID, choice: ChoiceIn | None = None) -> dict[str, Any]:
    """Un capitaine, jusqu’à la clôture."""
    act = choices.choose if choice is None or choice.chosen else choices.unchoose
    act(entry=_entry_named(request, entry), by=person(request))
    return _entry_told(_entry_named(request, entry))


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


def _own_entries(request: HttpRequest) -> Any:
    return Entry.objects.visible_to(request.user).select_related(
        "enrolment__phase__challenge", "enrolment__phase__reveal", "enrolment__team"
    )


def _entry_named(request: HttpRequest, entry: UUID) -> Entry:
    found: Entry = visible.find(_own_entries(request), among=Entry.objects.all(), pk=entry)
    return found


def _entry_told(entry: Entry) -> dict[str, Any]:
    return entry_json(entry, shown_figures([entry])[entry.pk]) | {"runs": runs_json(entry)}


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
                "La fiche de la soumission est un objet JSON dont chaque valeur est un texte, "
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


@upload_router.api_operation(
    ["HEAD"],
    "/uploads/{uuid:upload}",
    response={200: None, **refused(401, 403, 404, 429)},
    operation_id="upload_offset",
    summary=_("Demander où s’arrête un envoi"),
)
def upload_place(request: HttpRequest, upload: UUID) -> HttpResponse:
    """Upload-Offset : le nombre d’octets gardés ; Upload-Length : la taille annoncée."""
    return parts.placed(_upload_named(request, upload), status=200)


@upload_router.patch(
    "/uploads/{uuid:upload}",
    response={204: None, **refused(400, 401, 403, 404, 409, 413, 415, 422, 429, 460, 503)},
    operation_id="append_upload",
    summary=_("Envoyer un morceau"),
)
def append_upload(
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
    own = _upload_named(request, upload)
    kept = uploads.append(
        upload=own,
        offset=offset,
        content=parts.body(request, own, offset),
        checksum=parts.digest(checksum),
        by=person(request),
    )
    return parts.placed(kept, status=204)


def _upload_named(request: HttpRequest, upload: UUID) -> Upload:
    rows = Upload.objects.visible_to(request.user).select_related(
        "enrolment__phase", "enrolment__team"
    )
    return visible.find(rows, among=Upload.objects.all(), pk=upload)


def entry_json(entry: Entry, shown: ShownFigures) -> dict[str, Any]:
    """Describe an entry to its team."""
    phase = entry.enrolment.phase
    return {
        "id": entry.pk,
        "challenge": phase.challenge.slug,
        "phase": phase.index,
        "team": entry.enrolment.team.slug,
        "number": entry.number,
        "status": entry.status,
        "status_word": entry.status_word,
        "status_since": entry.status_since,
        "reason": entry.reason_code,
        "reason_sentence": entry.reason_sentence,
        "finished": not entry.is_unfinished and entry.status != EntryStatus.NEEDS_ATTENTION,
        "received_at": entry.received_at,
        "grace": entry.grace,
        "file": entry.original_name,
        "sha256": entry.sha256,
        "size": entry.size,
        "file_deleted_at": entry.file_deleted_at,
        "note": entry.note,
        "final_choice": entry.final_choice,
        "disqualified": entry.is_disqualified,
        "errors": faults_told(entry.verdict),
        "warnings": [each["code"] for each in entry.verdict.get("warnings", [])],
        "scores": shown.scores,
        "score_of": shown.score_of,
        "message": shown.message,
    }


def runs_json(entry: Entry) -> list[dict[str, Any]]:
    """Describe the runs of the code of an entry to its team."""
    phase = entry.enrolment.phase
    return mode_in(phase).entry_runs(entry) if phase.kind == PhaseKind.CODE else []


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

"""Submit, follow, choose and withdraw the entries of one's team."""

import json
from typing import IO, Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import File, Form, Header, Router
from ninja.files import UploadedFile

from challenges.actions import choices, uploads
from challenges.actions import entries as acts
from challenges.api.finding import challenge_named, own_team, person, phase_to_enter
from challenges.api.shapes import entry_json, quota_json, runs_json
from challenges.models import Entry, Upload
from challenges.queries.boards import phase_of
from challenges.queries.figures import shown
from challenges.schemas import ChoiceIn, EntriesOut, EntryOut, QuotaOut, ReceiptOut
from challenges.teams.queries import quota_left
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import parts, visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.files import safe_name
from portal.lib.refusals import Hidden, Invalid

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
    rows = _own(request)
    if challenge:
        rows = rows.filter(enrolment__phase__challenge__slug=challenge)
    found = after(rows, by="received_at", cursor=cursor, limit=limit)
    figures = shown(found.rows)
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
    return _told(_found(request, entry))


@router.get(
    "/entries/{uuid:entry}/receipt",
    auth=READ,
    response={200: ReceiptOut, **OWN},
    operation_id="receipt",
    summary=_("Reprendre le récépissé d’un dépôt"),
)
def receipt(request: HttpRequest, entry: UUID) -> HttpResponse:
    """Le texte signé, à l’octet près."""
    return HttpResponse(_found(request, entry).receipt, content_type="application/json")


@router.get(
    "/entries/{uuid:entry}/score-receipt",
    auth=READ,
    response={200: ReceiptOut, **OWN},
    operation_id="score_receipt",
    summary=_("Reprendre le récépissé d’un score, celui qui fait foi"),
)
def score_receipt(request: HttpRequest, entry: UUID, task: int = 0) -> HttpResponse:
    """task : l’épreuve de la phase, la première par défaut."""
    receipts = _found(request, entry).score_receipts.filter(task=task)
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
    choices.withdraw(entry=_found(request, entry), by=person(request))
    return _told(_found(request, entry))


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
    act(entry=_found(request, entry), by=person(request))
    return _told(_found(request, entry))


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


def _own(request: HttpRequest) -> Any:
    return Entry.objects.visible_to(request.user).select_related(
        "enrolment__phase__challenge", "enrolment__phase__reveal", "enrolment__team"
    )


def _found(request: HttpRequest, entry: UUID) -> Entry:
    found: Entry = visible.find(_own(request), among=Entry.objects.all(), pk=entry)
    return found


def _told(entry: Entry) -> dict[str, Any]:
    return entry_json(entry, shown([entry])[entry.pk]) | {"runs": runs_json(entry)}


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

"""Import a challenge from a bundle, and take one away."""

from datetime import datetime
from typing import IO, Annotated, Any, BinaryIO, Literal, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import ConfigDict, Field

from challenges.exchange.actions import bundles as acts
from challenges.exchange.actions import exports
from challenges.exchange.forms import asked
from challenges.exchange.models import BundleImport
from challenges.organising.api import challenge_named
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.storage import files
from portal.lib.storage.files import safe_name
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.endpoints import refused, sent_as


class ProblemLine(Schema):
    """A line of an import report: file, key, value, decision."""

    code: str
    file: str
    key: str
    value: str
    message: str


class ChoiceOut(Schema):
    """One answer to choose, and its words."""

    value: str
    label: str


class AskedOut(Schema):
    """A question of an import report; proposal is kept without an answer, "" needs one.

    choices: the answers to choose from, none when any text is read.
    """

    key: str
    text: str
    help: str
    proposal: str
    choices: list[ChoiceOut]


class ImportOut(Schema):
    """A deposited bundle: its report, and the draft once accepted.

    errors: faults of the archive, or of the last answers given.
    """

    id: UUID
    filename: str
    sha256: str
    size: int
    state: Literal["waiting", "read", "creating", "refused", "accepted", "failed", "expired"]
    format: str
    errors: list[ProblemLine]
    warnings: list[ProblemLine]
    questions: list[AskedOut]
    facts: dict[str, Any] | None
    dry_run: list[str]
    challenge: str | None
    page: str
    expires_at: datetime


class AnswersIn(Schema):
    """Answers to the questions of a report, by key."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[str, Annotated[str, Field(max_length=500)]] = Field(
        default_factory=dict, max_length=1_000
    )


router = Router(tags=[_("Organiser")], auth=Token(TokenScope.ORGANISE))


@router.post(
    "/challenges/imports",
    response={201: ImportOut, 200: ImportOut, **refused(401, 403, 413, 422, 429)},
    operation_id="deposit_bundle",
    summary=_("Déposer une archive à importer"),
)
def deposit(request: HttpRequest, file: File[UploadedFile]) -> HttpResponse:
    """201 et l’import, que le service de notation lit ; 200 s’il est déjà déposé et ouvert.

    Rien n’est créé : lisez le rapport à l’adresse donnée par Location, puis acceptez.
    """
    found = acts.deposit(
        content=cast(BinaryIO, cast(IO[bytes], file.file)),
        filename=safe_name(file.name or ""),
        by=person(request),
    )
    told = ImportOut.model_validate(_told(found.made))
    response = HttpResponse(told.model_dump_json(), content_type="application/json")
    response.status_code = 201 if found.created else 200
    response["Location"] = f"/api/v1/challenges/imports/{found.made.pk}"
    return response


@router.get(
    "/challenges/imports/{uuid:made}",
    response={200: ImportOut, **refused(401, 403, 404, 429)},
    operation_id="bundle_report",
    summary=_("Lire le rapport d’un import"),
)
def report(request: HttpRequest, made: UUID) -> dict[str, Any]:
    """Erreurs, avertissements, questions et essai à blanc ; state dit où il en est."""
    return _told(_found(request, made))


@router.post(
    "/challenges/imports/{uuid:made}/accept",
    response={202: ImportOut, 200: ImportOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="accept_bundle",
    summary=_("Répondre aux questions et créer le brouillon"),
)
def accept(request: HttpRequest, made: UUID, given: AnswersIn) -> Status[dict[str, Any]]:
    """202 et state « creating » : relisez l’import jusqu’à « accepted », qui donne challenge.

    De retour à « read », errors dit quelles réponses sont à revoir. 200 si le brouillon existe.
    """
    found = acts.accept_report(
        made=_found(request, made), answers=given.answers, by=person(request)
    )
    return Status(202 if found.is_being_created else 200, _told(found))


@router.get(
    "/challenges/{slug:slug}/export.zip",
    response={200: None, **refused(401, 403, 404, 429)},
    openapi_extra=sent_as("application/zip"),
    operation_id="export_challenge",
    summary=_("Emporter un challenge"),
)
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Un zip, écrit à mesure qu’il part ; les données tenues à l’écart y sont chiffrées."""
    made = exports.export(challenge=challenge_named(request, slug), by=person(request))
    return files.attachment(made.stream(), made.name, media_type="application/zip")


def _found(request: HttpRequest, made: UUID) -> BundleImport:
    rows = BundleImport.objects.visible_to(request.user).select_related("challenge")
    return visible.find(rows, among=BundleImport.objects.all(), pk=made)


def _told(made: BundleImport) -> dict[str, Any]:
    return {
        "id": made.pk,
        "filename": made.filename,
        "sha256": made.sha256,
        "size": made.size,
        "state": made.state,
        "format": made.format,
        "errors": made.told("errors") or made.refusals,
        "warnings": made.told("warnings"),
        "questions": [asked(each) for each in made.told("questions")],
        "facts": made.report.get("facts"),
        "dry_run": made.report.get("dry_run") or [],
        "challenge": made.challenge.slug if made.challenge else None,
        "page": reverse("challenges:import", args=[made.pk]),
        "expires_at": made.expires_at,
    }

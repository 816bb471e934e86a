"""Try code on the public sample: no attempt is used, nothing hidden is opened."""

from datetime import datetime
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Schema, Status
from ninja.files import UploadedFile

from challenges.entries.api import FaultOut
from challenges.entries.models import faults_told
from challenges.organising.api import challenge_named, phase_to_enter
from challenges.programs.actions import code as team_code
from challenges.programs.models import CodeTrial, trial_detail, trial_reason, trial_state
from challenges.teams.api import own_team
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.storage.files import safe_name
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.endpoints import refused


class TrialMeasuresOut(Schema):
    """Exact measures of a trial: its inputs are public."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    processes: int
    output_bytes: int


class TrialOut(Schema):
    """A trial, for its team. finished: nothing will act on it any more.

    reason: "" or X_TIMEOUT, X_MEMORY, X_PROGRAM, X_OUTPUT, X_PLATFORM, X_NO_SANDBOX, or the code of
    its archive. errors: of the archive, or of the file that was written. log: null where the
    phase does not show it.
    """

    id: UUID
    challenge: str
    phase: int
    state: str
    state_word: str
    finished: bool
    reason: str
    reason_sentence: str
    detail: str
    file: str
    sha256: str
    size: int
    created_at: datetime
    finished_at: datetime | None
    rows: int | None
    errors: list[FaultOut]
    warnings: list[str]
    log: str | None
    log_cut: bool
    measures: TrialMeasuresOut | None
    address: str


def trial_json(request: HttpRequest, trial: CodeTrial) -> dict[str, Any]:
    """Describe a trial to its team."""
    slug = trial.phase.challenge.slug
    shows = trial.phase.logs == "team_trial"
    verdict = trial.verdict
    return {
        "id": trial.pk,
        "challenge": slug,
        "phase": trial.phase.index,
        "state": trial.state,
        "state_word": trial_state(trial.state),
        "finished": not trial.is_alive,
        "reason": trial.reason_code,
        "reason_sentence": trial_reason(trial.reason_code),
        "detail": trial_detail(trial)[0],
        "file": trial.original_name,
        "sha256": trial.sha256,
        "size": trial.size,
        "created_at": trial.created_at,
        "finished_at": trial.finished_at,
        "rows": verdict.get("rows"),
        "errors": faults_told(verdict),
        "warnings": [each["code"] for each in verdict.get("warnings", [])],
        "log": trial.log if shows else None,
        "log_cut": shows and trial.log_cut,
        "measures": trial.measures or None,
        "address": request.build_absolute_uri(reverse("challenges:trial", args=[slug, trial.pk])),
    }


router = Router(tags=[_("Soumissions")])
READ, ENTER = Token(TokenScope.READ), Token(TokenScope.ENTER)


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/trials",
    auth=ENTER,
    response={201: TrialOut, **refused(401, 403, 404, 409, 413, 422, 429, 503)},
    operation_id="start_trial",
    summary=_("Essayer une archive de code sur l’échantillon public"),
)
def start_trial(
    request: HttpRequest, response: HttpResponse, slug: str, index: int, file: UploadedFile
) -> Status[dict[str, Any]]:
    """Répond aussitôt ; suivez l’essai à son adresse (en-tête Location).

    N’utilise pas d’essai du challenge ; 10 essais par heure et par équipe, puis 429 avec
    next_opening. 409 no_code : cette phase prend des réponses.
    """
    challenge = challenge_named(request, slug)
    made = team_code.start_trial(
        phase=phase_to_enter(challenge, index),
        team=own_team(request, challenge),
        content=cast(BinaryIO, file.file),
        original_name=safe_name(file.name or ""),
        by=person(request),
    )
    response["Location"] = f"/api/v1/trials/{made.pk}"
    return Status(201, trial_json(request, _trial_named(request, made.pk)))


@router.get(
    "/trials/{uuid:trial}",
    auth=READ,
    response={200: TrialOut, **refused(401, 403, 404, 429)},
    operation_id="trial",
    summary=_("Suivre un essai de code : état, journal, fautes"),
)
def trial(request: HttpRequest, trial: UUID) -> dict[str, Any]:
    """finished dit que plus rien n’agira sur lui."""
    return trial_json(request, _trial_named(request, trial))


def _trial_named(request: HttpRequest, trial: UUID) -> CodeTrial:
    return visible.find(
        CodeTrial.objects.visible_to(request.user).select_related("phase__challenge"),
        among=CodeTrial.objects.all(),
        pk=trial,
    )

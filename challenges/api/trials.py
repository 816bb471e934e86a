"""Try code on the public sample: no attempt is used, nothing hidden is opened."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from ninja.files import UploadedFile

from challenges.actions import code_trials
from challenges.api.finding import challenge_named, own_team, person, phase_to_enter
from challenges.api.trial_shapes import TrialOut, TrialsOut, trial_json
from challenges.models import CodeTrial
from challenges.queries import code
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import clock, visible
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.files import safe_name

router = Router(tags=[_("Soumissions")])
READ, ENTER = Token(TokenScope.READ), Token(TokenScope.ENTER)


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/trials",
    auth=ENTER,
    response={201: TrialOut, **refused(401, 403, 404, 409, 413, 422, 429, 503)},
    operation_id="start_trial",
    summary=_("Essayer une archive de code sur l’échantillon public"),
)
def start(
    request: HttpRequest, response: HttpResponse, slug: str, index: int, file: UploadedFile
) -> Status[dict[str, Any]]:
    """Répond aussitôt ; suivez l’essai à son adresse (en-tête Location).

    N’utilise pas d’essai du challenge ; 10 essais par heure et par équipe, puis 429 avec
    next_opening. 409 no_code : cette phase prend des réponses.
    """
    challenge = challenge_named(request, slug)
    made = code_trials.start(
        phase=phase_to_enter(challenge, index),
        team=own_team(request, challenge),
        content=cast(BinaryIO, file.file),
        original_name=safe_name(file.name or ""),
        by=person(request),
    )
    response["Location"] = f"/api/v1/trials/{made.pk}"
    return Status(201, trial_json(request, _found(request, made.pk)))


@router.get(
    "/challenges/{slug:slug}/trials",
    auth=READ,
    response={200: TrialsOut, **refused(401, 403, 404, 429)},
    operation_id="trials",
    summary=_("Lister les derniers essais de code de son équipe"),
)
def trials(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Les 25 derniers, le dernier d’abord, et ce qu’il en reste cette heure-ci."""
    team = own_team(request, challenge_named(request, slug))
    left = code.trials_left(team, clock.now())
    return {
        "trials": [trial_json(request, each) for each in code.trials(request.user, team)],
        "used": left.used,
        "limit": left.limit,
        "left": left.left,
        "next_opening": left.next_opening,
    }


@router.get(
    "/trials/{uuid:trial}",
    auth=READ,
    response={200: TrialOut, **refused(401, 403, 404, 429)},
    operation_id="trial",
    summary=_("Suivre un essai de code : état, journal, fautes"),
)
def trial(request: HttpRequest, trial: UUID) -> dict[str, Any]:
    """finished dit que plus rien n’agira sur lui."""
    return trial_json(request, _found(request, trial))


def _found(request: HttpRequest, trial: UUID) -> CodeTrial:
    return visible.find(
        CodeTrial.objects.visible_to(request.user).select_related("phase__challenge"),
        among=CodeTrial.objects.all(),
        pk=trial,
    )

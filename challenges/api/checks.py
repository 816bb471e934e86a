"""Check a file: nothing is stored, no attempt is used."""

from typing import IO, Any, cast

from django.http import HttpRequest
from ninja import Form, Router
from ninja.files import UploadedFile

from challenges.actions import checks
from challenges.api.finding import challenge_named, own_team, person, phase_to_enter
from challenges.models.told import reader_language
from challenges.schemas import VerdictOut
from challenges.scoring.commands.offline import verdict_json
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.files import safe_name

router = Router(tags=[_("Soumissions")])


@router.post(
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
